//! Names of Bedrock's models: what of them is LiteLLM's routing, what is a region, and what AWS knows.
//!
//! LiteLLM's rules (`BedrockModelInfo`). Knows no route, no address and no fact of a model.

/// Routing prefixes, in the order in which LiteLLM takes them off; each is taken off once.
const PREFIXES: [&str; 8] =
    ["bedrock/", "chat_completions/", "converse/", "invoke/", "openai/", "mantle/", "nova-2/", "nova/"];
/// Regions that may stand before a model's name (`us-east-1/anthropic.claude-v2`).
const REGIONS: [&str; 23] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "eu-north-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "sa-east-1",
];
/// Areas of cross-region inference (`us.anthropic.claude-…`).
const AREAS: [&str; 7] = ["global", "us", "eu", "apac", "jp", "au", "us-gov"];

/// The name without LiteLLM's prefixes.
pub(super) fn without_prefixes(model: &str) -> &str {
    PREFIXES.iter().fold(model, |name, prefix| name.strip_prefix(prefix).unwrap_or(name))
}

/// The region before a name, and the name behind it.
pub(super) fn split_region(model: &str) -> (Option<&str>, &str) {
    match model.split_once('/') {
        Some((region, rest)) if REGIONS.contains(&region) => (Some(region), rest),
        _ => (None, model),
    }
}

/// The region that a deployment's name of its model tells, as in `bedrock/eu-west-3/anthropic.claude-v2`.
///
/// `model` is the name at the provider. Requests go to this region and are signed for it, unless the deployment says
/// otherwise (LiteLLM's order).
pub fn region_in_name(model: &str) -> Option<&str> {
    split_region(without_prefixes(model)).0
}

/// The model's own name, under which it is known in the model map: without prefixes, region and area.
pub(super) fn base(model: &str) -> &str {
    let bare = ["bedrock/converse/", "bedrock/", "converse/"].iter().find_map(|prefix| model.strip_prefix(prefix));
    let bare = bare.unwrap_or(model);
    if bare.starts_with("nova-2/") {
        return "amazon.nova-2-custom";
    }
    if bare.starts_with("nova/") {
        return "amazon.nova-custom";
    }
    let name = without_throughput(last_of_arn(without_prefixes(model)));
    match name.split_once('.') {
        Some((area, rest)) if AREAS.contains(&area) => rest,
        _ => split_region(name).1,
    }
}

/// The last segment of an ARN, which for some of them is a model's name.
fn last_of_arn(model: &str) -> &str {
    if model.to_ascii_lowercase().contains("arn") { model.rsplit('/').next().unwrap_or(model) } else { model }
}

/// Takes off what tells a throughput (`:0:51k` → `:0`) or a window of context (`[1m]`).
fn without_throughput(model: &str) -> &str {
    let name = match model.rsplit_once(':') {
        Some((rest, tier)) if is_tier(tier) && ends_with_number(rest) => rest,
        _ => model,
    };
    match name.strip_suffix(']').and_then(|open| open.rsplit_once('[')) {
        Some((rest, window)) if !window.is_empty() && window.bytes().all(is_word) => rest,
        _ => name,
    }
}

fn is_tier(text: &str) -> bool {
    text.strip_suffix('k').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn ends_with_number(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(_, last)| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
