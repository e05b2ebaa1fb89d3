//! Ten thousand malformed requests: every one is answered, every error can be read, the gateway lives on.

mod bodies;
mod random;
mod requests;

use crate::harness::gateway::{Gateway, KEY, config, question};
use crate::harness::http::{Connection, Message};
use crate::harness::provider::{Provider, send_completion, send_content, send_stream_end, send_stream_head};
use random::Random;
use requests::{MAKERS, Owed, Request};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::thread;
use std::time::{Duration, Instant};

const REQUESTS: u64 = 10_000;
const WORKERS: u64 = 4;
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// Enough to see what is wrong; the rest would be more of the same.
const FAULTS_SHOWN: usize = 20;

/// What one worker saw: answers by status (0 is a closed connection), and what should not have been.
#[derive(Default)]
struct Seen {
    statuses: BTreeMap<u16, u64>,
    faults: Vec<String>,
}

#[test]
fn ten_thousand_malformed_requests_are_all_answered() {
    let provider = Provider::start(answer);
    let mut gateway = Gateway::start(&config(provider.port, &[]));
    let port = gateway.port;
    let started = Instant::now();
    let workers: Vec<_> = (0..WORKERS).map(|worker| thread::spawn(move || send_share(port, worker))).collect();
    let mut statuses = BTreeMap::<u16, u64>::new();
    let mut faults = Vec::new();
    for worker in workers {
        let seen = worker.join().expect("the worker ends");
        seen.statuses.into_iter().for_each(|(status, count)| *statuses.entry(status).or_default() += count);
        faults.extend(seen.faults);
    }
    println!("{REQUESTS} requests in {:?}; answers by status: {statuses:?}", started.elapsed());
    let log = gateway.process.log();
    assert!(gateway.process.ended().is_none(), "the gateway has died");
    assert!(!log.contains("panicked"), "something panicked");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults[..faults.len().min(FAULTS_SHOWN)].join("\n"));
    assert_eq!(gateway.post("/v1/chat/completions", &question()).head.status(), 200);
    assert!(started.elapsed() < TIME_LIMIT, "it took {:?}", started.elapsed());
}

/// The provider takes anything: what is wrong with a request is the gateway's to say.
fn answer(request: &Message, connection: &mut Connection) -> io::Result<()> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    if body["stream"] != true {
        return send_completion(connection, "fine");
    }
    send_stream_head(connection)?;
    send_content(connection, "fine")?;
    send_stream_end(connection)
}

fn send_share(port: u16, worker: u64) -> Seen {
    let mut random = Random(worker);
    let mut seen = Seen::default();
    let mut kept = None;
    for _ in 0..REQUESTS / WORKERS {
        let request = random.pick(&MAKERS)(&mut random);
        let outcome = match request.owed {
            Owed::End => exchange_once(port, &request),
            _ => exchange(port, &mut kept, &request),
        };
        *seen.statuses.entry(outcome.as_ref().map_or(0, |answer| answer.head.status())).or_default() += 1;
        if let Some(fault) = fault(&request, &outcome) {
            let start = String::from_utf8_lossy(&request.bytes[..request.bytes.len().min(600)]).into_owned();
            seen.faults.push(format!("{}: {fault}\n    after {start:?}", request.kind));
        }
    }
    seen
}

/// Sends what breaks the connection on one of its own, and closes the sending side, as a caller that dies does.
fn exchange_once(port: u16, request: &Request) -> io::Result<Message> {
    let mut connection = Connection::open(port)?;
    // The gateway may refuse before it has read everything.
    let _ = connection.write(&request.bytes);
    connection.end_writing();
    connection.read_response()
}

/// Sends over a kept connection; once more over a new one if the gateway has closed it meanwhile.
fn exchange(port: u16, kept: &mut Option<Connection>, request: &Request) -> io::Result<Message> {
    if let Some(mut connection) = kept.take()
        && let Ok(answer) = exchange_over(&mut connection, request)
    {
        *kept = reusable(connection, &answer);
        return Ok(answer);
    }
    let mut connection = Connection::open(port)?;
    let answer = exchange_over(&mut connection, request)?;
    *kept = reusable(connection, &answer);
    Ok(answer)
}

fn exchange_over(connection: &mut Connection, request: &Request) -> io::Result<Message> {
    let sent = connection.write(&request.bytes);
    match if request.is_head { connection.read_bodyless_response() } else { connection.read_response() } {
        Err(error) => Err(sent.err().unwrap_or(error)),
        answer => answer,
    }
}

fn reusable(connection: Connection, answer: &Message) -> Option<Connection> {
    (answer.head.header("connection") != Some("close")).then_some(connection)
}

/// What is wrong with the outcome, if anything.
fn fault(request: &Request, outcome: &io::Result<Message>) -> Option<String> {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            return Some(format!("no answer in time: {error}"));
        }
        Err(_) if request.owed == Owed::End => return None,
        Err(error) => return Some(format!("no answer: {error}")),
    };
    let status = answer.head.status();
    match (request.owed, status) {
        (Owed::Error, 200..400) => Some(format!("status {status} where an error is due: {}", answer.text())),
        (_, 400..600) if request.is_head || (request.owed == Owed::End && answer.body.is_empty()) => None,
        (_, 400..600) => (!is_readable(&answer.body)).then(|| format!("status {status} with {}", answer.text())),
        (_, 200..400) => None,
        _ => Some(format!("status {status}")),
    }
}

/// Whether a client can read the error: OpenAI's shape, its code a string, or FastAPI's `detail`.
fn is_readable(body: &[u8]) -> bool {
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return false };
    let error = &document["error"];
    let names = ["message", "type", "param", "code"];
    let is_error = names.iter().all(|name| error.get(name).is_some()) && error["code"].is_string();
    is_error && error["message"].is_string() || document.get("detail").is_some()
}

#[test]
fn an_error_must_be_readable() {
    let check = |body: &str, expected: bool| assert_eq!(is_readable(body.as_bytes()), expected, "{body}");
    check(r#"{"error":{"message":"m","type":null,"param":null,"code":"400"}}"#, true);
    check(r#"{"detail":"Not Found"}"#, true);
    check(r#"{"error":{"message":"m","type":null,"param":null,"code":400}}"#, false);
    check(r#"{"error":{"message":"m","type":null,"code":"400"}}"#, false);
    check(r#"{"error":{"message":null,"type":null,"param":null,"code":"400"}}"#, false);
    check(r#"{"error":"m"}"#, false);
    check("<html>", false);
    check("", false);
}

/// So that a failure names the same request on every machine.
#[test]
fn the_requests_are_the_same_in_every_run() {
    let first: Vec<Vec<u8>> =
        (0..50).map(|seed| MAKERS[seed as usize % MAKERS.len()](&mut Random(seed)).bytes).collect();
    let again: Vec<Vec<u8>> =
        (0..50).map(|seed| MAKERS[seed as usize % MAKERS.len()](&mut Random(seed)).bytes).collect();
    assert_eq!(first, again);
    assert!(String::from_utf8_lossy(&first[1]).contains(KEY));
}
