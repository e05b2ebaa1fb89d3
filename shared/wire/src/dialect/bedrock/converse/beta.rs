//! Anthropic's trial features behind Converse: which may be asked for, and where. Knows no message.

use serde_json::{Map, Value, json};

use super::tools::Tools;
use crate::dialect::bedrock::facts::Model;
use crate::models::Capability;
use crate::prepare::Call;

const HEADER: &str = "anthropic-beta";
/// Features that Converse knows, by LiteLLM's table; others are left out of the header.
const KNOWN: [&str; 8] = [
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-1m-2025-08-07",
    "effort-2025-11-24",
    "fine-grained-tool-streaming-2025-05-14",
    "structured-outputs-2025-11-13",
    "thinking-binding-controls-2026-08-01",
    "thinking-display-updates-2026-08-18",
];
const FINE_STREAMING: &str = "fine-grained-tool-streaming-2025-05-14";
const EFFORT: &str = "effort-2025-11-24";
const COMPACT: &str = "compact-2026-01-12";

/// Names the features in the body, where Claude reads them.
pub(super) fn add_fields(call: &Call<'_, '_>, model: &Model<'_>, tools: &Tools, own: &mut Map<String, Value>) {
    let mut features = named(call);
    let mut add = |feature: &str| {
        if !features.iter().any(|known| known == feature) {
            features.push(feature.to_owned());
        }
    };
    if model.is_claude() {
        if tools.streams_finely {
            add(FINE_STREAMING);
        }
        if !tools.screen.is_empty() {
            add(screen_feature(model));
        }
        let has_effort = own.get("output_config").and_then(|config| config.get("effort")).is_some();
        if has_effort && !model.can(Capability::AdaptiveThinking) {
            add(EFFORT);
        }
        if compacts(own) {
            add(COMPACT);
        }
        if !features.is_empty() {
            own.insert("anthropic_beta".to_owned(), json!(features));
        }
    }
}

/// Keeps of the header what Converse knows.
pub(super) fn filter_header(headers: &mut Vec<(String, String)>) {
    for (_, value) in headers.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case(HEADER)) {
        let kept: Vec<&str> = value.split(',').map(str::trim).filter(|feature| KNOWN.contains(feature)).collect();
        *value = kept.join(",");
    }
    headers.retain(|(name, value)| !name.eq_ignore_ascii_case(HEADER) || !value.is_empty());
}

/// What the request's header asks for, as a list or as text.
fn named(call: &Call<'_, '_>) -> Vec<String> {
    let header = call.prepared.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(HEADER));
    let Some((_, value)) = header.filter(|(_, value)| !value.is_empty()) else { return Vec::new() };
    match serde_json::from_str::<Vec<String>>(value) {
        Ok(list) => list.iter().map(|feature| feature.trim().to_owned()).collect(),
        Err(_) => value.split(',').map(|feature| feature.trim().to_owned()).collect(),
    }
}

/// The feature behind tools that use a screen.
fn screen_feature(model: &Model<'_>) -> &'static str {
    let name = model.name.to_ascii_lowercase().replace(['.', '_'], "-");
    let is_any = |marks: &[&str]| marks.iter().any(|mark| name.contains(mark));
    if is_any(&["opus-4-7", "opus-4-6", "sonnet-4-6", "opus-4-5"]) {
        "computer-use-2025-11-24"
    } else if is_any(&["haiku-4-5", "sonnet-4", "opus-4", "sonnet-3-7"]) {
        "computer-use-2025-01-24"
    } else {
        "computer-use-2024-10-22"
    }
}

/// Keeps of context management what Converse can do: compaction. Tells whether anything is left.
fn compacts(own: &mut Map<String, Value>) -> bool {
    let Some(mut management) = own.shift_remove("context_management") else { return false };
    let Some(edits) = management.get_mut("edits").and_then(Value::as_array_mut) else { return false };
    edits.retain(|edit| edit["type"] == "compact_20260112");
    let is_left = !edits.is_empty();
    if is_left {
        own.insert("context_management".to_owned(), management);
    }
    is_left
}
