//! Tools and the choice among them as Converse's `toolConfig`.
//!
//! LiteLLM's `_bedrock_tools_pt` and `map_tool_choice_values`. Knows no message.

use serde_json::{Map, Value, json};

use super::{cache, names, schema};
use crate::dialect::Notes;
use crate::dialect::bedrock::facts::{Flag, Model};
use crate::prepare::{JSON_TOOL, Refusal};

/// Anthropic's tools that run on its own computers' screens: sent beside `toolConfig`, in Anthropic's form.
const SCREEN_TOOLS: [&str; 4] = ["computer_use_preview", "computer_", "bash_", "text_editor_"];
const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// Tools of a request, by where they go.
#[derive(Debug, Default)]
pub(super) struct Tools {
    /// `toolConfig.tools`.
    pub specs: Vec<Value>,
    /// `additionalModelRequestFields.tools`.
    pub screen: Vec<Value>,
    /// Whether one streams its arguments in finer pieces.
    pub streams_finely: bool,
}

/// Writes the tools.
pub(super) fn write(tools: &[Value], model: &Model<'_>, notes: &mut Notes) -> Tools {
    let mut written = Tools::default();
    let mut last = Vec::new();
    for (place, tool) in tools.iter().enumerate() {
        let kind = tool.get("type").and_then(Value::as_str).unwrap_or_default();
        written.streams_finely |= streams_finely(tool);
        match kind {
            _ if tool.get("systemTool").is_some() => last.push(tool.clone()),
            "tool_search_tool_regex_20251119" | "tool_search_tool_bm25_20251119" => {}
            _ if SCREEN_TOOLS.iter().any(|start| kind.starts_with(start)) => {
                written.screen.push(screen_tool(tool, kind))
            }
            _ => written.specs.extend(spec(tool, place, model, notes)),
        }
    }
    written.specs.append(&mut last);
    written
}

fn streams_finely(tool: &Value) -> bool {
    let asks = |value: &Value| value.get("eager_input_streaming").and_then(Value::as_bool) == Some(true);
    asks(tool) || tool.get("function").is_some_and(asks)
}

/// A tool of Anthropic's own, with the name that belongs to it.
fn screen_tool(tool: &Value, kind: &str) -> Value {
    if let Some(function) = tool.get("function").filter(|_| kind.starts_with("computer_")) {
        let name = function.get("name").cloned().unwrap_or_else(|| "computer".into());
        let mut fields = Map::from_iter([("type".to_owned(), kind.into()), ("name".to_owned(), name)]);
        fields.extend(function.get("parameters").and_then(Value::as_object).cloned().unwrap_or_default());
        return Value::Object(fields);
    }
    let mut tool = tool.clone();
    let name = match kind {
        _ if kind.starts_with("bash_") => "bash",
        _ if kind.starts_with("text_editor_") => "str_replace_editor",
        _ => return tool,
    };
    if let Some(fields) = tool.as_object_mut().filter(|fields| !fields.contains_key("name")) {
        fields.insert("name".to_owned(), name.into());
    }
    tool
}

/// A function, and the mark for caching behind it. Hosted tools of other providers are left out.
fn spec(tool: &Value, place: usize, model: &Model<'_>, notes: &mut Notes) -> Vec<Value> {
    if ["toolSpec", "cachePoint"].iter().any(|name| tool.get(name).is_some()) {
        return vec![tool.clone()];
    }
    let function = tool.get("function");
    let (described, parameters) = match (function, tool.get("input_schema")) {
        (Some(function), _) => (function, function.get("parameters")),
        (None, Some(schema)) => (tool, Some(schema)),
        (None, None) => return Vec::new(),
    };
    let own = described.get("name").and_then(Value::as_str).unwrap_or_default();
    let own = if own.trim().is_empty() { format!("litellm_unnamed_tool_{place}") } else { own.to_owned() };
    let name = names::tool(&own, notes);
    let description = described.get("description").and_then(Value::as_str).filter(|text| !text.is_empty());
    let takes_strict = model.is_claude() && model.flag(Flag::StrictTools).unwrap_or(true);
    let mut schema = parameters.filter(|schema| schema.is_object()).cloned().unwrap_or_else(|| json!({}));
    if model.flag(Flag::Lookaround) == Some(false) {
        schema::drop_lookaround(&mut schema);
    }
    let mut spec = json!({
        "inputSchema": { "json": input_schema(schema, takes_strict) },
        "name": name,
        "description": description.unwrap_or(&name),
    });
    let is_strict = function.and_then(|function| function.get("strict")).and_then(Value::as_bool) == Some(true);
    if takes_strict && is_strict {
        spec["strict"] = true.into();
    }
    let mut written = vec![json!({ "toolSpec": spec })];
    written.extend(mark(tool, model));
    written
}

fn input_schema(mut schema: Value, takes_strict: bool) -> Value {
    schema::inline_references(&mut schema);
    schema::custom_to_object(&mut schema);
    let mut take = |name: &str| schema.as_object_mut().and_then(|fields| fields.remove(name));
    let kind = take("type").filter(|kind| kind.as_str().is_some_and(|kind| TYPES.contains(&kind)));
    let mut out = json!({
        "type": kind.unwrap_or_else(|| "object".into()),
        "properties": take("properties").unwrap_or_else(|| json!({})),
        "required": take("required").unwrap_or_else(|| json!([])),
    });
    if let Some(more) = take("additionalProperties").filter(|more| takes_strict && !more.is_null()) {
        out["additionalProperties"] = more;
    }
    out
}

fn mark(tool: &Value, model: &Model<'_>) -> Option<Value> {
    let control = tool.get("cache_control").filter(|control| !control.is_null())?;
    let kind = control.get("type").and_then(Value::as_str).unwrap_or("ephemeral");
    let point = cache::point(model, Some(&crate::json::raw(control))).filter(|_| kind == "ephemeral")?;
    Some(json!({ "cachePoint": point }))
}

/// The tool whose arguments are the structured answer of models that have no other.
pub(super) fn json_tool(schema: &Value, description: Option<&Value>) -> Value {
    let mut function = json!({ "name": JSON_TOOL, "parameters": schema });
    if let Some(description) = description.filter(|text| text.as_str().is_some_and(|text| !text.is_empty())) {
        function["description"] = description.clone();
    }
    json!({ "type": "function", "function": function })
}

/// Whether parameters that cannot be expressed are dropped, or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    Drop,
    Refuse,
}

/// `toolConfig.toolChoice`; `None` where the choice was dropped.
///
/// # Errors
/// Where Bedrock or the model has no such choice.
pub(super) fn choice(
    value: &Value,
    model: &Model<'_>,
    unfit: Unfit,
    notes: &mut Notes,
) -> Result<Option<Value>, Refusal> {
    let named = value.as_object();
    let word = value.as_str();
    let is_demand = word == Some("required") || named.is_some();
    if is_demand && model.refuses_demands() {
        return downgraded(model, unfit).map(Some);
    }
    match (word, named) {
        (Some("auto"), _) => Ok(Some(json!({ "auto": {} }))),
        (Some("required"), _) => Ok(Some(json!({ "any": {} }))),
        (Some("none"), _) if unfit == Unfit::Drop => Ok(None),
        (_, Some(choice)) => {
            let name = choice.get("function").and_then(|function| function.get("name")).and_then(Value::as_str);
            Ok(Some(json!({ "tool": { "name": names::tool(name.unwrap_or_default(), notes) } })))
        }
        (Some("none"), _) => Err(Refusal::unsupported(
            "Bedrock doesn't support tool_choice=none. To drop it from the call, set `litellm.drop_params = True.",
        )),
        _ => Err(Refusal::unsupported(format!(
            "Bedrock doesn't support tool_choice={}. Supported tool_choice values=['auto', 'required', json object]. \
             To drop it from the call, set `litellm.drop_params = True.",
            crate::python::display(value)
        ))),
    }
}

/// A demand that the model does not take becomes a wish, if parameters may be dropped.
fn downgraded(model: &Model<'_>, unfit: Unfit) -> Result<Value, Refusal> {
    match unfit {
        Unfit::Drop => Ok(json!({ "auto": {} })),
        Unfit::Refuse => Err(Refusal::unsupported(format!(
            "{} does not support forced tool use (tool_choice='required' or a named tool). Use tool_choice='auto' and \
             tell the model in the prompt when to call the tool, or set `litellm.drop_params = True` to downgrade to \
             'auto' automatically.",
            model.name
        ))),
    }
}
