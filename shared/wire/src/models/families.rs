//! Families of models: what is taken for granted of a model that the map does not list.
//!
//! LiteLLM's `fallback_generalizations`, read off the model's name. Searched only where the map has no entry, or its
//! entry says nothing. Knows no deployment.

use super::{Capability, Facts};

/// Lines as in the map, without name and provider: every Claude, those that decide how much to think, the one of them
/// that takes a budget too, and those that take instructions within the conversation.
const CLAUDE: &str = "\t\tchat\t200000\t64000\t64000\t\tFPVTZCREDS\t\t";
const CLAUDE_ADAPTIVE: &str = "\t\tchat\t200000\t64000\t64000\t\tFPVTZCREDSO\t\t";
const CLAUDE_LEGACY: &str = "\t\tchat\t200000\t64000\t64000\t\tFPVTZCREDSOU\t\t";
const CLAUDE_INSTRUCTED: &str = "\t\tchat\t200000\t64000\t64000\t\tFPVTZCREDSOK\t\t";
const GEMINI: &str = "\t\tchat\t\t\t\t\tEFTSVRDCW\t\t";
/// All that is known is that they reason.
const REASONING: &str = "\t\t\t\t\t\t\tE\t\t";

/// Major and minor number.
type Version = (u32, u32);

/// What is known of the family that this name belongs to; `None` for names of no family.
pub(super) fn of(name: &str) -> Option<Facts<'static>> {
    let name = name.to_ascii_lowercase();
    let line = match () {
        () if let Some(version) = claude(&name) => Some(of_claude(version)),
        () if is_gemini(&name) => Some(GEMINI),
        () if name.starts_with("wandb/") || is_open_ai(&name) => Some(REASONING),
        () => None,
    };
    line.map(Facts::new)
}

/// Later Claudes can more.
const fn of_claude(version: Version) -> &'static str {
    match version {
        (4, 6) => CLAUDE_LEGACY,
        (4, 7) => CLAUDE_ADAPTIVE,
        (4, 8..) | (5.., _) => CLAUDE_INSTRUCTED,
        _ => CLAUDE,
    }
}

/// What the family says where the map's own entry is silent. Only entries of some providers are filled up so.
pub(super) fn filled(facts: &Facts<'_>, capability: Capability) -> Option<bool> {
    let is_open_ai = matches!(facts.provider, "azure" | "azure_ai" | "openai");
    let fills = capability == Capability::Reasoning && is_open_ai && matches!(facts.mode, "" | "chat" | "responses");
    (fills && self::is_open_ai(&facts.key.to_ascii_lowercase())).then_some(true)
}

/// The version in a name that holds `claude-<family>-<major>[-<minor>]`; dates are no versions.
fn claude(name: &str) -> Option<Version> {
    name.match_indices("claude-").find_map(|(place, mark)| {
        let (family, rest) = name[place + mark.len()..].split_once('-')?;
        let is_family = !family.is_empty() && family.bytes().all(|byte| byte.is_ascii_lowercase());
        let (major, rest) = number(rest).filter(|_| is_family)?;
        // Two digits are a version without its point, as in `claude-opus-41`.
        let major = if major < 10 { major } else { 0 };
        let minor = rest.strip_prefix(['-', '.', '_']).and_then(number).map_or(0, |(minor, _)| minor);
        Some((major, if minor < 100 { minor } else { 0 }))
    })
}

/// `gemini-2.5-pro` and later, of the lines that chat.
fn is_gemini(name: &str) -> bool {
    const OTHERS: [&str; 9] =
        ["-tts", "-image", "-live", "-audio", "-embedding", "-computer-use", "-robotics", "-transcribe", "-translate"];
    name.match_indices("gemini-").any(|(place, mark)| {
        let rest = &name[place + mark.len()..];
        let Some((major, after)) = number(rest).filter(|_| !OTHERS.iter().any(|other| rest.contains(other))) else {
            return false;
        };
        let minor = after.strip_prefix(['.', '-']).and_then(number);
        let (minor, after) = minor.map_or((None, after), |(minor, after)| (Some(minor), after));
        let is_late = match major {
            2 => minor.is_some_and(|minor| (5..=9).contains(&minor)),
            3..=9 => minor.is_none_or(|minor| minor < 100),
            _ => false,
        };
        let line = after.strip_prefix("-pro").or_else(|| after.strip_prefix("-flash"));
        let line = line.map(|rest| rest.strip_prefix("-lite").unwrap_or(rest));
        is_late && line.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_lowercase()))
    })
}

/// The `o` series, GPT-5 to GPT-9, Codex and deep research, under any provider's name and as fine-tunes.
fn is_open_ai(name: &str) -> bool {
    if name.contains("search-api") {
        return false;
    }
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_.-/".contains(letter);
    let begins_family = |place: usize| {
        let (path, rest) = name.split_at(place);
        let rest = rest.strip_prefix("ft:").unwrap_or(rest);
        path.chars().all(is_plain) && (is_o_series(rest) || is_late_gpt(rest) || is_line(rest))
    };
    std::iter::once(0).chain(name.match_indices('/').map(|(place, _)| place + 1)).any(begins_family)
}

fn is_o_series(name: &str) -> bool {
    let Some((major, rest)) = name.strip_prefix('o').and_then(number) else { return false };
    major > 0 && !name.starts_with("o0") && !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric())
}

/// `gpt-5`, `gpt-5.1-mini`, …
fn is_late_gpt(name: &str) -> bool {
    let Some((major, rest)) = name.strip_prefix("gpt-").and_then(number) else { return false };
    let rest = rest.strip_prefix('.').and_then(number).map_or(rest, |(_, rest)| rest);
    (5..=9).contains(&major) && !rest.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.')
}

/// `codex`, `deep-research` and `chat-latest`, alone or behind a GPT's name.
fn is_line(name: &str) -> bool {
    ["codex", "deep-research", "chat-latest"].iter().any(|line| {
        name.match_indices(line).any(|(place, _)| {
            let (before, after) = (&name[..place], &name[place + line.len()..]);
            let is_base = before.is_empty() || (before.starts_with("gpt-") && is_gpt_base(before));
            is_base && !after.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        })
    })
}

/// `gpt-4.1-mini-` or the like: a number, then words.
fn is_gpt_base(text: &str) -> bool {
    let Some((_, rest)) = text.strip_prefix("gpt-").and_then(number) else { return false };
    let rest = rest.strip_prefix('.').and_then(number).map_or(rest, |(_, rest)| rest);
    let Some(words) = rest.strip_suffix('-') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    words.is_empty() || words.strip_prefix('-').is_some_and(|words| words.split('-').all(is_word))
}

/// The number at the beginning, and what follows it.
fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

#[cfg(test)]
mod tests;
