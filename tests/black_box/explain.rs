//! Explanations as an operator asks for them: `tollgate explain` and `POST /router/explain`.

use crate::check::run;
use crate::harness::gateway::{Gateway, KEY};
use crate::harness::http::Connection;
use crate::harness::provider::{Provider, send_completion};
use crate::harness::wait_until;
use serde_json::{Value, json};

const SEED: &str = "11";

/// Two that may serve, and one that is switched off.
fn document(provider_port: u16) -> String {
    let entry = |id: &str, blocked: bool| {
        let api_base = format!("http://127.0.0.1:{provider_port}/{id}/v1");
        let params = json!({ "model": "openai/gpt-4o", "api_key": "sk-scripted", "api_base": api_base });
        json!({ "model_name": "chat", "litellm_params": params, "model_info": { "id": id, "blocked": blocked } })
    };
    let models = [entry("one", false), entry("two", false), entry("off", true)];
    json!({ "model_list": models, "general_settings": { "master_key": KEY } }).to_string()
}

fn request(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "Hello" }] })
}

#[test]
fn the_command_and_the_route_explain_alike() {
    let provider = Provider::start(|_, connection| send_completion(connection, "served"));
    let document = document(provider.port);
    let gateway = Gateway::start(&document);
    let answer = gateway.post(&format!("/router/explain?seed={SEED}"), &request("chat"));
    assert_eq!(answer.head.status(), 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!((&told["model_group"], &told["routing_strategy"]), (&json!("chat"), &json!("simple-shuffle")));
    assert_eq!(told["candidates"].as_array().map(Vec::len), Some(3));
    assert_eq!((&told["removed"][0]["model_id"], &told["removed"][0]["filter"]), (&json!("off"), &json!("blocked")));
    assert!(matches!(told["chosen"].as_str(), Some("one" | "two")), "{told:#}");
    let arguments = ["explain", "--config", "CONFIG", "--model", "chat", "--seed", SEED, "--json"];
    let (code, text) = run(&document, &arguments, &[]);
    assert_eq!(code, 0, "{text}");
    assert_eq!(serde_json::from_str::<Value>(&text).expect("one document"), told);
    // Nobody was asked, nothing was counted: the provider hears of the real call alone.
    assert_eq!(gateway.post("/v1/chat/completions", &request("chat")).head.status(), 200);
    let told = "selection=simple-shuffle of 3, blocked -1";
    wait_until("the call's line tells the same in short", || gateway.process.log().contains(told));
}

#[test]
fn the_route_is_for_operators_and_names_what_is_wrong() {
    let gateway = Gateway::start(&document(9));
    let mut connection: Connection = gateway.connect();
    connection.post("/router/explain", "sk-a-strangers-key", &request("chat")).expect("the gateway takes the request");
    assert_eq!(connection.read_response().expect("the gateway answers").head.status(), 400);
    let unknown = gateway.post("/router/explain", &json!({ "model": "nope" }));
    assert_eq!(unknown.head.status(), 400);
    assert!(
        unknown.text().contains("/chat/completions: Invalid model name passed in model=nope"),
        "{}",
        unknown.text()
    );
    assert_eq!(gateway.post("/router/explain?seed=many", &request("chat")).head.status(), 400);
}

#[test]
fn the_command_wants_no_master_key_unless_one_is_shown() {
    let keyless = document(9).replace(&format!("\"{KEY}\""), "null");
    let explain = |document: &str, more: &[&str]| {
        let arguments = [&["explain", "--config", "CONFIG", "--seed", SEED], more].concat();
        run(document, &arguments, &[])
    };
    let check = |(code, text): (i32, String), expected: (i32, &str)| {
        assert!(code == expected.0 && text.contains(expected.1), "{code}: {text}");
    };
    check(explain(&keyless, &["--model", "chat"]), (0, "out by blocked"));
    check(explain(&keyless, &["--model", "chat", "--key", "sk-any"]), (3, "no master key is set"));
    check(explain(&document(9), &["--model", "chat", "--key", "sk-any"]), (1, "It is not the master key"));
    check(explain(&document(9), &["--model", "chat", "--key", KEY]), (0, "chosen: "));
    check(explain(&document(9), &["--model", "nope"]), (1, "Invalid model name passed in model=nope"));
    check(explain(&document(9), &[]), (1, "name one with --model"));
    let misspelt = document(9).replace("\"api_key\"", "\"api_kye\"");
    check(explain(&misspelt, &["--model", "chat"]), (0, "did you mean `api_key`?"));
}
