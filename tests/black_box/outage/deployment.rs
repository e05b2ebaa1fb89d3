//! A deployment that dies and comes back at a word, and remembers every call. Knows no gateway.

use crate::harness::http::{Connection, Message};
use crate::harness::process::free_port;
use crate::harness::provider::{content_event, send_completion, send_stream_end, send_stream_head};
use crate::harness::{PATIENCE, wait_until};
use serde_json::Value;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::SystemTime;

/// What every call is answered with.
pub const CONTENT: &str = "ok";
const ROLE: &str = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1764000000,\"model\":\"gpt-4o\",\
                    \"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n";

/// How a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Serving,
    /// Nothing listens; what comes over connections that are still open is cut off, streams after their first chunk.
    Refusing,
    Answering(u16),
    /// Nothing comes; of a stream, its first chunk.
    Hanging,
}

/// One call that arrived.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub at: SystemTime,
    /// Just before its answer was sent, or its connection closed.
    pub ended: SystemTime,
    pub condition: Condition,
}

/// One deployment on a port of its own. Its threads end with the tests' process.
pub struct Deployment {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    condition: Mutex<Condition>,
    changed: Condvar,
    arrivals: Mutex<Vec<Arrival>>,
}

impl Shared {
    fn condition(&self) -> MutexGuard<'_, Condition> {
        self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_until_it_listens(&self) {
        let condition = self.condition();
        drop(self.changed.wait_while(condition, |condition| *condition == Condition::Refusing));
    }
}

impl Deployment {
    pub fn start() -> Self {
        let port = free_port();
        let condition = Mutex::new(Condition::Serving);
        let shared = Arc::new(Shared { condition, changed: Condvar::new(), arrivals: Mutex::default() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the deployment's port");
        let listening = Arc::clone(&shared);
        thread::spawn(move || listen(listener, port, &listening));
        Self { port, shared }
    }

    pub fn switch(&self, to: Condition) {
        *self.shared.condition() = to;
        self.shared.changed.notify_all();
        if to == Condition::Refusing {
            // Wakes the listener, which then sees that it is to close.
            drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        }
    }

    /// All calls so far, in the order of their arrival.
    pub fn arrivals(&self) -> Vec<Arrival> {
        let mut arrivals = self.shared.arrivals.lock().unwrap_or_else(PoisonError::into_inner).clone();
        arrivals.sort_by_key(|arrival| arrival.at);
        arrivals
    }
}

/// A program that is being started holds the closed listener for a moment.
fn listen_again(port: u16) -> TcpListener {
    let mut listener = None;
    wait_until("the deployment's port is free again", || {
        listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
        listener.is_some()
    });
    listener.expect("it was waited for")
}

fn listen(first: TcpListener, port: u16, shared: &Arc<Shared>) {
    let mut listener = Some(first);
    loop {
        shared.wait_until_it_listens();
        let open = listener.take().unwrap_or_else(|| listen_again(port));
        for stream in open.incoming() {
            if *shared.condition() == Condition::Refusing {
                break;
            }
            let shared = Arc::clone(shared);
            thread::spawn(move || serve(Connection::over(stream?)?, &shared));
        }
    }
}

fn serve(mut connection: Connection, shared: &Shared) -> io::Result<()> {
    loop {
        connection.stream().set_read_timeout(None)?;
        let request = connection.read_request()?;
        connection.stream().set_read_timeout(Some(PATIENCE))?;
        let (at, condition) = (SystemTime::now(), *shared.condition());
        let mut ended = None;
        let outcome = answer(condition, &request, &mut connection, &mut ended);
        let ended = ended.unwrap_or_else(SystemTime::now);
        shared.arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(Arrival { at, ended, condition });
        outcome?;
    }
}

fn answer(
    condition: Condition,
    request: &Message,
    connection: &mut Connection,
    ended: &mut Option<SystemTime>,
) -> io::Result<()> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let is_streamed = body["stream"] == true;
    if let Condition::Answering(status) = condition {
        *ended = Some(SystemTime::now());
        return send_failure(connection, status);
    }
    if is_streamed {
        send_stream_head(connection)?;
        connection.write_chunk(ROLE.as_bytes())?;
    }
    match condition {
        Condition::Refusing => Err(ErrorKind::ConnectionAborted.into()),
        Condition::Hanging => connection.read_request().and(Err(ErrorKind::ConnectionAborted.into())),
        _ => {
            *ended = Some(SystemTime::now());
            if !is_streamed {
                return send_completion(connection, CONTENT);
            }
            connection.write_chunk(content_event(CONTENT).as_bytes())?;
            send_stream_end(connection)
        }
    }
}

fn send_failure(connection: &mut Connection, status: u16) -> io::Result<()> {
    let body = r#"{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}"#;
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} Failed\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    connection.write((head + body).as_bytes())
}
