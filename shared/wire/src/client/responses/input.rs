//! The input of a response as the messages of a chat. Each text stays the client's own.
//!
//! The rules are LiteLLM's bridge: calls join the turn that made them, reasoning goes with the turn that follows.
//! Knows no tool definition and no parameter.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::content::{self, Content};
use crate::json::{self, raw};
use crate::prepare::{Refusal, signed_blocks};

/// An item as clients write it; which fields it has depends on its kind.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Item<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    role: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    summary: Option<&'a RawValue>,
    #[serde(borrow)]
    encrypted_content: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    call_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    input: Option<Cow<'a, str>>,
    #[serde(borrow)]
    output: Option<&'a RawValue>,
}

/// A message of the chat.
#[derive(Debug, Default, Serialize)]
pub(super) struct Turn<'a> {
    role: Cow<'a, str>,
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    thinking_blocks: Vec<Value>,
}

#[derive(Debug, Serialize)]
struct Call<'a> {
    id: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: Cow<'a, str>,
    arguments: Cow<'a, str>,
}

impl<'a> Turn<'a> {
    pub fn system(instructions: Cow<'a, str>) -> Self {
        Self { role: "system".into(), content: Some(Content::Text(instructions)), ..Self::default() }
    }

    fn user(text: Cow<'a, str>) -> Self {
        Self { role: "user".into(), content: Some(Content::Text(text)), ..Self::default() }
    }

    fn is_assistant(&self) -> bool {
        self.role == "assistant"
    }

    /// Whether it holds reasoning and nothing else.
    fn is_reasoning(&self) -> bool {
        let reasons = self.reasoning_content.is_some() || !self.thinking_blocks.is_empty();
        self.is_assistant() && self.content.is_none() && self.tool_calls.is_empty() && reasons
    }
}

/// Appends the messages that the input says.
///
/// # Errors
/// Where the input is neither a string nor a list of items, or a content is of another type.
pub(super) fn turns<'a>(input: &'a str, turns: &mut Vec<Turn<'a>>) -> Result<(), Refusal> {
    if let Some(text) = json::parse_string(input) {
        turns.push(Turn::user(text));
        return Ok(());
    }
    let items: Vec<&RawValue> = serde_json::from_str(input)
        .map_err(|_| Refusal::bad("input: expected a string or a list of items: send one of them"))?;
    for raw in items {
        let item: Item<'a> = match json::parse_string(raw.get()) {
            Some(text) => {
                turns.push(Turn::user(text));
                continue;
            }
            None => serde_json::from_str(raw.get()).map_err(|error| Refusal::bad(format!("input: {error}")))?,
        };
        add(item, raw, turns)?;
    }
    Ok(())
}

fn add<'a>(item: Item<'a>, text: &'a RawValue, turns: &mut Vec<Turn<'a>>) -> Result<(), Refusal> {
    match item.kind.as_deref().unwrap_or_default() {
        "function_call" | "custom_tool_call" => add_call(item, turns),
        "function_call_output" | "custom_tool_call_output" | "computer_call_output" | "tool_result" => {
            add_result(item, turns);
        }
        "reasoning" => add_reasoning(&item, turns),
        "web_search_call" => {
            let said = Content::Text(format!("Hosted web search: {}", text.get()).into());
            add_message(Turn { role: "assistant".into(), content: Some(said), ..Turn::default() }, true, turns);
        }
        _ => {
            let Some(given) = item.content else { return Ok(()) };
            let content = Some(content::of_message(given)?);
            let role = item.role.filter(|role| !role.is_empty()).unwrap_or(Cow::Borrowed("user"));
            add_message(Turn { role, content, ..Turn::default() }, false, turns);
        }
    }
    Ok(())
}

/// A call joins the turn of the model before it: providers want all calls of a turn in one message.
fn add_call<'a>(item: Item<'a>, turns: &mut Vec<Turn<'a>>) {
    let is_custom = item.kind.as_deref() == Some("custom_tool_call");
    let given = |id: &Option<Cow<'a, str>>| id.clone().filter(|id| !id.is_empty());
    let arguments = match item.arguments.map(|text| json::parse_string(text.get()).unwrap_or(Cow::Borrowed(text.get())))
    {
        Some(text) if !text.is_empty() && text != "null" => text,
        _ => match item.input.filter(|input| is_custom && !input.is_empty()) {
            Some(input) => serde_json::json!({ "content": input }).to_string().into(),
            None => Cow::Borrowed(""),
        },
    };
    let name = item.name.unwrap_or_default();
    let name = match item.namespace.filter(|namespace| !is_custom && !namespace.is_empty()) {
        Some(namespace) => format!("{namespace}__{name}").into(),
        None => name,
    };
    let id = given(&item.call_id).or_else(|| given(&item.id)).unwrap_or_default();
    let call = Call { id, kind: "function", function: Function { name, arguments } };
    match turns.last_mut().filter(|last| last.is_assistant()) {
        Some(last) => last.tool_calls.push(call),
        None => turns.push(Turn { role: "assistant".into(), tool_calls: vec![call], ..Turn::default() }),
    }
}

fn add_result<'a>(item: Item<'a>, turns: &mut Vec<Turn<'a>>) {
    let Some(id) = item.call_id.filter(|id| !id.is_empty()) else { return };
    let content = Some(item.output.map_or(Content::Text(Cow::Borrowed("")), content::of_result));
    turns.push(Turn { role: "tool".into(), content, tool_call_id: Some(id), ..Turn::default() });
}

fn add_reasoning(item: &Item<'_>, turns: &mut Vec<Turn<'_>>) {
    let text =
        item.content.and_then(content::reasoning_text).or_else(|| item.summary.and_then(content::reasoning_text));
    let thinking_blocks = item.encrypted_content.as_deref().map(signed_blocks).unwrap_or_default();
    if text.is_some() || !thinking_blocks.is_empty() {
        turns.push(Turn { role: "assistant".into(), reasoning_content: text, thinking_blocks, ..Turn::default() });
    }
}

/// A message of the model right after its calls belongs to the same turn: results must follow at once.
fn add_message<'a>(turn: Turn<'a>, is_search: bool, turns: &mut Vec<Turn<'a>>) {
    let joins = |last: &Turn<'_>| last.is_assistant() && (is_search || !last.tool_calls.is_empty());
    match turns.last_mut().filter(|last| turn.is_assistant() && joins(last)) {
        Some(last) => {
            let before = last.content.take();
            last.content = content::joined(before, turn.content);
        }
        None => turns.push(turn),
    }
}

/// Puts reasoning that stands alone into the turn that it led to.
pub(super) fn with_reasoning(turns: Vec<Turn<'_>>) -> Vec<Turn<'_>> {
    let mut merged: Vec<Turn<'_>> = Vec::with_capacity(turns.len());
    let mut pending: Vec<Turn<'_>> = Vec::new();
    for mut turn in turns {
        if turn.is_reasoning() {
            pending.push(turn);
            continue;
        }
        if turn.is_assistant() {
            adopt(&mut turn, std::mem::take(&mut pending));
        }
        merged.append(&mut pending);
        merged.push(turn);
    }
    merged.append(&mut pending);
    merged
}

fn adopt(turn: &mut Turn<'_>, reasoning: Vec<Turn<'_>>) {
    let (mut texts, mut blocks) = (Vec::new(), Vec::new());
    for before in reasoning {
        texts.extend(before.reasoning_content);
        blocks.extend(before.thinking_blocks);
    }
    texts.extend(turn.reasoning_content.take());
    blocks.append(&mut turn.thinking_blocks);
    turn.reasoning_content = (!texts.is_empty()).then(|| texts.join("\n"));
    turn.thinking_blocks = blocks;
}

/// The messages as JSON.
pub(super) fn written(turns: &[Turn<'_>]) -> Box<RawValue> {
    raw(&turns)
}
