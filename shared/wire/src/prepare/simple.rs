//! Requests that need little: text completions, embeddings, rerankings, images, speech, moderations.
//!
//! Knows no chat message.

use serde_json::Value;

use super::call::{Call, Unsupported};
use super::rules::{Rules, StreamUsage};
use super::{Prepared, Refusal};
use crate::json::Object;
use crate::provider::{EmbeddingInput, Path};
use crate::python;

/// OpenAI's own parameters of an embedding call, in LiteLLM's order.
const EMBEDDING_PARAMETERS: [&str; 3] = ["user", "encoding_format", "dimensions"];

/// Only the model and the gateway's own fields change.
pub(super) fn plain(rules: &Rules, body: Object<'_>) -> Prepared {
    finish_plain(rules, body).finish()
}

/// Azure's address of an image model names the deployment, and its body does not.
pub(super) fn image(rules: &Rules, body: Object<'_>) -> Prepared {
    let call = finish_plain(rules, body);
    if call.rules.provider().path == Path::Azure { call.finish_without_model() } else { call.finish() }
}

fn finish_plain<'rules, 'body>(rules: &'rules Rules, body: Object<'body>) -> Call<'rules, 'body> {
    let mut call = Call::new(rules, body);
    call.prepared.stream = call.body.is_true("stream");
    call.prepared.upstream_stream = call.prepared.stream;
    call.drop_paths();
    call
}

/// The prompt goes to the provider's `/completions` as it is.
pub(super) fn text_completion(rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    let mut call = Call::new(rules, body);
    call.prepared.stream = call.body.is_true("stream");
    call.prepared.upstream_stream = call.prepared.stream;
    if !call.prepared.stream {
        call.body.remove("stream");
    }
    if !rules.supports("user") {
        call.body.remove("user");
    }
    call.prepared.include_usage_wanted = call.body.get("stream_options").is_some_and(|text| text.contains("true"))
        || rules.settings.stream_usage == StreamUsage::Show;
    call.drop_paths();
    Ok(call.finish())
}

pub(super) fn embedding(rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    let mut call = Call::new(rules, body);
    if let Some(known) = rules.provider().embedding_parameters {
        check_embedding(&mut call, known)?;
    }
    check_dimensions(&mut call)?;
    if rules.provider().embedding_input == EmbeddingInput::List {
        wrap_input(&mut call);
    }
    if rules.provider().name == "voyage" {
        call.rename("dimensions", "output_dimension");
    }
    // Azure is called by OpenAI's client, which asks for base64 where nobody says otherwise.
    if rules.provider().path == Path::Azure && call.body.get("encoding_format").is_none() {
        call.set("encoding_format", &"base64");
    }
    call.drop_paths();
    Ok(call.finish())
}

/// An embedding call of a provider with a wire of its own, rid of what it does not know.
///
/// # Errors
/// OpenAI's parameters beyond `known`, unless they are to be dropped.
pub(crate) fn embedding_call<'rules, 'body>(
    rules: &'rules Rules,
    body: Object<'body>,
    known: &[&str],
) -> Result<Call<'rules, 'body>, Refusal> {
    let mut call = Call::new(rules, body);
    let names = EMBEDDING_PARAMETERS.iter().copied();
    let refused: Vec<&str> = names.filter(|name| call.body.get(name).is_some() && !known.contains(name)).collect();
    if !refused.is_empty() && call.unsupported == Unsupported::Refuse {
        let fields = shown(&call, &refused);
        return Err(Refusal::unsupported(format!(
            "Setting {fields} is not supported by {}. To drop it from the call, set `litellm.drop_params = True`.",
            rules.provider().name
        )));
    }
    call.body.retain(|name, _| !refused.contains(&name));
    call.drop_paths();
    Ok(call)
}

/// Fields with their values, as Python prints a dictionary.
fn shown(call: &Call<'_, '_>, names: &[&str]) -> String {
    let fields = names.iter().map(|name| {
        let value = call.body.get(name).and_then(|text| serde_json::from_str(text).ok());
        ((*name).to_owned(), value.unwrap_or(Value::Null))
    });
    python::repr(&Value::Object(fields.collect()))
}

/// A single text becomes a list of one.
fn wrap_input(call: &mut Call<'_, '_>) {
    let input = call.body.get("input").and_then(|text| serde_json::from_str::<Value>(text).ok());
    if let Some(text) = input.filter(Value::is_string) {
        call.set("input", &[text]);
    }
}

/// Drops or refuses what of OpenAI's own parameters of an embedding call the provider does not know.
pub(crate) fn check_embedding(call: &mut Call<'_, '_>, known: &[&str]) -> Result<(), Refusal> {
    let names = EMBEDDING_PARAMETERS.iter().copied();
    let refused: Vec<&str> = names.filter(|name| call.body.get(name).is_some() && !known.contains(name)).collect();
    if !refused.is_empty() && call.unsupported == Unsupported::Refuse {
        let fields = shown(call, &refused);
        let (provider, model) = (call.rules.provider().name, &call.rules.settings.model);
        return Err(Refusal::unsupported(format!(
            "{provider} does not support parameters: {fields}, for model={model}. To drop these, set \
             `litellm.drop_params=True` or for proxy:\n\n`litellm_settings:\n drop_params: true`\n"
        )));
    }
    call.body.retain(|name, _| !refused.contains(&name));
    Ok(())
}

/// OpenAI's older embedding models have one size only.
fn check_dimensions(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    let is_old = call.rules.provider().name == "openai" && !call.rules.settings.model.contains("text-embedding-3");
    if !is_old || call.body.get("dimensions").is_none() || call.is_allowed("dimensions") {
        return Ok(());
    }
    if call.unsupported == Unsupported::Refuse {
        return Err(Refusal::unsupported(
            "Setting dimensions is not supported for OpenAI `text-embedding-3` and later models. \
             To drop it from the call, set `litellm.drop_params = True`.",
        ));
    }
    call.body.remove("dimensions");
    Ok(())
}

/// Cohere's shape, which most others took over.
pub(crate) fn rerank(rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    crate::rerank::request(rerank_call(rules, body)?)
}

/// A reranking in Cohere's shape, rid of what the provider does not read.
///
/// # Errors
/// Where query or documents are missing.
pub(crate) fn rerank_call<'rules, 'body>(
    rules: &'rules Rules,
    body: Object<'body>,
) -> Result<Call<'rules, 'body>, Refusal> {
    for name in ["query", "documents"] {
        if body.given(name).is_none() {
            return Err(Refusal::bad(format!("`{name}` is missing: a reranking needs a query and documents")));
        }
    }
    let mut call = finish_plain(rules, body);
    let known = rerank_fields(rules.provider().name);
    call.body.retain(|name, _| known.contains(&name));
    if rules.provider().name == "voyage" {
        call.rename("top_n", "top_k");
    }
    Ok(call)
}

/// The fields of a reranking that the provider reads; LiteLLM lets no others through.
fn rerank_fields(provider: &str) -> &'static [&'static str] {
    match provider {
        "nvidia_nim" => &["query", "documents", "top_n", "truncate"],
        "deepinfra" => &["query", "documents", "instruction", "service_tier", "webhook", "queries"],
        "watsonx" => &["query", "documents", "top_n", "return_documents", "max_tokens_per_doc"],
        "hosted_vllm" => &[
            "query",
            "documents",
            "top_n",
            "rank_fields",
            "return_documents",
            "instruction",
            "max_tokens_per_doc",
            "truncate_prompt_tokens",
            "truncation_side",
            "max_tokens_per_query",
        ],
        "huggingface" | "jina_ai" | "fireworks_ai" | "voyage" => &["query", "documents", "top_n", "return_documents"],
        "cohere" | "cohere_chat" => {
            &["query", "documents", "top_n", "rank_fields", "return_documents", "max_tokens_per_doc"]
        }
        _ => &[
            "query",
            "documents",
            "top_n",
            "rank_fields",
            "return_documents",
            "max_chunks_per_doc",
            "max_tokens_per_doc",
        ],
    }
}
