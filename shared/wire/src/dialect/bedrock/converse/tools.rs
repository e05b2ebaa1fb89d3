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
pub(super) fn write(tools: Vec<Value>, model: &Model<'_>, notes: &mut Notes) -> Tools {
    let mut written = Tools::default();
    let mut last = Vec::new();
    for (place, tool) in tools.into_iter().enumerate() {
        let kind = tool.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        written.streams_finely |= streams_finely(&tool);
        match kind.as_str() {
            _ if tool.get("systemTool").is_some() => last.push(tool),
            "tool_search_tool_regex_20251119" | "tool_search_tool_bm25_20251119" => {}
            _ if SCREEN_TOOLS.iter().any(|start| kind.starts_with(start)) => {
                written.screen.push(screen_tool(&tool, &kind));
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
fn spec(mut tool: Value, place: usize, model: &Model<'_>, notes: &mut Notes) -> Vec<Value> {
    if ["toolSpec", "cachePoint"].iter().any(|name| tool.get(name).is_some()) {
        return vec![tool];
    }
    let mark = mark(&tool, model);
    let has_function = tool.get("function").is_some();
    let (described, schema) = match tool.as_object_mut() {
        Some(fields) if has_function => (fields.get_mut("function").map(Value::take).unwrap_or_default(), "parameters"),
        Some(fields) if fields.contains_key("input_schema") => (tool, "input_schema"),
        _ => return Vec::new(),
    };
    let mut written = vec![declared(described, schema, place, model, notes)];
    written.extend(mark);
    written
}

/// What describes a function, in Bedrock's words; its schema stands in the field of that name.
fn declared(mut described: Value, schema: &str, place: usize, model: &Model<'_>, notes: &mut Notes) -> Value {
    let own = described.get("name").and_then(Value::as_str).unwrap_or_default();
    let own = if own.trim().is_empty() { format!("litellm_unnamed_tool_{place}") } else { own.to_owned() };
    let name = names::tool(&own, notes);
    let is_strict = schema == "parameters" && described.get("strict").and_then(Value::as_bool) == Some(true);
    let takes_strict = model.is_claude() && model.flag(Flag::StrictTools).unwrap_or(true);
    let schema = described.get_mut(schema).map(Value::take).filter(Value::is_object);
    let mut schema = schema.unwrap_or_else(|| json!({}));
    if model.flag(Flag::Lookaround) == Some(false) {
        schema::drop_lookaround(&mut schema);
    }
    let description = match described.get_mut("description").map(Value::take) {
        Some(Value::String(text)) if !text.is_empty() => text,
        _ => name.clone(),
    };
    // Built by hand: `json!` copies what it is given.
    let schema = object([("json", input_schema(schema, takes_strict))]);
    let mut spec =
        object([("inputSchema", schema), ("name", name.into()), ("description", Value::String(description))]);
    if takes_strict && is_strict {
        spec["strict"] = true.into();
    }
    object([("toolSpec", spec)])
}

fn object<const FIELDS: usize>(fields: [(&str, Value); FIELDS]) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn input_schema(mut schema: Value, takes_strict: bool) -> Value {
    schema::inline_references(&mut schema);
    schema::custom_to_object(&mut schema);
    let mut take = |name: &str| schema.get_mut(name).map(Value::take);
    let kind = take("type").filter(|kind| kind.as_str().is_some_and(|kind| TYPES.contains(&kind)));
    let mut out = object([
        ("type", kind.unwrap_or_else(|| "object".into())),
        ("properties", take("properties").unwrap_or_else(|| json!({}))),
        ("required", take("required").unwrap_or_else(|| json!([]))),
    ]);
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
