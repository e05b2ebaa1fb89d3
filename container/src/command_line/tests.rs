use super::*;

fn check(line: &str, want: &str) {
    let words = line.split(' ').filter(|word| !word.is_empty()).map(OsString::from);
    let got = match parse(std::iter::once(OsString::from("tollgate")).chain(words)) {
        Ok(Command::Serve(options)) => format!("serve {:?} {}:{}", options.config, options.host, options.port),
        Ok(Command::Explain(options)) => format!("explain {} {:?} {:?}", options.config, options.model, options.tag),
        Ok(Command::Migrate(options)) => format!("migrate {} {}", options.config, options.dry_run),
        Ok(Command::Check(options)) => format!("check {} {} {}", options.config, options.strict, options.json),
        Ok(Command::RotateSalt(options)) => format!("rotate-salt {}", options.config),
        Ok(Command::Health(address)) => format!("health {address}"),
        Ok(Command::Test(address, model)) => format!("test {address} {model:?}"),
        Err(stop) => format!("stop {}", stop.0.exit_code()),
    };
    assert_eq!(got, want, "{line}");
}

#[test]
fn explain_takes_a_configuration_and_what_to_ask() {
    check("explain --config x --model m --tag a --tag b", "explain x Some(\"m\") [\"a\", \"b\"]");
    check("explain -c x --request r.json --seed 7 --json", "explain x None []");
    check("explain -c x --seed seven", "stop 2");
}

#[test]
fn litellms_command_lines_start() {
    let serve = "serve Some(\"x\") 0.0.0.0:4000";
    check("--config x --port 4000 --detailed_debug", serve);
    check("-c x", serve);
    check("--config a --port 1 --port 4000 --config x", serve);
    check("--config x --telemetry False --local --run_gunicorn --use_v2_migration_resolver", serve);
    check("--config x --num_workers 8 --request_timeout 600 --drop_params --debug", serve);
    check("--config x --max_budget 100 --limit_concurrency 10 --keepalive_timeout 5 --log_config a.json", serve);
    check(
        "--model gpt-4o --alias mine --api_base http://127.0.0.1:1 --host 127.0.0.1 --port 1",
        "serve None 127.0.0.1:1",
    );
}

#[test]
fn questions_are_told_from_serving() {
    check("--health", "health http://127.0.0.1:4000");
    check("--test", "test http://127.0.0.1:4000 None");
    check("--test http://127.0.0.1:9", "test http://127.0.0.1:9 None");
    check("--version", "stop 0");
    check("-v", "stop 0");
    check("--help", "stop 0");
    check("check x --strict --json", "check x true true");
    check("--config x --validate_config", "check x false false");
}

#[test]
fn mistakes_end_with_a_hint() {
    check("--confg x", "stop 2");
    check("--port many", "stop 2");
    check("--num_workers 0", "stop 2");
    let Err(stop) = parse(["tollgate", "--confg", "x"].map(OsString::from)) else { panic!("it starts") };
    assert!(stop.0.to_string().contains("--config"), "{}", stop.0);
}

#[test]
fn migrate_takes_a_configuration_and_may_only_tell() {
    check("migrate --config x", "migrate x false");
    check("migrate -c x --dry-run", "migrate x true");
}
