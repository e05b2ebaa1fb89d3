//! How the gateway ends on SIGTERM: not ready at once, closed to new callers, finished with those it has.

use crate::harness::events::Events;
use crate::harness::gateway::{Gateway, KEY, config, streamed_question};
use crate::harness::http::Connection;
use crate::harness::provider::{Provider, send_content, send_stream_end, send_stream_head};
use crate::harness::{PATIENCE, wait_until};
use std::io::ErrorKind;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// A provider whose stream stays open until the sender speaks or is dropped.
fn held_provider() -> (Provider, Sender<()>) {
    let (release, held) = channel();
    let held = Mutex::new(held);
    let provider = Provider::start(move |_, connection| {
        send_stream_head(connection)?;
        send_content(connection, "first")?;
        let _ = held.lock().map_err(|_| ErrorKind::Other)?.recv_timeout(PATIENCE);
        send_content(connection, "last")?;
        send_stream_end(connection)
    });
    (provider, release)
}

fn begin_stream(gateway: &Gateway) -> (Connection, Events) {
    let mut connection = gateway.connect();
    connection.post("/v1/chat/completions", KEY, &streamed_question()).expect("the gateway takes the request");
    assert_eq!(connection.read_response_head().expect("the gateway answers").status(), 200);
    let mut events = Events::default();
    events.skip_to(&mut connection, "first");
    (connection, events)
}

fn readiness(connection: &mut Connection) -> u16 {
    connection.get("/health/readiness").expect("the kept connection stays open");
    connection.read_response().expect("the kept connection is answered").head.status()
}

#[test]
fn a_stream_in_flight_is_finished_before_the_end() {
    let (provider, release) = held_provider();
    let mut gateway = Gateway::start(&config(provider.port, &[]));
    let mut kept = gateway.connect();
    assert_eq!(readiness(&mut kept), 200);
    let (mut stream, mut events) = begin_stream(&gateway);

    gateway.process.terminate();
    wait_until("new connections are refused", || {
        Connection::open(gateway.port).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
    });
    assert_eq!(readiness(&mut kept), 503);
    release.send(()).expect("the provider waits");
    events.skip_to(&mut stream, "last");
    let rest = events.rest(&mut stream).expect("the stream ends as it should");
    assert_eq!(rest.last().map(String::as_str), Some("[DONE]"));
    let (status, _) = gateway.process.wait_for_end();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn an_endless_stream_is_cut_at_the_limit() {
    let (provider, _release) = held_provider();
    let mut gateway = Gateway::start_with(&config(provider.port, &[]), &[("GRACEFUL_SHUTDOWN_TIMEOUT", "1")]);
    let _stream = begin_stream(&gateway);
    gateway.process.terminate();
    let (status, took) = gateway.process.wait_for_end();
    // A second by the setting; the rest is for a busy machine.
    assert!(took > Duration::from_millis(800) && took < Duration::from_secs(6), "ended after {took:?}");
    assert!(status.code().is_some(), "ended by a signal: {status}");
}

#[test]
fn an_idle_connection_does_not_delay_the_end() {
    let (provider, _release) = held_provider();
    let mut gateway = Gateway::start(&config(provider.port, &[]));
    let mut kept = gateway.connect();
    assert_eq!(readiness(&mut kept), 200);
    gateway.process.terminate();
    let (status, took) = gateway.process.wait_for_end();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(5), "ended after {took:?}");
}
