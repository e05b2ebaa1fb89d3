//! What a Claude model can do at its host.
//!
//! LiteLLM's model map first, then its rules for versions that the map does not know yet
//! (`fallback_generalizations`). Knows no request.

use std::borrow::Cow;

use super::host::Host;
use crate::models::{self, Capability};

/// What the map says beyond the columns of [`models`]; see `data/generate_claude.py`.
static CLAUDE: &str = include_str!("../../../data/claude.tsv");

/// Schemas are followed this deep.
pub(super) const SCHEMA_DEPTH_MAX: usize = 64;

/// A question about a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ability {
    Reasoning,
    /// Decides itself how much to think.
    AdaptiveThinking,
    /// Does so, and still takes a budget.
    LegacyThinking,
    /// Cannot be told not to think.
    AlwaysThinks,
    /// Keeps to a JSON schema by itself.
    NativeSchema,
    /// Takes system messages within the conversation.
    MidConversationSystem,
    /// Takes `output_config`.
    OutputConfig,
    ExtraHighEffort,
    MaxEffort,
    LowEffort,
    MinimalEffort,
    ToolSearch,
}

impl Ability {
    const fn capability(self) -> Option<Capability> {
        Some(match self {
            Self::Reasoning => Capability::Reasoning,
            Self::AdaptiveThinking => Capability::AdaptiveThinking,
            Self::LegacyThinking => Capability::LegacyThinking,
            Self::NativeSchema => Capability::NativeStructuredOutput,
            Self::MidConversationSystem => Capability::MidConversationSystem,
            Self::ExtraHighEffort => Capability::ExtraHighEffort,
            Self::MaxEffort => Capability::MaxEffort,
            Self::LowEffort => Capability::LowEffort,
            Self::MinimalEffort => Capability::MinimalEffort,
            Self::AlwaysThinks | Self::OutputConfig | Self::ToolSearch => return None,
        })
    }

    const fn letter(self) -> Option<u8> {
        match self {
            Self::AlwaysThinks => Some(b'A'),
            Self::OutputConfig => Some(b'C'),
            Self::ToolSearch => Some(b'T'),
            _ => None,
        }
    }

    /// LiteLLM's rules for Claude models that the map says nothing of.
    fn by_rule(self, model: &str) -> bool {
        let at_least = |minor: u32| version(model).is_some_and(|version| version >= (4, minor));
        match self {
            Self::Reasoning => version(model).is_some(),
            Self::AdaptiveThinking => at_least(6),
            Self::LegacyThinking => version(model) == Some((4, 6)),
            Self::MidConversationSystem => at_least(8),
            Self::ToolSearch => at_least(5),
            Self::AlwaysThinks => model.contains("claude-fable-") || model.contains("claude-mythos-"),
            _ => false,
        }
    }
}

/// Whether the model can do this at its host (LiteLLM's `_supports_model_capability`).
pub(super) fn can(host: Host, model: &str, ability: Ability) -> bool {
    let names = names(model);
    let own = names.iter().find_map(|name| declared_by_host(host, name, ability));
    own.unwrap_or_else(|| {
        ability.by_rule(&model.to_ascii_lowercase())
            || names.iter().find_map(|name| declared(name, ability)).unwrap_or_default()
    })
}

/// Whether the model keeps to a JSON schema by itself. LiteLLM believes Vertex AI's own entries alone.
pub(super) fn keeps_schemas(host: Host, model: &str) -> bool {
    match host {
        Host::Vertex => declared_by_host(host, model, Ability::NativeSchema) == Some(true),
        _ => can(host, model, Ability::NativeSchema),
    }
}

/// Whether the model takes `output_config.effort` at all.
pub(super) fn takes_effort(host: Host, model: &str) -> bool {
    use Ability::{ExtraHighEffort, LowEffort, MaxEffort, MinimalEffort, OutputConfig};
    [OutputConfig, ExtraHighEffort, MaxEffort, LowEffort, MinimalEffort]
        .iter()
        .any(|ability| can(host, model, *ability))
}

/// Whether `temperature`, `top_p` and `top_k` are taken.
pub(super) fn takes_sampling(model: &str) -> bool {
    const WITHOUT: [&str; 9] =
        ["fable", "opus-4-7", "opus_4_7", "opus-4.7", "opus_4.7", "opus-4-8", "opus_4_8", "opus-4.8", "opus_4.8"];
    let declared = names(model).iter().find_map(|name| models::find(name)?.declares(Capability::SamplingParameters));
    let lower = || model.to_ascii_lowercase();
    declared.unwrap_or_else(|| !WITHOUT.iter().any(|mark| lower().contains(mark)))
}

/// Whether the model refuses to be forced to call a tool.
pub(super) fn refuses_forced_tools(model: &str) -> bool {
    names(model).iter().find_map(|name| flag(name, b'F')) == Some(false)
}

/// Whether Anthropic itself serves the model in its fast mode.
pub(super) fn takes_speed(host: Host, model: &str) -> bool {
    host == Host::Anthropic && flag(model, b'S') == Some(true)
}

/// Whether Bedrock keeps the model's cache for an hour.
pub(super) fn caches_for_an_hour(model: &str) -> bool {
    names(model).iter().any(|name| flag(name, b'H') == Some(true))
}

/// The highest effort that Bedrock takes for the model.
pub(super) fn effort_ceiling(model: &str) -> Option<&'static str> {
    let lines = names(model);
    let mut lines = lines.iter().filter_map(|name| models::find_line(CLAUDE, name));
    lines.find_map(|line| line.split('\t').nth(2).filter(|ceiling| !ceiling.is_empty()))
}

/// The longest answer, where the map knows the model by exactly this name.
pub(super) fn max_output_tokens(model: &str) -> u64 {
    const UNKNOWN: u64 = 4_096;
    let facts = models::find(model);
    facts.and_then(|facts| facts.max_output_tokens().or_else(|| facts.max_tokens())).unwrap_or(UNKNOWN)
}

fn declared_by_host(host: Host, name: &str, ability: Ability) -> Option<bool> {
    match ability.capability() {
        Some(capability) => models::lookup(host.provider(), name)?.declares(capability),
        None => {
            let key = models::lookup(host.provider(), name)?.key;
            ability.letter().and_then(|letter| flag(key, letter))
        }
    }
}

fn declared(name: &str, ability: Ability) -> Option<bool> {
    match (ability.capability(), ability.letter()) {
        (Some(capability), _) => models::find(name)?.declares(capability),
        (None, Some(letter)) => flag(name, letter),
        (None, None) => None,
    }
}

fn flag(name: &str, letter: u8) -> Option<bool> {
    let flags = models::find_line(CLAUDE, name)?.split('\t').nth(1)?;
    let found = flags.bytes().find(|byte| byte.eq_ignore_ascii_case(&letter))?;
    Some(found == letter)
}

/// Names under which the map may know the model: as it is, without route and region, without version and date.
fn names(model: &str) -> Vec<Cow<'_, str>> {
    let mut names = vec![Cow::Borrowed(model)];
    let mut add = |name: Cow<'static, str>| {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    };
    let bare = ["bedrock/", "vertex_ai/"].iter().find_map(|prefix| model.strip_prefix(prefix)).unwrap_or(model);
    let bare = ["converse/", "invoke/"].iter().find_map(|prefix| bare.strip_prefix(prefix)).unwrap_or(bare);
    let base = without_region(bare);
    for name in [bare, base] {
        let plain = without_version(name);
        let undated = without_date(plain);
        for short in [name, plain, undated, name.rsplit_once('@').map_or(name, |(name, _)| name)] {
            add(Cow::Owned(short.to_owned()));
        }
        add(Cow::Owned(hyphenated(undated)));
    }
    names
}

/// `us-west-2/us.anthropic.claude-…` → `anthropic.claude-…`.
fn without_region(model: &str) -> &str {
    const REGIONS: [&str; 8] = ["global.", "us.", "eu.", "apac.", "jp.", "au.", "us-gov.", "ca."];
    let name = model.rsplit('/').next().unwrap_or(model);
    REGIONS.iter().find_map(|region| name.strip_prefix(region)).unwrap_or(name)
}

/// Without `-v1:0`, `-v1` or `:0` at the end.
fn without_version(name: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let name = name.rsplit_once(':').filter(|(_, minor)| is_number(minor)).map_or(name, |(name, _)| name);
    name.rsplit_once("-v").filter(|(_, major)| is_number(major)).map_or(name, |(name, _)| name)
}

/// Without `-20250929` at the end.
fn without_date(name: &str) -> &str {
    let is_date = |text: &str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    name.rsplit_once('-').filter(|(_, date)| is_date(date)).map_or(name, |(name, _)| name)
}

/// `claude-sonnet-4.5` → `claude-sonnet-4-5`.
fn hyphenated(name: &str) -> String {
    let bytes = name.as_bytes();
    let is_digit = |place: Option<usize>| place.and_then(|place| bytes.get(place)).is_some_and(u8::is_ascii_digit);
    let swap = |(place, character)| {
        let is_between = character == '.' && is_digit(usize::checked_sub(place, 1)) && is_digit(Some(place + 1));
        if is_between { '-' } else { character }
    };
    name.char_indices().map(swap).collect()
}

/// Major and minor version of a name that holds `claude-<family>-<major>`: versions from 4.0 to 9.99, no dates.
fn version(model: &str) -> Option<(u32, u32)> {
    model.match_indices("claude-").find_map(|(place, mark)| version_after(&model[place + mark.len()..]))
}

fn version_after(rest: &str) -> Option<(u32, u32)> {
    let (family, rest) = rest.split_once('-')?;
    let is_family = !family.is_empty() && family.bytes().all(|byte| byte.is_ascii_lowercase());
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let major: u32 = rest.get(..digits(rest)).filter(|text| is_family && text.len() == 1)?.parse().ok()?;
    let minor = rest.get(1..).and_then(|rest| rest.strip_prefix(['-', '.', '_'])).unwrap_or_default();
    let length = digits(minor);
    let minor = if length <= 2 { minor[..length].parse().unwrap_or(0) } else { 0 };
    (4..=9).contains(&major).then_some((major, minor))
}
