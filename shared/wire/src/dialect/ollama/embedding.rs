//! Ollama's embeddings. LiteLLM's `_prepare_ollama_embedding_payload` and what it reads back.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::dialect::{Context, Unreadable};
use crate::json::{Object, raw};
use crate::prepare::{Prepared, Refusal, Rules, embedding_call};
use crate::tokens::count_text;

/// Fields that Ollama reads beside `options`.
const BESIDE: [&str; 4] = ["truncate", "options", "keep_alive", "dimensions"];

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    embeddings: Vec<&'a RawValue>,
    prompt_eval_count: Option<u64>,
}

pub(super) fn request(rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    let call = embedding_call(rules, body, &["dimensions"])?;
    let mut out = Object::default();
    out.set("model", raw(&rules.settings.model));
    let input: Value = call.body.get("input").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let input = if input.is_array() { input } else { json!([input]) };
    out.set("input", raw(&input));
    let mut options = Object::default();
    for (name, text) in call.body.iter().filter(|(name, _)| !matches!(*name, "model" | "input")) {
        if BESIDE.contains(&name) {
            out.set_text(name, text.to_owned());
        } else {
            options.set_text(name, text.to_owned());
        }
    }
    if !options.is_empty() {
        out.set_text("options", String::from_utf8_lossy(&options.to_vec()).into_owned());
    }
    Ok(Prepared { body: out.to_vec(), ..call.prepared })
}

pub(super) fn answer(context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
    let body = bodies.first().map(Bytes::as_ref).unwrap_or_default();
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let data: Vec<Value> = answer
        .embeddings
        .iter()
        .enumerate()
        .map(|(index, vector)| json!({ "object": "embedding", "index": index, "embedding": vector }))
        .collect();
    let tokens = answer.prompt_eval_count.unwrap_or_else(|| count_text(&context.model, ""));
    let usage = json!({ "completion_tokens": 0, "prompt_tokens": tokens, "total_tokens": tokens });
    Ok(json!({ "model": context.model, "data": data, "object": "list", "usage": usage }).to_string().into_bytes())
}
