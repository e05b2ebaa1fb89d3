//! Lines of a batch's input file as Bedrock takes them: `{"recordId": …, "modelInput": …}`.
//!
//! LiteLLM's rules: Claude and Nova get their own bodies, Titan its embeddings, every other model OpenAI's body as it
//! is. Knows no bucket and no job.

use serde_json::{Map, Value, json};

use super::name;
use super::route::{Family, family};
use crate::Operation;
use crate::json::{Object, raw};
use crate::prepare::{Rules, Settings, prepare};

const TITAN_EMBEDDINGS: &str = "titan-embed-text-v2";

/// One line, made of one of OpenAI's; `settings` are those of the deployment that the file is for.
///
/// # Errors
/// What Bedrock cannot do in a batch; the text does not say which line it is.
pub fn batch_line(settings: &Settings, line: &[u8]) -> Result<Vec<u8>, String> {
    let mut record: Map<String, Value> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let id = record.remove("custom_id").unwrap_or_else(|| "CALL0000000".into());
    let Some(Value::Object(mut body)) = record.remove("body") else {
        return Err("`body` must be an object".to_owned());
    };
    let model = model_of(settings, &body);
    body.remove("model");
    let has = |name: &str| body.contains_key(name);
    let input = match record.get("url").and_then(Value::as_str).unwrap_or_default() {
        "/v1/embeddings" => embedding(settings, &model, body)?,
        "/v1/responses" => return Err("Bedrock batches take no /v1/responses: write /v1/chat/completions".to_owned()),
        "/v1/completions" => chat(settings, &model, of_prompt(body)?)?,
        "" if !has("messages") && has("prompt") => chat(settings, &model, of_prompt(body)?)?,
        "" if !has("messages") && has("input") => embedding(settings, &model, body)?,
        _ => chat(settings, &model, body)?,
    };
    Ok(json!({ "recordId": id, "modelInput": input }).to_string().into_bytes())
}

/// The line's own model where its family is known, else that of the deployment: the line may name a group.
fn model_of(settings: &Settings, body: &Map<String, Value>) -> String {
    let named = body.get("model").and_then(Value::as_str).unwrap_or_default();
    let bare = |model: &str| name::split_region(name::without_prefixes(model)).1.to_owned();
    let own = bare(named);
    if family(&own) == Family::Unknown && !own.contains(TITAN_EMBEDDINGS) { bare(&settings.model) } else { own }
}

fn of_prompt(mut body: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let prompt = match body.remove("prompt") {
        Some(Value::String(text)) => text,
        Some(Value::Array(mut items)) if items.len() == 1 && items[0].is_string() => {
            items.remove(0).as_str().unwrap_or_default().to_owned()
        }
        _ => return Err("`prompt` of a line must be one text".to_owned()),
    };
    body.insert("messages".to_owned(), json!([{ "role": "user", "content": prompt }]));
    Ok(body)
}

fn chat(settings: &Settings, model: &str, body: Map<String, Value>) -> Result<Value, String> {
    let model = match family(model) {
        Family::Claude => format!("invoke/{model}"),
        Family::Nova => format!("converse/{model}"),
        _ => return Ok(Value::Object(body)),
    };
    written(settings, &model, Operation::ChatCompletion, body)
}

fn embedding(settings: &Settings, model: &str, body: Map<String, Value>) -> Result<Value, String> {
    if !model.contains(TITAN_EMBEDDINGS) {
        return Err(format!("Bedrock batches embed with {TITAN_EMBEDDINGS} only, not with `{model}`"));
    }
    let is_one = match body.get("input") {
        Some(Value::String(_)) => true,
        Some(Value::Array(items)) => items.len() == 1 && items[0].is_string(),
        _ => false,
    };
    if !is_one {
        return Err("`input` of a line must be one text: write a line for each".to_owned());
    }
    written(settings, model, Operation::Embedding, body)
}

/// The body that a call of its own would have.
fn written(settings: &Settings, model: &str, operation: Operation, body: Map<String, Value>) -> Result<Value, String> {
    let own = Settings { cloud: settings.cloud.clone(), ..Settings::new(settings.provider, model) };
    let fields = raw(&body);
    let body = Object::parse(fields.get().as_bytes()).map_err(|error| error.to_string())?;
    let prepared = prepare(&Rules::new(own), operation, body).map_err(|refusal| refusal.to_string())?;
    serde_json::from_slice(&prepared.body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
