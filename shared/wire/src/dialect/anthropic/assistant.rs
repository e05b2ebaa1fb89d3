//! What the model said in earlier turns, in Anthropic's form: thinking, text, calls of tools.
//!
//! Thinking stands first and only where it is signed; blocks of tools that Anthropic runs itself keep their results.
//! Knows no other role.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::messages::{Setting, Writer, cache, text_or_placeholder, verbatim};
use crate::chat::{Called, Content, Function, Message, Part, Text};
use crate::json;
use crate::prepare::Refusal;
use crate::python;

/// Begins the ids of tools that Anthropic runs itself.
const SERVER_TOOL: &str = "srvtoolu_";
/// Begins a signature that only the interface it came from can read (LiteLLM's `ENCRYPTED_REASONING_SIGNATURE_PREFIX`).
const FOREIGN_SIGNATURE: &str = "litellm_encrypted_reasoning:";
/// Brackets that a repair of cut-off arguments closes at most.
const OPEN_MAX: usize = 128;

/// What the client kept of an earlier answer for Anthropic alone.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Kept<'a> {
    #[serde(borrow)]
    compaction_blocks: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    web_search_results: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    tool_results: Option<Vec<&'a RawValue>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Thinking<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    signature: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ToolResult<'a> {
    #[serde(borrow)]
    tool_use_id: Option<Text<'a>>,
}

/// Appends the blocks of an assistant's message.
///
/// # Errors
/// Where a call's arguments are no JSON.
pub(super) fn write(setting: &Setting<'_>, writer: &mut Writer, message: &Message<'_>) -> Result<(), Refusal> {
    let kept: Kept<'_> =
        message.get("provider_specific_fields").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    for block in kept.compaction_blocks.iter().flatten() {
        writer.block().extend_from_slice(block.get().as_bytes());
    }
    let thoughts: Vec<&str> =
        message.thinking_blocks.iter().map(|block| block.get()).filter(|block| is_signed(block)).collect();
    let is_server_call = |call: &Called<'_>| call.id.as_deref().is_some_and(|id| id.starts_with(SERVER_TOOL));
    let is_plain = !matches!(message.content, Content::Parts(_));
    if !message.thinking_blocks.is_empty() && is_plain && message.tool_calls.iter().any(is_server_call) {
        return interleaved(setting, writer, message, (&kept, &thoughts));
    }
    let parts = match &message.content {
        Content::Parts(parts) => parts.as_slice(),
        _ => &[],
    };
    if !parts.iter().any(|part| matches!(&*part.kind, "thinking" | "redacted_thinking")) {
        thoughts.iter().for_each(|thought| writer.block().extend_from_slice(thought.as_bytes()));
    }
    match &message.content {
        Content::Nothing => {}
        Content::Text(text) => writer.assistant_text(text_or_placeholder(text), cache(message.cache_control)),
        Content::Parts(parts) => parts.iter().for_each(|part| part_of(setting, writer, part)),
    }
    for call in &message.tool_calls {
        tool_use(setting, writer, call, &kept)?;
    }
    match &message.function_call {
        Some(function) => function_use(setting, writer, function),
        None => Ok(()),
    }
}

/// Anthropic verifies thinking by its place: each thought goes before the tool that it led to.
fn interleaved(
    setting: &Setting<'_>,
    writer: &mut Writer,
    message: &Message<'_>,
    (kept, thoughts): (&Kept<'_>, &[&str]),
) -> Result<(), Refusal> {
    let is_served = |call: &&Called<'_>| call.id.as_deref().is_some_and(|id| kept.result(id).is_some());
    let (served, own): (Vec<&Called<'_>>, Vec<&Called<'_>>) = message.tool_calls.iter().partition(is_served);
    for place in 0..thoughts.len().max(served.len()) {
        if let Some(thought) = thoughts.get(place) {
            writer.block().extend_from_slice(thought.as_bytes());
        }
        if let Some(call) = served.get(place) {
            tool_use(setting, writer, call, kept)?;
        }
    }
    if let Content::Text(text) = &message.content {
        writer.assistant_text(text_or_placeholder(text), cache(message.cache_control));
    }
    own.into_iter().try_for_each(|call| tool_use(setting, writer, call, kept))
}

fn part_of(setting: &Setting<'_>, writer: &mut Writer, part: &Part<'_>) {
    match &*part.kind {
        "text" => {
            let text = text_or_placeholder(part.text.as_deref().unwrap_or_default());
            writer.assistant_text(text, cache(part.cache_control));
        }
        "thinking" => {
            let signature = part.get("signature").and_then(json::parse_string);
            if signature.is_some_and(|text| !text.is_empty() && !text.starts_with(FOREIGN_SIGNATURE)) {
                verbatim(writer.block(), part);
            }
        }
        "advisor_tool_result" if !setting.keeps_advisor => {}
        "server_tool_use" if !setting.keeps_advisor && part.get("name") == Some("\"advisor\"") => {}
        kind if kind == "server_tool_use" || kind.ends_with("_tool_result") => verbatim(writer.block(), part),
        _ => {}
    }
}

/// Whether Anthropic can verify the block: others are refused by it.
fn is_signed(block: &str) -> bool {
    let Ok(block) = serde_json::from_str::<Thinking<'_>>(block) else { return true };
    match block.kind.as_deref() {
        Some("thinking") => {
            block.signature.as_deref().is_some_and(|text| !text.is_empty() && !text.starts_with(FOREIGN_SIGNATURE))
        }
        Some("redacted_thinking") => !block.data.as_deref().is_some_and(|text| text.starts_with(FOREIGN_SIGNATURE)),
        _ => true,
    }
}

impl<'a> Kept<'a> {
    /// The result of a tool that Anthropic ran.
    fn result(&self, id: &str) -> Option<&'a str> {
        if !id.starts_with(SERVER_TOOL) {
            return None;
        }
        let mut results = self.web_search_results.iter().chain(&self.tool_results).flatten();
        results.find_map(|result| {
            let parsed: ToolResult<'_> = serde_json::from_str(result.get()).ok()?;
            (parsed.tool_use_id.as_deref() == Some(id)).then_some(result.get())
        })
    }
}

fn tool_use(setting: &Setting<'_>, writer: &mut Writer, call: &Called<'_>, kept: &Kept<'_>) -> Result<(), Refusal> {
    let Some(function) = &call.function else { return Ok(()) };
    let own = call.id.as_deref().unwrap_or_default();
    let result = kept.result(own);
    let id = if result.is_some() { Cow::Borrowed(own) } else { sound_id(own) };
    if writer.ids.iter().any(|other| *other == id) {
        return Ok(());
    }
    let input = arguments(function, "Anthropic tool invoke")?;
    let kind = if result.is_some() { "server_tool_use" } else { "tool_use" };
    let name = setting.sent_name(function.name.as_deref().unwrap_or_default());
    let out = writer.block();
    use_block(out, kind, &id, name, &input);
    if result.is_none() {
        super::system::mark(out, cache(call.cache_control));
    }
    out.push(b'}');
    if let Some(result) = result {
        writer.block().extend_from_slice(result.as_bytes());
    }
    writer.ids.push(id.into_owned());
    Ok(())
}

fn function_use(setting: &Setting<'_>, writer: &mut Writer, function: &Function<'_>) -> Result<(), Refusal> {
    let input = arguments(function, "Anthropic function to tool invoke")?;
    writer.unnamed_calls += 1;
    let id = unnamed_id(writer.unnamed_calls);
    let name = setting.sent_name(function.name.as_deref().unwrap_or_default());
    let out = writer.block();
    use_block(out, "tool_use", &id, name, &input);
    out.push(b'}');
    Ok(())
}

fn use_block(out: &mut Vec<u8>, kind: &str, id: &str, name: &str, input: &str) {
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\",\"id\":");
    json::write_string(out, id);
    out.extend_from_slice(b",\"name\":");
    json::write_string(out, name);
    out.extend_from_slice(b",\"input\":");
    out.extend_from_slice(input.as_bytes());
}

/// The id of the nth function that was called in OpenAI's older form, which has none: call and result count alike.
pub(super) fn unnamed_id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// Anthropic's ids match `^[a-zA-Z0-9_-]+$`.
pub(super) fn sound_id(id: &str) -> Cow<'_, str> {
    let is_sound = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    match id {
        "" => Cow::Borrowed("tool_use_id"),
        _ if id.chars().all(is_sound) => Cow::Borrowed(id),
        _ => Cow::Owned(id.chars().map(|character| if is_sound(character) { character } else { '_' }).collect()),
    }
}

/// The arguments as JSON text; what was cut off is closed, as LiteLLM does.
fn arguments<'f>(function: &'f Function<'_>, purpose: &str) -> Result<Cow<'f, str>, Refusal> {
    let text = function.arguments_text();
    if text.trim().is_empty() || text == "null" {
        return Ok(Cow::Borrowed("{}"));
    }
    if serde_json::from_str::<&RawValue>(&text).is_ok() {
        return Ok(text);
    }
    if let Some(repaired) = repaired(&text) {
        return Ok(Cow::Owned(repaired));
    }
    let name = function.name.as_deref().unwrap_or_default();
    let fault = python::fault(&text).unwrap_or_default();
    Err(Refusal::bad(format!(
        "Failed to parse tool call arguments for tool '{name}' ({purpose}). Error: {fault}. Arguments: {text}"
    )))
}

fn repaired(text: &str) -> Option<String> {
    let text = text.trim_end();
    let mut open = Vec::new();
    let (mut in_string, mut is_escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if std::mem::take(&mut is_escaped) => {}
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => open.push('}'),
            b'[' => open.push(']'),
            b'}' | b']' if open.last().is_some_and(|close| *close == char::from(byte)) => {
                open.pop();
            }
            _ => {}
        }
        if open.len() > OPEN_MAX {
            return None;
        }
    }
    if open.is_empty() {
        return None;
    }
    let mut closed = text.trim_end_matches(',').to_owned();
    closed.extend(open.iter().rev());
    serde_json::from_str::<&RawValue>(&closed).is_ok().then_some(closed)
}
