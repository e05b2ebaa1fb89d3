//! Models that are invoked: each family with its own body, most of them with the conversation as one text.
//!
//! LiteLLM's `AmazonInvokeConfig` and what it has for each family. Claude's body is Anthropic's and not known here.

mod answer;
mod prompt;
mod stream;

use serde_json::{Map, Value, json};

pub(super) use self::answer::answer;
pub(super) use self::stream::InvokeStream;
use super::converse;
use super::route::Family;
use crate::chat::Message;
use crate::prepare::{Call, Prepared, Refusal};
use crate::provider::{Parameters, is_parameter};

/// Names of one family's parameters: OpenAI's, and its own.
type Names = &'static [(&'static str, &'static str)];

const LLAMA: Names = &[("max_tokens", "max_gen_len"), ("temperature", "temperature"), ("top_p", "top_p")];
const MISTRAL: Names =
    &[("max_tokens", "max_tokens"), ("temperature", "temperature"), ("top_p", "top_p"), ("stop", "stop")];
const QWEN: Names =
    &[("max_tokens", "max_gen_len"), ("temperature", "temperature"), ("top_p", "top_p"), ("stop", "stop")];
const AI21: Names = &[("max_tokens", "maxTokens"), ("temperature", "temperature"), ("top_p", "topP")];
const TITAN: Names = &[
    ("max_tokens", "maxTokenCount"),
    ("max_completion_tokens", "maxTokenCount"),
    ("temperature", "temperature"),
    ("stop", "stopSequences"),
    ("top_p", "topP"),
];
const COHERE: Names = &[
    ("temperature", "temperature"),
    ("max_tokens", "max_tokens"),
    ("max_completion_tokens", "max_tokens"),
    ("n", "num_generations"),
    ("top_p", "p"),
    ("frequency_penalty", "frequency_penalty"),
    ("presence_penalty", "presence_penalty"),
    ("stop", "stop_sequences"),
    ("tools", "tools"),
    ("seed", "seed"),
];
/// What models with OpenAI's own body take.
const OPENAI: Parameters = Parameters::of(&[
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "max_tokens",
    "max_completion_tokens",
    "n",
    "presence_penalty",
    "seed",
    "stop",
    "stream",
    "stream_options",
    "temperature",
    "top_p",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
]);

/// OpenAI's parameters that reach a model.
pub(super) fn supported(family: Family, model: &str) -> Parameters {
    match family {
        Family::Nova => converse::supported(model),
        Family::OpenAi => OPENAI,
        Family::Moonshot => OPENAI.without(&["stop"]),
        Family::Cohere => Parameters::of(&["stream", "tool_choice", "extra_headers"]).union(named(COHERE)),
        Family::Claude | Family::Unknown => Parameters::of(&["max_tokens", "max_completion_tokens", "stream"]),
        other => Parameters::of(&["stream"]).union(named(names(other))),
    }
}

fn named(names: Names) -> Parameters {
    names.iter().fold(Parameters::NONE, |set, (name, _)| set.with(&[name]))
}

const fn names(family: Family) -> Names {
    match family {
        Family::Llama | Family::DeepSeekR1 => LLAMA,
        Family::Mistral => MISTRAL,
        Family::Titan => TITAN,
        Family::Cohere => COHERE,
        Family::Ai21 => AI21,
        Family::Qwen2 | Family::Qwen3 => QWEN,
        _ => &[],
    }
}

/// Writes the request of a chat.
///
/// # Errors
/// Where the family is none that can be asked, or the messages cannot be read.
pub(super) fn chat(family: Family, mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    // AI21's models answer whole.
    call.prepared.upstream_stream = call.prepared.stream && family != Family::Ai21;
    match family {
        Family::Nova => return nova(call),
        Family::OpenAi | Family::Moonshot => return Ok(openai(call)),
        Family::Claude | Family::Unknown => {
            let model = &call.rules.settings.model;
            return Err(Refusal::bad(format!(
                "Bedrock Invoke HTTPX: Unknown provider=None, model={model}. Try calling via converse route - \
                 `bedrock/converse/<model>`."
            )));
        }
        _ => {}
    }
    let text = call.body.given("messages").unwrap_or("[]");
    let messages: Vec<Message<'_>> = serde_json::from_str(text)
        .map_err(|error| Refusal::bad(format!("`messages` cannot be read: {error}: send a list of messages")))?;
    let prompt = prompt::write(family, &call.rules.settings.model, &messages);
    let body = body(family, &call, prompt, parameters(family, &call));
    call.prepared.body = body.to_string().into_bytes();
    Ok(call.prepared)
}

/// The parameters in the family's words, and everything that is not OpenAI's as it came.
fn parameters(family: Family, call: &Call<'_, '_>) -> Map<String, Value> {
    let mut out = Map::new();
    let names = names(family);
    for (name, text) in call.body.iter() {
        let own = names.iter().find(|(openai, _)| *openai == name).map(|(_, own)| *own);
        let foreign = (!is_parameter(name) || call.is_allowed(name)) && !matches!(name, "model" | "messages");
        let Some(target) = own.or_else(|| foreign.then_some(name)) else { continue };
        if let Ok(value) = serde_json::from_str(text) {
            out.insert(target.to_owned(), value);
        }
    }
    if !call.extra_body.is_empty() {
        let fields = call.extra_body.iter().map(|(name, raw)| (name.clone(), json!(raw)));
        out.insert("extra_body".to_owned(), fields.collect::<Map<_, _>>().into());
    }
    out
}

fn body(family: Family, call: &Call<'_, '_>, prompt: String, mut parameters: Map<String, Value>) -> Value {
    let (name, history) = match family {
        Family::Titan => return json!({ "inputText": prompt, "textGenerationConfig": parameters }),
        Family::Cohere if call.rules.settings.model.contains("cohere.command-r") => ("message", Some(json!([]))),
        Family::Cohere if call.prepared.stream => {
            parameters.insert("stream".to_owned(), true.into());
            ("prompt", None)
        }
        Family::Qwen2 | Family::Qwen3 => {
            let known = ["max_gen_len", "temperature", "top_p", "top_k", "stop"];
            parameters.retain(|name, _| known.contains(&name.as_str()));
            ("prompt", None)
        }
        _ => ("prompt", None),
    };
    let mut body = Map::from_iter([(name.to_owned(), prompt.into())]);
    body.extend(parameters);
    body.extend(history.map(|history| ("chat_history".to_owned(), history)));
    body.into()
}

/// OpenAI's own body; that a stream is wanted is told by the address.
fn openai(mut call: Call<'_, '_>) -> Prepared {
    for name in ["stream", "stream_options"] {
        call.body.remove(name);
    }
    let model = super::name::without_prefixes(&call.rules.settings.model).to_owned();
    call.set("model", &model);
    call.absorb_extra_body();
    call.prepared.body = call.body.to_vec();
    call.prepared
}

/// Nova's body is Converse's with fewer fields, and marks for caching within the texts.
fn nova(call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    const KNOWN: [&str; 5] = ["messages", "inferenceConfig", "system", "toolConfig", "guardrailConfig"];
    let mut prepared = converse::chat(call)?;
    let mut body: Map<String, Value> = serde_json::from_slice(&prepared.body).unwrap_or_default();
    body.retain(|name, _| KNOWN.contains(&name.as_str()));
    if let Some(system) = body.get_mut("system") {
        inline_marks(system);
    }
    let turns = body.get_mut("messages").and_then(Value::as_array_mut);
    turns.into_iter().flatten().filter_map(|turn| turn.get_mut("content")).for_each(inline_marks);
    prepared.body = Value::Object(body).to_string().into_bytes();
    Ok(prepared)
}

/// A mark that stands alone goes into the last text before it.
fn inline_marks(blocks: &mut Value) {
    let Some(list) = blocks.as_array_mut() else { return };
    let mut out: Vec<Value> = Vec::with_capacity(list.len());
    for block in list.drain(..) {
        let Some(mark) = block.get("cachePoint").cloned() else {
            out.push(block);
            continue;
        };
        if let Some(text) = out.iter_mut().rev().find(|block| block.get("text").is_some()) {
            text["cachePoint"] = mark;
        }
    }
    *list = out;
}

#[cfg(test)]
mod tests;
