//! Whole answers of Converse in OpenAI's form (LiteLLM's `_transform_response`). Knows no request but its notes.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::usage::{self, Counts, Thought};
use crate::chat::{Choice, Completion, Reply, ToolCall};
use crate::dialect::{Context, Notes, Unreadable};
use crate::prepare::JSON_TOOL;
use crate::{python, tokens};

/// What Bedrock answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    output: Output,
    stop_reason: String,
    usage: Counts,
    additional_model_response_fields: Option<Value>,
    trace: Option<Value>,
    service_tier: Option<Tier>,
}

#[derive(Deserialize)]
struct Output {
    message: Option<Said>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    content: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    text: Option<String>,
    tool_use: Option<Called>,
    reasoning_content: Option<Value>,
    citations_content: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Called {
    #[serde(default)]
    tool_use_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    input: Value,
}

#[derive(Deserialize)]
struct Tier {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// What the blocks of an answer say.
#[derive(Default)]
struct Collected {
    text: String,
    calls: Vec<ToolCall>,
    /// `reasoningContent` blocks; `None` where there was none.
    reasoning: Option<Vec<Value>>,
    citations: Vec<Value>,
}

/// Reads an answer.
///
/// # Errors
/// Where it is none of Converse's.
pub(in crate::dialect::bedrock) fn answer(context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
    let answer: Answer = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let parts = answer.output.message.map(|said| said.content).unwrap_or_default();
    let collected = collect(parts, &context.notes);
    let mut reply = Reply { role: "assistant".to_owned(), ..Reply::default() };
    let text = cited(&collected, &mut reply);
    let reasoned = collected.reasoning.as_deref();
    think(reasoned, &mut reply);
    reply.content = Some(text);
    let has_calls = !collected.calls.is_empty();
    reply.tool_calls = without_json_tool(collected.calls, &context.notes, &mut reply.content);
    let finish = usage::finish_reason(&answer.stop_reason);
    let is_json = context.notes.json_tool && has_calls && reply.tool_calls.is_none();
    let finish = if is_json && finish == "tool_calls" { "stop" } else { finish };
    let counted = reply.reasoning_content.as_deref().filter(|text| !text.is_empty());
    let thought = Thought {
        ran: collected.reasoning.is_some(),
        told: usage::told(answer.additional_model_response_fields.as_ref()),
        counted: counted.map_or(0, |text| tokens::count_text(&context.model, text)),
    };
    let mut extra = Map::new();
    extra.extend(answer.trace.map(|trace| ("trace".to_owned(), trace)));
    let tier = answer.service_tier.and_then(|tier| tier.kind);
    extra.extend(tier.map(|tier| ("service_tier".to_owned(), tier.into())));
    Ok(Completion {
        id: super::id(&context.stamp),
        created: context.stamp.created_s,
        model: context.model.clone(),
        object: "chat.completion".to_owned(),
        choices: vec![Choice { finish_reason: Some(finish.to_owned()), message: reply, ..Choice::default() }],
        usage: Some(answer.usage.to_openai(thought)),
        extra,
    })
}

fn collect(parts: Vec<Part>, notes: &Notes) -> Collected {
    let mut out = Collected::default();
    for (place, part) in parts.into_iter().enumerate() {
        if let Some(text) = part.text {
            let (thought, said) = split_thought(&text);
            out.text.push_str(said);
            if let Some(thought) = thought {
                out.reasoning.get_or_insert_default().push(json!({ "reasoningText": { "text": thought } }));
            }
        }
        if let Some(call) = part.tool_use {
            let name = notes.tool_name(&call.name).to_owned();
            let mut call = ToolCall::function(call.tool_use_id, name, python::dumps(&call.input));
            call.index = u32::try_from(place).ok();
            out.calls.push(call);
        }
        if let Some(block) = part.reasoning_content {
            out.reasoning.get_or_insert_default().push(block);
        }
        out.citations.extend(part.citations_content);
    }
    out
}

/// Some models write their reasoning into the text, between tags.
fn split_thought(text: &str) -> (Option<&str>, &str) {
    const TAGS: [&str; 3] = ["think", "thinking", "budget:thinking"];
    let inside = TAGS.iter().find_map(|tag| text.strip_prefix('<')?.strip_prefix(tag)?.strip_prefix('>'));
    let Some(inside) = inside else { return (None, text) };
    let ends = TAGS.iter().filter_map(|tag| {
        let end = format!("</{tag}>");
        inside.find(&end).map(|place| (place, place + end.len()))
    });
    match ends.min() {
        Some((start, end)) => (Some(&inside[..start]), &inside[end..]),
        None => (None, text),
    }
}

/// Reasoning in the forms that OpenAI's and Anthropic's clients read.
fn think(blocks: Option<&[Value]>, reply: &mut Reply) {
    let Some(blocks) = blocks else { return };
    let texts = blocks.iter().filter_map(|block| block.get("reasoningText")?.get("text")?.as_str());
    reply.reasoning_content = Some(texts.collect());
    reply.thinking_blocks = Some(blocks.iter().filter_map(thinking_block).collect());
    let fields = reply.provider_specific_fields.get_or_insert_default();
    fields.insert("reasoningContentBlocks".to_owned(), blocks.into());
}

fn thinking_block(block: &Value) -> Option<Value> {
    if let Some(text) = block.get("reasoningText") {
        let mut out = json!({ "type": "thinking" });
        for (name, own) in [("thinking", "text"), ("signature", "signature")] {
            if let Some(value) = text.get(own).filter(|value| !value.is_null()) {
                out[name] = value.clone();
            }
        }
        return Some(out);
    }
    let data = block.get("redactedContent")?;
    Some(json!({ "type": "redacted_thinking", "data": data }))
}

/// The text of the answer, with what Nova cites; where the citations bring the text, they are annotations too.
fn cited(collected: &Collected, reply: &mut Reply) -> String {
    if collected.citations.is_empty() {
        return collected.text.clone();
    }
    let fields = reply.provider_specific_fields.get_or_insert_default();
    fields.insert("citationsContent".to_owned(), collected.citations.clone().into());
    let (text, annotations) = annotate(&collected.citations);
    let own = collected.text.trim();
    // What is said may stand in the citations, and only its punctuation in the text.
    let is_bare = own.is_empty() || !own.chars().any(char::is_alphanumeric);
    if text.is_empty() || !is_bare {
        return collected.text.clone();
    }
    reply.annotations = (!annotations.is_empty()).then_some(annotations);
    if own.is_empty() { text } else { format!("{text}{}", collected.text) }
}

/// The cited text, and where in it which source stands, in characters.
fn annotate(blocks: &[Value]) -> (String, Vec<Value>) {
    let (mut text, mut offset, mut annotations) = (String::new(), 0, Vec::new());
    for block in blocks {
        let parts = block.get("content").and_then(Value::as_array).into_iter().flatten();
        let said: String = parts.filter_map(|part| part.get("text")?.as_str()).collect();
        let citations = block.get("citations").and_then(Value::as_array).into_iter().flatten();
        annotations.extend(citations.filter_map(|citation| annotation(citation, offset)));
        offset += said.chars().count() as u64;
        text.push_str(&said);
    }
    (text, annotations)
}

fn annotation(citation: &Value, offset: u64) -> Option<Value> {
    let place = citation.get("location")?.get("searchResultLocation")?;
    let (start, end) = (place.get("start")?.as_u64()?, place.get("end")?.as_u64()?);
    let word = |name: &str| citation.get(name).and_then(Value::as_str).unwrap_or_default();
    Some(json!({
        "type": "url_citation",
        "url_citation": {
            "start_index": offset.saturating_add(start),
            "end_index": offset.saturating_add(end),
            "title": word("title"),
            "url": word("source"),
        },
    }))
}

/// Takes the tool that brings a structured answer out of the calls, and makes its arguments the content.
fn without_json_tool(calls: Vec<ToolCall>, notes: &Notes, content: &mut Option<String>) -> Option<Vec<ToolCall>> {
    let is_json = |call: &ToolCall| notes.json_tool && call.function.name == JSON_TOOL;
    let Some(first) = calls.iter().find(|call| is_json(call)) else {
        return (!calls.is_empty()).then_some(calls);
    };
    let arguments = unwrapped(&first.function.arguments);
    let is_alone = calls.iter().all(is_json);
    *content = match content.take() {
        Some(text) if !is_alone => Some(text + &arguments),
        _ => Some(arguments),
    };
    let rest: Vec<ToolCall> = calls.into_iter().filter(|call| !is_json(call)).collect();
    (!rest.is_empty()).then_some(rest)
}

/// Some models answer in the shape of the schema itself: what they mean stands under `properties`.
fn unwrapped(arguments: &str) -> String {
    match serde_json::from_str::<Map<String, Value>>(arguments) {
        Ok(fields) if fields.len() == 1 => fields.get("properties").map_or_else(|| arguments.to_owned(), python::dumps),
        _ => arguments.to_owned(),
    }
}
