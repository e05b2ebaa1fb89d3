//! A provider's OpenAI-style stream, rewritten for the client chunk by chunk.
//!
//! Replaces the model's name by the one the client used, keeps the usage for the gateway and
//! shows it to the client only if asked, ends with exactly one `[DONE]`. Knows no clock and no socket.

mod assembly;
mod cutter;
pub(crate) mod event_stream;
mod lines;
mod observer;
mod openai;
mod replay;
mod tally;
mod translator;
mod whole;

use std::cell::OnceCell;

use bytes::Bytes;
use serde_json::value::RawValue;

pub use assembly::Assembly;
pub use observer::Observer;
pub use replay::replay;
pub use tally::Tally;
pub use translator::Translator;
pub use whole::Stream;

use crate::generated::Generated;
use crate::json::{self, Object};
use crate::needle::{Needle, needle};
use crate::sse::{self, Splitter};
use crate::tokens::Estimator;
use crate::usage::Usage;

/// What the client expects of the stream.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The model's name as the client wrote it.
    pub model: String,
    pub form: Form,
    pub usage: UsageWish,
    /// Counts prompt and answer if the provider sends no usage.
    pub estimator: Estimator,
}

/// The chunks' format on either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `chat.completion.chunk` from the provider and to the client.
    Chat,
    /// `text_completion` from the provider and to the client.
    Text,
    /// A chat stream shown to the client as a text completion.
    ChatAsText,
}

/// Whether the client sent `stream_options.include_usage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageWish {
    Shown,
    Hidden,
}

/// Why a stream cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The provider sent an error; the text of its `error` value.
    Provider(String),
    /// Something that is not the format; the first bytes of it.
    Garbage(String),
    /// An event without end.
    TooLong,
    /// The stream ended before its format's last event; the whole sentence for the client.
    Unfinished(&'static str),
}

/// The decoder of OpenAI's own stream.
pub(crate) fn openai_decoder() -> Box<dyn crate::dialect::Decoder> {
    Box::new(openai::OpenAi::default())
}

/// Rewrites one stream. Feed it with [`push`](Self::push), end it with [`finish`](Self::finish).
#[derive(Debug)]
pub struct Rewriter {
    wish: Wish,
    /// The model's name as JSON text.
    model: Box<RawValue>,
    splitter: Splitter,
    /// `id`, `created` and the like of the first chunk, for the chunk that this end adds.
    head: Vec<(String, String)>,
    usage: Option<(Usage, String)>,
    generated: Generated,
    /// Counted once, and only if the provider does not count.
    estimate: OnceCell<Usage>,
    /// The last choices of a text, kept back until its usage is known.
    held: Option<String>,
    /// Whether a chunk has said why the text ends.
    finished: bool,
    /// Whether a tool is called; looked for until there is content.
    calls_tools: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Flowing,
    Done,
}

impl Rewriter {
    pub fn new(wish: Wish) -> Self {
        Self {
            model: json::raw(&wish.model),
            wish,
            splitter: Splitter::new(),
            head: Vec::new(),
            usage: None,
            generated: Generated::default(),
            estimate: OnceCell::new(),
            held: None,
            finished: false,
            calls_tools: false,
            state: State::Flowing,
        }
    }

    /// Takes bytes from the provider and appends what the client gets now to `out`.
    ///
    /// # Errors
    /// When the stream has to end here; `out` holds what came before the fault.
    pub fn push(&mut self, chunk: Bytes, out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.is_done() {
            return Ok(());
        }
        self.splitter.push(chunk).map_err(|_| Fault::TooLong)?;
        while let Some(event) = self.splitter.next_event() {
            self.event(&event, out)?;
        }
        Ok(())
    }

    /// The provider's stream has ended cleanly: appends what is still owed to the client.
    ///
    /// # Errors
    /// When the last event is no event.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        if let (State::Flowing, Some(rest)) = (self.state, self.splitter.rest()) {
            self.event(&rest, out)?;
        }
        if self.state == State::Flowing {
            self.done(out);
        }
        Ok(())
    }

    /// Whether `[DONE]` has been written.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether anything that was generated has been written, or the end of it.
    pub fn has_content(&self) -> bool {
        self.calls_tools || self.finished || !self.generated.is_empty()
    }

    /// Tokens so far: the provider's count, else an estimate of what was delivered.
    pub fn usage(&self) -> Usage {
        match &self.usage {
            Some((usage, _)) => *usage,
            None => *self.estimate.get_or_init(|| self.wish.estimator.usage(&self.generated)),
        }
    }

    fn event(&mut self, event: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.is_done() {
            return Ok(());
        }
        let Some(data) = sse::data(event) else {
            return if sse::is_foreign(event) { Err(garbage(event)) } else { Ok(()) };
        };
        match data.trim_ascii() {
            b"[DONE]" => self.done(out),
            b"" => {}
            text => {
                let chunk = Object::parse(text).map_err(|_| garbage(text))?;
                self.chunk(chunk, out)?;
            }
        }
        Ok(())
    }

    fn chunk(&mut self, mut chunk: Object<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        if let Some(error) = chunk.given("error") {
            return Err(Fault::Provider(error.to_owned()));
        }
        self.remember_head(&chunk);
        if let Some(text) = chunk.remove("usage")
            && let Some(usage) = Usage::parse(&text)
        {
            self.usage = Some((usage, text));
        }
        let choices = chunk.get("choices").unwrap_or("[]");
        if is_empty_list(choices) {
            return Ok(());
        }
        let finishes = FINISHES.iter().any(|finish| finish.is_in(choices));
        self.finished |= finishes;
        self.generated.push(choices);
        if !self.has_content() {
            self.calls_tools = TOOL_CALLS.iter().any(|calls| calls.is_in(choices));
        }
        match self.wish.form {
            Form::Text if finishes => self.hold(choices.to_owned(), out),
            Form::ChatAsText => self.as_text(choices, finishes, out),
            Form::Chat if BARE_REASONING.is_in(choices) => {
                let renamed = choices.replace(BARE_REASONING.text(), "\"reasoning_content\":");
                chunk.set_text("choices", renamed);
                self.relay(chunk, out);
            }
            Form::Chat | Form::Text => self.relay(chunk, out),
        }
        Ok(())
    }

    fn relay<'a>(&'a self, mut chunk: Object<'a>, out: &mut Vec<u8>) {
        chunk.set_borrowed("model", &self.model);
        begin(out);
        chunk.write(out);
        end(out);
    }

    fn as_text(&mut self, choices: &str, finishes: bool, out: &mut Vec<u8>) {
        let Ok(choices) = serde_json::from_str::<Vec<serde_json::Value>>(choices) else { return };
        let choices: Vec<_> = choices.iter().map(text_choice).collect();
        let choices = json::raw(&choices);
        if finishes {
            self.hold(choices.get().to_owned(), out);
        } else {
            self.added_chunk(&[("choices", choices.get())], out);
        }
    }

    /// Keeps the end of a text back: LiteLLM's text streams tell their usage with it.
    fn hold(&mut self, choices: String, out: &mut Vec<u8>) {
        if let Some(before) = self.held.replace(choices) {
            self.added_chunk(&[("choices", &before)], out);
        }
    }

    fn remember_head(&mut self, chunk: &Object<'_>) {
        if self.head.is_empty() {
            let kept = chunk.iter().filter(|(name, _)| matches!(*name, "id" | "created" | "system_fingerprint"));
            self.head = kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        }
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        // A provider that just stops has said all it had to say.
        if !self.finished && !self.head.is_empty() {
            match self.wish.form {
                Form::Chat => self.added_chunk(&[("choices", CHAT_END)], out),
                Form::Text | Form::ChatAsText => self.held = Some(TEXT_END.to_owned()),
            }
        }
        if let Some(end) = self.held.take() {
            let usage = self.usage();
            let counts = json::raw(&usage.counts());
            self.added_chunk(&[("choices", &end), ("usage", counts.get())], out);
        }
        if self.wish.usage == UsageWish::Shown {
            let usage = self.usage_text();
            let empty = if self.wish.form == Form::Chat { EMPTY_CHAT_CHOICES } else { EMPTY_TEXT_CHOICES };
            self.added_chunk(&[("choices", empty), ("usage", &usage)], out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
        self.state = State::Done;
    }

    /// The usage as the client sees it; details are added as LiteLLM adds them.
    fn usage_text(&self) -> String {
        let usage = self.usage();
        if let Some((_, text)) = &self.usage
            && let Ok(mut object) = Object::parse(text.as_bytes())
        {
            if object.given("completion_tokens_details").is_none() {
                object.set("completion_tokens_details", json::raw(&self.details(usage)));
            }
            return String::from_utf8_lossy(&object.to_vec()).into_owned();
        }
        serde_json::json!({
            "completion_tokens": usage.completion_tokens,
            "prompt_tokens": usage.prompt_tokens,
            "total_tokens": usage.total_tokens,
            "completion_tokens_details": self.details(usage),
        })
        .to_string()
    }

    fn details(&self, usage: Usage) -> serde_json::Value {
        let reasoning_tokens = Estimator::reasoning_tokens(&self.generated.reasoning).min(usage.completion_tokens);
        serde_json::json!({
            "reasoning_tokens": reasoning_tokens,
            "text_tokens": usage.completion_tokens - reasoning_tokens,
        })
    }

    fn added_chunk(&self, fields: &[(&str, &str)], out: &mut Vec<u8>) {
        let object = if self.wish.form == Form::Chat { "chat.completion.chunk" } else { "text_completion" };
        begin(out);
        out.push(b'{');
        for (name, value) in &self.head {
            json::write_string(out, name);
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
            out.push(b',');
        }
        out.extend_from_slice(b"\"model\":");
        json::write_string(out, &self.wish.model);
        out.extend_from_slice(b",\"object\":");
        json::write_string(out, object);
        for (name, value) in fields {
            out.push(b',');
            json::write_string(out, name);
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'}');
        end(out);
    }
}

/// What several providers call `reasoning_content`. A quote inside a JSON string is escaped,
/// so this text can only be a field's name.
static BARE_REASONING: Needle = needle!("\"reasoning\":");
const EMPTY_CHAT_CHOICES: &str = "[{\"index\":0,\"delta\":{}}]";
const EMPTY_TEXT_CHOICES: &str = "[{\"index\":0,\"text\":\"\"}]";
const CHAT_END: &str = "[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]";
const TEXT_END: &str = "[{\"index\":0,\"text\":\"\",\"finish_reason\":\"stop\"}]";
static TOOL_CALLS: [Needle; 2] = [needle!("\"tool_calls\":["), needle!("\"tool_calls\": [")];
static FINISHES: [Needle; 2] = [needle!("\"finish_reason\":\""), needle!("\"finish_reason\": \"")];

fn begin(out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: ");
}

fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\n\n");
}

fn is_empty_list(text: &str) -> bool {
    text == "null" || text.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(']'))
}

fn text_choice(choice: &serde_json::Value) -> serde_json::Value {
    let content = choice.pointer("/delta/content").and_then(serde_json::Value::as_str).unwrap_or("");
    let index = choice.get("index").cloned().unwrap_or_else(|| 0.into());
    let finish_reason = choice.get("finish_reason").cloned().unwrap_or_default();
    serde_json::json!({ "index": index, "text": content, "logprobs": null, "finish_reason": finish_reason })
}

/// The first bytes of what was not understood, short enough for an error message.
pub(crate) fn garbage(bytes: &[u8]) -> Fault {
    let start = &bytes[..bytes.len().min(200)];
    Fault::Garbage(String::from_utf8_lossy(start).into_owned())
}

#[cfg(test)]
mod tests;
