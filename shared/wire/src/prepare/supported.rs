//! Which chat parameters reach a provider with a certain model, and what the map says of special models.
//!
//! LiteLLM's `get_supported_openai_params`. Knows no request.

use super::rules::{Family, Settings};
use crate::models::{self, Capability};
use crate::provider::{Adapter, Parameters};

/// The chat parameters that reach the provider with this model.
pub(super) fn supported(settings: &Settings, family: Family) -> Parameters {
    let provider = settings.provider;
    let mut set = provider.parameters;
    for (capability, names) in provider.conditional {
        if can(settings, *capability) {
            set = set.with(names);
        }
    }
    match provider.adapter {
        Adapter::OpenAi => openai(&settings.model, set, family),
        Adapter::Azure => azure(settings, set, family),
        Adapter::AzureAi => azure_ai(settings, set, family),
        Adapter::Xai => xai(&settings.model, set),
        Adapter::Together if reasons_at_together(&settings.model) => set.with(&["reasoning_effort"]),
        Adapter::Groq if is_groq_compound(&settings.model) => set.with(&["web_search_options"]),
        Adapter::Mistral if is_magistral(&settings.model) => set.with(&["thinking", "reasoning_effort"]),
        Adapter::Moonshot if settings.model.contains("kimi-thinking-preview") => set.without(&["tools", "tool_choice"]),
        _ if provider.name == "nvidia_nim" => nvidia(&settings.model, set),
        _ if provider.name == "github" && is_catalogued(&settings.model) => set.with(&["user"]),
        _ => set,
    }
}

fn can(settings: &Settings, capability: Capability) -> bool {
    let (provider, model) = (settings.provider.name, settings.model.as_str());
    match (provider, capability) {
        // Models of Fireworks that the map does not know are taken to call functions.
        ("fireworks_ai", Capability::FunctionCalling) => at_fireworks(model, capability) != Some(false),
        ("fireworks_ai", _) => at_fireworks(model, capability) == Some(true),
        _ => models::supports(provider, model, capability),
    }
}

fn openai(model: &str, set: Parameters, family: Family) -> Parameters {
    let name = model.rsplit_once("responses/").map_or(model, |(_, name)| name);
    let set = if is_catalogued(name) { set.with(&["user"]) } else { set };
    let set = if matches!(model, "gpt-3.5-turbo-16k" | "gpt-4") { set.without(&["response_format"]) } else { set };
    match family {
        Family::OSeries => o_series("openai", model, set),
        Family::Gpt5Search => GPT5_SEARCH,
        Family::Gpt5 => gpt5("openai", model, set),
        // A model that OpenAI does not sell is another server's: that server decides about reasoning.
        Family::Plain if !is_catalogued(model) => set.with(&["reasoning_effort"]),
        Family::Plain => set,
    }
}

const GPT5_SEARCH: Parameters = Parameters::of(&[
    "max_tokens",
    "max_completion_tokens",
    "stream",
    "stream_options",
    "web_search_options",
    "service_tier",
    "safety_identifier",
    "response_format",
    "user",
    "store",
    "verbosity",
]);
const SAMPLING: [&str; 5] = ["logprobs", "top_p", "presence_penalty", "frequency_penalty", "top_logprobs"];

fn o_series(provider: &str, model: &str, set: Parameters) -> Parameters {
    let mut set = set.with(&["reasoning_effort"]).without(&SAMPLING);
    if !models::supports(provider, model, Capability::FunctionCalling) {
        set = set.without(&["tools", "tool_choice", "function_call", "functions"]);
    }
    if !models::supports(provider, model, Capability::ParallelFunctionCalling) {
        set = set.without(&["parallel_tool_calls"]);
    }
    if !models::supports(provider, model, Capability::ResponseSchema) {
        set = set.without(&["response_format"]);
    }
    set
}

fn gpt5(provider: &str, model: &str, set: Parameters) -> Parameters {
    let mut set = set.with(&["reasoning_effort", "verbosity"]).without(&[
        "presence_penalty",
        "frequency_penalty",
        "stop",
        "logit_bias",
        "modalities",
        "prediction",
        "audio",
        "web_search_options",
    ]);
    if !models::supports(provider, model, Capability::ToolChoice) {
        set = set.without(&["tool_choice"]);
    }
    if !models::supports(provider, model, Capability::NoneEffort) {
        set = set.without(&["logprobs", "top_p", "top_logprobs"]);
    }
    set
}

/// Azure's list for the deployment's name and, where given, for its base model; the hint can only add.
fn azure(settings: &Settings, set: Parameters, family: Family) -> Parameters {
    let of = |model: &str| match family {
        Family::OSeries => azure_o_series(model),
        Family::Gpt5 | Family::Gpt5Search => azure_gpt5(model),
        Family::Plain => set,
    };
    let own = of(&settings.model);
    settings.base_model.as_deref().map_or(own, |base| own.union(of(base)))
}

fn azure_o_series(model: &str) -> Parameters {
    let set = openai_base(model).without(&SAMPLING);
    let known = models::find(model).is_some_and(|facts| facts.key == model);
    if known && !models::supports("azure", model, Capability::Reasoning) {
        set
    } else {
        set.with(&["reasoning_effort"])
    }
}

fn azure_gpt5(model: &str) -> Parameters {
    let name = azure_map_name(model);
    let set = gpt5("azure", &name, openai_base(model)).with(&["tool_choice"]);
    let last = model.rsplit('/').next().unwrap_or(model);
    let is_5_2 = last.starts_with("gpt-5.2") || last.starts_with("gpt-5.4");
    if is_5_2 {
        return set.with(&["logprobs", "top_logprobs"]);
    }
    set.without(&["logprobs", "top_logprobs"])
}

/// A deployment's routing name as the map writes it, without the provider.
pub(super) fn azure_map_name(model: &str) -> String {
    let name = model.strip_prefix("gpt5_series/").unwrap_or(model);
    name.strip_prefix("azure/").or_else(|| name.strip_prefix("azure_ai/")).unwrap_or(name).to_owned()
}

fn openai_base(model: &str) -> Parameters {
    let set = crate::provider::find("openai").map_or(Parameters::NONE, |provider| provider.parameters);
    if is_catalogued(model) { set.with(&["user"]) } else { set }
}

fn azure_ai(settings: &Settings, set: Parameters, family: Family) -> Parameters {
    let model = settings.model.as_str();
    let mut set = match family {
        Family::Gpt5 | Family::Gpt5Search => gpt5("azure_ai", model, set),
        _ if is_catalogued(model) => set.with(&["user"]),
        _ => set,
    };
    if !models::supports("azure_ai", model, Capability::ToolChoice) {
        set = set.without(&["tool_choice"]);
    }
    if model.contains("grok") { stopless(model, set) } else { set }
}

fn xai(model: &str, set: Parameters) -> Parameters {
    let set = stopless(model, set);
    let is_unpenalised = model.contains("grok-4") || model.contains("grok-code-fast");
    if is_unpenalised { set.without(&["frequency_penalty"]) } else { set }
}

/// Grok models that refuse stop words.
fn stopless(model: &str, set: Parameters) -> Parameters {
    let is_stopless = ["grok-3-mini", "grok-4", "grok-code-fast"].iter().any(|mark| model.contains(mark));
    if is_stopless { set.without(&["stop"]) } else { set }
}

/// Models of Together whose reasoning the map may not know (LiteLLM's lists).
fn reasons_at_together(model: &str) -> bool {
    const REASONING: [&str; 8] = [
        "openai/gpt-oss-120b",
        "openai/gpt-oss-20b",
        "MiniMaxAI/MiniMax-M3",
        "Qwen/Qwen3.5-9B",
        "Qwen/Qwen3.6-Plus",
        "moonshotai/Kimi-K3",
        "nvidia/nemotron-3-ultra-550b-a55b",
        "zai-org/GLM-5.2",
    ];
    REASONING.contains(&model)
        || model.starts_with("deepseek-ai/DeepSeek-V4-Pro")
        || models::supports("together_ai", model, Capability::Reasoning)
}

/// What the map says of a model of Fireworks, which it may list under its short or its whole name.
pub(super) fn at_fireworks(model: &str, capability: Capability) -> Option<bool> {
    let short = model.strip_prefix("accounts/fireworks/models/").unwrap_or(model);
    let names = [format!("fireworks_ai/{short}"), format!("fireworks_ai/accounts/fireworks/models/{short}")];
    names.iter().filter_map(|name| models::find(name)).find_map(|facts| facts.declares(capability))
}

/// Groq's models that search and compute by themselves.
pub(super) fn is_groq_compound(model: &str) -> bool {
    matches!(model, "compound" | "compound-mini")
}

pub(super) fn is_magistral(model: &str) -> bool {
    model.to_ascii_lowercase().contains("magistral")
}

/// The few models of NVIDIA NIM that take less.
fn nvidia(model: &str, set: Parameters) -> Parameters {
    const LITTLE: [&str; 6] = ["stream", "temperature", "top_p", "max_tokens", "stop", "seed"];
    match model {
        "google/recurrentgemma-2b" | "google/gemma-2-27b-it" | "google/gemma-2-9b-it" | "gemma-2-9b-it" => {
            Parameters::of(&LITTLE)
        }
        "nvidia/nemotron-4-340b-instruct" => {
            Parameters::of(&["stream", "temperature", "top_p", "max_tokens", "max_completion_tokens"])
        }
        "nvidia/nemotron-4-340b-reward" => Parameters::of(&["stream"]),
        "google/codegemma-1.1-7b" => {
            set.without(&["seed", "tools", "tool_choice", "parallel_tool_calls", "response_format"])
        }
        _ => set,
    }
}

/// Whether OpenAI itself sells the model, by the map.
pub(super) fn is_catalogued(model: &str) -> bool {
    let facts = models::find(model).filter(|facts| facts.key == model);
    facts.is_some_and(|facts| matches!(facts.provider, "openai" | "text-completion-openai"))
}

#[cfg(test)]
mod tests;
