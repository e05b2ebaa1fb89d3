//! The gateway's own answers beside those recorded from LiteLLM 1.106.2: status and body, byte for byte.
//!
//! Replays `tests/recorded/gateway_errors.json` with the configuration it was recorded with. Where an answer is to
//! differ, the case is listed in `differences` with the reason. Knows no route of the gateway's table.

mod differences;

use crate::harness::gateway::Gateway;
use crate::harness::http::{Connection, Message};
use crate::harness::process::checkout;
use crate::harness::provider::{Provider, content_event, send_stream_end, send_stream_head};
use differences::{DIFFERENCES, NOT_REPLAYED, NOT_SERVED};
use serde_json::Value;
use std::fs;
use std::io;

/// One provider's answer to everything that is no stream: something of each kind.
const ANSWER: &str = r#"{"id":"x","model":"m","text":"x","results":[],"data":[],"choices":[{"index":0,"message":{"role":"assistant","content":"x"},"text":"x","finish_reason":"stop"}]}"#;

/// A recorded request with its answer.
struct Case<'a> {
    name: &'a str,
    method: &'a str,
    path: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: Option<&'a str>,
    status: u64,
    answer: &'a str,
}

impl<'a> Case<'a> {
    fn read(name: &'a str, recorded: &'a Value) -> Self {
        let (request, answer) = (&recorded["request"], &recorded["answer"]);
        let headers = request["headers"].as_array().expect("headers").iter();
        Self {
            name,
            method: request["method"].as_str().expect("a method"),
            path: request["path"].as_str().expect("a path"),
            headers: headers.map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
            body: request["body"].as_str(),
            status: answer["status"].as_u64().expect("a status"),
            answer: text(&answer["body"]),
        }
    }

    /// Whether the gateway has this route, or has it not like LiteLLM.
    fn is_replayed(&self) -> bool {
        let path = self.path.split('?').next().unwrap_or(self.path);
        let is_served = !NOT_SERVED.iter().any(|start| match start.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => path == *start,
        });
        is_served && !NOT_REPLAYED.contains(&self.name)
    }

    /// What a provider said is compared elsewhere; addresses and ids are this run's own.
    fn is_compared_by_status_alone(&self) -> bool {
        let tells_of_deployments =
            ["/health?", "/model/info", "/v1/model/info"].iter().any(|start| self.path.starts_with(start));
        self.status == 200 && (self.method == "POST" || tells_of_deployments || self.path == "/health")
            || matches!(self.path, "/" | "/openapi.json" | "/routes")
            || self.path == "/health/readiness/details"
    }

    fn bytes(&self) -> Vec<u8> {
        let body: Vec<u8> = match self.body {
            // Recorded as one letter for each byte.
            Some(body) if body.contains('\u{ff}') => latin_1(body),
            Some(body) => body.as_bytes().to_vec(),
            None => Vec::new(),
        };
        let mut bytes = format!("{} {} HTTP/1.1\r\nhost: 127.0.0.1\r\n", self.method, self.path).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(latin_1(&format!("{name}: {value}\r\n")));
        }
        if self.method != "GET" && self.method != "HEAD" {
            bytes.extend(format!("content-length: {}\r\n", body.len()).into_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend(body);
        bytes
    }

    fn send(&self, gateway: &Gateway) -> Message {
        let mut connection = gateway.connect();
        connection.write(&self.bytes()).expect("the gateway takes the request");
        let answer =
            if self.method == "HEAD" { connection.read_bodyless_response() } else { connection.read_response() };
        answer.unwrap_or_else(|error| panic!("{}: no answer: {error}", self.name))
    }

    /// How the answer differs from LiteLLM's, if it does.
    fn difference(&self, answer: &Message) -> Option<String> {
        let status = u64::from(answer.head.status());
        let is_equal = status == self.status && (self.is_compared_by_status_alone() || answer.text() == self.answer);
        let shown = |text: &str| text.chars().take(300).collect::<String>();
        (!is_equal)
            .then(|| format!("{} {}\n   not {} {}", status, shown(&answer.text()), self.status, shown(self.answer)))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(letter).expect("a letter of Latin-1")).collect()
}

fn answer(request: &Message, connection: &mut Connection) -> io::Result<()> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    if body["stream"] == true {
        send_stream_head(connection)?;
        connection.write_chunk(content_event("x").as_bytes())?;
        return send_stream_end(connection);
    }
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", ANSWER.len());
    connection.write((head + ANSWER).as_bytes())
}

fn is_listed(name: &str) -> bool {
    DIFFERENCES.iter().any(|(_, names)| names.contains(&name))
}

#[test]
fn the_gateways_own_answers_are_litellms_but_for_the_listed_ones() {
    let path = checkout().join("tests/recorded/gateway_errors.json");
    let recorded: Value = serde_json::from_slice(&fs::read(path).expect("the recording")).expect("JSON");
    let provider = Provider::start(answer);
    let config = recorded["config"].to_string().replace(":18381", &format!(":{}", provider.port));
    let gateway = Gateway::start(&config);
    let (mut replayed, mut faults) = (0, Vec::new());
    for (name, recorded) in recorded["answers"].as_object().expect("answers") {
        let case = Case::read(name, recorded);
        if !case.is_replayed() {
            continue;
        }
        replayed += 1;
        match (case.difference(&case.send(&gateway)), is_listed(name)) {
            (Some(difference), false) => faults.push(format!("{name}: {difference}")),
            (None, true) => faults.push(format!("{name}: equal, and listed as a difference")),
            (Some(_), true) | (None, false) => {}
        }
    }
    // Its log, a line a case, would hide what is wrong.
    drop(gateway);
    assert!(faults.is_empty(), "{} of {replayed} cases:\n{}", faults.len(), faults.join("\n"));
    assert!(replayed > 250, "only {replayed} cases were replayed");
}

#[test]
fn every_listed_name_is_a_recorded_case() {
    let path = checkout().join("tests/recorded/gateway_errors.json");
    let recorded: Value = serde_json::from_slice(&fs::read(path).expect("the recording")).expect("JSON");
    let listed = DIFFERENCES.iter().flat_map(|(_, names)| names.iter()).chain(NOT_REPLAYED);
    for name in listed {
        let case = recorded["answers"].get(name).unwrap_or_else(|| panic!("no case is called {name}"));
        assert!(NOT_REPLAYED.contains(name) || Case::read(name, case).is_replayed(), "{name} is not replayed");
    }
}
