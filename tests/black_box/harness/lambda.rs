//! AWS Lambda's runtime API and a function that runs against it. Knows no claim about the function.
//!
//! Follows AWS's documentation of custom runtimes: the function asks for the next invocation and posts the answer,
//! chunked if it streams. A streamed answer to a function URL begins with a JSON object (status, headers, cookies)
//! and eight NUL bytes.

use super::PATIENCE;
use super::http::{Connection, Head};
use super::process::{Process, binary, free_port};
use serde_json::Value;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const VERSION: &str = "/2018-06-01/runtime";

/// What the function sent back: the head of its request, pieces of its body as they came, the end.
pub enum Reply {
    Head(Head, String),
    Piece(Vec<u8>),
    End,
    Broken(String),
}

/// A function that has started, or will: nothing waits for it before its first invocation.
pub struct Function {
    pub process: Process,
    events: Sender<String>,
    replies: Receiver<Reply>,
}

/// An answer as the function URL's caller would see it.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Value,
    pub body: Vec<u8>,
}

impl Function {
    /// Starts `tollgate-request` on this configuration document.
    pub fn start(config: &str) -> Self {
        let port = free_port();
        let (events, waiting) = channel();
        let (sender, replies) = channel();
        serve(port, waiting, sender);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.yaml");
        fs::write(&path, config).expect("the configuration is written");
        let api = format!("127.0.0.1:{port}");
        let environment = [
            ("AWS_LAMBDA_RUNTIME_API", api.as_str()),
            ("CONFIG_FILE_PATH", path.to_str().expect("a path of UTF-8")),
            ("AWS_LAMBDA_FUNCTION_NAME", "tollgate-request"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/tollgate-request"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]0"),
            ("AWS_REGION", "eu-central-1"),
        ];
        let process = Process::start(Command::new(binary("tollgate-request")), folder, &environment);
        Self { process, events, replies }
    }

    /// Hands the function one event; its answer is then to be read.
    pub fn invoke(&self, event: &Value) {
        self.events.send(event.to_string()).expect("the runtime API runs");
    }

    /// What comes next of the answer.
    pub fn next_reply(&mut self) -> Reply {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.replies.recv_timeout(Duration::from_millis(100)) {
                Ok(reply) => return reply,
                Err(_) if self.process.ended().is_some() => panic!("the function has ended:\n{}", self.process.log()),
                Err(_) => assert!(Instant::now() < end, "nothing for {PATIENCE:?}:\n{}", self.process.log()),
            }
        }
    }

    /// The whole answer.
    pub fn answer(&mut self) -> Answer {
        let Reply::Head(head, target) = self.next_reply() else { panic!("the answer has no head") };
        assert!(target.ends_with("/response"), "the function failed: {target} {head:?}");
        let mut raw = Vec::new();
        loop {
            match self.next_reply() {
                Reply::Piece(piece) => raw.extend_from_slice(&piece),
                Reply::End => return decode(&head, &raw),
                Reply::Broken(error) => panic!("the answer broke off: {error}"),
                Reply::Head(..) => panic!("a second answer"),
            }
        }
    }
}

/// Splits the prelude from the body.
fn decode(head: &Head, raw: &[u8]) -> Answer {
    let content_type = head.header("content-type").unwrap_or("");
    assert_eq!(content_type, "application/vnd.awslambda.http-integration-response", "the answer is not streamed");
    let end = raw.windows(8).position(|window| window == [0; 8]).expect("eight NUL bytes after the prelude");
    let prelude: Value = serde_json::from_slice(&raw[..end]).expect("a prelude of JSON");
    Answer {
        status: prelude["statusCode"].as_u64().and_then(|status| status.try_into().ok()).unwrap_or(0),
        headers: prelude["headers"].clone(),
        body: raw[end + 8..].to_vec(),
    }
}

/// The runtime API on this port; its threads end with the tests' process.
fn serve(port: u16, events: Receiver<String>, replies: Sender<Reply>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the runtime API's port");
    let events = Arc::new(Mutex::new(events));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (events, replies) = (Arc::clone(&events), replies.clone());
            thread::spawn(move || {
                let mut connection = Connection::over(stream?)?;
                while serve_one(&mut connection, &events, &replies).is_ok() {}
                io::Result::Ok(())
            });
        }
    });
}

fn serve_one(connection: &mut Connection, events: &Mutex<Receiver<String>>, replies: &Sender<Reply>) -> io::Result<()> {
    // An idle function waits for hours in the real service.
    connection.stream().set_read_timeout(None)?;
    let head = connection.read_request_head()?;
    connection.stream().set_read_timeout(Some(PATIENCE))?;
    let target = head.request().1.to_owned();
    if target == format!("{VERSION}/invocation/next") {
        let event = events.lock().map_err(|_| io::ErrorKind::Other)?.recv().map_err(|_| io::ErrorKind::Other)?;
        return send_event(connection, &event);
    }
    let _ = replies.send(Reply::Head(head, target));
    loop {
        match connection.next_piece() {
            Ok(Some(piece)) => drop(replies.send(Reply::Piece(piece))),
            Ok(None) => break drop(replies.send(Reply::End)),
            Err(error) => {
                let _ = replies.send(Reply::Broken(error.to_string()));
                return Err(error);
            }
        }
    }
    connection.write(
        b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 16\r\n\r\n{\"status\": \"OK\"}",
    )
}

fn send_event(connection: &mut Connection, event: &str) -> io::Result<()> {
    let deadline = SystemTime::now() + Duration::from_secs(60);
    let deadline_ms = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let length = event.len();
    connection.write(
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
             lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
             lambda-runtime-deadline-ms: {deadline_ms}\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:123456789012:function:tollgate-request\r\n\
             lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1\r\n\r\n\
             {event}"
        )
        .as_bytes(),
    )
}
