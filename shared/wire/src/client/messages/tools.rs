//! Tools and the choice among them, as a chat names them.
//!
//! Follows LiteLLM's `translate_anthropic_tools_to_openai`: names of more than 64 letters are cut and given back in
//! the answer. Knows no conversation.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::turns::CacheControl;
use crate::chat::Text;
use crate::prepare::Refusal;
use crate::python;

/// OpenAI's limit; a cut name keeps so many letters before the first digits of its hash.
const NAME_LETTERS_MAX: usize = 64;
const KEPT_LETTERS: usize = 55;
const HASH_DIGITS: usize = 8;
/// Tools that Anthropic runs or knows itself, by the beginning of their `type`: handed on as they are.
const HOSTED: [&str; 7] =
    ["web_search", "bash", "text_editor", "code_execution", "web_fetch", "memory", "tool_search_tool"];
/// Fields of a tool that have a place of their own; every other belongs to its schema.
const MAPPED: [&str; 7] =
    ["name", "input_schema", "description", "cache_control", "strict", "type", "eager_input_streaming"];

/// A request's tools, sorted out.
#[derive(Debug, Default)]
pub struct Tools {
    /// In a chat's form.
    pub tools: Vec<Value>,
    /// Whether the client wants the web searched.
    pub searches_web: bool,
    /// Names that were cut, and what they were.
    pub names: Map<String, Value>,
}

/// Sorts the tools out.
///
/// # Errors
/// Where a field has a type that no tool has.
pub fn tools(given: &str, cache: CacheControl) -> Result<Tools, Refusal> {
    let list: Vec<Map<String, Value>> = serde_json::from_str(given).map_err(|_| {
        Refusal::bad("`tools` is no list of objects: send Anthropic's tools, each with a name and an input_schema")
    })?;
    let mut tools = Tools::default();
    for (place, tool) in list
        .into_iter()
        .filter(|tool| {
            !is_web_search(tool) || {
                tools.searches_web = true;
                false
            }
        })
        .enumerate()
    {
        let translated = translate(place, tool, cache, &mut tools.names)?;
        tools.tools.push(translated);
    }
    Ok(tools)
}

/// Whether the tool is Anthropic's search of the web.
pub fn is_web_search(tool: &Map<String, Value>) -> bool {
    let by_kind = tool.get("type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("web_search"));
    by_kind || (tool.get("name").is_some_and(|name| name == "web_search") && !tool.contains_key("input_schema"))
}

fn translate(
    place: usize,
    mut tool: Map<String, Value>,
    cache: CacheControl,
    names: &mut Map<String, Value>,
) -> Result<Value, Refusal> {
    if is_handed_on(&tool) {
        return Ok(Value::Object(tool));
    }
    let name = match tool.get("name") {
        Some(Value::String(name)) if !name.trim().is_empty() => name.clone(),
        Some(other) if !other.is_null() && !other.is_string() => python::display(other),
        _ => format!("litellm_unnamed_tool_{place}"),
    };
    let short = short_name(&name).into_owned();
    if short != name {
        names.insert(short.clone(), name.into());
    }
    let eager = match tool.get("eager_input_streaming") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(eager)) => Some(*eager),
        Some(_) => return Err(Refusal::unsupported("eager_input_streaming must be a boolean")),
    };
    let cache_control =
        tool.get("cache_control").filter(|value| !value.is_null() && cache == CacheControl::Kept).cloned();
    let mut whole = json!({ "type": "function", "function": function(short, &mut tool) });
    if let Some(eager) = eager {
        whole["eager_input_streaming"] = eager.into();
    }
    if let Some(cache_control) = cache_control {
        whole["cache_control"] = cache_control;
    }
    Ok(whole)
}

fn function(name: String, tool: &mut Map<String, Value>) -> Map<String, Value> {
    let mut function = Map::new();
    function.insert("name".to_owned(), name.into());
    if let Some(schema) = tool.remove("input_schema") {
        function.insert("parameters".to_owned(), schema);
    }
    if let Some(description) = tool.remove("description") {
        function.insert("description".to_owned(), description);
    }
    if let Some(strict) = tool.remove("strict") {
        function.insert("strict".to_owned(), (strict == true).into());
    }
    for (field, value) in std::mem::take(tool) {
        if !MAPPED.contains(&field.as_str()) {
            let parameters = function.entry("parameters").or_insert_with(|| json!({}));
            if let Some(parameters) = parameters.as_object_mut() {
                parameters.insert(field, value);
            }
        }
    }
    function
}

/// Tools of Anthropic's own, of a chat's form already, or of a provider's own form: one field that is an object.
fn is_handed_on(tool: &Map<String, Value>) -> bool {
    let kind = tool.get("type").and_then(Value::as_str).unwrap_or("");
    let is_hosted = HOSTED.iter().any(|hosted| kind.starts_with(hosted));
    let is_function = kind == "function" && tool.contains_key("function");
    let mut fields = tool.iter();
    let is_native = match (fields.next(), fields.next()) {
        (Some((name, value)), None) => !MAPPED[..6].contains(&name.as_str()) && value.is_object(),
        _ => false,
    };
    is_hosted || is_function || is_native
}

/// A name that OpenAI accepts; the same one for the same name.
pub fn short_name(name: &str) -> Cow<'_, str> {
    if name.chars().count() <= NAME_LETTERS_MAX {
        return Cow::Borrowed(name);
    }
    let digits: String = Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let kept: String = name.chars().take(KEPT_LETTERS).collect();
    Cow::Owned(format!("{kept}_{}", &digits[..HASH_DIGITS]))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Choice<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub name: Text<'a>,
}

/// The choice in a chat's words.
///
/// # Errors
/// Where it is none of Anthropic's four.
pub fn choice(given: &str) -> Result<Value, Refusal> {
    let choice: Choice<'_> = serde_json::from_str(given).unwrap_or_default();
    match &*choice.kind {
        "any" => Ok("required".into()),
        "auto" => Ok("auto".into()),
        "none" => Ok("none".into()),
        "tool" => Ok(json!({ "type": "function", "function": { "name": short_name(&choice.name) } })),
        _ => Err(Refusal::bad(format!("Incompatible tool choice param submitted - {}", python::display_json(given)))),
    }
}
