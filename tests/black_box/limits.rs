//! What is too much is refused early, by a limit with a name.

use crate::harness::gateway::{Gateway, KEY, config, question, streamed_question};
use crate::harness::http::Message;
use crate::harness::provider::{Provider, send_content, send_stream_head};
use crate::harness::{PATIENCE, wait_until};
use std::sync::Mutex;
use std::sync::mpsc::channel;

/// A gateway whose limits are these lines of `general_settings`.
fn limited(settings: &str, environment: &[(&str, &str)], provider_port: u16) -> Gateway {
    let yaml = config(provider_port, &[])
        .replace(&format!("{{master_key: {KEY}}}"), &format!("{{master_key: {KEY}, {settings}}}"));
    assert!(yaml.contains(settings));
    Gateway::start_with(&yaml, environment)
}

fn check(answer: &Message, status: u16, words: &str) {
    let error = &answer.json()["error"];
    assert_eq!(answer.head.status(), status, "{error}");
    assert_eq!(error["code"], status.to_string());
    assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{error}");
}

#[test]
fn a_long_body_and_a_long_head_are_refused_by_the_limits_of_the_configuration() {
    let gateway = limited("max_request_size_mb: 0.001, max_header_size_kb: 2", &[], 9);
    let mut body = question();
    body["user"] = "x".repeat(2000).into();
    check(&gateway.post("/v1/chat/completions", &body), 413, "0.001 MB");

    let mut connection = gateway.connect();
    let head = format!("GET /v1/models HTTP/1.1\r\nhost: 127.0.0.1\r\nx-long: {}\r\n\r\n", "x".repeat(2500));
    connection.write(head.as_bytes()).expect("the gateway takes the request");
    check(&connection.read_response().expect("an answer"), 431, "max_header_size_kb (2)");
}

#[test]
fn one_call_too_many_is_told_to_come_again() {
    let (release, held) = channel::<()>();
    let held = Mutex::new(held);
    let provider = Provider::start(move |_, connection| {
        send_stream_head(connection)?;
        send_content(connection, "first")?;
        held.lock().map_err(|_| std::io::ErrorKind::Other)?.recv_timeout(PATIENCE).ok();
        Ok(())
    });
    let gateway = limited("strict_config: true", &[("LIMIT_CONCURRENCY", "1")], provider.port);
    let mut busy = gateway.connect();
    busy.post("/v1/chat/completions", KEY, &streamed_question()).expect("the gateway takes the request");
    assert_eq!(busy.read_response_head().expect("an answer").status(), 200);

    let refused = gateway.post("/v1/chat/completions", &question());
    check(&refused, 503, "too many requests in flight");
    assert_eq!(refused.head.header("retry-after"), Some("1"));

    busy.close();
    drop(release);
    wait_until("there is room again", || {
        let mut connection = gateway.connect();
        connection.get("/health/liveliness").expect("the gateway takes the request");
        connection.read_response().is_ok_and(|answer| answer.head.status() == 200)
    });
}
