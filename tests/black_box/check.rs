//! The command line: `tollgate check`, how a server starts or refuses to, and what it prints.

use crate::harness::gateway::{Gateway, KEY, config};
use crate::harness::http::Connection;
use crate::harness::process::{Process, binary, free_port};
use crate::harness::provider::{Provider, send_completion};
use crate::harness::wait_until;
use serde_json::Value;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

const GOOD: &str = "model_list:
  - model_name: chat
    litellm_params: {model: openai/gpt-4o, api_key: sk-scripted, api_base: 'http://127.0.0.1:9/v1'}
general_settings: {master_key: sk-black-box-4b1d7c}
";
/// Known to LiteLLM, and not acted on yet.
const NOT_YET: &str = "model_list: []
litellm_settings: {cache: true}
general_settings: {master_key: sk-black-box-4b1d7c}
";

fn misspelt() -> String {
    GOOD.replace("api_base", "api_bse")
}

/// A run of `tollgate` with this document as `config.yaml`, which `CONFIG` stands for among the arguments.
fn start(document: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Process {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.yaml");
    fs::write(&path, document).expect("the configuration is written");
    let path = path.to_str().expect("a path in UTF-8").to_owned();
    let mut command = Command::new(binary("tollgate"));
    command.args(arguments.iter().map(|argument| if *argument == "CONFIG" { path.as_str() } else { argument }));
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, if *value == "CONFIG" { path.as_str() } else { value }))
        .collect();
    Process::start(command, folder, &environment)
}

/// The same to its end: exit code and everything printed.
pub fn run(document: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let mut process = start(document, arguments, environment);
    let (status, _) = process.wait_for_end();
    (status.code().expect("no signal has ended it"), process.log())
}

fn check(document: &str, arguments: &[&str], environment: &[(&str, &str)], code: i32, expected: &[&str]) {
    let (found, text) = run(document, arguments, environment);
    assert_eq!(found, code, "{arguments:?} of {document}:\n{text}");
    for part in expected {
        assert!(text.contains(part), "no {part:?} after {arguments:?} of {document}:\n{text}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn a_check_names_the_place_and_the_nearest_key() {
    let check = |document: &str, more: &[&str], code: i32, expected: &[&str]| {
        check(document, &[&["check"], more, &["CONFIG"]].concat(), &[], code, expected);
    };
    check(GOOD, &[], 0, &["config.yaml: ok, 1 deployments, 0 warnings"]);
    check(GOOD, &["--strict"], 0, &[": ok, 1 deployments"]);
    let place = "config.yaml:3:66: unknown key `model_list[0].litellm_params.api_bse`; did you mean `api_base`?";
    check(&misspelt(), &[], 1, &[place, ": refused, 1 errors"]);
    check(&misspelt(), &["--strict"], 1, &[place]);
    check(NOT_YET, &[], 0, &["config.yaml:2:", "litellm_settings.cache", ": ok, 0 deployments, 1 warnings"]);
    check(NOT_YET, &["--strict"], 1, &["error: ", "litellm_settings.cache", ": refused, 1 errors"]);
    check("model_list: 5\n", &[], 1, &["config.yaml:1:13: `model_list` must be a list of maps, found an integer"]);
    check("model_list: [\n", &[], 1, &["config.yaml:", ": refused, 1 errors"]);
    check("", &["--no-such-flag"], 2, &["--no-such-flag"]);
}

#[test]
fn a_check_in_json_can_be_parsed() {
    let parse = |document: &str, code: i32| -> Value {
        let (found, text) = run(document, &["check", "--json", "CONFIG"], &[]);
        assert_eq!(found, code, "{text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    let good = parse(GOOD, 0);
    assert_eq!((&good["verdict"], &good["models"], &good["notices"]), (&"ok".into(), &1.into(), &Value::Array(vec![])));
    let refused = parse(&misspelt(), 1);
    let notice = &refused["notices"][0];
    assert_eq!((&refused["verdict"], &refused["errors"]), (&"errors".into(), &1.into()));
    assert_eq!((&notice["line"], &notice["column"], &notice["nearest"]), (&3.into(), &66.into(), &"api_base".into()));
    assert_eq!((&notice["kind"], &notice["severity"]), (&"unknown_key".into(), &"error".into()));
}

#[test]
fn a_server_that_must_not_start_says_why_and_with_which_code() {
    let check = |document: &str, more: &[&str], environment: &[(&str, &str)], code: i32, expected: &[&str]| {
        let port = free_port().to_string();
        let arguments = [&["--config", "CONFIG", "--host", "127.0.0.1", "--port", &port], more].concat();
        check(document, &arguments, environment, code, expected);
    };
    let (keyless, key) = (GOOD.replace(KEY, ""), [("LITELLM_MASTER_KEY", "sk-1234")]);
    let settings = "general_settings: {master_key: sk-black-box-4b1d7c}\n";
    check(&misspelt(), &["--strict"], &[], 1, &["config.yaml:3:66:", "did you mean `api_base`?"]);
    check("model_list: 5\n", &[], &[], 1, &["config.yaml:1:13: `model_list` must be a list of maps"]);
    check(&GOOD.replace(settings, ""), &[], &[], 3, &["no master key is set", "LITELLM_MASTER_KEY"]);
    check(&GOOD.replace(settings, ""), &[], &key, 3, &["publicly known default"]);
    check(&GOOD.replace(KEY, "sk-1234"), &[], &[], 3, &["publicly known default"]);
    check(&keyless.replace("master_key: ", "master_key: ''"), &[], &[], 3, &["refused to start"]);
    check(GOOD, &["--num_workers", "many"], &[], 2, &["many", "--num_workers"]);
    check(GOOD, &["--ssl_keyfile_path", "x"], &[], 2, &["TLS is not served yet"]);
    check(GOOD, &[], &[("LITELLM_LOG", "LOUD")], 2, &["unknown log level `LOUD`"]);
    let nothing = ["--host", "127.0.0.1"];
    super::check::check("", &nothing, &[], 2, &["no configuration", "--config FILE", "CONFIG_FILE_PATH"]);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let port = free_port();
    let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
    let arguments = ["--config", "CONFIG", "--host", "127.0.0.1", "--port", &port.to_string()];
    check(
        GOOD,
        &arguments,
        &[],
        1,
        &[&format!("cannot listen on 127.0.0.1:{port}"), "choose another --port or --host"],
    );
}

/// A server that is alive after this command line.
fn serve(document: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Gateway {
    let port = free_port();
    let port_text = port.to_string();
    let arguments = [arguments, &["--host", "127.0.0.1", "--port", &port_text]].concat();
    let mut process = start(document, &arguments, environment);
    wait_until("the gateway takes connections", || {
        assert!(process.ended().is_none(), "it has ended:\n{}", process.log());
        Connection::open(port).is_ok()
    });
    Gateway { process, port }
}

#[test]
fn a_misspelt_key_is_warned_of_and_served() {
    let gateway = serve(&misspelt(), &["--config", "CONFIG"], &[]);
    wait_until("the warning is logged", || {
        let log = gateway.process.log();
        log.lines().any(|line| line.contains("WARN") && line.contains("did you mean `api_base`?"))
    });
}

#[test]
fn the_configuration_may_be_named_by_a_variable_or_be_a_command_line() {
    let models = |gateway: &Gateway| {
        let mut connection = gateway.connect();
        let request = format!("GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n\r\n");
        connection.write(request.as_bytes()).expect("the gateway takes the request");
        connection.read_response().expect("the gateway answers").json()["data"][0]["id"].clone()
    };
    assert_eq!(models(&serve(GOOD, &[], &[("CONFIG_FILE_PATH", "CONFIG")])), "chat");
    let key = [("LITELLM_MASTER_KEY", KEY), ("OPENAI_API_KEY", "sk-scripted")];
    assert_eq!(models(&serve("", &["--model", "openai/gpt-4o", "--alias", "mine"], &key)), "mine");
}

#[test]
fn version_health_and_test_answer() {
    check("", &["--version"], &[], 0, &["tollgate ", "(API of LiteLLM 1.106.2)"]);
    let provider = Provider::start(|_, connection| send_completion(connection, "a poem"));
    let gateway = Gateway::start(&config(provider.port, &[]));
    let port = gateway.port.to_string();
    let check = |arguments: &[&str], environment: &[(&str, &str)], code: i32, expected: &[&str]| {
        let address = ["--host", "127.0.0.1", "--port", &port];
        check("", &[arguments, &address].concat(), environment, code, expected);
    };
    let key = [("LITELLM_MASTER_KEY", KEY)];
    check(&["--health"], &key, 0, &["\"healthy_count\":1", "\"unhealthy_count\":0"]);
    check(&["--health"], &[], 1, &["No api key passed in."]);
    check(&["--test", "--model", "chat"], &key, 0, &["a poem"]);
    check(&["--test"], &key, 1, &["Invalid model name passed in model=gpt-3.5-turbo"]);
    check(&["--test", &format!("http://127.0.0.1:{port}/"), "--model", "chat"], &key, 0, &["a poem"]);
    drop(gateway);
    check(&["--health"], &key, 1, &["no answer from http://127.0.0.1:", "is the gateway running there?"]);
}

#[test]
fn json_logs_are_lines_of_json_that_tell_of_every_call() {
    let provider = Provider::start(|_, connection| send_completion(connection, "secret answer"));
    let gateway = Gateway::start_with(&config(provider.port, &["api_bse: x"]), &[("JSON_LOGS", "true")]);
    let mut question = crate::harness::gateway::question();
    question["messages"][0]["content"] = "secret \" prompt \n".into();
    assert_eq!(gateway.post("/v1/chat/completions", &question).head.status(), 200);
    question["model"] = "no\nsuch \u{1b}[31m".into();
    assert_eq!(gateway.post("/v1/chat/completions", &question).head.status(), 400);
    let mut lines: Vec<Value> = Vec::new();
    wait_until("both calls are logged", || {
        let log = gateway.process.log();
        lines = log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
        lines.iter().filter(|line| line.get("call_id").is_some()).count() == 2
    });
    let named = |name: &str| lines.iter().filter(|line| line.get(name).is_some()).count();
    assert_eq!((named("message"), named("level"), named("timestamp")), (lines.len(), lines.len(), lines.len()));
    let statuses: Vec<_> = lines.iter().filter_map(|line| line["status"].as_u64()).collect();
    assert_eq!(statuses, [200, 400]);
    let log = gateway.process.log();
    for secret in ["secret", KEY, "sk-scripted"] {
        assert!(!log.contains(secret), "{secret} in\n{log}");
    }
}

#[test]
fn a_log_of_errors_is_silent_about_what_goes_well() {
    let provider = Provider::start(|_, connection| send_completion(connection, "fine"));
    let mut gateway = Gateway::start_with(&config(provider.port, &["api_bse: x"]), &[("LITELLM_LOG", "ERROR")]);
    let question = crate::harness::gateway::question();
    assert_eq!(gateway.post("/v1/chat/completions", &question).head.status(), 200);
    gateway.process.terminate();
    gateway.process.wait_for_end();
    assert_eq!(gateway.process.log(), "");
}
