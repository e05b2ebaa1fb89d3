//! The conversation in Anthropic's form, written straight to JSON.
//!
//! Turns of one side that follow each other become one; empty texts get a placeholder, as Anthropic refuses them
//! (LiteLLM's `anthropic_messages_pt`). Knows no parameter.

use super::assistant;
use super::host::Host;
use super::media;
use super::system::{self, NOTE, Step, mark, text_block};
use crate::chat::{Content, Message, Part};
use crate::json;
use crate::prepare::Refusal;

/// Stands for a text that is empty or blank (LiteLLM's `_EMPTY_TEXT_PLACEHOLDER`).
pub(super) const PLACEHOLDER: &str = "[System: Empty message content sanitised to satisfy protocol]";

/// What the messages depend on beside themselves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'s> {
    pub host: Host,
    /// Names of tools that were changed: as sent, and as the client wrote them.
    pub renamed: &'s [(String, String)],
    /// Whether the advisor's turns stay in the history: only with its tool.
    pub keeps_advisor: bool,
}

impl<'s> Setting<'s> {
    /// The name under which a tool is sent.
    pub fn sent_name(&self, name: &'s str) -> &'s str {
        self.renamed.iter().find(|(_, own)| own == name).map_or(name, |(sent, _)| sent)
    }
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    User,
    Assistant,
    System,
}

/// Writes turns, one block after the other.
#[derive(Debug)]
pub(super) struct Writer {
    pub out: Vec<u8>,
    role: Role,
    is_open: bool,
    /// Where the last block begins, if it is the assistant's text: it may not end in blanks.
    last_text: Option<(usize, String)>,
    /// Whether a file for code execution is among the blocks.
    pub has_upload: bool,
    /// Calls of functions without an id: their results are told by their order.
    pub unnamed_calls: usize,
    unnamed_results: usize,
    /// Ids of the calls in this turn: each may stand there once.
    pub ids: Vec<String>,
}

impl Writer {
    fn new(capacity: usize) -> Self {
        let mut out = Vec::with_capacity(capacity);
        out.push(b'[');
        Self {
            out,
            role: Role::User,
            is_open: false,
            last_text: None,
            has_upload: false,
            unnamed_calls: 0,
            unnamed_results: 0,
            ids: Vec::new(),
        }
    }

    /// A turn of this side begins, unless it is under way.
    fn turn(&mut self, role: Role) {
        if self.role != role {
            self.close();
            self.role = role;
            self.ids.clear();
        }
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.out.extend_from_slice(b"]}");
        }
    }

    /// Makes room for the next block of the turn.
    pub fn block(&mut self) -> &mut Vec<u8> {
        self.last_text = None;
        if self.is_open {
            self.out.push(b',');
        } else {
            if self.out.len() > 1 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(match self.role {
                Role::User => b"{\"role\":\"user\",\"content\":[".as_slice(),
                Role::Assistant => b"{\"role\":\"assistant\",\"content\":[",
                Role::System => b"{\"role\":\"system\",\"content\":[",
            });
            self.is_open = true;
        }
        &mut self.out
    }

    /// A block of the assistant's text.
    pub fn assistant_text(&mut self, text: &str, cache: Option<&str>) {
        let out = self.block();
        let start = out.len();
        text_block(out, text, cache);
        if text.ends_with(char::is_whitespace) {
            self.last_text = Some((start, text.trim_end().to_owned()));
        }
    }

    fn finish(mut self) -> Self {
        // Anthropic refuses an answer begun for the model that ends in blanks.
        if let Some((start, text)) = self.last_text.take().filter(|_| self.role == Role::Assistant && self.is_open) {
            self.out.truncate(start);
            text_block(&mut self.out, &text, None);
        }
        self.close();
        self.out.push(b']');
        self
    }
}

/// The `messages` field for what follows the system prompt.
///
/// # Errors
/// What cannot be expressed, in LiteLLM's words.
pub(super) fn write(setting: &Setting<'_>, steps: &[Step<'_, '_>], capacity: usize) -> Result<Writer, Refusal> {
    let mut writer = Writer::new(capacity);
    for step in steps {
        match step {
            Step::Said(message) => said(setting, &mut writer, message)?,
            Step::Noted(message) => {
                writer.turn(Role::User);
                text_block(writer.block(), NOTE, None);
                system::texts(message, |text, cache| text_block(writer.block(), text_or_placeholder(text), cache));
            }
            Step::Instructed(messages) => {
                writer.turn(Role::System);
                for message in messages {
                    system::texts(message, |text, cache| text_block(writer.block(), text, cache));
                }
            }
        }
    }
    Ok(writer.finish())
}

fn said(setting: &Setting<'_>, writer: &mut Writer, message: &Message<'_>) -> Result<(), Refusal> {
    match &*message.role {
        "user" => {
            writer.turn(Role::User);
            user(setting.host, writer, message)
        }
        "tool" | "function" => {
            writer.turn(Role::User);
            tool_result(setting.host, writer, message)
        }
        "assistant" => {
            writer.turn(Role::Assistant);
            assistant::write(setting, writer, message)
        }
        other => Err(Refusal::bad(format!("messages: role `{other}` is unknown: use system, user, assistant or tool"))),
    }
}

pub(super) fn text_or_placeholder(text: &str) -> &str {
    if text.trim().is_empty() { PLACEHOLDER } else { text }
}

pub(super) fn cache(mark: Option<&serde_json::value::RawValue>) -> Option<&str> {
    mark.map(|mark| mark.get())
}

fn user(host: Host, writer: &mut Writer, message: &Message<'_>) -> Result<(), Refusal> {
    match &message.content {
        Content::Nothing => {}
        Content::Text(text) => text_block(writer.block(), text_or_placeholder(text), cache(message.cache_control)),
        Content::Parts(parts) => {
            for part in parts {
                user_part(host, writer, part)?;
            }
        }
    }
    Ok(())
}

fn user_part(host: Host, writer: &mut Writer, part: &Part<'_>) -> Result<(), Refusal> {
    match &*part.kind {
        "text" => {
            let text = text_or_placeholder(part.text.as_deref().unwrap_or_default());
            text_block(writer.block(), text, cache(part.cache_control));
        }
        "image_url" => media::image(writer.block(), host, part)?,
        "document" => verbatim(writer.block(), part),
        "file" => {
            let start = writer.out.len();
            media::file(writer.block(), host, part)?;
            writer.has_upload |= memchr::memmem::find(&writer.out[start..], b"\"container_upload\"").is_some();
        }
        // Sound and video have no place in Anthropic's messages; LiteLLM leaves them out in silence.
        _ => {}
    }
    Ok(())
}

/// Appends a part that is Anthropic's own form already.
pub(super) fn verbatim(out: &mut Vec<u8>, part: &Part<'_>) {
    out.extend_from_slice(b"{\"type\":");
    json::write_string(out, &part.kind);
    if let Some(text) = part.text.as_deref() {
        out.extend_from_slice(b",\"text\":");
        json::write_string(out, text);
    }
    for (name, value) in &part.rest {
        out.push(b',');
        json::write_string(out, name);
        out.push(b':');
        out.extend_from_slice(value.get().as_bytes());
    }
    mark(out, cache(part.cache_control));
    out.push(b'}');
}

fn tool_result(host: Host, writer: &mut Writer, message: &Message<'_>) -> Result<(), Refusal> {
    let id = match (message.tool_call_id.as_deref(), &*message.role) {
        (Some(id), _) => assistant::sound_id(id).into_owned(),
        (None, "function") => {
            writer.unnamed_results += 1;
            assistant::unnamed_id(writer.unnamed_results)
        }
        (None, _) => {
            return Err(Refusal::bad("a message of role `tool` has no `tool_call_id`: name the call it answers"));
        }
    };
    let out = writer.block();
    out.extend_from_slice(b"{\"type\":\"tool_result\",\"tool_use_id\":");
    json::write_string(out, &id);
    out.extend_from_slice(b",\"content\":");
    match &message.content {
        Content::Nothing => out.extend_from_slice(b"\"\""),
        Content::Text(text) => json::write_string(out, text),
        Content::Parts(parts) => result_parts(host, out, parts)?,
    }
    mark(out, cache(message.cache_control));
    out.push(b'}');
    Ok(())
}

fn result_parts(host: Host, out: &mut Vec<u8>, parts: &[Part<'_>]) -> Result<(), Refusal> {
    out.push(b'[');
    let mut is_first = true;
    let shown = |part: &&Part<'_>| matches!(&*part.kind, "text" | "image_url" | "tool_reference" | "file");
    for part in parts.iter().filter(shown) {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        match &*part.kind {
            "text" => text_block(out, part.text.as_deref().unwrap_or_default(), cache(part.cache_control)),
            "image_url" => media::image_of_tool(out, host, part)?,
            "file" => media::file(out, host, part)?,
            _ => {
                out.extend_from_slice(b"{\"type\":\"tool_reference\",\"tool_name\":");
                out.extend_from_slice(part.get("tool_name").unwrap_or("\"\"").as_bytes());
                out.push(b'}');
            }
        }
    }
    out.push(b']');
    Ok(())
}
