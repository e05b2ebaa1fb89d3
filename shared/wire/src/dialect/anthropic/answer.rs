//! A whole answer of Anthropic's messages, in OpenAI's form.
//!
//! LiteLLM's `transform_parsed_response`: texts are joined, calls keep their place among the blocks. Knows no request
//! but its notes.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::usage::{Answered, usage};
use crate::chat::{Choice, Completion, FunctionCall, Reply, Text, ToolCall};
use crate::dialect::{Context, Unreadable};
use crate::generated::Gathered;
use crate::prepare::JSON_TOOL;
use crate::python;
use crate::tokens::Estimator;

#[derive(Debug, Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    content: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    stop_reason: Option<Text<'a>>,
    #[serde(default)]
    usage: Map<String, Value>,
    #[serde(default)]
    container: Option<Value>,
    #[serde(default)]
    context_management: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Block<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    input: Value,
    caller: Option<Value>,
    citations: Option<Vec<Value>>,
}

/// What the blocks say, gathered.
#[derive(Debug, Default)]
struct Said {
    text: String,
    citations: Option<Vec<Value>>,
    thoughts: Option<Vec<Value>>,
    reasoning: String,
    calls: Vec<ToolCall>,
    web_results: Option<Vec<Value>>,
    tool_results: Option<Vec<Value>>,
    compactions: Option<Vec<Value>>,
    tool_searches: u64,
}

/// Reads a whole answer.
///
/// # Errors
/// Where the body is no answer of Anthropic's.
pub(crate) fn answer(context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let mut said = Said::default();
    for (place, block) in answer.content.iter().enumerate() {
        said.block(context, place, block)?;
    }
    let answered = Answered {
        reasoning_tokens: (!said.reasoning.is_empty()).then(|| counted(&said.reasoning)),
        has_thoughts: said.thoughts.is_some(),
        tool_searches: said.tool_searches,
    };
    let usage = usage(&answer.usage, answered);
    let stop = answer.stop_reason.as_deref();
    let (message, finish_reason) = said.into_reply(context, &answer, stop);
    let choice = Choice { finish_reason: Some(finish_reason.to_owned()), message, ..Choice::default() };
    Ok(Completion {
        id: context.stamp.chat_id(),
        created: context.stamp.created_s,
        model: context.model.clone(),
        object: "chat.completion".to_owned(),
        choices: vec![choice],
        usage: Some(usage),
        ..Completion::default()
    })
}

/// Why the answer ended, in OpenAI's words.
pub(super) fn finish_reason(stop: Option<&str>) -> &'static str {
    match stop {
        Some("max_tokens" | "compaction" | "length" | "model_context_window_exceeded") => "length",
        Some("tool_use" | "tool_calls") => "tool_calls",
        Some("refusal" | "content_filter" | "content_filtered" | "guardrail_intervened") => "content_filter",
        _ => "stop",
    }
}

/// Tokens of thoughts that Anthropic does not count apart.
fn counted(reasoning: &str) -> u64 {
    let mut gathered = Gathered::default();
    gathered.add(reasoning);
    Estimator::reasoning_tokens(&gathered)
}

fn whole(block: &RawValue) -> Value {
    serde_json::from_str(block.get()).unwrap_or_default()
}

impl Said {
    fn block(&mut self, context: &Context, place: usize, raw: &RawValue) -> Result<(), Unreadable> {
        let block: Block<'_> = serde_json::from_str(raw.get()).map_err(|error| Unreadable(error.to_string()))?;
        match &*block.kind {
            "text" => self.text.push_str(block.text.as_deref().unwrap_or_default()),
            "tool_use" | "server_tool_use" => self.call(context, place, &block),
            "thinking" | "redacted_thinking" => {
                self.reasoning.push_str(block.thinking.as_deref().unwrap_or_default());
                self.thoughts.get_or_insert_default().push(whole(raw));
            }
            "compaction" => self.compactions.get_or_insert_default().push(whole(raw)),
            "tool_search_tool_result" => {}
            "web_search_tool_result" | "web_fetch_tool_result" => {
                self.web_results.get_or_insert_default().push(whole(raw));
            }
            kind if kind.ends_with("_tool_result") => self.tool_results.get_or_insert_default().push(whole(raw)),
            _ => {}
        }
        if let Some(citations) = block.citations {
            let text = block.text.as_deref().unwrap_or_default();
            let cited = citations.into_iter().map(|citation| supported(citation, text)).collect();
            self.citations.get_or_insert_default().push(Value::Array(cited));
        }
        Ok(())
    }

    fn call(&mut self, context: &Context, place: usize, block: &Block<'_>) {
        let name = block.name.as_deref().unwrap_or_default();
        if &*block.kind == "server_tool_use" && name.contains("tool_search") {
            self.tool_searches += 1;
        }
        let mut call = ToolCall::function(
            block.id.as_deref().unwrap_or_default(),
            context.notes.tool_name(name),
            python::dumps(&block.input),
        );
        call.index = u32::try_from(place).ok();
        if let Some(caller) = &block.caller {
            call.provider_specific_fields = Some(Map::from_iter([("caller".to_owned(), caller.clone())]));
        }
        self.calls.push(call);
    }

    fn into_reply(mut self, context: &Context, answer: &Answer<'_>, stop: Option<&str>) -> (Reply, &'static str) {
        if let Some(prefix) = context.notes.prefix.as_deref().filter(|prefix| !self.text.starts_with(prefix)) {
            self.text.insert_str(0, prefix);
        }
        let role = "assistant".to_owned();
        if context.notes.json_tool {
            let (schema, calls): (Vec<ToolCall>, Vec<ToolCall>) =
                std::mem::take(&mut self.calls).into_iter().partition(|call| call.function.name == JSON_TOOL);
            self.calls = calls;
            let content = schema.first().map(|call| json_content(&call.function));
            if let (Some(content), true) = (&content, self.calls.is_empty()) {
                return (Reply { content: Some(content.clone()), role, ..Reply::default() }, "stop");
            }
            self.text.push_str(&content.unwrap_or_default());
        }
        let fields = self.fields(answer);
        let reply = Reply {
            content: Some(self.text).filter(|text| !text.is_empty()),
            role,
            tool_calls: Some(self.calls).filter(|calls| !calls.is_empty()),
            reasoning_content: self.thoughts.is_some().then_some(self.reasoning),
            thinking_blocks: self.thoughts,
            provider_specific_fields: Some(fields),
            ..Reply::default()
        };
        (reply, finish_reason(stop))
    }

    /// What OpenAI's form has no place for.
    fn fields(&self, answer: &Answer<'_>) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("citations".to_owned(), json!(self.citations));
        fields.insert("thinking_blocks".to_owned(), json!(self.thoughts));
        let others = [
            ("context_management", answer.context_management.clone()),
            ("web_search_results", self.web_results.clone().map(Value::Array)),
            ("tool_results", self.tool_results.clone().map(Value::Array)),
            ("container", answer.container.clone()),
            ("compaction_blocks", self.compactions.clone().map(Value::Array)),
        ];
        for (name, value) in others {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        }
        fields
    }
}

fn supported(mut citation: Value, text: &str) -> Value {
    if let Some(fields) = citation.as_object_mut() {
        fields.insert("supported_text".to_owned(), text.into());
    }
    citation
}

/// The answer that a model put into [`JSON_TOOL`]; some wrap it into `values`.
fn json_content(function: &FunctionCall) -> String {
    let parsed: Option<Value> = serde_json::from_str(&function.arguments).ok();
    match parsed {
        Some(arguments) => {
            let inner = arguments.get("values").filter(|values| !values.is_null());
            python::dumps(inner.unwrap_or(&arguments))
        }
        None => function.arguments.clone(),
    }
}
