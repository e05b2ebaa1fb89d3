//! Rerankings, which Bedrock's agents' runtime makes. Shapes follow AWS's API reference of `Rerank`. Knows no chat.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::name;
use crate::dialect::{Context, Unreadable};
use crate::json::Object;
use crate::prepare::{Call, Prepared, Refusal, Rules};

/// Writes the request.
///
/// # Errors
/// Where the query or the documents are missing.
pub(super) fn prepare(rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    let mut call = Call::new(rules, body);
    let value = |name: &str| call.body.given(name).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let missing = |name: &str| Refusal::bad(format!("`{name}` is missing: a reranking needs a query and documents"));
    let query = value("query").ok_or_else(|| missing("query"))?;
    let Some(Value::Array(documents)) = value("documents") else { return Err(missing("documents")) };
    let count = value("top_n").and_then(|count| count.as_u64()).filter(|count| *count > 0);
    let count = count.unwrap_or(documents.len() as u64);
    let settings = &rules.settings;
    let body = json!({
        "queries": [{ "textQuery": { "text": query }, "type": "TEXT" }],
        "rerankingConfiguration": {
            "bedrockRerankingConfiguration": {
                "modelConfiguration": { "modelArn": arn(&settings.model, &settings.cloud.aws_region) },
                "numberOfResults": count,
            },
            "type": "BEDROCK_RERANKING_MODEL",
        },
        "sources": documents.iter().map(source).collect::<Vec<_>>(),
    });
    call.prepared.body = body.to_string().into_bytes();
    Ok(call.prepared)
}

/// LiteLLM wants the model written as its ARN; a bare name is completed.
fn arn(model: &str, region: &str) -> String {
    let name = name::split_region(name::without_prefixes(model)).1;
    if name.starts_with("arn:") {
        name.to_owned()
    } else {
        format!("arn:aws:bedrock:{region}::foundation-model/{name}")
    }
}

fn source(document: &Value) -> Value {
    let inline = match document {
        Value::String(text) => json!({ "textDocument": { "text": text }, "type": "TEXT" }),
        other => json!({ "jsonDocument": other, "type": "JSON" }),
    };
    json!({ "inlineDocumentSource": inline, "type": "INLINE" })
}

#[derive(Deserialize)]
struct Answer {
    id: Option<String>,
    results: Vec<Ranked>,
    usage: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ranked {
    index: u64,
    relevance_score: f64,
}

/// Reads the answer and writes it in Cohere's form.
///
/// # Errors
/// Where the body is no ranking.
pub(super) fn answer(context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
    let body = bodies.first().map(Bytes::as_ref).unwrap_or_default();
    let answer: Answer = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let results: Vec<Value> = answer
        .results
        .iter()
        .map(|ranked| json!({ "index": ranked.index, "relevance_score": ranked.relevance_score }))
        .collect();
    let units = answer.usage.unwrap_or_else(|| Map::from_iter([("search_units".to_owned(), 1.into())]));
    let ranking = json!({
        "id": answer.id.unwrap_or_else(|| context.stamp.clone().next_hex(32)),
        "results": results,
        "meta": { "billed_units": units },
    });
    Ok(ranking.to_string().into_bytes())
}
