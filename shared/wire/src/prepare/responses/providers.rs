//! What single providers want of a response otherwise than OpenAI. One function a provider. Knows no answer.

use serde_json::{Map, Value, json};

use super::super::Refusal;
use super::super::call::{Call, Unsupported};
use crate::json::raw;
use crate::prepare::Settings;
use crate::python;

/// What Perplexity takes beside `model` and `input`.
const PERPLEXITY: [&str; 8] =
    ["max_output_tokens", "stream", "temperature", "top_p", "tools", "reasoning", "instructions", "models"];
/// What Volcengine takes beside `model` and `input`.
const VOLCENGINE: [&str; 14] = [
    "instructions",
    "max_output_tokens",
    "previous_response_id",
    "store",
    "reasoning",
    "stream",
    "temperature",
    "top_p",
    "text",
    "tools",
    "tool_choice",
    "max_tool_calls",
    "context_management",
    "metadata",
];

/// How the request names its model.
pub(super) enum Model {
    Named(String),
    /// Perplexity's own combinations of model and tools.
    Preset(String),
}

pub(super) fn model(settings: &Settings) -> Model {
    let model = settings.model.replace("responses/", "");
    match settings.provider.name {
        "perplexity" => match model.strip_prefix("preset/") {
            Some(preset) => Model::Preset(preset.to_owned()),
            None => Model::Named(model),
        },
        "azure" => Model::Named(model.replace("o_series/", "").replace("azure_ai/", "")),
        "fireworks_ai" => Model::Named(super::super::rules::fireworks_resource(&model)),
        _ => Model::Named(model),
    }
}

/// Drops or refuses parameters that the provider does not know.
///
/// # Errors
/// [`Refusal::UnsupportedParameters`] where the client counts on one.
pub(super) fn check(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let provider = call.rules.provider().name;
    let is_known = |name: &str| match provider {
        "perplexity" => PERPLEXITY.contains(&name),
        "volcengine" => VOLCENGINE.contains(&name),
        "azure" | "azure_ai" => name != "context_management",
        _ => true,
    };
    let mut refused = Map::new();
    for (name, text) in call.body.iter() {
        if !matches!(name, "model" | "input") && !is_known(name) && !call.is_allowed(name) {
            refused.insert(name.to_owned(), serde_json::from_str(text).unwrap_or_default());
        }
    }
    if !refused.is_empty() && call.unsupported == Unsupported::Refuse {
        let (fields, model) = (python::repr(&Value::Object(refused)), &call.rules.settings.model);
        return Err(Refusal::unsupported(format!(
            "{provider} does not support parameters: {fields}, for model={model}. To drop these, set \
             `litellm.drop_params=True` or for proxy:\n\n`litellm_settings:\n drop_params: true`\n"
        )));
    }
    call.body.retain(|name, _| !refused.contains_key(name));
    Ok(())
}

/// Reshapes what the provider writes otherwise.
pub(super) fn adapt(call: &mut Call<'_, '_>) {
    match call.rules.provider().name {
        "xai" => xai(call),
        // It is accepted, and not sent.
        "volcengine" => drop(call.body.remove("metadata")),
        "perplexity" => name_messages(call),
        "fireworks_ai" => fold_instructions(call),
        _ => {}
    }
}

fn xai(call: &mut Call<'_, '_>) {
    call.body.remove("metadata");
    let Some(Ok(tools)) = call.body.get("tools").map(serde_json::from_str::<Vec<Value>>) else { return };
    let tools: Vec<Value> = tools.into_iter().map(xai_tool).collect();
    call.body.set("tools", raw(&tools));
}

fn xai_tool(tool: Value) -> Value {
    const SEARCH: [&str; 6] = [
        "allowed_x_handles",
        "excluded_x_handles",
        "from_date",
        "to_date",
        "enable_image_understanding",
        "enable_video_understanding",
    ];
    match tool.get("type").and_then(Value::as_str) {
        Some("code_interpreter") => json!({ "type": "code_interpreter" }),
        Some("web_search") => {
            let domains = tool.get("filters").filter(|filters| filters.is_object()).unwrap_or(&tool);
            let filters = picked(domains, &["allowed_domains", "excluded_domains"]);
            let mut search = picked(&tool, &["type", "enable_image_understanding"]);
            if !filters.is_empty() {
                search.insert("filters".to_owned(), filters.into());
            }
            search.into()
        }
        Some("x_search") => {
            let mut search = picked(&tool, &["type"]);
            search.extend(picked(&tool, &SEARCH));
            search.into()
        }
        _ => tool,
    }
}

fn picked(value: &Value, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), value.get(*name)?.clone()))).collect()
}

/// Perplexity wants every item to say what it is.
fn name_messages(call: &mut Call<'_, '_>) {
    let Some(Ok(mut items)) = call.body.get("input").map(serde_json::from_str::<Vec<Value>>) else { return };
    for fields in items.iter_mut().filter_map(Value::as_object_mut) {
        if !fields.contains_key("type") {
            fields.insert("type".to_owned(), "message".into());
        }
    }
    call.body.set("input", raw(&items));
}

/// Fireworks has no developer: what he says becomes instructions where it is text alone, else the system's.
fn fold_instructions(call: &mut Call<'_, '_>) {
    let Some(Ok(items)) = call.body.get("input").map(serde_json::from_str::<Vec<Value>>) else { return };
    let roles: Vec<&str> = items.iter().map(|item| item["role"].as_str().unwrap_or_default()).collect();
    let instructs = |role: &str| matches!(role, "system" | "developer");
    let leading = roles.iter().take_while(|role| instructs(role)).count();
    let closing = match roles.iter().rposition(|role| !instructs(role)) {
        Some(last) if last >= leading && roles[last] == "assistant" => last + 1,
        _ => roles.len(),
    };
    let is_folded = |place: usize| place < leading || (place < closing && roles[place] == "developer");
    let (mut texts, mut rest) = (Vec::new(), Vec::new());
    for (place, item) in items.iter().enumerate() {
        match plain_text(item).filter(|_| is_folded(place)) {
            Some(text) => texts.push(text),
            None => rest.push(as_system(item)),
        }
    }
    if !texts.is_empty() {
        let own = call.body.string("instructions").map(std::borrow::Cow::into_owned);
        let all: Vec<String> = own.into_iter().chain(texts).filter(|text| !text.is_empty()).collect();
        call.set("instructions", &all.join("\n\n"));
    }
    call.body.set("input", raw(&rest));
}

fn as_system(item: &Value) -> Value {
    if item["role"] == "developer" {
        return json!({ "role": "system", "content": item["content"], "type": "message" });
    }
    item.clone()
}

/// What an item of the operator says, if it is text alone.
fn plain_text(item: &Value) -> Option<String> {
    match &item["content"] {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts = parts.iter().map(|part| {
                let is_text = part["type"] == "input_text";
                if is_text { part["text"].as_str() } else { None }
            });
            let texts = texts.collect::<Option<Vec<&str>>>()?;
            let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
            Some(texts.join("\n\n"))
        }
        _ => None,
    }
}
