//! Rerankings in Cohere's shape, whatever shape the provider has: requests written for those that differ, answers read.
//!
//! LiteLLM's rerank configurations. Knows no key and no stream.

use serde_json::{Map, Value, json};

use crate::dialect::{Context, Notes};
use crate::json::{Object, raw};
use crate::prepare::{Call, Prepared, Refusal};

/// How a provider's answer tells what it cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    /// `usage.total_tokens` is billed.
    Total,
    /// As `Total`, and all of it was input.
    Input,
    /// As `Input`, without a word on output.
    InputAlone,
    /// `usage.prompt_tokens` was input, the rest output.
    Prompt,
    Fireworks,
    DeepInfra,
    HuggingFace,
    Watsonx,
}

/// The shape of a provider's answer; `None` where it is Cohere's own.
fn counts(provider: &str) -> Option<Counts> {
    Some(match provider {
        "together_ai" | "jina_ai" | "nvidia_nim" => Counts::Total,
        "voyage" => Counts::Input,
        "hosted_vllm" => Counts::InputAlone,
        "infinity" => Counts::Prompt,
        "fireworks_ai" => Counts::Fireworks,
        "deepinfra" => Counts::DeepInfra,
        "huggingface" => Counts::HuggingFace,
        "watsonx" => Counts::Watsonx,
        _ => return None,
    })
}

/// Rewrites a request that has been read in Cohere's shape, where the provider has another.
///
/// # Errors
/// Documents that are no list.
pub(crate) fn request(call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    match call.rules.provider().name {
        "huggingface" => Ok(hugging_face(call)),
        "nvidia_nim" => nvidia(call),
        "deepinfra" => deepinfra(call),
        _ => Ok(call.finish()),
    }
}

fn hugging_face(mut call: Call<'_, '_>) -> Prepared {
    call.rename("documents", "texts");
    call.rename("return_documents", "return_text");
    for (name, value) in [("raw_scores", json!(false)), ("truncate", json!(false))] {
        call.set(name, &value);
    }
    call.set("truncation_direction", &"Right");
    call.finish_without_model()
}

fn documents(call: &Call<'_, '_>) -> Result<Vec<Value>, Refusal> {
    let text = call.body.get("documents").unwrap_or("null");
    serde_json::from_str(text).map_err(|_| Refusal::bad("`documents` has to be a list: send texts or objects"))
}

fn nvidia(mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    let model = call.rules.settings.model.clone();
    let (bare, is_ranking) = model.strip_prefix("ranking/").map_or((model.as_str(), false), |bare| (bare, true));
    let passages: Vec<Value> = documents(&call)?.iter().map(|document| passage(document, is_ranking)).collect();
    let query: Value = serde_json::from_str(call.body.get("query").unwrap_or("null")).unwrap_or_default();
    let texts = passages.iter().map(|passage| passage["text"].as_str().map(str::to_owned));
    let documents = texts.map(Option::unwrap_or_default).collect();
    let top = call.body.get("top_n").and_then(|text| text.parse().ok());
    let mut out = Object::default();
    // Names in the model's answer sheet have dots where its address has underscores.
    let sent = if is_ranking { bare.to_owned() } else { bare.replace('_', ".") };
    out.set("model", raw(&sent));
    out.set("query", raw(&json!({ "text": query })));
    out.set("passages", raw(&passages));
    if let Some(text) = call.body.get("top_n").filter(|_| !is_ranking) {
        out.set_text("top_k", text.to_owned());
    }
    if let Some(text) = call.body.get("truncate").filter(|text| matches!(*text, "\"NONE\"" | "\"END\"")) {
        out.set_text("truncate", text.to_owned());
    }
    let mut prepared = std::mem::take(&mut call.prepared);
    prepared.notes = Notes { documents, top: top.filter(|_| is_ranking), ..prepared.notes };
    Ok(Prepared { body: out.to_vec(), ..prepared })
}

fn passage(document: &Value, takes_images: bool) -> Value {
    let Value::Object(fields) = document else {
        let text = document.as_str().map_or_else(|| document.to_string(), str::to_owned);
        return json!({ "text": text });
    };
    let known: Map<String, Value> = fields
        .iter()
        .filter(|(name, _)| *name == "text" || (takes_images && *name == "image"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if known.is_empty() { json!({ "text": crate::python::dumps(document) }) } else { Value::Object(known) }
}

fn deepinfra(mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    let count = documents(&call)?.len();
    let query: Value = serde_json::from_str(call.body.get("query").unwrap_or("null")).unwrap_or_default();
    // One query for each document.
    call.set("queries", &vec![query; count]);
    for name in ["query", "top_n", "return_documents", "rank_fields", "max_chunks_per_doc", "max_tokens_per_doc"] {
        call.body.remove(name);
    }
    Ok(call.finish_without_model())
}

/// A provider's answer in Cohere's shape; `None` where it has that already, or is no answer.
pub(crate) fn answer(context: &Context, body: &[u8]) -> Option<Vec<u8>> {
    let counts = counts(context.provider)?;
    let given: Value = serde_json::from_slice(body).ok()?;
    let mut results = match given.get("scores").and_then(Value::as_array) {
        Some(scores) => scored(scores),
        None => listed(&given)?.iter().map(|item| result(item, &context.notes)).collect(),
    };
    if let Some(top) = context.notes.top {
        results.truncate(top);
    }
    let id = [given.get("id"), given.get("request_id")].into_iter().flatten().find_map(Value::as_str);
    let id = id.filter(|id| !id.is_empty()).map_or_else(|| context.stamp.id.clone(), str::to_owned);
    Some(json!({ "id": id, "results": results, "meta": meta(counts, &given) }).to_string().into_bytes())
}

fn scored(scores: &[Value]) -> Vec<Value> {
    scores.iter().enumerate().map(|(index, score)| json!({ "index": index, "relevance_score": score })).collect()
}

fn listed(given: &Value) -> Option<&Vec<Value>> {
    let names = ["results", "data", "rankings"];
    given.as_array().or_else(|| names.iter().find_map(|name| given.get(name)?.as_array()))
}

fn result(item: &Value, notes: &Notes) -> Value {
    let of = |names: [&str; 3]| names.iter().find_map(|name| item.get(name)).cloned().unwrap_or(Value::Null);
    let index = item.get("index").cloned().unwrap_or(Value::Null);
    let mut out = json!({ "index": index, "relevance_score": of(["relevance_score", "score", "logit"]) });
    let sent = index.as_u64().and_then(|index| notes.documents.get(usize::try_from(index).ok()?));
    match of(["document", "input", "text"]) {
        Value::String(text) => out["document"] = json!({ "text": text }),
        Value::Null => {
            if let Some(text) = sent.filter(|text| !text.is_empty()) {
                out["document"] = json!({ "text": text });
            }
        }
        document => out["document"] = document,
    }
    out
}

fn meta(counts: Counts, given: &Value) -> Value {
    let count = |name: &str| given.pointer(name).and_then(Value::as_u64);
    let (total, prompt) = (count("/usage/total_tokens"), count("/usage/prompt_tokens"));
    let known = total.unwrap_or_default();
    match counts {
        Counts::Total => json!({ "billed_units": { "total_tokens": total } }),
        Counts::Input => {
            json!({ "billed_units": { "total_tokens": known }, "tokens": { "input_tokens": known, "output_tokens": 0 } })
        }
        Counts::InputAlone => {
            json!({ "billed_units": { "total_tokens": known }, "tokens": { "input_tokens": known } })
        }
        Counts::Prompt => {
            let input = prompt.unwrap_or_default();
            let tokens = json!({ "input_tokens": input, "output_tokens": known.saturating_sub(input) });
            json!({ "billed_units": { "total_tokens": total }, "tokens": tokens })
        }
        Counts::Fireworks => {
            let output = count("/usage/completion_tokens");
            json!({
                "billed_units": { "search_units": known },
                "tokens": { "input_tokens": prompt.unwrap_or_default(), "output_tokens": output.unwrap_or_default() },
            })
        }
        Counts::DeepInfra => {
            let input = count("/input_tokens").unwrap_or_default();
            json!({ "billed_units": { "total_tokens": input }, "tokens": { "input_tokens": input, "output_tokens": 0 } })
        }
        Counts::HuggingFace => json!({ "api_version": { "version": "1.0" }, "billed_units": { "search_units": 1 } }),
        Counts::Watsonx => json!({ "tokens": { "input_tokens": count("/input_token_count").unwrap_or_default() } }),
    }
}
