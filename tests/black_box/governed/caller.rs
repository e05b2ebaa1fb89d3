//! A client of one gateway: makes a call, and tells how much of its answer it has seen.

use super::ground::{INPUT_PICOUSD, OUTPUT_PICOUSD};
use crate::harness::events::Events;
use crate::harness::http::Connection;
use serde_json::{Value, json};
use std::io;

/// What the answers may have at most.
pub const TOKENS_MAX: u64 = 600;

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing was sent: nobody listens.
    Unsent,
    /// The connection broke somewhere.
    Broken,
    /// The whole answer, to its last byte.
    Whole,
    Refused(u16, String),
    /// An answer that is none.
    Faulty(String),
}

pub struct Caller {
    port: u16,
    connection: Option<Connection>,
}

/// The request of a chat that says who it is.
pub fn body(id: &str, is_streamed: bool) -> Value {
    let messages = json!([{"role": "user", "content": "What is the answer?"}]);
    json!({"model": "chat", "user": id, "max_tokens": TOKENS_MAX, "stream": is_streamed, "messages": messages})
}

/// What such a request can cost at most, in 1e-12 USD: a token has a byte at least.
pub fn most_picousd(body: &Value) -> u64 {
    body.to_string().len() as u64 * INPUT_PICOUSD + TOKENS_MAX * OUTPUT_PICOUSD
}

impl Caller {
    pub const fn of(port: u16) -> Self {
        Self { port, connection: None }
    }

    pub fn ask(&mut self, key: &str, body: &Value) -> Seen {
        if self.connection.is_none() {
            self.connection = Connection::open(self.port).ok();
        }
        let Some(connection) = &mut self.connection else { return Seen::Unsent };
        let seen = exchange(connection, key, body).unwrap_or(Seen::Broken);
        if !matches!(seen, Seen::Whole | Seen::Refused(..)) {
            self.connection = None;
        }
        seen
    }
}

fn exchange(connection: &mut Connection, key: &str, body: &Value) -> io::Result<Seen> {
    connection.post("/v1/chat/completions", key, body)?;
    let head = connection.read_response_head()?;
    if head.status() != 200 || body["stream"] != true {
        let text = String::from_utf8_lossy(&connection.read_body()?).into_owned();
        return Ok(match head.status() {
            200 if text.contains("\"content\":\"piece\"") => Seen::Whole,
            200 => Seen::Faulty(text),
            status => Seen::Refused(status, text),
        });
    }
    let mut events = Events::default();
    let mut last = String::new();
    while let Some(event) = events.next(connection)? {
        last = event;
    }
    Ok(if last == "[DONE]" { Seen::Whole } else { Seen::Faulty(last) })
}
