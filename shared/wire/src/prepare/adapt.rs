//! The quirks of single providers: which translation belongs to which [`Adapter`].
//!
//! One file a provider where there is more to do than a line. Knows no address.

mod azure;
mod databricks;
mod deepinfra;
mod deepseek;
mod fireworks;
mod groq;
mod mistral;
mod moonshot;
mod openai;
mod openrouter;
mod small;
mod together;
mod vllm;

use serde_json::Value;

use super::Refusal;
use super::call::Call;
use super::rules::{Family, Rules};
use crate::provider::Adapter;

/// Translates parameters, after those that the provider does not know are gone.
pub(super) use openai::response_of_gpt5;

pub(super) fn parameters(call: &mut Call<'_, '_>) -> Result<(), Refusal> {
    match call.rules.provider().adapter {
        Adapter::OpenAi | Adapter::AzureAi => openai::parameters(call),
        Adapter::Azure => azure::parameters(call),
        Adapter::Databricks => databricks::parameters(call),
        Adapter::DeepInfra => deepinfra::parameters(call),
        Adapter::DeepSeek => deepseek::parameters(call),
        Adapter::Fireworks => fireworks::parameters(call),
        Adapter::Groq => groq::parameters(call),
        Adapter::LmStudio => small::lm_studio(call),
        Adapter::MetaLlama => small::meta_llama(call),
        Adapter::Mistral => mistral::parameters(call),
        Adapter::Moonshot => moonshot::parameters(call),
        Adapter::OpenRouter => openrouter::parameters(call),
        Adapter::ScxAi => small::scx_ai(call),
        Adapter::Tencent => small::tencent(call),
        Adapter::Together => together::parameters(call),
        Adapter::Vllm => vllm::parameters(call),
        Adapter::Volcengine => small::volcengine(call),
        Adapter::Xai => small::xai(call),
        Adapter::Plain | Adapter::Clarifai | Adapter::EdenAi | Adapter::LiteLlmProxy => Ok(()),
    }
}

/// Translates messages that have been parsed.
pub(super) fn messages(call: &mut Call<'_, '_>, messages: &mut Vec<Value>) -> Result<(), Refusal> {
    match call.rules.provider().adapter {
        Adapter::OpenAi | Adapter::Azure if call.rules.family == Family::OSeries => {
            openai::o_series_messages(call.rules, messages);
        }
        Adapter::Azure => azure::messages(messages),
        Adapter::AzureAi => azure::foundry_messages(messages),
        Adapter::Databricks => databricks::messages(call.rules, messages),
        Adapter::DeepSeek => deepseek::messages(call, messages),
        Adapter::Fireworks => return fireworks::messages(call.rules, messages),
        Adapter::Groq => small::drop_nulls_of_assistant(messages),
        Adapter::Mistral => mistral::messages(call, messages),
        Adapter::Moonshot => moonshot::messages(call, messages),
        Adapter::OpenRouter => openrouter::messages(call.rules, messages),
        Adapter::Together => small::drop_internal_fields(messages),
        Adapter::Vllm => vllm::messages(messages),
        Adapter::Xai => small::drop_names(messages),
        _ => {}
    }
    Ok(())
}

/// Translates messages after the rules of OpenAI's wire have been applied to them.
pub(super) fn messages_after(rules: &Rules, messages: &mut [Value]) {
    if rules.provider().adapter == Adapter::DeepInfra {
        deepinfra::messages(messages);
    }
}

/// What is to be done once everything else has been: fields that every request of the provider carries.
pub(super) fn last(call: &mut Call<'_, '_>) {
    match call.rules.provider().adapter {
        Adapter::EdenAi | Adapter::Fireworks if call.prepared.upstream_stream => call.ask_for_usage(),
        Adapter::OpenRouter => openrouter::last(call),
        _ => {}
    }
}

/// Texts in the messages that make a translation necessary; an empty one matches any message.
pub(super) fn message_marks(rules: &Rules) -> &'static [&'static str] {
    match rules.provider().adapter {
        Adapter::OpenAi | Adapter::Azure if rules.family == Family::OSeries => &["\"system\""],
        Adapter::Azure => &["\"function_call\""],
        Adapter::AzureAi => &[
            "\"text\"",
            "\"thinking_blocks\"",
            "\"reasoning_content\"",
            "\"provider_specific_fields\"",
            "\"cache_control\"",
        ],
        Adapter::Databricks => &[""],
        Adapter::Mistral => &["\"assistant\"", "\"name\"", "\"type\"", "\"search_results\"", "null", "\"\""],
        Adapter::DeepInfra => &["\"tool\""],
        Adapter::DeepSeek => &["\"text\"", "\"search_results\""],
        Adapter::Fireworks => &["\"file\"", "\"image_url\"", "\"provider_specific_fields\"", "\"thinking_blocks\""],
        Adapter::Groq => &["null"],
        Adapter::OpenRouter => &["\"cache_control\""],
        Adapter::Together => &["\"thinking_blocks\"", "\"provider_specific_fields\""],
        Adapter::Vllm => &["\"assistant\"", "\"file\""],
        Adapter::Xai => &["\"name\""],
        _ => &[],
    }
}

/// Whether the parameters alone make a translation of the messages necessary.
pub(super) fn forces_messages(call: &Call<'_, '_>) -> bool {
    match call.rules.provider().adapter {
        Adapter::DeepSeek => deepseek::thinks(call),
        Adapter::Mistral => call.adds_reasoning_prompt,
        Adapter::Moonshot => moonshot::forces_messages(call),
        _ => false,
    }
}

/// Whether the messages follow OpenAI's rules for images, files and tool answers.
pub(super) fn is_openai_shaped(rules: &Rules) -> bool {
    !matches!(rules.provider().adapter, Adapter::LiteLlmProxy | Adapter::AzureAi)
}

/// Whether OpenAI's check of tool schemas stands behind the address.
pub(super) fn checks_schemas(rules: &Rules) -> bool {
    matches!(rules.provider().adapter, Adapter::OpenAi | Adapter::Azure)
}

/// Whether unions at the top of a tool's schema are flattened: not for other servers of OpenAI's wire.
pub(super) fn flattens_schemas(rules: &Rules) -> bool {
    rules.provider().adapter == Adapter::Azure || rules.is_hosted_by_openai()
}
