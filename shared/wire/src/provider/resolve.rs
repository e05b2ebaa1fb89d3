//! Which provider a configured model means: by its prefix, by a known host, or by a known name.
//!
//! LiteLLM's `get_llm_provider`. Knows no key and reads no environment.

use super::url::{host, path};
use super::{Provider, find};
use crate::models::{self, Facts};

/// A provider and the name by which it knows the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    pub provider: &'static Provider,
    pub model: String,
}

/// No provider could be told from the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// LiteLLM's words, which its users search for.
    #[error(
        "LLM Provider NOT provided. Pass in the LLM provider you are trying to call. You passed model={model}\n \
         Pass model as E.g. For 'Huggingface' inference endpoints pass in `completion(model='huggingface/starcoder',..)` \
         Learn more: https://docs.litellm.ai/docs/providers"
    )]
    NoProvider { model: String },
    #[error("provider `{name}` is unknown: see the table of providers for the names")]
    UnknownProvider { name: String },
}

/// Addresses by which LiteLLM recognises a provider when the model has no prefix: host, path, provider.
static ENDPOINTS: &[(&str, &str, &str)] = &[
    ("api.perplexity.ai", "", "perplexity"),
    ("api.endpoints.anyscale.com", "/v1", "anyscale"),
    ("api.deepinfra.com", "/v1/openai", "deepinfra"),
    ("api.mistral.ai", "/v1", "mistral"),
    ("codestral.mistral.ai", "/v1/chat/completions", "codestral"),
    ("codestral.mistral.ai", "/v1/fim/completions", "text-completion-codestral"),
    ("api.groq.com", "/openai/v1", "groq"),
    ("integrate.api.nvidia.com", "/v1", "nvidia_nim"),
    ("api.getnadir.com", "/v1", "nadir"),
    ("api.deepseek.com", "/v1", "deepseek"),
    ("api.together.ai", "/v1", "together_ai"),
    ("api.together.xyz", "/v1", "together_ai"),
    ("app.empower.dev", "/api/v1", "empower"),
    ("api.friendli.ai", "/serverless/v1", "friendliai"),
    ("api.sambanova.ai", "/v1", "sambanova"),
    ("api.x.ai", "/v1", "xai"),
    ("ollama.com", "", "ollama"),
    ("api.galadriel.ai", "/v1", "galadriel"),
    ("api.llama.com", "/compat/v1", "meta_llama"),
    ("api.featherless.ai", "/v1", "featherless_ai"),
    ("inference.api.nscale.com", "/v1", "nscale"),
    ("api.studio.nebius.ai", "/v1", "nebius"),
    ("dashscope-intl.aliyuncs.com", "/compatible-mode/v1", "dashscope"),
    ("dashscope.aliyuncs.com", "/compatible-mode/v1", "dashscope"),
    ("api-inference.modelscope.cn", "/v1", "modelscope"),
    ("api.moonshot.ai", "/v1", "moonshot"),
    ("api.publicai.co", "/v1", "publicai"),
    ("api.synthetic.new", "/openai/v1", "synthetic"),
    ("serverless.tensormesh.ai", "/v1", "tensormesh"),
    ("api.stima.tech", "/v1", "apertis"),
    ("nano-gpt.com", "/api/v1", "nano-gpt"),
    ("api.poe.com", "/v1", "poe"),
    ("llm.chutes.ai", "/v1", "chutes"),
    ("api.v0.dev", "/v1", "v0"),
    ("api.morphllm.com", "/v1", "morph"),
    ("api.lambda.ai", "/v1", "lambda_ai"),
    ("api.inceptionlabs.ai", "/v1", "inception"),
    ("api.hyperbolic.xyz", "/v1", "hyperbolic"),
    ("ai-gateway.helicone.ai", "", "helicone"),
    ("ai-gateway.vercel.sh", "/v1", "vercel_ai_gateway"),
    ("api.edenai.run", "/v3", "edenai"),
    ("api.inference.wandb.ai", "/v1", "wandb"),
    ("api.clarifai.com", "/v2/ext/openai/v1", "clarifai"),
    ("api.libertai.io", "/v1", "libertai"),
    ("pinstripes.io", "/v1", "pinstripes"),
    ("api.meta.ai", "/v1", "meta"),
    ("api.sailresearch.com", "/v1", "sail"),
    ("api.cognition.ai", "/v1", "cognition"),
    ("api.cortecs.ai", "/v1", "cortecs"),
    ("api.scx.ai", "/v1", "scx-ai"),
    ("api.prisminference.com", "/v1", "prism"),
    ("api.reka.ai", "/v1", "reka"),
    ("gigachat.devices.sberbank.ru", "/api/v1", "gigachat"),
];

/// The provider of `model` as a deployment writes it.
///
/// Only the first segment of the name is taken off (`groq/openai/gpt-oss` → `openai/gpt-oss`).
///
/// # Errors
/// Where neither prefix nor address nor name tells a provider.
pub fn resolve(model: &str, custom_llm_provider: Option<&str>, api_base: Option<&str>) -> Result<Resolved, Unresolved> {
    if let Some(name) = custom_llm_provider.filter(|name| !name.is_empty()) {
        let provider = find(name).ok_or_else(|| Unresolved::UnknownProvider { name: name.to_owned() })?;
        return Ok(as_provider(provider, own_name(provider, model), api_base));
    }
    if let Some((prefix, rest)) = model.split_once('/')
        && let Some(provider) = find(prefix)
    {
        // Azure serves Cohere and Mistral models too, over OpenAI's wire and under the full name.
        if prefix == "azure" && is_foreign_azure_model(rest) {
            return named("openai", model);
        }
        return Ok(as_provider(provider, openrouter_name(provider, model, rest), api_base));
    }
    if let Some(name) = api_base.and_then(endpoint) {
        return named(name, model);
    }
    match by_name(model) {
        Some(name) => named(name, model),
        None => Err(Unresolved::NoProvider { model: model.to_owned() }),
    }
}

fn named(name: &str, model: &str) -> Result<Resolved, Unresolved> {
    let provider = find(name).ok_or_else(|| Unresolved::UnknownProvider { name: name.to_owned() })?;
    Ok(Resolved { provider, model: model.to_owned() })
}

/// The model's name without the provider's prefix, where it has it.
fn own_name<'a>(provider: &Provider, model: &'a str) -> &'a str {
    let rest = model.strip_prefix(provider.name).and_then(|rest| rest.strip_prefix('/'));
    rest.map_or(model, |rest| openrouter_name(provider, model, rest))
}

/// OpenRouter's own routers (`openrouter/auto`) keep their prefix: it is part of the name.
fn openrouter_name<'a>(provider: &Provider, model: &'a str, rest: &'a str) -> &'a str {
    let is_router = provider.name == "openrouter" && !rest.contains('/');
    if is_router { model } else { rest }
}

/// Providers that hand some of their models to another row.
fn as_provider(provider: &'static Provider, model: &str, api_base: Option<&str>) -> Resolved {
    let other = match provider.name {
        "cohere" if owner_is(model, "cohere_chat") => Some("cohere_chat"),
        "anthropic" if is_anthropic_text(model) => Some("anthropic_text"),
        "azure_ai" if is_azure_openai(model, api_base) => Some("azure"),
        "ai21" if owner_is(model, "ai21") => Some("ai21_chat"),
        _ => None,
    };
    Resolved { provider: other.and_then(find).unwrap_or(provider), model: model.to_owned() }
}

fn owner_is(model: &str, owner: &str) -> bool {
    models::find(model).is_some_and(|facts| facts.provider == owner && facts.key == model)
}

fn is_anthropic_text(model: &str) -> bool {
    matches!(model, "claude-2" | "claude-instant-1")
}

fn is_foreign_azure_model(model: &str) -> bool {
    owner_is(model, "cohere_chat")
        || models::find(&format!("mistral/{model}")).is_some_and(|facts| facts.mode == "chat")
}

/// An OpenAI model behind an `azure_ai` deployment whose address is not Foundry's model interface.
fn is_azure_openai(model: &str, api_base: Option<&str>) -> bool {
    let Some(base) = api_base else { return false };
    let is_foundry = host(base).ends_with(".services.ai.azure.com") && !path(base).contains("/openai/deployments");
    let name = model.split_once('/').map_or(model, |(_, rest)| rest);
    let owner = models::find(name).filter(|facts| facts.key == name).map(|facts| facts.provider);
    !is_foundry && matches!(owner, Some("openai" | "text-completion-openai"))
}

/// Compares hosts and whole path segments, so that no foreign host can borrow a provider's key.
fn endpoint(api_base: &str) -> Option<&'static str> {
    let (host, path) = (host(api_base), path(api_base));
    let matches = |expected: &str| {
        expected.is_empty() || path.strip_prefix(expected).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    ENDPOINTS.iter().find(|row| row.0 == host && matches(row.1)).map(|row| row.2)
}

/// The provider of a bare model name: from the model map, else from LiteLLM's rules for unknown names.
fn by_name(model: &str) -> Option<&'static str> {
    let is_tuned = model.contains("ft:gpt-3.5-turbo") || model.contains("ft:gpt-4");
    let is_image = model.starts_with("gpt-image") || matches!(model, "dall-e-2" | "dall-e-3");
    if is_tuned || is_image || model == "*" {
        return Some("openai");
    }
    let owner = models::find(model).filter(|facts| facts.key == model).and_then(|facts| prefix_of(&facts));
    owner.or_else(|| by_shape(model))
}

fn prefix_of(facts: &Facts<'static>) -> Option<&'static str> {
    let owner = facts.provider;
    match owner {
        "ai21" => Some("ai21_chat"),
        "bedrock_converse" => Some("bedrock"),
        "openai"
        | "text-completion-openai"
        | "anthropic"
        | "cohere"
        | "cohere_chat"
        | "bedrock"
        | "nlp_cloud"
        | "watsonx"
        | "replicate"
        | "openrouter"
        | "maritalk"
        | "aleph_alpha" => Some(owner),
        _ if owner.starts_with("vertex_ai") => Some("vertex_ai"),
        _ => None,
    }
}

/// Claude models that are newer than the map (LiteLLM's routing generalisations).
fn by_shape(model: &str) -> Option<&'static str> {
    let lower = model.to_ascii_lowercase();
    let after_region = lower.split_once('.').filter(|(region, _)| {
        !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    });
    let is_bedrock = lower.starts_with("anthropic.claude-")
        || after_region.is_some_and(|(_, rest)| rest.starts_with("anthropic.claude-"));
    if is_bedrock {
        return Some("bedrock");
    }
    let family = lower.strip_prefix("claude-")?;
    let (name, version) = family.split_once('-')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut numbers = version.split(['-', '.']);
    let is_version = numbers.clone().count() <= 3
        && numbers.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    (is_name && is_version).then_some("anthropic")
}

/// The deployment's own name: `o_series/` and `gpt5_series/` only say which rules apply.
pub(super) fn without_azure_route(model: &str) -> &str {
    let rest = model.strip_prefix("o_series/").or_else(|| model.strip_prefix("gpt5_series/"));
    rest.unwrap_or(model)
}

#[cfg(test)]
mod tests;
