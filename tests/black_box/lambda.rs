//! The Lambda function answers with the container's bytes, and streams them as they come.

use crate::harness::gateway::{Gateway, KEY, config, question, streamed_question};
use crate::harness::http::{Connection, Message};
use crate::harness::lambda::{Function, Reply};
use crate::harness::provider::{Provider, send_completion, send_content, send_stream_end, send_stream_head};
use base64::Engine;
use serde_json::{Value, json};
use std::io;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How the body lies in the event.
#[derive(Clone, Copy)]
enum Body {
    Text,
    Base64,
}

/// A function URL's event, payload format 2.0.
fn event(body: &Value, form: Body) -> Value {
    let text = body.to_string();
    let (text, is_base64) = match form {
        Body::Text => (text, false),
        Body::Base64 => (base64::engine::general_purpose::STANDARD.encode(text), true),
    };
    let path = "/v1/chat/completions";
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "authorization": format!("Bearer {KEY}"),
            "content-type": "application/json",
            "host": "abc123.lambda-url.eu-central-1.on.aws",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abc123",
            "domainName": "abc123.lambda-url.eu-central-1.on.aws",
            "domainPrefix": "abc123",
            "http": {
                "method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test",
            },
            "requestId": "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1_773_342_238_000_u64,
        },
        "body": text,
        "isBase64Encoded": is_base64,
    })
}

/// Whole or streamed, as it is asked.
fn answer(request: &Message, connection: &mut Connection) -> io::Result<()> {
    if request.json()["stream"] != true {
        return send_completion(connection, "whole");
    }
    send_stream_head(connection)?;
    for number in 0..20 {
        send_content(connection, &format!("w{number}"))?;
    }
    send_stream_end(connection)
}

/// The gateway stamps chunks with its own clock.
fn without_time(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut parts = text.split("\"created\":");
    let mut masked = parts.next().unwrap_or("").to_owned();
    for part in parts {
        masked.push_str("\"created\":0");
        masked.push_str(part.trim_start_matches(|letter: char| letter.is_ascii_digit()));
    }
    masked
}

fn check(body: &Value, form: Body, status: u16) {
    let provider = Provider::start(answer);
    let document = config(provider.port, &[]);
    let gateway = Gateway::start(&document);
    let mut function = Function::start(&document);

    let mut connection = gateway.connect();
    connection.post("/v1/chat/completions", KEY, body).expect("the container takes the request");
    let container = connection.read_response().expect("the container answers");
    function.invoke(&event(body, form));
    let lambda = function.answer();

    assert_eq!((container.head.status(), lambda.status), (status, status), "{}", container.text());
    assert_eq!(without_time(&lambda.body), without_time(&container.body));
    assert_eq!(lambda.headers["content-type"].as_str(), container.head.header("content-type"));
}

#[test]
fn a_whole_answer_has_the_containers_bytes() {
    check(&question(), Body::Text, 200);
}

#[test]
fn a_streamed_answer_has_the_containers_bytes() {
    check(&streamed_question(), Body::Text, 200);
}

#[test]
fn a_body_in_base64_is_understood() {
    check(&question(), Body::Base64, 200);
}

#[test]
fn a_refusal_has_the_containers_bytes() {
    let mut unknown = question();
    unknown["model"] = "no-such-model".into();
    check(&unknown, Body::Text, 400);
}

/// Sends the second chunk only once it is told that the first has arrived.
fn waiting_provider(arrived: Receiver<()>) -> Provider {
    let arrived = Mutex::new(arrived);
    Provider::start(move |_, connection| {
        send_stream_head(connection)?;
        send_content(connection, "first")?;
        let told = arrived.lock().map_err(|_| io::ErrorKind::Other)?.recv_timeout(Duration::from_secs(25));
        let content = if told.is_ok() { "in time" } else { "too late" };
        send_content(connection, content)?;
        send_stream_end(connection)
    })
}

#[test]
fn a_stream_leaves_the_function_as_it_comes() {
    let (tell, arrived) = channel();
    let provider = waiting_provider(arrived);
    let mut function = Function::start(&config(provider.port, &[]));
    function.invoke(&event(&streamed_question(), Body::Text));
    let mut body = Vec::new();
    let mut told = false;
    loop {
        match function.next_reply() {
            Reply::Head(..) => {}
            Reply::Piece(piece) => body.extend_from_slice(&piece),
            Reply::End => break,
            Reply::Broken(error) => panic!("the answer broke off: {error}"),
        }
        if !told && String::from_utf8_lossy(&body).contains("first") {
            tell.send(()).expect("the provider waits");
            told = true;
        }
    }
    let text = String::from_utf8_lossy(&body);
    assert!(text.contains("in time") && text.ends_with("data: [DONE]\n\n"), "{text}");
}
