//! Cohere's embeddings, second version. LiteLLM's `CohereEmbeddingConfig`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::dialect::{Context, Unreadable};
use crate::json::{Object, raw};
use crate::prepare::{Call, Prepared, Refusal, Rules, check_embedding};

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    embeddings: &'a RawValue,
    #[serde(default)]
    meta: Meta,
}

/// The vectors by type, as Cohere's reference lists the types.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Vectors<'a> {
    #[serde(borrow)]
    float: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    int8: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    uint8: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    binary: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    ubinary: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    base64: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    billed_units: Option<Billed>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Billed {
    input_tokens: Option<f64>,
    images: Option<f64>,
}

pub(super) fn request(rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    let mut call = Call::new(rules, body);
    check_embedding(&mut call, &["encoding_format", "dimensions"])?;
    call.drop_paths();
    call.absorb_extra_body();
    let texts = texts(call.body.get("input").unwrap_or("null"))?;
    let is_image = texts.last().is_some_and(|text| is_data_url(text));
    let mut out = Object::default();
    out.set("model", raw(&rules.settings.model));
    out.set(if is_image { "images" } else { "texts" }, raw(&texts));
    out.set("input_type", raw(if is_image { &"image" } else { &"search_document" }));
    for (name, text) in call.body.iter() {
        match name {
            "model" | "input" => {}
            "dimensions" => out.set_text("output_dimension", text.to_owned()),
            "encoding_format" if text.starts_with('[') => out.set_text("embedding_types", text.to_owned()),
            "encoding_format" => out.set_text("embedding_types", format!("[{text}]")),
            name => out.set_text(name, text.to_owned()),
        }
    }
    Ok(Prepared { body: out.to_vec(), ..call.prepared })
}

fn texts(input: &str) -> Result<Vec<String>, Refusal> {
    match serde_json::from_str(input) {
        Ok(Value::String(text)) => Ok(vec![text]),
        _ => serde_json::from_str(input).map_err(|_| Refusal::bad("Input must be a list of strings")),
    }
}

/// An image as the address that holds it.
fn is_data_url(text: &str) -> bool {
    let data = text.strip_prefix("data:").and_then(|rest| rest.split(',').nth(1));
    data.is_some_and(|data| STANDARD.decode(data).is_ok())
}

pub(super) fn answer(context: &Context, body: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let unreadable = |error: serde_json::Error| Unreadable(error.to_string());
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(unreadable)?;
    let vectors = vectors(answer.embeddings.get()).map_err(unreadable)?;
    let data: Vec<Value> = vectors
        .iter()
        .flat_map(|list| list.iter().enumerate())
        .map(|(index, vector)| json!({ "object": "embedding", "index": index, "embedding": vector }))
        .collect();
    let mut out = json!({ "model": context.model, "data": data, "object": "list" });
    // Without counts the gateway counts the texts itself.
    if let Some(usage) = answer.meta.billed_units.as_ref().and_then(usage) {
        out["usage"] = usage;
    }
    Ok(out.to_string().into_bytes())
}

/// One list of vectors for each type that was asked for; the first version had one list without a type.
fn vectors(text: &str) -> Result<Vec<Vec<&RawValue>>, serde_json::Error> {
    if text.starts_with('[') {
        return Ok(vec![serde_json::from_str(text)?]);
    }
    let typed: Vectors<'_> = serde_json::from_str(text)?;
    Ok([typed.float, typed.int8, typed.uint8, typed.binary, typed.ubinary, typed.base64]
        .into_iter()
        .flatten()
        .collect())
}

fn usage(billed: &Billed) -> Option<Value> {
    let mut details = Map::new();
    for (name, count) in [("text_tokens", billed.input_tokens), ("image_tokens", billed.images)] {
        details.extend(count.map(|count| (name.to_owned(), json!(whole(count)))));
    }
    if details.is_empty() {
        return None;
    }
    let total = whole(billed.input_tokens.unwrap_or_default() + billed.images.unwrap_or_default());
    let usage = json!({
        "completion_tokens": 0,
        "prompt_tokens": total,
        "total_tokens": total,
        "prompt_tokens_details": details,
    });
    Some(usage)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count; casts saturate")]
const fn whole(count: f64) -> u64 {
    count as u64
}
