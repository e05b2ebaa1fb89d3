//! Realtime sessions through the server: a client's WebSocket, the gateway, and a provider's WebSocket.

use crate::harness::gateway::{Gateway, KEY};
use crate::harness::{PATIENCE, wait_until};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::protocol::CloseFrame;
use tungstenite::{Error, Message, WebSocket};

/// A provider of sessions, and what it has seen.
struct Provider {
    port: u16,
    /// Address and key of every session, then what became of it.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    /// Greets, echoes, counts tokens when asked to, and closes when told to.
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), log) = (stream, Arc::clone(&log)) else { return };
                thread::spawn(move || serve(stream, &log));
            }
        });
        Self { port, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no panic in the provider").clone()
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<String>>) {
    let note = |text: String| log.lock().expect("no panic in the provider").push(text);
    #[expect(clippy::result_large_err, reason = "the trait of the handshake wants it")]
    let greet = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("-");
        let key = if header("api-key") == "-" { header("authorization") } else { header("api-key") };
        note(format!("{} {key} {}", request.uri(), header("openai-beta")));
        if key.ends_with("sk-bad") {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = http_status(401);
            return Err(refusal);
        }
        Ok(response)
    };
    let Ok(mut socket) = tungstenite::accept_hdr(stream, greet) else { return };
    let said = loop {
        match socket.read() {
            Ok(Message::Text(text)) if text == "close" => {
                let frame = CloseFrame { code: 4001.into(), reason: "enough".into() };
                socket.close(Some(frame)).ok();
            }
            Ok(Message::Text(text)) if text == "vanish" => return,
            Ok(Message::Text(text)) if text == "done" => {
                let usage = r#"{"total_tokens":7,"input_tokens":3,"output_tokens":4}"#;
                let event = format!(r#"{{"type":"response.done","response":{{"usage":{usage}}}}}"#);
                socket.send(Message::text(event)).ok();
            }
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => drop(socket.send(message)),
            Ok(Message::Close(_)) => break "closed",
            Ok(_) => {}
            Err(_) => break "broken",
        }
    };
    note(said.to_owned());
}

fn http_status(status: u16) -> tungstenite::http::StatusCode {
    tungstenite::http::StatusCode::from_u16(status).expect("a status")
}

fn gateway(provider: &Provider) -> Gateway {
    let port = provider.port;
    Gateway::start(&format!(
        "model_list:
  - {{model_name: rt, litellm_params: {{model: openai/gpt-realtime, api_base: 'http://127.0.0.1:{port}/v1', api_key: sk-up}}}}
  - {{model_name: az, litellm_params: {{model: azure/dep, api_base: 'http://127.0.0.1:{port}', api_key: sk-az, api_version: '2024-10-01'}}}}
  - {{model_name: bad, litellm_params: {{model: openai/gpt-realtime, api_base: 'http://127.0.0.1:{port}/v1', api_key: sk-bad}}}}
general_settings: {{master_key: {KEY}, realtime_max_message_size_mb: 0.01, realtime_idle_timeout_seconds: 1}}
"
    ))
}

type Client = WebSocket<TcpStream>;

/// A session, or the status of the answer that refuses it.
fn connect(gateway: &Gateway, path: &str, headers: &[(&str, &str)]) -> Result<Client, u16> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, gateway.port)).expect("the gateway takes connections");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut request = tungstenite::http::Request::builder()
        .uri(format!("ws://127.0.0.1:{}{path}", gateway.port))
        .header("host", "127.0.0.1")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", tungstenite::handshake::client::generate_key());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match tungstenite::client(request.body(()).expect("a request"), stream) {
        Ok((client, _)) => Ok(client),
        Err(tungstenite::HandshakeError::Failure(Error::Http(answer))) => Err(answer.status().as_u16()),
        Err(error) => panic!("{path}: {error}"),
    }
}

fn with_key(gateway: &Gateway, path: &str) -> Client {
    connect(gateway, path, &[("authorization", &format!("Bearer {KEY}"))]).expect("a session")
}

/// Everything that comes until the session is closed, its close frame last.
fn until_close(client: &mut Client) -> Vec<String> {
    let mut heard = Vec::new();
    loop {
        match client.read() {
            Ok(Message::Close(frame)) => {
                let frame = frame.expect("a close frame with a code");
                heard.push(format!("{} {}", u16::from(frame.code), frame.reason));
                return heard;
            }
            Ok(message) => heard.push(message.to_string()),
            Err(error) => panic!("no close frame after {heard:?}: {error}"),
        }
    }
}

#[test]
fn messages_pass_both_ways_and_tokens_are_logged() {
    let provider = Provider::start();
    let gateway = gateway(&provider);
    let mut client = with_key(&gateway, "/v1/realtime?model=rt");
    for message in [Message::text("é{}"), Message::binary(vec![0_u8, 255]), Message::text("x".repeat(9_000))] {
        client.send(message.clone()).expect("the gateway takes it");
        assert_eq!(client.read().expect("an echo"), message);
    }
    for _ in 0..2 {
        client.send(Message::text("done")).expect("the gateway takes it");
        assert!(client.read().expect("an event").to_string().contains("response.done"));
    }
    client.close(None).expect("the gateway takes it");
    wait_until("the provider's session is closed", || provider.seen().last().is_some_and(|last| last == "closed"));
    assert_eq!(provider.seen()[0], "/v1/realtime?model=gpt-realtime Bearer sk-up -");
    wait_until("the session is logged", || gateway.process.log().contains("call_type=_arealtime model=rt"));
    let log = gateway.process.log();
    assert!(log.contains("status=200") && log.contains("prompt_tokens=6 completion_tokens=8"), "{log}");
}

#[test]
fn the_key_may_be_a_header_or_a_subprotocol() {
    let provider = Provider::start();
    let gateway = gateway(&provider);
    let beta = [("api-key", KEY), ("openai-beta", "realtime=v1")];
    connect(&gateway, "/realtime?model=az", &beta).expect("a session");
    let offered = format!("realtime, openai-insecure-api-key.{KEY}");
    connect(&gateway, "/openai/v1/realtime?model=az", &[("sec-websocket-protocol", &offered)]).expect("a session");
    wait_until("both sessions have begun", || {
        let seen = provider.seen();
        let begun = |text: &str| seen.iter().any(|line| line == text);
        begun("/openai/realtime?api-version=2024-10-01&deployment=dep sk-az realtime=v1")
            && begun("/openai/v1/realtime?model=dep sk-az -")
    });
    assert_eq!(connect(&gateway, "/v1/realtime?model=rt", &[]).err(), Some(401));
    let wrong = [("sec-websocket-protocol", "openai-insecure-api-key.sk-wrong")];
    assert_eq!(connect(&gateway, "/v1/realtime?model=rt", &wrong).err(), Some(400));
}

#[test]
fn a_session_that_cannot_be_is_refused_with_a_reason() {
    let provider = Provider::start();
    let gateway = gateway(&provider);
    let key = format!("Bearer {KEY}");
    for path in ["/v1/realtime", "/v1/realtime?model=nope"] {
        assert_eq!(connect(&gateway, path, &[("authorization", &key)]).err(), Some(400), "{path}");
    }
    let mut client = with_key(&gateway, "/v1/realtime?model=bad");
    let sentence = "Upstream realtime handshake rejected with HTTP 401";
    let event = format!(r#"{{"type":"error","error":{{"type":"server_error","message":"{sentence}"}}}}"#);
    assert_eq!(until_close(&mut client), [event, format!("1008 {sentence}")]);
}

#[test]
fn the_end_of_one_side_is_the_end_of_the_other() {
    let provider = Provider::start();
    let gateway = gateway(&provider);
    let ends = [("close", "4001 enough"), ("vanish", "1011 the provider's connection broke: open a new session")];
    for (said, want) in ends {
        let mut client = with_key(&gateway, "/v1/realtime?model=rt");
        client.send(Message::text(said)).expect("the gateway takes it");
        assert_eq!(until_close(&mut client).last().map(String::as_str), Some(want));
    }
    let mut client = with_key(&gateway, "/v1/realtime?model=rt");
    client.send(Message::text("x".repeat(20_000))).expect("the gateway takes it");
    let said = until_close(&mut client);
    assert!(said.last().is_some_and(|last| last.starts_with("1009 ")), "{said:?}");
    let mut client = with_key(&gateway, "/v1/realtime?model=rt");
    let said = until_close(&mut client);
    assert!(said.last().is_some_and(|last| last.starts_with("1001 no message for 1 s")), "{said:?}");
    let before = provider.seen().len();
    drop(with_key(&gateway, "/v1/realtime?model=rt"));
    wait_until("the provider's side of a client that left is closed", || provider.seen().len() >= before + 2);
}

#[test]
fn sessions_are_told_when_the_gateway_goes() {
    let provider = Provider::start();
    let mut gateway = gateway(&provider);
    let mut client = with_key(&gateway, "/v1/realtime?model=rt");
    client.send(Message::text("hello")).expect("the gateway takes it");
    assert_eq!(client.read().expect("an echo"), Message::text("hello"));
    gateway.process.terminate();
    let said = until_close(&mut client);
    assert_eq!(said.last().map(String::as_str), Some("1001 the gateway is shutting down: open a new session"));
    client.close(None).ok();
    drop(client);
    let (status, _) = gateway.process.wait_for_end();
    let log = gateway.process.log();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!log.contains("cut off"), "{log}");
    wait_until("the provider's session is closed", || provider.seen().last().is_some_and(|last| last == "closed"));
}
