//! Server-sent events, read one by one from a body as it comes. Knows no provider's chunk.

use super::http::Connection;
use serde_json::Value;
use std::io;

/// Reads the events of one response body.
#[derive(Default)]
pub struct Events {
    text: String,
}

impl Events {
    /// The `data` of the next event; nothing once the body has ended as it should.
    pub fn next(&mut self, connection: &mut Connection) -> io::Result<Option<String>> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.strip_prefix("data: ").unwrap_or_else(|| panic!("no `data: ` before {event:?}"));
                let data = data.to_owned();
                self.text = rest.to_owned();
                return Ok(Some(data));
            }
            match connection.next_piece()? {
                Some(piece) => self.text.push_str(&String::from_utf8_lossy(&piece)),
                None if self.text.is_empty() => return Ok(None),
                None => panic!("the stream ended inside an event: {:?}", self.text),
            }
        }
    }

    /// All events that are left, `[DONE]` as well.
    pub fn rest(&mut self, connection: &mut Connection) -> io::Result<Vec<String>> {
        let mut events = Vec::new();
        while let Some(event) = self.next(connection)? {
            events.push(event);
        }
        Ok(events)
    }

    /// Reads on until an event has this text as its content.
    pub fn skip_to(&mut self, connection: &mut Connection, content: &str) {
        let mut last = String::new();
        loop {
            match self.next(connection) {
                Ok(Some(event)) if content_of(&event) == content => return,
                Ok(Some(event)) => last = event,
                Ok(None) => panic!("the stream ended before {content:?} came, after {last:?}"),
                Err(error) => panic!("the stream broke off before {content:?} came, after {last:?}: {error}"),
            }
        }
    }
}

/// The text that a chunk of a chat completion adds.
pub fn content_of(event: &str) -> String {
    let chunk: Value = serde_json::from_str(event).unwrap_or(Value::Null);
    chunk["choices"][0]["delta"]["content"].as_str().unwrap_or("").to_owned()
}
