//! Addresses of Bedrock: hosts by region, and what of a model's name stands in the path.
//!
//! As LiteLLM writes them: conversing escapes everything in the name, invoking only ARNs and models with a family's
//! prefix. Knows no key and no body.

use super::name;
use super::route::{Family, family};
use crate::dialect::{Mode, aws_suffix};
use crate::prepare::Settings;

/// Prefixes that tell a family of models under names of their own: they are no part of the path.
const FAMILY_PREFIXES: [(Family, &str); 6] = [
    (Family::Llama, "llama/"),
    (Family::DeepSeekR1, "deepseek_r1/"),
    (Family::OpenAi, "openai/"),
    (Family::Qwen2, "qwen2/"),
    (Family::Qwen3, "qwen3/"),
    (Family::Moonshot, "moonshot/"),
];

/// Where a model is conversed with.
pub(super) fn converse(settings: &Settings, mode: Mode) -> String {
    let given = settings.cloud.aws_bedrock_runtime_endpoint.as_deref().or(settings.api_base.as_deref());
    let endpoint = given.map_or_else(|| runtime(settings), str::to_owned);
    let ending = match mode {
        Mode::Whole => "converse",
        Mode::Streamed => "converse-stream",
    };
    format!("{endpoint}/model/{}/{ending}", conversed(settings))
}

/// Where a model is invoked.
pub(super) fn invoke(settings: &Settings, mode: Mode) -> String {
    let given = settings.api_base.as_deref().or(settings.cloud.aws_bedrock_runtime_endpoint.as_deref());
    let endpoint = given.map_or_else(|| runtime(settings), str::to_owned);
    let ending = match mode {
        Mode::Streamed if family(&settings.model) != Family::Ai21 => "invoke-with-response-stream",
        _ => "invoke",
    };
    format!("{endpoint}/model/{}/{ending}", invoked(settings))
}

/// Where a model embeds or paints.
pub(super) fn invoke_escaped(settings: &Settings) -> String {
    let given = settings.api_base.as_deref().or(settings.cloud.aws_bedrock_runtime_endpoint.as_deref());
    let endpoint = given.map_or_else(|| runtime(settings), str::to_owned);
    let name = name::split_region(name::without_prefixes(&settings.model)).1;
    format!("{endpoint}/model/{}/invoke", escape(settings.cloud.model_id.as_deref().unwrap_or(name)))
}

/// The host of the agents' runtime, which ranks documents.
pub(super) fn agent_runtime(settings: &Settings) -> String {
    let given = settings.api_base.as_deref().or(settings.cloud.aws_bedrock_runtime_endpoint.as_deref());
    given.map_or_else(|| host(settings, "bedrock-agent-runtime"), str::to_owned)
}

fn runtime(settings: &Settings) -> String {
    host(settings, "bedrock-runtime")
}

fn host(settings: &Settings, service: &str) -> String {
    service_host(service, &settings.cloud.aws_region)
}

/// The host of a service in a region.
pub(super) fn service_host(service: &str, region: &str) -> String {
    format!("https://{service}.{region}.{}", aws_suffix(region))
}

/// The model's part of a path for conversing.
fn conversed(settings: &Settings) -> String {
    if let Some(id) = &settings.cloud.model_id {
        return escape(id);
    }
    let model = settings.model.replace("converse/", "").replace("chat_completions/", "").replace("converse_like/", "");
    let name = name::split_region(&model).1;
    let bare = name.strip_prefix("nova-2/").or_else(|| name.strip_prefix("nova/"));
    escape(bare.unwrap_or(name))
}

/// The model's part of a path for invoking.
fn invoked(settings: &Settings) -> String {
    if let Some(id) = &settings.cloud.model_id {
        return escape(id);
    }
    let family = family(&settings.model);
    // A prefix that tells the family marks a name of the account's own, often an ARN.
    let prefix = FAMILY_PREFIXES.iter().find(|(own, _)| *own == family).map(|(_, prefix)| *prefix);
    let name = name::split_region(name::without_prefixes(&settings.model)).1;
    if name.starts_with("arn:") {
        return escape(name);
    }
    match prefix.filter(|prefix| name.contains(prefix)) {
        Some(prefix) => escape(&name.replace(prefix, "")),
        None => name.to_owned(),
    }
}

/// Percent-encodes everything but letters, digits and `_.-~`, as Python's `quote(…, safe="")`.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
