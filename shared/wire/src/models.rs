//! What is known of a model: its provider, its limits, its prices and what it can do.
//!
//! The facts are LiteLLM's model map (`data/README.md`), searched in place: nothing is parsed at start.
//! Knows no deployment and decides nothing.

mod families;

use std::cmp::Ordering;

use crate::prices::Prices;

/// One line a model, sorted by lower-cased name; the columns are those of `data/generate.py`.
pub(crate) static TABLE: &str = include_str!("../data/models.tsv");
const COLUMNS: usize = 11;

/// Something that a model may be able to do; LiteLLM's `supports_…` flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Capability {
    FunctionCalling = b'F',
    ToolChoice = b'T',
    ParallelFunctionCalling = b'P',
    ResponseSchema = b'R',
    Vision = b'V',
    SystemMessages = b'S',
    PromptCaching = b'C',
    Reasoning = b'E',
    WebSearch = b'W',
    NoneEffort = b'N',
    MinimalEffort = b'I',
    LowEffort = b'L',
    ExtraHighEffort = b'X',
    MaxEffort = b'M',
    PdfInput = b'D',
    AudioInput = b'A',
    AudioOutput = b'B',
    AdaptiveThinking = b'O',
    LegacyThinking = b'U',
    AnthropicThinkingPayload = b'H',
    NativeStructuredOutput = b'Y',
    NativeStreaming = b'J',
    AssistantPrefill = b'Z',
    MidConversationSystem = b'K',
    SamplingParameters = b'G',
}

/// One line of the map.
///
/// Numbers are absent where the map says nothing. Costs are USD per token, limits are tokens; all prices are in
/// [`prices`](Self::prices).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The map's own spelling of the name that was found.
    pub key: &'a str,
    /// LiteLLM's `litellm_provider`, which is finer than its prefixes (`vertex_ai-anthropic_models`).
    pub provider: &'a str,
    /// `chat`, `embedding`, `completion`, `image_generation`, `responses`, …; empty where unknown.
    pub mode: &'a str,
    columns: [&'a str; COLUMNS],
}

impl<'a> Facts<'a> {
    pub(crate) fn new(line: &'a str) -> Self {
        let mut columns = [""; COLUMNS];
        for (column, text) in columns.iter_mut().zip(line.split('\t')) {
            *column = text;
        }
        Self { key: columns[0], provider: columns[1], mode: columns[2], columns }
    }

    /// Longest prompt that the model reads.
    pub fn max_input_tokens(&self) -> Option<u64> {
        whole(self.columns[3])
    }

    /// Longest answer that the model gives.
    pub fn max_output_tokens(&self) -> Option<u64> {
        whole(self.columns[4])
    }

    /// The older limit that `max_output_tokens` replaced; some entries have only this one.
    pub fn max_tokens(&self) -> Option<u64> {
        whole(self.columns[5])
    }

    /// All prices.
    pub fn prices(&self) -> Prices {
        Prices::parse(self.columns[6])
    }

    /// Price of a prompt token.
    pub fn input_cost_per_token_usd(&self) -> Option<f64> {
        self.rate_usd("i=")
    }

    /// Price of an answer token.
    pub fn output_cost_per_token_usd(&self) -> Option<f64> {
        self.rate_usd("o=")
    }

    /// Price of a prompt token that the provider had cached.
    pub fn cache_read_cost_per_token_usd(&self) -> Option<f64> {
        self.rate_usd("r=")
    }

    /// Price of a prompt token that the provider puts into its cache.
    pub fn cache_write_cost_per_token_usd(&self) -> Option<f64> {
        self.rate_usd("w=")
    }

    fn rate_usd(&self, code: &str) -> Option<f64> {
        self.columns[6].split(' ').find_map(|word| word.strip_prefix(code))?.parse().ok()
    }

    /// The day on which the provider takes the model away: `2027-05-20`.
    pub fn deprecation_date(&self) -> Option<&'a str> {
        Some(self.columns[10]).filter(|date| !date.is_empty())
    }

    /// What the map declares: yes, no, or nothing.
    pub fn declares(&self, capability: Capability) -> Option<bool> {
        let letter = capability as u8;
        let found = self.columns[7].bytes().find(|byte| byte.eq_ignore_ascii_case(&letter))?;
        Some(found == letter)
    }

    /// The reasoning efforts that the map lists, in its order.
    pub fn efforts(&self) -> impl Iterator<Item = &'a str> {
        self.columns[8].split(',').filter(|effort| !effort.is_empty())
    }

    /// The effort of a call that names none, where the map declares it.
    pub fn default_effort(&self) -> Option<&'a str> {
        Some(self.columns[9]).filter(|effort| !effort.is_empty())
    }
}

/// A limit; the map writes a few of them as `128000.0`.
fn whole(text: &str) -> Option<u64> {
    text.split('.').next().and_then(|digits| digits.parse().ok())
}

/// The map's line for exactly this name, upper and lower case being one.
pub fn find(name: &str) -> Option<Facts<'static>> {
    find_line(TABLE, name).map(Facts::new)
}

/// The line whose first column is this name, of a table that is sorted by it, upper and lower case being one.
pub(crate) fn find_line<'t>(table: &'t str, name: &str) -> Option<&'t str> {
    let (mut low, mut high) = (0, table.len());
    while low < high {
        let (start, end) = line_around(table, low, high, low + (high - low) / 2);
        let line = &table[start..end];
        let key = line.split('\t').next().unwrap_or_default();
        match compare_ignoring_case(key, name) {
            Ordering::Equal => return Some(line),
            Ordering::Less => low = (end + 1).min(high),
            Ordering::Greater => high = start,
        }
    }
    None
}

/// The line of the table that holds the byte at `middle`, without its newline.
fn line_around(table: &str, low: usize, high: usize, middle: usize) -> (usize, usize) {
    let bytes = table.as_bytes();
    let start = memchr::memrchr(b'\n', &bytes[low..middle]).map_or(low, |place| low + place + 1);
    let end = memchr::memchr(b'\n', &bytes[middle..high]).map_or(high, |place| middle + place);
    (start, end)
}

pub(crate) fn compare_ignoring_case(left: &str, right: &str) -> Ordering {
    let left = left.bytes().map(|byte| byte.to_ascii_lowercase());
    left.cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// The facts of a model as `provider` serves it, found the way LiteLLM looks: `provider/model`, `model`,
/// the same without a date or fine-tune suffix, then `provider/provider/model`.
///
/// An entry that belongs to another provider does not count.
pub fn lookup(provider: &str, model: &str) -> Option<Facts<'static>> {
    let inner = model.strip_prefix(provider).and_then(|rest| rest.strip_prefix('/'));
    let bare = inner.unwrap_or(model);
    let stripped = strip_snapshot(bare);
    let ours = |facts: &Facts<'_>| belongs(facts.provider, provider);
    let prefixed = |name: &str| find(&format!("{provider}/{name}")).filter(ours);
    prefixed(bare)
        .or_else(|| find(model).filter(ours))
        .or_else(|| find(bare).filter(ours))
        .or_else(|| prefixed(&stripped))
        .or_else(|| find(&stripped).filter(ours))
        .or_else(|| inner.and_then(|_| prefixed(model)))
}

/// As [`lookup`], and where the map has no entry: without Bedrock's route, then what is known of the model's family.
pub fn describe(provider: &str, model: &str) -> Option<Facts<'static>> {
    let routed = ["invoke/", "converse/", "converse_like/"].iter().find_map(|route| model.strip_prefix(route));
    lookup(provider, model)
        .or_else(|| routed.filter(|_| provider == "bedrock").and_then(|model| lookup(provider, model)))
        .or_else(|| families::of(&format!("{provider}/{model}")).filter(|facts| !facts.mode.is_empty()))
        .or_else(|| (provider == "ollama").then(|| Facts::new(ANY)))
}

/// Whatever an own server holds.
const ANY: &str = "\t\tchat";

/// What a Claude in a cloud can by its version, where the map says nothing of it: its newer ways of thinking, and
/// for one that the map does not list, what all of its family can.
pub(crate) fn of_claude_family(model: &str, capability: Capability) -> Option<bool> {
    let versioned = [Capability::AdaptiveThinking, Capability::LegacyThinking, Capability::MidConversationSystem];
    let counts = model.contains("claude") && (versioned.contains(&capability) || find(model).is_none());
    families::of(model).filter(|_| counts)?.declares(capability)
}

/// Whether anything is taken for granted of the family that this name belongs to.
pub(crate) fn is_of_known_family(name: &str) -> bool {
    families::of(name).is_some()
}

/// What is known of the model's family, unless the map lists the model itself, be it for another provider.
fn family(provider: &str, model: &str) -> Option<Facts<'static>> {
    let bare = model.strip_prefix(provider).and_then(|rest| rest.strip_prefix('/')).unwrap_or(model);
    let stripped = strip_snapshot(bare);
    let whole = [format!("{provider}/{bare}"), format!("{provider}/{stripped}"), format!("{provider}/{model}")];
    let names = [model, bare, &stripped].into_iter().chain(whole.iter().map(String::as_str));
    let is_listed = names.clone().any(|name| find(name).is_some());
    if is_listed { None } else { names.filter_map(families::of).next() }
}

/// Whether the model can do this on this provider: what its own entry declares, else what the entry
/// of the bare model name declares, as LiteLLM's `supports_…` functions answer; a model that the map does not list can
/// what its family can.
pub fn supports(provider: &str, model: &str, capability: Capability) -> bool {
    declared(provider, model, capability) == Some(true)
}

/// Whether the map says outright that the model cannot do this.
pub fn denies(provider: &str, model: &str, capability: Capability) -> bool {
    declared(provider, model, capability) == Some(false)
}

fn declared(provider: &str, model: &str, capability: Capability) -> Option<bool> {
    let Some(facts) = lookup(provider, model) else { return family(provider, model)?.declares(capability) };
    let bare = || find(model).and_then(|bare| bare.declares(capability));
    facts.declares(capability).or_else(|| families::filled(&facts, capability)).or_else(bare)
}

/// LiteLLM's `_check_provider_match`.
pub(crate) fn belongs(owner: &str, provider: &str) -> bool {
    if owner.is_empty() || owner == provider {
        return true;
    }
    match provider {
        "vertex_ai" | "fireworks_ai" => owner.starts_with(provider),
        "azure_ai" => matches!(owner, "azure" | "openai"),
        "litellm_proxy" | "github" | "nadir" => true,
        _ => provider.starts_with("bedrock") && owner.starts_with("bedrock"),
    }
}

/// `ft:gpt-4o:org:name:id` → `ft:gpt-4o`; `gpt-4o-2024-08-06` → `gpt-4o`.
fn strip_snapshot(model: &str) -> String {
    if let Some(place) = model.find("ft:") {
        let rest = &model[place + 3..];
        let base = rest.split(':').next().unwrap_or(rest);
        return format!("{}ft:{base}", &model[..place]);
    }
    strip_date(model).to_owned()
}

fn strip_date(model: &str) -> &str {
    let is_date = |text: &str| {
        let shape = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
        matches!(shape.collect::<Vec<u8>>().as_slice(), b"-0000-00-00" | b"-00000000")
    };
    for length in [11, 9] {
        if let Some(place) = model.len().checked_sub(length)
            && model.is_char_boundary(place)
            && is_date(&model[place..])
        {
            return &model[..place];
        }
    }
    model
}

#[cfg(test)]
mod tests;
