//! Streams: nothing is held back, every fault ends in one error event, a caller who leaves is noticed.

use crate::harness::events::{Events, content_of};
use crate::harness::gateway::{Gateway, KEY, config, streamed_question};
use crate::harness::http::Connection;
use crate::harness::provider::{Provider, content_event, send_content, send_stream_end, send_stream_head};
use crate::harness::wait_until;
use serde_json::Value;
use std::io::{self, ErrorKind, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// The upstream call must be closed within this time; the best of the tries counts, for the machine may be busy.
const CLOSE_LIMIT: Duration = Duration::from_millis(100);
const CLOSE_TRIES: usize = 5;

const STREAM_BYTES_MAX: u64 = 500 << 20;
/// What may be under way to a client that reads nothing: the kernel's buffers on both sides, and the gateway's.
const AHEAD_BYTES_MAX: u64 = 64 << 20;
const RESIDENT_BYTES_MAX: u64 = 80 << 20;

fn ask(gateway: &Gateway) -> Connection {
    let mut connection = gateway.connect();
    connection.post("/v1/chat/completions", KEY, &streamed_question()).expect("the gateway takes the request");
    connection
}

fn begin(gateway: &Gateway) -> Connection {
    let mut connection = ask(gateway);
    let head = connection.read_response_head().expect("the gateway answers");
    assert_eq!(head.status(), 200);
    assert_eq!(head.header("content-type"), Some("text/event-stream; charset=utf-8"));
    connection
}

/// A signal from the test to the provider: what was sent has arrived.
fn signal() -> (Sender<()>, Mutex<Receiver<()>>) {
    let (sender, receiver) = channel();
    (sender, Mutex::new(receiver))
}

fn await_signal(arrived: &Mutex<Receiver<()>>) -> io::Result<()> {
    let arrived = arrived.lock().map_err(|_| ErrorKind::Other)?;
    arrived.recv_timeout(Duration::from_secs(25)).map_err(|_| ErrorKind::TimedOut.into())
}

#[test]
fn each_chunk_arrives_before_the_next_is_sent() {
    let (tell, arrived) = signal();
    let provider = Provider::start(move |_, connection| {
        send_stream_head(connection)?;
        for number in 0..5 {
            send_content(connection, &format!("w{number}"))?;
            await_signal(&arrived)?;
        }
        send_stream_end(connection)
    });
    let gateway = Gateway::start(&config(provider.port, &[]));
    let mut connection = begin(&gateway);
    let mut events = Events::default();
    for number in 0..5 {
        events.skip_to(&mut connection, &format!("w{number}"));
        tell.send(()).expect("the provider waits");
    }
    let rest = events.rest(&mut connection).expect("the stream ends as it should");
    assert_eq!(rest.last().map(String::as_str), Some("[DONE]"));
}

// ---------------------------------------------------------------- faults

/// What the provider does after its first chunk has arrived.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Dies,
    SendsNoJson,
    SendsNoChunk,
    SendsAnError,
    Stalls,
}

fn commit(fault: Fault, connection: &mut Connection) -> io::Result<()> {
    match fault {
        Fault::Dies => {
            connection.close();
            Err(ErrorKind::ConnectionAborted.into())
        }
        Fault::SendsNoJson => {
            connection.write_chunk(b"data: {not json\n\n")?;
            send_content(connection, "after")?;
            send_stream_end(connection)
        }
        Fault::SendsNoChunk => {
            connection.write(b"\x16\x03\x01 this is no chunk\r\n\r\n")?;
            thread::sleep(Duration::from_secs(10));
            Err(ErrorKind::ConnectionAborted.into())
        }
        Fault::SendsAnError => {
            connection
                .write_chunk(b"data: {\"error\":{\"message\":\"boom\",\"type\":\"server_error\",\"code\":null}}\n\n")?;
            connection.write_chunk(b"")
        }
        Fault::Stalls => {
            thread::sleep(Duration::from_secs(20));
            Err(ErrorKind::TimedOut.into())
        }
    }
}

fn check(fault: Fault) {
    let (tell, arrived) = signal();
    let provider = Provider::start(move |_, connection| {
        send_stream_head(connection)?;
        send_content(connection, "first")?;
        await_signal(&arrived)?;
        commit(fault, connection)
    });
    let gateway = Gateway::start(&config(provider.port, &["stream_timeout: 1"]));
    let mut connection = begin(&gateway);
    let mut events = Events::default();
    events.skip_to(&mut connection, "first");
    tell.send(()).expect("the provider waits");
    let told_at = Instant::now();
    let rest = events.rest(&mut connection).expect("the stream ends as it should");
    assert!(told_at.elapsed() < Duration::from_secs(9), "{fault:?}: ended after {:?}", told_at.elapsed());
    assert_eq!(rest.len(), 1, "{fault:?}: {rest:?}");
    let error: Value = serde_json::from_str(&rest[0]).expect("an event of JSON");
    let error = &error["error"];
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{fault:?}: {rest:?}");
    assert!(error["code"].is_string(), "{fault:?}: {rest:?}");
    assert!(error.get("type").is_some() && error.get("param").is_some(), "{fault:?}: {rest:?}");
}

#[test]
fn a_provider_that_dies_ends_the_stream_with_one_error() {
    check(Fault::Dies);
}

#[test]
fn an_event_that_is_no_json_ends_the_stream_with_one_error() {
    check(Fault::SendsNoJson);
}

#[test]
fn bytes_that_are_no_http_end_the_stream_with_one_error() {
    check(Fault::SendsNoChunk);
}

#[test]
fn a_providers_error_event_ends_the_stream_with_one_error() {
    check(Fault::SendsAnError);
}

#[test]
fn a_stall_past_stream_timeout_ends_the_stream_with_one_error() {
    check(Fault::Stalls);
}

#[test]
fn a_stall_before_the_stream_is_a_timeout() {
    let provider = Provider::start(|_, _| {
        thread::sleep(Duration::from_secs(20));
        Err(ErrorKind::TimedOut.into())
    });
    let gateway = Gateway::start(&config(provider.port, &["stream_timeout: 1"]));
    let answer = ask(&gateway).read_response().expect("the gateway answers");
    assert_eq!(answer.head.status(), 408, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "408", "{}", answer.text());
}

/// LiteLLM ends such a stream as if the provider had: some compatible servers never send `[DONE]`.
#[test]
fn a_stream_without_done_gets_its_end() {
    let provider = Provider::start(|_, connection| {
        send_stream_head(connection)?;
        send_content(connection, "first")?;
        connection.write_chunk(b"")
    });
    let gateway = Gateway::start(&config(provider.port, &[]));
    let mut connection = begin(&gateway);
    let mut events = Events::default();
    events.skip_to(&mut connection, "first");
    let rest = events.rest(&mut connection).expect("the stream ends as it should");
    assert_eq!(rest.last().map(String::as_str), Some("[DONE]"), "{rest:?}");
    let finish: Value = serde_json::from_str(&rest[0]).expect("an event of JSON");
    assert_eq!(finish["choices"][0]["finish_reason"], "stop", "{rest:?}");
}

// ---------------------------------------------------------------- callers

/// Streams until the gateway hangs up, then tells when.
fn stream_until_closed(connection: &mut Connection, closed: &Sender<Instant>) -> io::Result<()> {
    send_stream_head(connection)?;
    connection.stream().set_read_timeout(Some(Duration::from_millis(10)))?;
    for number in 0_u64.. {
        let written = send_content(connection, &format!("w{number}"));
        let read = connection.stream().read(&mut [0; 1]);
        let waits =
            read.as_ref().is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
        if written.is_err() || !waits {
            let _ = closed.send(Instant::now());
            break;
        }
    }
    Err(ErrorKind::ConnectionAborted.into())
}

#[test]
fn a_caller_who_leaves_closes_the_providers_stream() {
    let (tell, closed) = channel();
    let provider = Provider::start(move |_, connection| stream_until_closed(connection, &tell.clone()));
    let gateway = Gateway::start(&config(provider.port, &[]));
    let latencies: Vec<Duration> = (0..CLOSE_TRIES)
        .map(|_| {
            let mut connection = begin(&gateway);
            Events::default().skip_to(&mut connection, "w0");
            connection.close();
            let left_at = Instant::now();
            drop(connection);
            let closed_at = closed.recv_timeout(Duration::from_secs(15)).expect("the provider's stream is still open");
            closed_at.saturating_duration_since(left_at)
        })
        .collect();
    assert!(latencies.iter().min() < Some(&CLOSE_LIMIT), "{latencies:?}");
}

/// Sends as fast as it is taken, counting what was.
fn flood(connection: &mut Connection, taken: &AtomicU64) -> io::Result<()> {
    send_stream_head(connection)?;
    // Long enough for a client that sleeps through the whole test.
    connection.stream().set_write_timeout(Some(Duration::from_secs(120)))?;
    let filling = "x".repeat(1_000);
    // No two alike in a row, which a gateway may take for a model that repeats itself.
    let block: String = (0..64).map(|number| content_event(&format!("{number} {filling}"))).collect();
    while taken.load(Ordering::Relaxed) < STREAM_BYTES_MAX {
        connection.write_chunk(block.as_bytes())?;
        taken.fetch_add(block.len() as u64, Ordering::Relaxed);
    }
    send_stream_end(connection)
}

/// Waits until nothing has been taken for a second.
fn settled(taken: &AtomicU64) -> u64 {
    let mut last = (taken.load(Ordering::Relaxed), Instant::now());
    wait_until("the provider is held back", || {
        let now = taken.load(Ordering::Relaxed);
        if now != last.0 {
            last = (now, Instant::now());
        }
        now > 0 && last.1.elapsed() > Duration::from_secs(1)
    });
    last.0
}

#[test]
fn a_client_that_does_not_read_holds_the_provider_back() {
    let taken = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&taken);
    let provider = Provider::start(move |_, connection| flood(connection, &counted));
    let gateway = Gateway::start(&config(provider.port, &[]));
    let mut connection = begin(&gateway);

    let ahead = settled(&taken);
    let resident = gateway.process.resident_bytes();
    assert!(ahead < AHEAD_BYTES_MAX, "{ahead} bytes were taken for a client that read none");
    assert!(resident < RESIDENT_BYTES_MAX, "{resident} bytes resident");

    let mut events = Events::default();
    wait_until("reading lets the provider go on", || {
        let event = events.next(&mut connection).expect("the stream goes on").expect("the stream goes on");
        assert!(content_of(&event).len() > 1_000);
        taken.load(Ordering::Relaxed) > ahead
    });
}
