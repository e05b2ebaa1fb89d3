//! IBM watsonx.ai: chat and embeddings within a project or space. LiteLLM's `IBMWatsonXChatConfig`.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::Operation;
use crate::dialect::{Context, Mode, Unreadable};
use crate::json::{Object, raw};
use crate::prepare::{Call, Prepared, Refusal, Rules, Settings, check_embedding, in_openai_form};
use crate::provider::UrlError;

/// Values of `tool_choice` that watsonx.ai reads under a name of their own.
const CHOICES: [&str; 3] = ["\"auto\"", "\"none\"", "\"required\""];
/// Schemas are cleaned no deeper.
const NESTING_MAX: usize = 100;

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    results: Vec<Embedded<'a>>,
    input_token_count: Option<u64>,
}

#[derive(Deserialize)]
struct Embedded<'a> {
    #[serde(borrow)]
    embedding: &'a RawValue,
}

pub(super) fn url(settings: &Settings, operation: Operation, mode: Mode) -> Result<String, UrlError> {
    let Some(base) = settings.api_base.as_deref() else { return Err(UrlError::NoBase { provider: "watsonx" }) };
    let streamed = if mode == Mode::Streamed { "_stream" } else { "" };
    let path = match (operation, settings.model.strip_prefix("deployment/")) {
        (Operation::Embedding, _) => "text/embeddings".to_owned(),
        (Operation::Rerank, _) => "text/rerank".to_owned(),
        (_, Some(deployment)) => format!("deployments/{deployment}/text/chat{streamed}"),
        (_, None) => format!("text/chat{streamed}"),
    };
    let version = &settings.cloud.watsonx_api_version;
    Ok(format!("{}/ml/v1/{path}?version={version}", base.trim_end_matches('/')))
}

pub(super) fn chat(mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    clean_tools(&mut call);
    if call.body.get("tool_choice").is_some_and(|choice| CHOICES.contains(&choice)) {
        call.rename("tool_choice", "tool_choice_option");
    }
    in_openai_form(&mut call)?;
    let settings = &call.rules.settings;
    call.absorb_extra_body();
    for (name, value) in place(settings)? {
        call.body.set_text(name, value);
    }
    // A deployment is named by its address.
    let model = if settings.model.starts_with("deployment/") { "" } else { &settings.model };
    Ok(call.finish_as(model))
}

/// Which model in which project or space; nothing for a deployment, which knows both.
///
/// # Errors
/// When neither is configured.
pub(in crate::dialect) fn place(settings: &Settings) -> Result<Vec<(&'static str, String)>, Refusal> {
    if settings.model.starts_with("deployment/") {
        return Ok(Vec::new());
    }
    let (project, space) = (&settings.cloud.watsonx_project_id, &settings.cloud.watsonx_space_id);
    let owner = match (project, space) {
        (Some(project), _) => ("project_id", project),
        (None, Some(space)) => ("space_id", space),
        (None, None) => {
            return Err(Refusal::bad(
                "Error: Watsonx project_id and space_id not set. Set WX_PROJECT_ID or WX_SPACE_ID in environment \
                 variables or pass in as a parameter.",
            ));
        }
    };
    Ok(vec![("model_id", raw(&settings.model).get().to_owned()), (owner.0, raw(owner.1).get().to_owned())])
}

/// watsonx.ai refuses `strict` and `additionalProperties` in tools.
fn clean_tools(call: &mut Call<'_, '_>) {
    let Some(Ok(mut tools)) = call.body.get("tools").map(serde_json::from_str::<Value>) else { return };
    clean(&mut tools, NESTING_MAX);
    call.set("tools", &tools);
}

fn clean(value: &mut Value, depth_left: usize) {
    let Some(depth_left) = depth_left.checked_sub(1) else { return };
    match value {
        Value::Object(fields) => {
            fields.shift_remove("strict");
            fields.shift_remove("additionalProperties");
            fields.values_mut().for_each(|inner| clean(inner, depth_left));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| clean(inner, depth_left)),
        _ => {}
    }
}

pub(super) fn embedding(rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    let mut call = Call::new(rules, body);
    check_embedding(&mut call, &[])?;
    call.drop_paths();
    call.absorb_extra_body();
    let input: Value = call.body.get("input").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let inputs = match input {
        Value::Array(texts) if texts.iter().all(Value::is_string) => texts,
        Value::String(_) => vec![input],
        _ => return Err(Refusal::bad("WatsonX embeddings require a string or list of strings")),
    };
    let is_ours = |name: &str| matches!(name, "model" | "input" | "project_id" | "space_id");
    let own = call.body.iter().filter(|(name, _)| !is_ours(name));
    let parameters: Map<String, Value> =
        own.filter_map(|(name, text)| Some((name.to_owned(), serde_json::from_str(text).ok()?))).collect();
    let mut out = Object::default();
    out.set("inputs", raw(&inputs));
    out.set("parameters", raw(&parameters));
    for (name, value) in place(&rules.settings)? {
        out.set_text(name, value);
    }
    Ok(Prepared { body: out.to_vec(), ..call.prepared })
}

pub(super) fn embedding_answer(context: &Context, body: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let vectors = answer.results.iter().enumerate();
    let data: Vec<Value> = vectors
        .map(|(index, found)| json!({ "object": "embedding", "index": index, "embedding": found.embedding }))
        .collect();
    let tokens = answer.input_token_count.unwrap_or_default();
    let usage = json!({ "completion_tokens": 0, "prompt_tokens": tokens, "total_tokens": tokens });
    Ok(json!({ "model": context.model, "data": data, "object": "list", "usage": usage }).to_string().into_bytes())
}

/// Reranks in a project or space. LiteLLM's `IBMWatsonXRerankConfig`.
pub(super) fn rerank(call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    let documents: Result<Vec<Value>, _> = serde_json::from_str(call.body.get("documents").unwrap_or("null"));
    let documents = documents.map_err(|_| Refusal::bad("`documents` has to be a list: send texts or objects"))?;
    let wrapped = |document: Value| if document.is_string() { json!({ "text": document }) } else { document };
    let inputs: Vec<Value> = documents.into_iter().map(wrapped).collect();
    let given = |name: &str| call.body.get(name).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let (mut options, mut parameters) = (Map::new(), Map::new());
    for (name, own) in [("top_n", "top_n"), ("return_documents", "inputs")] {
        options.extend(given(name).map(|value| (own.to_owned(), value)));
    }
    if !options.is_empty() {
        parameters.insert("return_options".to_owned(), Value::Object(options));
    }
    parameters.extend(given("max_tokens_per_doc").map(|limit| ("truncate_input_tokens".to_owned(), limit)));
    let mut out = Object::default();
    out.set_text("query", call.body.get("query").unwrap_or("\"\"").to_owned());
    out.set("inputs", raw(&inputs));
    if !parameters.is_empty() {
        out.set("parameters", raw(&parameters));
    }
    for (name, value) in place(&call.rules.settings)? {
        out.set_text(name, value);
    }
    Ok(Prepared { body: out.to_vec(), ..call.prepared })
}
