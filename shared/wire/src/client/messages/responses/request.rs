//! A request for a message as the request of a response. Knows no input item.

use serde_json::{Map, Value, json};

use super::super::request::{cache_key, cleaned, conversation, user_id, value};
use super::super::{effort, schema, tools};
use super::items;
use crate::chat::{Content, Message, Text};
use crate::json::{Object, raw};
use crate::prepare::{Refusal, Rules};

/// Parameters that both formats have under one name, or that only the gateway reads.
const SHARED: [&str; 20] = [
    "stream",
    "temperature",
    "top_p",
    "service_tier",
    "store",
    "truncation",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "background",
    "prompt",
    "max_tool_calls",
    "extra_body",
    "extra_headers",
    "drop_params",
    "additional_drop_params",
    "allowed_openai_params",
    "timeout",
];
const SEALED_REASONING: &str = "reasoning.encrypted_content";
const USER_LETTERS_MAX: usize = 64;

/// Writes the request.
///
/// # Errors
/// Where messages or tools are of a shape that cannot be read.
pub fn request(rules: &Rules, body: &Object<'_>) -> Result<Object<'static>, Refusal> {
    let mut out = Object::default();
    for (name, text) in body.iter().filter(|(name, text)| SHARED.contains(name) && *text != "null") {
        out.set_text(name, text.to_owned());
    }
    if out.get("stream") == Some("false") {
        out.remove("stream");
    }
    let (system, turns) = cleaned(body)?;
    set_input(&system, &turns, &mut out);
    out.set("include", raw(&include(body)));
    if let Some(limit) = body.given("max_tokens").filter(|text| *text != "0") {
        out.set_text("max_output_tokens", limit.to_owned());
    }
    set_tools(body, &mut out)?;
    if let Some(reasoning) = reasoning(rules, body) {
        out.set("reasoning", raw(&reasoning));
    }
    if let Some(format) = text_format(body) {
        out.set("text", raw(&format));
    }
    if let Some(edits) = value(body, "context_management").as_ref().and_then(compactions) {
        out.set("context_management", raw(&edits));
    }
    if let Some(user) = user_id(body) {
        out.set("user", raw(&user.chars().take(USER_LETTERS_MAX).collect::<String>()));
        if let Some(key) = cache_key(&user).filter(|_| out.get("prompt_cache_key").is_none()) {
            out.set("prompt_cache_key", raw(&key));
        }
    }
    Ok(out)
}

/// Writes the request that counts a message's tokens (OpenAI's `/v1/responses/input_tokens`).
///
/// # Errors
/// Where messages or tools are of a shape that cannot be read.
pub fn count_request(rules: &Rules, body: &Object<'_>) -> Result<Object<'static>, Refusal> {
    let mut out = Object::default();
    let (system, turns) = conversation(rules, body)?;
    set_input(&system, &turns, &mut out);
    set_tools(body, &mut out)?;
    out.remove("tool_choice");
    if let Some(format) = text_format(body) {
        out.set("text", raw(&format));
    }
    Ok(out)
}

/// A system prompt that marks where the cache may break stays a message; every other one is the instructions.
fn set_input(system: &Content<'_>, turns: &[Message<'_>], out: &mut Object<'_>) {
    let mut input = items::items(turns);
    let is_marked = match system {
        Content::Parts(parts) => parts.iter().any(|part| part.get("prompt_cache_breakpoint").is_some()),
        _ => false,
    };
    let parts = if is_marked { items::system_parts(system) } else { Vec::new() };
    if !parts.is_empty() {
        input.insert(0, items::developer(parts));
    } else if let Some(instructions) = instructions(system) {
        out.set("instructions", raw(&instructions));
    }
    out.set("input", raw(&input));
}

fn instructions(system: &Content<'_>) -> Option<String> {
    match system {
        Content::Text(Text(text)) if !text.is_empty() => Some(text.clone().into_owned()),
        Content::Parts(parts) if !parts.is_empty() => {
            let texts = parts.iter().filter(|part| &*part.kind == "text").filter_map(|part| part.text.as_deref());
            Some(texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n"))
        }
        _ => None,
    }
}

/// Sealed reasoning is always asked for: without it the next turn cannot bring it back.
fn include(body: &Object<'_>) -> Vec<Value> {
    let mut include = vec![Value::from(SEALED_REASONING)];
    if let Some(Value::Array(more)) = value(body, "include") {
        include.extend(more.into_iter().filter(|name| name != SEALED_REASONING));
    }
    include
}

fn set_tools(body: &Object<'_>, out: &mut Object<'_>) -> Result<(), Refusal> {
    if let Some(list) = value(body, "tools").filter(|list| list.as_array().is_none_or(|list| !list.is_empty())) {
        let list: Vec<Map<String, Value>> = serde_json::from_value(list).map_err(|_| {
            Refusal::bad("`tools` is no list of objects: send Anthropic's tools, each with a name and an input_schema")
        })?;
        out.set("tools", raw(&list.into_iter().map(tool).collect::<Vec<_>>()));
    }
    let Some(choice) = body.given("tool_choice").filter(|text| *text != "{}") else { return Ok(()) };
    let choice: tools::Choice<'_> = serde_json::from_str(choice).unwrap_or_default();
    let named = json!({ "type": "function", "name": &*choice.name });
    out.set(
        "tool_choice",
        raw(&match &*choice.kind {
            "any" => "required".into(),
            "tool" => named,
            "none" => "none".into(),
            _ => Value::from("auto"),
        }),
    );
    Ok(())
}

/// OpenAI makes tools strict unless it is told not to; Anthropic's are not.
fn tool(mut given: Map<String, Value>) -> Value {
    let is_search = given.get("name").is_some_and(|name| name == "web_search") || tools::is_web_search(&given);
    if is_search {
        return json!({ "type": "web_search_preview" });
    }
    let strict = given.get("strict").is_some_and(|strict| strict == true);
    let mut tool = json!({ "type": "function", "name": given.get("name").cloned().unwrap_or_else(|| "".into()), "strict": strict });
    for (name, own) in [("description", "description"), ("parameters", "input_schema")] {
        if let Some(value) = given.remove(own) {
            tool[name] = value;
        }
    }
    tool
}

fn reasoning(rules: &Rules, body: &Object<'_>) -> Option<Value> {
    let thinking: effort::Thinking<'_> = serde_json::from_str(body.given("thinking")?).ok()?;
    let config = value(body, "output_config");
    let declared =
        config.as_ref().and_then(|config| config.get("effort")?.as_str()).filter(|effort| !effort.is_empty());
    let effort = match thinking.kind() {
        "adaptive" => declared.unwrap_or("medium"),
        "enabled" => effort::of_budget(thinking.budget_tokens),
        _ => return None,
    };
    let effort = effort::lowered(effort, rules.provider().name, &rules.settings.model);
    let summary = thinking.summary.as_deref().filter(|summary| !summary.is_empty());
    Some(summary.map_or_else(|| json!({ "effort": effort }), |summary| json!({ "effort": effort, "summary": summary })))
}

fn text_format(body: &Object<'_>) -> Option<Value> {
    let own = value(body, "output_format").filter(Value::is_object);
    let format = schema::wanted(own, value(body, "output_config").as_ref())?;
    let schema = format.get("schema").filter(|schema| schema.as_object().is_some_and(|schema| !schema.is_empty()))?;
    let is_schema = format.get("type").is_some_and(|kind| kind == "json_schema");
    let strict = format.get("strict").cloned().unwrap_or(Value::Bool(false));
    is_schema.then(|| {
        let format = json!({ "type": "json_schema", "name": "structured_output", "schema": schema, "strict": strict });
        json!({ "format": format })
    })
}

/// Anthropic's compaction as OpenAI's; other edits have no like there.
fn compactions(context_management: &Value) -> Option<Vec<Value>> {
    let edits = context_management.get("edits")?.as_array()?;
    let compactions = edits.iter().filter(|edit| edit.get("type").is_some_and(|kind| kind == "compact_20260112"));
    let compactions: Vec<Value> = compactions
        .map(|edit| match edit.pointer("/trigger/value").and_then(Value::as_u64) {
            Some(threshold) => json!({ "type": "compaction", "compact_threshold": threshold }),
            None => json!({ "type": "compaction" }),
        })
        .collect();
    Some(compactions).filter(|list| !list.is_empty())
}
