//! Calls at a steady pace from many clients, each with a connection of its own. Knows what a good answer is.

use super::deployment::CONTENT;
use crate::harness::events::{Events, content_of};
use crate::harness::gateway::{Gateway, KEY, question, streamed_question};
use crate::harness::http::Connection;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How much is asked.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub calls_a_second: u32,
    pub seconds: u32,
}

/// Each client asks this often: a call that waits for a timeout does not make the next one late.
const BEAT: Duration = Duration::from_secs(2);
const STACK_BYTES: usize = 256 * 1024;

/// What was wrong with the answers, and how many there were.
#[derive(Debug, Default)]
pub struct Outcome {
    pub calls: u32,
    pub faults: Vec<String>,
}

impl Load {
    pub const fn calls(&self) -> u32 {
        self.calls_a_second * self.seconds
    }

    /// Makes all calls, every second one of them streamed.
    pub fn run(&self, gateway: &Gateway) -> Outcome {
        let clients = self.calls_a_second * BEAT.as_secs() as u32;
        let (begin, outcome) = (Instant::now(), Mutex::new(Outcome::default()));
        thread::scope(|scope| {
            for place in 0..clients {
                let (first, outcome) = (begin + BEAT * place / clients, &outcome);
                let client = move || self.client(gateway.port, place, first, outcome);
                thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, client).expect("a thread");
            }
        });
        outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self, port: u16, place: u32, first: Instant, outcome: &Mutex<Outcome>) {
        let mut connection = Connection::open(port);
        for beat in 0..self.seconds / BEAT.as_secs() as u32 {
            thread::sleep((first + BEAT * beat).saturating_duration_since(Instant::now()));
            let is_streamed = (place + beat) % 2 == 1;
            let began = first.elapsed();
            let answered = connection.as_mut().map_err(|error| error.to_string()).and_then(|connection| {
                ask(connection, is_streamed).map_err(|error| error.to_string()).and_then(std::convert::identity)
            });
            let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
            outcome.calls += 1;
            if let Err(fault) = answered {
                let kind = if is_streamed { "stream" } else { "call" };
                outcome.faults.push(format!("{kind} of client {place} after {began:?}: {fault}"));
                connection = Connection::open(port);
            }
        }
    }
}

/// Asks once; the inner error is an answer that a client would not call one.
fn ask(connection: &mut Connection, is_streamed: bool) -> io::Result<Result<(), String>> {
    let body = if is_streamed { streamed_question() } else { question() };
    connection.post("/v1/chat/completions", KEY, &body)?;
    let head = connection.read_response_head()?;
    if head.status() != 200 || !is_streamed {
        let text = String::from_utf8_lossy(&connection.read_body()?).into_owned();
        let is_good = head.status() == 200 && text.contains(&format!("\"content\":\"{CONTENT}\""));
        return Ok(if is_good { Ok(()) } else { Err(format!("{} {text}", head.status())) });
    }
    let events = Events::default().rest(connection)?;
    let content: String = events.iter().map(|event| content_of(event)).collect();
    let is_good = content == CONTENT && events.last().is_some_and(|last| last == "[DONE]");
    Ok(if is_good { Ok(()) } else { Err(format!("{events:?}")) })
}
