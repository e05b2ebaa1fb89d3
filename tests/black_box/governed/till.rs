//! A provider with a ledger of its own: which calls have reached it, and what it said that they used.
//!
//! Calls are told apart by their `user`. Knows no gateway.

use super::ground::{INPUT_PICOUSD, OUTPUT_PICOUSD};
use crate::harness::http::Connection;
use crate::harness::provider::{Provider, content_event, send_stream_head};
use crate::harness::random::Random;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How it answers; every number is drawn anew.
#[derive(Clone, Debug)]
pub struct Manner {
    /// Before the first byte, and between two pieces of a stream.
    pub wait_ms: Range<u64>,
    pub pieces: Range<u64>,
    pub prompt_tokens: Range<u64>,
    pub completion_tokens: Range<u64>,
}

impl Default for Manner {
    fn default() -> Self {
        Self { wait_ms: 0..30, pieces: 1..4, prompt_tokens: 1..400, completion_tokens: 1..500 }
    }
}

/// What one call used, and when it was under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub began: Instant,
    /// Just before its last byte; nothing where that could not be sent.
    pub ended: Option<Instant>,
}

impl Sale {
    pub const fn picousd(self) -> u64 {
        self.prompt_tokens * INPUT_PICOUSD + self.completion_tokens * OUTPUT_PICOUSD
    }
}

pub struct Till {
    pub port: u16,
    sales: Arc<Mutex<HashMap<String, Vec<Sale>>>>,
}

impl Till {
    pub fn start(manner: Manner) -> Self {
        let (sales, random) = (Arc::new(Mutex::new(HashMap::new())), Random::new());
        let own = Arc::clone(&sales);
        let provider = Provider::start(move |request, connection| {
            let sale = Sale {
                prompt_tokens: random.within(manner.prompt_tokens.start, manner.prompt_tokens.end),
                completion_tokens: random.within(manner.completion_tokens.start, manner.completion_tokens.end),
                began: Instant::now(),
                ended: None,
            };
            let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
            let id = body["user"].as_str().unwrap_or_default();
            let place = begin(&own, id, sale);
            let wait = || thread::sleep(Duration::from_millis(random.within(manner.wait_ms.start, manner.wait_ms.end)));
            wait();
            let pieces = random.within(manner.pieces.start, manner.pieces.end);
            if body["stream"] == true {
                send_stream(connection, pieces, sale, wait)?;
            }
            end(&own, id, place);
            if body["stream"] == true { connection.write(LAST) } else { send_whole(connection, sale) }
        });
        Self { port: provider.port, sales }
    }

    /// All calls that have reached it, by their `user`; one that came twice has two.
    pub fn sales(&self) -> HashMap<String, Vec<Sale>> {
        locked(&self.sales).clone()
    }

    pub fn count(&self) -> usize {
        locked(&self.sales).values().map(Vec::len).sum()
    }
}

type Sales = Mutex<HashMap<String, Vec<Sale>>>;

fn locked(sales: &Sales) -> MutexGuard<'_, HashMap<String, Vec<Sale>>> {
    sales.lock().unwrap_or_else(PoisonError::into_inner)
}

fn begin(sales: &Sales, id: &str, sale: Sale) -> usize {
    let mut sales = locked(sales);
    let own = sales.entry(id.to_owned()).or_default();
    own.push(sale);
    own.len() - 1
}

fn end(sales: &Sales, id: &str, place: usize) {
    if let Some(sale) = locked(sales).get_mut(id).and_then(|own| own.get_mut(place)) {
        sale.ended = Some(Instant::now());
    }
}

/// The most calls that were under way at the same time.
pub fn most_at_once(sales: &[Sale]) -> usize {
    let beside =
        |at: Instant| sales.iter().filter(move |sale| sale.began <= at && sale.ended.is_none_or(|end| end > at));
    sales.iter().map(|sale| beside(sale.began).count()).max().unwrap_or(0)
}

/// The end of a stream: `[DONE]`, and that of its body.
const LAST: &[u8] = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";

fn usage(sale: Sale) -> Value {
    let Sale { prompt_tokens, completion_tokens, .. } = sale;
    json!({
        "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    })
}

fn send_whole(connection: &mut Connection, sale: Sale) -> io::Result<()> {
    let body = json!({
        "id": "chatcmpl-till", "object": "chat.completion", "created": 1_764_000_000, "model": "gpt-4o",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "piece"}, "finish_reason": "stop"}],
        "usage": usage(sale),
    })
    .to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    connection.write((head + &body).as_bytes())
}

fn send_stream(connection: &mut Connection, pieces: u64, sale: Sale, wait: impl Fn()) -> io::Result<()> {
    send_stream_head(connection)?;
    for _ in 0..pieces {
        connection.write_chunk(content_event("piece").as_bytes())?;
        wait();
    }
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({
            "id": "chatcmpl-till", "object": "chat.completion.chunk", "created": 1_764_000_000, "model": "gpt-4o",
            "choices": choices, "usage": usage,
        });
        format!("data: {chunk}\n\n")
    };
    let finish = json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]);
    connection.write_chunk(chunk(finish, Value::Null).as_bytes())?;
    connection.write_chunk(chunk(json!([]), usage(sale)).as_bytes())?;
    wait();
    Ok(())
}
