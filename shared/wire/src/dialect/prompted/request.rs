//! The request of a prompt: OpenAI's parameters under the names of text generation.

use serde_json::Value;

use super::{Prompted, prompt};
use crate::chat::Message;
use crate::dialect::hosted::watsonx_place;
use crate::json::{Object, raw};
use crate::prepare::{Call, Prepared, Refusal};

pub(super) fn chat(kind: Prompted, mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    call.absorb_extra_body();
    let messages: Result<Vec<Message<'_>>, _> = serde_json::from_str(call.body.get("messages").unwrap_or("[]"));
    let messages = messages.map_err(|error| Refusal::bad(format!("messages: {error}: send a list of messages")))?;
    let (provider, model) = (call.rules.provider().name, call.rules.settings.model.as_str());
    let prompt = prompt::write(provider, model, &messages);
    let parameters = parameters(kind, &call);
    let text = |object: &Object<'_>| String::from_utf8_lossy(&object.to_vec()).into_owned();
    let mut out = Object::default();
    match kind {
        Prompted::SageMaker => {
            out.set_text("parameters", text(&parameters));
            if call.prepared.upstream_stream {
                out.set("stream", raw(&true));
            }
            out.set("inputs", raw(&prompt));
        }
        Prompted::Watsonx => {
            out.set("input", raw(&prompt));
            out.set_text("parameters", text(&parameters));
            for (name, value) in watsonx_place(&call.rules.settings)? {
                out.set_text(name, value);
            }
        }
        Prompted::Replicate => {
            let mut input = Object::default();
            input.set("prompt", raw(&prompt));
            for (name, value) in parameters.iter() {
                input.set_text(name, value.to_owned());
            }
            out.set_text("input", text(&input));
            if let Some((_, version)) = model.split_once(':') {
                out.set("version", raw(&version));
            }
            // The prediction comes whole: a stream is made of it.
            call.prepared.upstream_stream = false;
        }
    }
    Ok(Prepared { body: out.to_vec(), ..call.prepared })
}

fn parameters(kind: Prompted, call: &Call<'_, '_>) -> Object<'static> {
    let mut out = Object::default();
    for (name, text) in call.body.iter() {
        match name {
            "model" | "messages" | "stream" | "stream_options" | "tools" | "tool_choice" | "functions"
            | "function_call" | "user" | "project_id" | "space_id" => {}
            "n" => {
                out.set_text("best_of", text.to_owned());
                // Several answers need sampling.
                out.set("do_sample", raw(&true));
            }
            // Text generation refuses zeros.
            "temperature" if kind == Prompted::SageMaker && is_zero(text) => out.set("temperature", raw(&0.01)),
            "max_tokens" if kind == Prompted::SageMaker && is_zero(text) => out.set("max_new_tokens", raw(&1)),
            "seed" if kind == Prompted::Replicate => {}
            name => out.set_text(renamed(kind, name, &call.rules.settings.model), text.to_owned()),
        }
    }
    own(out)
}

fn renamed<'n>(kind: Prompted, name: &'n str, model: &str) -> &'n str {
    match (kind, name) {
        (Prompted::Replicate, "max_tokens") if model.contains("vicuna") || model.contains("flan") => "max_length",
        (Prompted::Replicate, "max_tokens") if model.contains("meta/codellama-13b") => "max_tokens",
        (_, "max_tokens" | "max_completion_tokens") => "max_new_tokens",
        (Prompted::Watsonx | Prompted::Replicate, "stop") => "stop_sequences",
        (Prompted::Watsonx, "frequency_penalty") => "repetition_penalty",
        (Prompted::Watsonx, "seed") => "random_seed",
        _ => name,
    }
}

/// The same fields in memory of their own.
fn own(object: Object<'_>) -> Object<'static> {
    let mut out = Object::default();
    for (name, text) in object.iter() {
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            out.set(name, raw(&value));
        }
    }
    out
}

fn is_zero(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(|number| number == 0.0)
}
