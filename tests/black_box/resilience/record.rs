//! An answer in the form of the recording: what a client sees of it, without what differs from run to run.

use super::provider::Provider;
use crate::harness::http::{Connection, Head};
use serde_json::{Map, Value, json};
use std::io;
use std::time::Instant;

const KEPT: [&str; 6] = [
    "retry-after",
    "x-litellm-attempted-retries",
    "x-litellm-max-retries",
    "x-litellm-attempted-fallbacks",
    "x-litellm-model-group",
    "x-litellm-model-id",
];

/// Sends one request of a scene, and tells what came.
pub fn ask(port: u16, key: &str, request: &Value) -> io::Result<Value> {
    let (began, mut connection) = (Instant::now(), Connection::open(port)?);
    let (path, body) = (request["path"].as_str().expect("a path"), request["body"].to_string());
    let headers = request["headers"].as_object().into_iter().flatten();
    let headers: String =
        headers.map(|(name, value)| format!("{name}: {}\r\n", value.as_str().expect("a header"))).collect();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nauthorization: Bearer {key}\r\n\
         {headers}content-length: {length}\r\n\r\n"
    );
    connection.write((head + &body).as_bytes())?;
    let head = connection.read_response_head()?;
    let (mut body, mut is_whole) = (Vec::new(), true);
    loop {
        match connection.next_piece() {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) => break,
            Err(_) => {
                is_whole = false;
                break;
            }
        }
    }
    let mut record = record(&head, &String::from_utf8_lossy(&body));
    record.insert("seconds".to_owned(), began.elapsed().as_secs_f64().into());
    if !is_whole {
        record.insert("truncated".to_owned(), true.into());
    }
    Ok(Value::Object(record))
}

/// Adds the calls that were made for a request; only their number, where who is called is random.
pub fn with_calls(mut answer: Value, provider: &Provider, number: usize, is_counted: bool) -> Value {
    let calls = provider.calls(number);
    let names = calls.iter().map(|call| call.deployment.as_str());
    answer["calls"] = if is_counted { calls.len().into() } else { names.collect::<Vec<_>>().into() };
    let changed: Vec<_> = calls.iter().filter(|call| call.is_changed).map(|call| call.deployment.as_str()).collect();
    if !changed.is_empty() {
        answer["changed"] = changed.into();
    }
    if is_counted {
        if let Some(headers) = answer["headers"].as_object_mut() {
            headers.remove("x-litellm-model-id");
        }
        if answer["text"].as_str().is_some_and(|text| !text.is_empty()) {
            answer["text"] = "from DEPLOYMENT".into();
        }
    }
    steady(&answer, provider.port)
}

/// Without this run's port and the time that a timeout took.
fn steady(answer: &Value, port: u16) -> Value {
    let text = answer.to_string().replace(&format!("127.0.0.1:{port}"), "PROVIDER");
    let mut parts = text.split("time taken=");
    let first = parts.next().unwrap_or("").to_owned();
    let steadied = parts.fold(first, |before, part| {
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
        format!("{before}time taken=N{rest}")
    });
    serde_json::from_str(&steadied).expect("JSON")
}

fn record(head: &Head, body: &str) -> Map<String, Value> {
    let headers = KEPT.iter().filter_map(|name| Some(((*name).to_owned(), head.header(name)?.into())));
    let headers: Map<String, Value> = headers.collect();
    let is_streamed = head.header("content-type").is_some_and(|kind| kind.contains("text/event-stream"));
    let mut record = Map::new();
    record.insert("status".to_owned(), head.status().into());
    record.insert("headers".to_owned(), headers.into());
    record.extend(if is_streamed { streamed(body) } else { whole(head.status(), body) });
    record
}

fn events(body: &str) -> Vec<Value> {
    let lines = body.split("\n\n").flat_map(|event| event.split('\n'));
    let data = lines.filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|_| data.into())).collect()
}

fn streamed(body: &str) -> Map<String, Value> {
    let events = events(body);
    let text: String = events.iter().map(text_of).collect();
    let mut record = Map::new();
    record.insert("streamed".to_owned(), true.into());
    record.insert("text".to_owned(), text.into());
    let is_error =
        |event: &&Value| event.get("error").is_some_and(|error| !error.is_null()) || event["type"] == "error";
    if let Some(event) = events.iter().find(is_error) {
        record.insert("error".to_owned(), event.get("error").unwrap_or(event).clone());
    }
    let (name, value) = match events.first().is_some_and(|first| first.get("type").is_some()) {
        true => ("types", events.iter().filter(|event| event.is_object()).map(|event| event["type"].clone()).collect()),
        false => ("done", json!(events.last().is_some_and(|last| last == "[DONE]"))),
    };
    record.insert(name.to_owned(), value);
    record
}

/// What an event adds to the text: of a chat, a response or a message.
fn text_of(event: &Value) -> String {
    if let Some(choices) = event["choices"].as_array().filter(|choices| !choices.is_empty()) {
        return choices.iter().filter_map(|choice| choice["delta"]["content"].as_str()).collect();
    }
    let is_delta = event["type"] == "response.output_text.delta";
    match &event["delta"] {
        Value::String(text) if is_delta => text.clone(),
        delta => delta["text"].as_str().unwrap_or("").to_owned(),
    }
}

fn whole(status: u16, body: &str) -> Map<String, Value> {
    let one = |name: &str, value: Value| Map::from_iter([(name.to_owned(), value)]);
    match serde_json::from_str(body) {
        Err(_) => one("raw", body.into()),
        Ok(value) if status < 400 => one("text", whole_text(&value).into()),
        Ok(Value::Object(fields)) if fields.contains_key("error") => fields,
        Ok(value) => one("raw", value),
    }
}

fn whole_text(value: &Value) -> String {
    if let Some(choice) = value["choices"].get(0) {
        return choice["message"]["content"].as_str().unwrap_or("").to_owned();
    }
    if value["object"] == "list" {
        return "embedding".to_owned();
    }
    let output = value["output"].as_array().into_iter().flatten();
    let parts = output.filter_map(|item| item["content"].as_array()).chain(value["content"].as_array());
    parts.flatten().filter_map(|part| part["text"].as_str()).collect()
}
