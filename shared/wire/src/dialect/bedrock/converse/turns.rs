//! Messages as the turns of Converse: roles alternate, neighbours of a role are one turn, empty texts are left out.
//!
//! LiteLLM's `_bedrock_converse_messages_pt`. Knows no parameter and no instruction.

use std::borrow::Cow;

use super::assistant;
use super::block::{Block, ToolResult, Turn};
use super::{cache, media, names};
use crate::chat::{Content, Message, Part};
use crate::dialect::bedrock::facts::Model;
use crate::dialect::{Notes, Stamp};
use crate::prepare::{Refusal, mend};

/// LiteLLM's beginning of every complaint about a message.
const BAD_MESSAGE: &str = "Invalid Message ";

/// What stands between a tool's results and what the user says, as both are the user's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parting {
    /// Nothing: they share one turn.
    Joined,
    /// A turn of the assistant's, which only asks to go on.
    Assistant,
}

/// Writes turns.
pub(super) struct Turns<'a, 'm> {
    pub model: &'m Model<'m>,
    pub notes: &'m mut Notes,
    pub turns: Vec<Turn<'a>>,
    pub parting: Parting,
}

impl<'a> Turns<'a, '_> {
    /// The turns of a conversation without instructions.
    ///
    /// # Errors
    /// Where a message cannot be said to Bedrock.
    pub fn write(mut self, messages: Vec<Message<'a>>) -> Result<Vec<Turn<'a>>, Refusal> {
        if messages.is_empty() {
            return Err(Refusal::bad(format!("{BAD_MESSAGE}bedrock requires at least one non-system message")));
        }
        let mut messages = messages.into_iter().peekable();
        while let Some(first) = messages.next() {
            let role = first.role.clone();
            let mut run = vec![first];
            while let Some(next) = messages.next_if(|next| next.role == role) {
                run.push(next);
            }
            match role.as_ref() {
                "user" => self.user(run)?,
                "tool" => self.tool(run)?,
                "assistant" => self.assistant(run)?,
                other => return Err(Refusal::bad(format!("{BAD_MESSAGE}passed in a message of role `{other}`"))),
            }
        }
        super::documents::finish(&mut self.turns);
        Ok(self.turns)
    }

    fn user(&mut self, run: Vec<Message<'a>>) -> Result<(), Refusal> {
        let mut blocks = Vec::new();
        for message in run {
            match message.content {
                Content::Nothing => {}
                Content::Text(text) if text.is_empty() => {}
                Content::Text(text) => {
                    blocks.push(Block::Text(text.0));
                    blocks.extend(cache::point(self.model, message.cache_control).map(Block::CachePoint));
                }
                Content::Parts(parts) => {
                    for part in parts {
                        self.part(part, &mut blocks)?;
                    }
                }
            }
        }
        self.append(blocks);
        Ok(())
    }

    fn part(&self, part: Part<'a>, blocks: &mut Vec<Block<'a>>) -> Result<(), Refusal> {
        let point = cache::point(self.model, part.cache_control);
        let said = |part: Part<'a>| part.text.map_or(Cow::Borrowed(""), |text| text.0);
        match part.kind.as_ref() {
            "text" if part.text.as_deref().is_none_or(|text| text.trim().is_empty()) => return Ok(()),
            "text" | "grounding_source" | "query" => blocks.push(Block::Text(said(part))),
            "guarded_text" => blocks.push(Block::guarded(said(part))),
            "image_url" => blocks.push(media::image(&part)?),
            "file" => blocks.push(media::file(&part)?),
            "document" => blocks.push(media::document(&part)?),
            _ => {}
        }
        blocks.extend(point.map(Block::CachePoint));
        Ok(())
    }

    /// Adds to the user's turn under way, for tools' answers and what the user says share one unless they are parted.
    fn append(&mut self, blocks: Vec<Block<'a>>) {
        if blocks.is_empty() {
            return;
        }
        let is_parted = self.parting == Parting::Assistant && self.turns.last().is_some_and(|turn| turn.role == "user");
        if is_parted {
            self.turns.push(Turn { role: "assistant", content: vec![Block::Text(mend::CONTINUE.into())] });
        }
        match self.turns.last_mut() {
            Some(turn) if turn.role == "user" => turn.content.extend(blocks),
            _ => self.turns.push(Turn { role: "user", content: blocks }),
        }
    }

    fn tool(&mut self, run: Vec<Message<'a>>) -> Result<(), Refusal> {
        let mut blocks: Vec<Block<'a>> = Vec::new();
        for message in run {
            let in_parts = match &message.content {
                Content::Parts(parts) => parts.iter().find_map(|part| part.cache_control),
                Content::Nothing | Content::Text(_) => None,
            };
            let control = message.cache_control.or(in_parts);
            let result = result(message)?;
            // An answer that is given twice counts once.
            let is_known = |block: &Block<'_>| matches!(block, Block::ToolResult(known) if known.id == result.id);
            if !blocks.iter().any(is_known) {
                blocks.push(Block::ToolResult(result));
            }
            blocks.extend(cache::point(self.model, control).map(Block::CachePoint));
        }
        self.append(blocks);
        Ok(())
    }

    fn assistant(&mut self, run: Vec<Message<'a>>) -> Result<(), Refusal> {
        let content = assistant::blocks(run, self.model, self.notes)?;
        if !content.is_empty() {
            self.turns.push(Turn { role: "assistant", content });
        }
        Ok(())
    }
}

/// What a tool answered.
fn result(message: Message<'_>) -> Result<ToolResult<'_>, Refusal> {
    let found = message.rest.iter().find(|(name, _)| name == "search_results").map(|(_, raw)| *raw);
    let id = match message.tool_call_id {
        Some(id) => id.0,
        None => unknown_id(),
    };
    let id = names::call(id);
    if let Some(Ok(results)) = found.map(|raw| serde_json::from_str::<Vec<&serde_json::value::RawValue>>(raw.get())) {
        let objects = results.into_iter().filter(|result| result.get().starts_with('{'));
        let content: Vec<Block<'_>> = objects.map(Block::SearchResult).collect();
        if !content.is_empty() {
            return Ok(ToolResult { content, id, status: Some("success") });
        }
    }
    let content = match message.content {
        Content::Nothing => Vec::new(),
        Content::Text(text) => vec![Block::Text(text.0)],
        Content::Parts(parts) => {
            let mut blocks = Vec::with_capacity(parts.len());
            for part in parts {
                result_part(part, &mut blocks)?;
            }
            blocks
        }
    };
    Ok(ToolResult { content, id, status: None })
}

fn result_part<'a>(part: Part<'a>, blocks: &mut Vec<Block<'a>>) -> Result<(), Refusal> {
    let block = match part.kind.as_ref() {
        "text" => Block::Text(part.text.map_or(Cow::Borrowed(""), |text| text.0)),
        "image_url" => media::image(&part)?,
        "file" => media::file(&part)?,
        _ => return Ok(()),
    };
    // A tool cannot answer with a film.
    if !matches!(block, Block::Video(_)) {
        blocks.push(block);
    }
    Ok(())
}

/// The id of an answer that names no call: made up, since every answer has to name one.
fn unknown_id() -> Cow<'static, str> {
    Stamp::new("answer".to_owned(), 0).next_hex(32).into()
}
