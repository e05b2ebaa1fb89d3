//! Under which keys the deployment that served a marked prompt is remembered. Must not know where, or who served.
//!
//! Each block of the prompt up to its last mark (`cache_control`) has a key, a hash over all blocks so far, so that a
//! conversation that grew finds who served its beginning. Keys are those of LiteLLM 1.106.2, which may share the
//! store: `PromptCachingCache.prefix_positions` of `router_utils/prompt_caching_cache.py`.

use std::fmt::Write;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

mod canonical;
mod truncate;

const MARK: &str = "cache_control";
/// How far back a provider looks for a prefix it has kept; consecutive tool blocks count as one.
const LOOKBACK_POSITIONS: usize = 20;

/// Keys under which a deployment that served this prompt is remembered, newest first.
///
/// `messages` is the JSON text of the list. A served call is remembered under the first key; all are looked up. Empty
/// where nothing is marked, or where the text is no list of messages.
pub fn keys(messages: &str) -> Vec<String> {
    if memchr::memmem::find(messages.as_bytes(), MARK.as_bytes()).is_none() {
        return Vec::new();
    }
    let Ok(mut messages) = serde_json::from_str::<Vec<Map<String, Value>>>(messages) else { return Vec::new() };
    let Some(mark) = last_mark(&messages) else { return Vec::new() };
    mark.cut(&mut messages);
    lookback(&positions(messages))
}

/// Where the prompt is last marked.
struct Mark {
    message: usize,
    /// `None` where the message itself is marked, and not a block of it.
    block: Option<usize>,
}

impl Mark {
    fn cut(&self, messages: &mut Vec<Map<String, Value>>) {
        messages.truncate(self.message + 1);
        let content = messages.last_mut().and_then(|message| message.get_mut("content"));
        if let (Some(Value::Array(blocks)), Some(block)) = (content, self.block) {
            blocks.truncate(block + 1);
        }
    }
}

/// One block of the prompt.
struct Position {
    digest: [u8; 32],
    /// Counted as the provider counts.
    place: usize,
}

/// The kind of tool block, of which a run counts once.
#[derive(Clone, Copy, PartialEq)]
enum ToolRun {
    Use,
    Result,
}

fn last_mark(messages: &[Map<String, Value>]) -> Option<Mark> {
    let (message, fields) = messages.iter().enumerate().rfind(|(_, fields)| {
        let is_block_marked = blocks(fields).iter().any(|block| block.as_object().is_some_and(is_marked));
        is_block_marked || is_marked(fields)
    })?;
    let block = blocks(fields).iter().rposition(|block| block.as_object().is_some_and(is_marked));
    Some(Mark { message, block })
}

fn is_marked(fields: &Map<String, Value>) -> bool {
    fields.get(MARK).and_then(|mark| mark.get("type")).is_some_and(|kind| kind == "ephemeral")
}

fn blocks(message: &Map<String, Value>) -> &[Value] {
    message.get("content").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn lookback(positions: &[Position]) -> Vec<String> {
    let Some(newest) = positions.last() else { return Vec::new() };
    let is_near = |position: &&Position| position.place + LOOKBACK_POSITIONS > newest.place;
    positions.iter().rev().take_while(is_near).map(|position| key(&position.digest)).collect()
}

fn key(digest: &[u8]) -> String {
    let mut out = String::with_capacity(90);
    out.push_str("deployment:");
    for byte in digest {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out.push_str(":prompt_caching");
    out
}

fn positions(messages: Vec<Map<String, Value>>) -> Vec<Position> {
    let mut chain = Chain::new();
    for mut message in messages {
        truncate::in_message(&mut message);
        chain.add(&message);
    }
    chain.positions
}

/// The blocks so far; each digest is made over the one before it.
struct Chain {
    digest: [u8; 32],
    run: Option<ToolRun>,
    place: usize,
    positions: Vec<Position>,
}

impl Chain {
    fn new() -> Self {
        Self { digest: Sha256::digest(b"").into(), run: None, place: 0, positions: Vec::new() }
    }

    fn add(&mut self, message: &Map<String, Value>) {
        let mut envelope = String::new();
        canonical::write_pairs(&mut envelope, message, &["content", MARK]);
        let run = (message.get("role").is_some_and(|role| role == "tool")).then_some(ToolRun::Result);
        match message.get("content") {
            Some(Value::Array(blocks)) if !blocks.is_empty() => {
                for block in blocks {
                    self.add_block(&envelope, run, block);
                }
            }
            // A provider takes a text for a list of one block.
            Some(Value::String(text)) if !text.is_empty() => {
                self.push(run, &envelope, |out| canonical::write_text_block(out, text));
            }
            _ => self.push(run, &envelope, |out| out.push_str("null")),
        }
    }

    fn add_block(&mut self, envelope: &str, run: Option<ToolRun>, block: &Value) {
        match block {
            Value::Object(fields) => {
                let run = run.or_else(|| tool_run(fields));
                self.push(run, envelope, |out| canonical::write_pairs(out, fields, &[MARK]));
            }
            other => self.push(run, envelope, |out| canonical::write(out, other)),
        }
    }

    fn push(&mut self, run: Option<ToolRun>, envelope: &str, write: impl FnOnce(&mut String)) {
        let mut unit = format!("[{envelope},");
        write(&mut unit);
        unit.push(']');
        self.digest = Sha256::new().chain_update(self.digest).chain_update(unit).finalize().into();
        let continues = run.is_some() && run == self.run;
        self.place += usize::from(!continues);
        self.run = run;
        self.positions.push(Position { digest: self.digest, place: self.place });
    }
}

fn tool_run(block: &Map<String, Value>) -> Option<ToolRun> {
    match block.get("type")?.as_str()? {
        "tool_use" => Some(ToolRun::Use),
        "tool_result" => Some(ToolRun::Result),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
