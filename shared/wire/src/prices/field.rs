//! What a rate is for: its unit, a threshold or a label, and a service tier; the codes of `data/fields.tsv`.
//!
//! Also the names that LiteLLM's map and configuration have for it. Knows no values.

use crate::money::ExactUsd;

/// Lines of kind, code and LiteLLM's name, shared with `data/generate.py`.
static FIELDS: &str = include_str!("../../data/fields.tsv");

/// Code of at most four letters: what one of is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unit(u32);

macro_rules! units {
    ($($name:ident $code:literal,)*) => { impl Unit { $(pub const $name: Self = Self::new($code);)* } };
}

units! {
    INPUT "i", OUTPUT "o", CACHE_READ "r", CACHE_WRITE "w", CACHE_WRITE_HOUR "wh", REASONING "t",
    INPUT_AUDIO "ia", INPUT_IMAGE_TOKEN "ii", INPUT_VIDEO_TOKEN "iv",
    OUTPUT_AUDIO "oa", OUTPUT_IMAGE_TOKEN "oi", OUTPUT_VIDEO_TOKEN "ov",
    CACHE_READ_AUDIO "ra", CITATION "ct",
    INPUT_CHARACTER "ic", OUTPUT_CHARACTER "oc",
    INPUT_IMAGE "im", OUTPUT_IMAGE "om", INPUT_PIXEL "ip", OUTPUT_PIXEL "op",
    SECOND "s", INPUT_SECOND "is", OUTPUT_SECOND "os",
    INPUT_AUDIO_SECOND "as", INPUT_VIDEO_SECOND "vs", OUTPUT_VIDEO_SECOND "vo",
    QUERY "q", SEARCH_QUERY "qs", MAPS_QUERY "qg",
    SEARCH_LOW "sl", SEARCH_MEDIUM "sm", SEARCH_HIGH "sh",
    PAGE "p", CREDIT "pc", ANNOTATED_PAGE "pa",
    FILE_SEARCH "fc", FILE_SEARCH_STORAGE "fg", VECTOR_STORE "fv",
    COMPUTER_INPUT "ci", COMPUTER_OUTPUT "co", CODE_SESSION "cs",
    UPLIFT_EU "xe", UPLIFT_US "xu", UPLIFT_ENDPOINT "xl", UPLIFT_GEO_US "xg", UPLIFT_FAST "xf",
}

impl Unit {
    const fn new(code: &str) -> Self {
        let (bytes, mut packed, mut place) = (code.as_bytes(), 0u32, 0);
        while place < bytes.len() && place < 4 {
            packed = packed << 8 | bytes[place] as u32;
            place += 1;
        }
        Self(packed)
    }

    /// LiteLLM's list of what makes an entry priced: tokens of any kind, seconds, queries.
    pub(super) fn charges_calls(self) -> bool {
        const TIME: [Unit; 4] = [Unit::SECOND, Unit::INPUT_SECOND, Unit::OUTPUT_SECOND, Unit::QUERY];
        const TOKENS: [Unit; 8] = [
            Unit::INPUT,
            Unit::OUTPUT,
            Unit::REASONING,
            Unit::INPUT_AUDIO,
            Unit::INPUT_IMAGE_TOKEN,
            Unit::OUTPUT_AUDIO,
            Unit::OUTPUT_IMAGE_TOKEN,
            Unit::CITATION,
        ];
        TIME.contains(&self) || TOKENS.contains(&self)
    }

    pub(super) const fn is_multiplier(self) -> bool {
        matches!(
            self,
            Self::UPLIFT_EU | Self::UPLIFT_US | Self::UPLIFT_ENDPOINT | Self::UPLIFT_GEO_US | Self::UPLIFT_FAST
        )
    }
}

/// Where a rate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    All,
    /// Once the prompt is longer than so many tokens.
    Above(u64),
    /// For a resolution or size: at most eight characters, `720p`.
    Label(u64),
}

impl At {
    /// `None` for labels that no model has: they are longer, or not letters and digits.
    pub fn label(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
        let fits = !text.is_empty() && text.len() <= 8 && text.bytes().all(is_plain);
        fits.then(|| Self::Label(text.bytes().fold(0, |packed, byte| packed << 8 | u64::from(byte))))
    }
}

/// The tier that a call was served in, or the half price of batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    Standard,
    Flex,
    Balanced,
    Priority,
    Ultrafast,
    Batches,
    Decisions,
}

impl Tier {
    /// The tier of a `service_tier`; `fast` is priced as `priority`. `None` for names that have no price of their own.
    pub fn named(name: &str) -> Option<Self> {
        let tiers = [
            ("flex", Self::Flex),
            ("balanced", Self::Balanced),
            ("priority", Self::Priority),
            ("fast", Self::Priority),
            ("ultrafast", Self::Ultrafast),
        ];
        tiers.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, tier)| tier)
    }

    const fn of_code(code: u8) -> Option<Self> {
        Some(match code {
            b'f' => Self::Flex,
            b'l' => Self::Balanced,
            b'p' => Self::Priority,
            b'u' => Self::Ultrafast,
            b'b' => Self::Batches,
            b'd' => Self::Decisions,
            _ => return None,
        })
    }
}

/// What a rate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub unit: Unit,
    pub at: At,
    pub tier: Tier,
}

impl Key {
    pub const fn of(unit: Unit) -> Self {
        Self { unit, at: At::All, tier: Tier::Standard }
    }

    pub const fn at(self, at: At) -> Self {
        Self { at, ..self }
    }

    pub const fn tier(self, tier: Tier) -> Self {
        Self { tier, ..self }
    }

    /// Reads `i>272k.p`.
    fn parse(code: &str) -> Option<Self> {
        let (rest, tier) = match code.as_bytes() {
            [.., b'.', tier] => (&code[..code.len() - 2], Tier::of_code(*tier)?),
            _ => (code, Tier::Standard),
        };
        let (unit, at) = if let Some((unit, label)) = rest.split_once('@') {
            (unit, At::label(label)?)
        } else if let Some((unit, tokens)) = rest.split_once('>') {
            (unit, At::Above(threshold(tokens)?))
        } else {
            (rest, At::All)
        };
        (1..=4).contains(&unit.len()).then_some(Self { unit: Unit::new(unit), at, tier })
    }
}

/// `272k` or `512`.
fn threshold(text: &str) -> Option<u64> {
    let (digits, factor) = text.strip_suffix('k').map_or((text, 1), |digits| (digits, 1000));
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// Reads `i>272k.p=5e-6`.
pub(super) fn rate(word: &str) -> Option<(Key, ExactUsd)> {
    let (code, value) = word.split_once('=')?;
    Some((Key::parse(code)?, ExactUsd::parse(value)?))
}

/// The code of a rate that LiteLLM's map or a configuration names; `None` for what is no rate.
pub(crate) fn code_of(name: &str) -> Option<String> {
    let may_be_rate = ["cost", "multiplier", "specific_entry."].iter().any(|mark| name.contains(mark));
    if !may_be_rate {
        return None;
    }
    if let Some(code) = find("rate", name) {
        return Some(code.to_owned());
    }
    let tier = listed("tier").find_map(|(code, tier)| Some((code, name.strip_suffix(tier)?.strip_suffix('_')?)));
    let (tier, base) = tier.map_or((None, name), |(code, base)| (Some(code), base));
    let known = find("rate", base).map(|_| (base, String::new()));
    let split = known.or_else(|| split_threshold(base)).or_else(|| split_label(base));
    let (base, at) = split?;
    let tier = tier.map_or_else(String::new, |code| format!(".{code}"));
    Some(format!("{}{at}{tier}", find("rate", base)?))
}

fn split_threshold(name: &str) -> Option<(&str, String)> {
    let (base, tokens) = name.strip_suffix("_tokens")?.rsplit_once("_above_")?;
    threshold(tokens)?;
    Some((base, format!(">{tokens}")))
}

fn split_label(name: &str) -> Option<(&str, String)> {
    ["output_cost_per_second", "output_cost_per_image"].iter().find_map(|base| {
        let label = name.strip_prefix(base)?.strip_prefix('_')?;
        At::label(label)?;
        Some((*base, format!("@{label}")))
    })
}

/// Codes and names of one kind.
pub(crate) fn listed(kind: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    FIELDS.lines().filter_map(move |line| line.strip_prefix(kind)?.strip_prefix('\t')?.split_once('\t'))
}

fn find(kind: &str, name: &str) -> Option<&'static str> {
    listed(kind).find(|(_, known)| *known == name).map(|(code, _)| code)
}
