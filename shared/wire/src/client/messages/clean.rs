//! A conversation as every provider can read it: what LiteLLM rewrites in it before anything else.
//!
//! Blocks without content go, ids keep to Anthropic's alphabet, and search results that no one signed become text.
//! Follows LiteLLM's `prepare_native_messages`. Knows no provider.

use std::borrow::Cow;

use serde::Deserialize;

use crate::chat::{Content, Message, Part, Text};
use crate::json;

/// Sets apart Gemini's thought signature in an id that LiteLLM made.
const THOUGHT_MARK: &str = "__thought__";

/// Removes and rewrites blocks; a turn that has none left goes.
pub fn clean(turns: &mut Vec<Message<'_>>) {
    turns.retain_mut(|turn| {
        let Content::Parts(parts) = &mut turn.content else { return true };
        let had_any = !parts.is_empty();
        parts.retain(|part| !is_empty_text(part) && !is_empty_thinking(part));
        flatten_searches(parts);
        !had_any || !parts.is_empty()
    });
}

/// An id of Anthropic's alphabet: letters, digits, `_` and `-`.
pub fn id(raw: &str) -> Cow<'_, str> {
    let base = raw.split(THOUGHT_MARK).next().unwrap_or(raw);
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    match base {
        "" => Cow::Borrowed("tool_use_id"),
        base if base.chars().all(fits) => Cow::Borrowed(base),
        base => Cow::Owned(base.chars().map(|letter| if fits(letter) { letter } else { '_' }).collect()),
    }
}

/// What stands behind the mark in an id.
pub fn thought_in_id(raw: &str) -> Option<&str> {
    raw.split_once(THOUGHT_MARK).map(|(_, thought)| thought).filter(|thought| !thought.is_empty())
}

/// A string field of a block; empty where it is absent or no string.
pub fn string<'p>(part: &'p Part<'_>, name: &str) -> Cow<'p, str> {
    part.get(name).and_then(json::parse_string).unwrap_or_default()
}

fn is_empty_text(part: &Part<'_>) -> bool {
    &*part.kind == "text" && part.text.as_deref().is_none_or(|text| text.trim().is_empty())
}

/// A signed block is kept, whatever its text: models answer with nothing but the signature.
pub fn is_empty_thinking(part: &Part<'_>) -> bool {
    &*part.kind == "thinking" && string(part, "thinking").trim().is_empty() && string(part, "signature").is_empty()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Found<'a> {
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow)]
    title: Text<'a>,
    #[serde(borrow)]
    snippet: Text<'a>,
    #[serde(borrow)]
    encrypted_content: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Failed<'a> {
    #[serde(borrow)]
    error_code: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Query<'a> {
    #[serde(borrow)]
    query: Text<'a>,
}

/// Results without Anthropic's seal are refused by Anthropic and unknown to all others: their text stays.
fn flatten_searches(parts: &mut Vec<Part<'_>>) {
    let unsealed: Vec<String> = parts
        .iter()
        .filter(|part| results_text(part, "").is_some())
        .map(|part| string(part, "tool_use_id").into_owned())
        .collect();
    if unsealed.is_empty() {
        return;
    }
    let asked =
        |part: &Part<'_>| &*part.kind == "server_tool_use" && unsealed.iter().any(|id| *id == string(part, "id"));
    let queries: Vec<(String, String)> = parts
        .iter()
        .filter(|part| asked(part))
        .map(|part| {
            let input = part.get("input").and_then(|text| serde_json::from_str::<Query<'_>>(text).ok());
            (string(part, "id").into_owned(), input.map(|input| input.query.to_string()).unwrap_or_default())
        })
        .collect();
    parts.retain(|part| !asked(part));
    for part in parts {
        let id = string(part, "tool_use_id");
        let query = queries.iter().find(|(asked, _)| *asked == id).map_or("", |(_, query)| query);
        if let Some(text) = results_text(part, query) {
            *part = Part { kind: Text("text".into()), text: Some(Text(text.into())), ..Part::default() };
        }
    }
}

/// The results as text; `None` where the block holds none, or they are sealed.
fn results_text(part: &Part<'_>, query: &str) -> Option<String> {
    if &*part.kind != "web_search_tool_result" {
        return None;
    }
    let content = part.get("content")?;
    let head =
        if query.is_empty() { "Web search results:".to_owned() } else { format!("Web search results for '{query}':") };
    if let Ok(found) = serde_json::from_str::<Vec<Found<'_>>>(content) {
        if found.iter().any(|result| !result.encrypted_content.is_empty()) {
            return None;
        }
        let body: Vec<String> = found.iter().map(result_text).collect();
        return Some(match body.join("\n\n") {
            _ if found.is_empty() => format!("{head}\n\nNo results were returned."),
            body if body.trim().is_empty() => head,
            body => format!("{head}\n\n{body}"),
        });
    }
    let failed: Failed<'_> = serde_json::from_str(content).ok()?;
    let code = if failed.error_code.is_empty() { "unavailable" } else { &failed.error_code };
    Some(format!("{head}\n\nSearch failed: {code}"))
}

fn result_text(found: &Found<'_>) -> String {
    let named = [("Title", &found.title), ("URL", &found.url), ("Snippet", &found.snippet)];
    let lines = named.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!("{name}: {}", &***text));
    lines.collect::<Vec<_>>().join("\n")
}
