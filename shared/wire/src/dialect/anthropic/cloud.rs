//! What each host wants beside Anthropic's own fields: versions, beta features in headers or in the body.
//!
//! LiteLLM's subclasses for Foundry, Vertex AI and Bedrock. Knows no message.

use serde_json::Value;

use super::ability::{self, Ability};
use super::beta::{Betas, HEADER};
use super::chat::Draft;
use super::host::Host;
use super::thinking::Subject;
use super::tools;
use crate::prepare::{Call, Refusal};

/// The version of the interface, in a header.
pub(super) const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");
pub(super) const VERTEX_VERSION: &str = "vertex-2023-10-16";
pub(super) const BEDROCK_VERSION: &str = "bedrock-2023-05-31";

/// Sets what only this host wants.
///
/// # Errors
/// Where a tool says something that is no flag of the interface.
pub(super) fn adapt(subject: Subject<'_>, call: &Call<'_, '_>, draft: &mut Draft) -> Result<(), Refusal> {
    let asked = draft.betas.clone();
    draft.betas.add_for_tools(subject.host, &draft.tools);
    if subject.host == Host::Bedrock {
        return bedrock(subject, call, draft, asked);
    }
    if uses_effort(subject, draft) && subject.host != Host::Azure {
        draft.betas.add("effort-2025-11-24");
    }
    if let Some(context) = &draft.context {
        draft.betas.add_for_context(context);
    }
    let shows_updates = draft.plan.thinking.as_ref().is_some_and(|thinking| thinking["display"] == "updates");
    if shows_updates && subject.host == Host::Anthropic {
        draft.betas.add("thinking-display-updates-2026-08-18");
    }
    if subject.host == Host::Vertex {
        draft.set("anthropic_version", &VERTEX_VERSION);
        let needed = draft.betas.without(&asked).known_to(Host::Vertex);
        if !needed.0.is_empty() {
            draft.set("anthropic_beta", &needed.0);
        }
        draft.betas.add_for_web_search(&draft.tools);
        return Ok(());
    }
    output(call, draft);
    if subject.host == Host::Anthropic {
        own(call, draft);
    }
    Ok(())
}

fn output(call: &Call<'_, '_>, draft: &mut Draft) {
    let has_format = draft.output_format.is_some() || call.body.given("output_format").is_some();
    draft.betas.add_for_output(has_format, draft.plan.output_config.as_ref());
}

/// What only Anthropic itself offers.
fn own(call: &Call<'_, '_>, draft: &mut Draft) {
    if call.body.given("compaction").is_some() {
        draft.betas.add("compact-2026-09-04");
    }
    if call.body.string("speed").as_deref() == Some("fast") {
        draft.betas.add("fast-mode-2026-02-01");
    }
    let skills = call.body.given("container").and_then(|text| serde_json::from_str::<Value>(text).ok());
    if skills.is_some_and(|container| container["skills"].as_array().is_some_and(|skills| !skills.is_empty())) {
        draft.betas.add("skills-2025-10-02");
    }
}

/// An effort is news to models that do not think adaptively.
fn uses_effort(subject: Subject<'_>, draft: &Draft) -> bool {
    let config = draft.plan.output_config.as_ref();
    config.is_some_and(|config| config.get("effort").is_some_and(Value::is_string)) && !subject.adapts()
}

/// Bedrock reads features in the body. LiteLLM says some in the header too, and those unsifted.
fn bedrock(subject: Subject<'_>, call: &Call<'_, '_>, draft: &mut Draft, asked: Betas) -> Result<(), Refusal> {
    let mut said = Draft { betas: asked, ..Draft::default() };
    said.output_format.clone_from(&draft.output_format);
    said.plan.output_config.clone_from(&draft.plan.output_config);
    output(call, &mut said);
    said.betas.add_for_own_tools(&draft.tools);
    if let Some(context) = &draft.context {
        said.betas.add_for_context(context);
    }
    if uses_effort(subject, draft) {
        draft.betas.add("effort-2025-11-24");
    }
    if draft.plan.thinking.as_ref().is_some_and(|thinking| thinking["display"] == "updates") {
        draft.betas.add("thinking-display-updates-2026-08-18");
    }
    for tool in &draft.tools.list {
        if tools::eager(tool)? == Some(true) {
            draft.betas.add("fine-grained-tool-streaming-2025-05-14");
        }
    }
    draft.betas.add_for_bedrock_search(&draft.tools, || subject.can(Ability::ToolSearch));
    let mut betas = draft.betas.without(&said.betas).known_to(Host::Bedrock);
    betas.0.extend(said.betas.0.iter().cloned());
    if !betas.0.is_empty() {
        draft.set("anthropic_beta", &betas.0);
    }
    draft.betas = said.betas;
    draft.tools.list.retain(|tool| tool["type"] != "tool_search_tool_bm25_20251119");
    draft.tools.list.iter_mut().for_each(|tool| tool_for_bedrock(tool));
    if call.body.given("anthropic_version").is_none() {
        draft.set("anthropic_version", &BEDROCK_VERSION);
    }
    if let Some(format) = draft.output_format.take() {
        draft.plan.output_config.get_or_insert_default().insert("format".to_owned(), format);
    }
    Ok(())
}

/// Bedrock refuses some of the fields that Anthropic takes at a tool.
pub(super) fn tool_for_bedrock(tool: &mut Value) {
    let Some(fields) = tool.as_object_mut() else { return };
    fields.shift_remove("eager_input_streaming");
    let custom = fields.shift_remove("custom");
    if let Some(flag) = custom.and_then(|custom| custom.get("defer_loading").filter(|flag| flag.is_boolean()).cloned())
    {
        fields.entry("defer_loading").or_insert(flag);
    }
    if fields.get("type").and_then(Value::as_str) == Some("tool_search_tool_regex_20251119") {
        fields.insert("type".to_owned(), "tool_search_tool_regex".into());
    }
    if let Some(schema) = fields.get_mut("input_schema") {
        plain_types(schema, ability::SCHEMA_DEPTH_MAX);
    }
}

/// Claude Code calls some objects `custom`.
fn plain_types(schema: &mut Value, depth_left: usize) {
    let (Some(fields), Some(depth_left)) = (schema.as_object_mut(), depth_left.checked_sub(1)) else { return };
    if fields.get("type").and_then(Value::as_str) == Some("custom") {
        fields.insert("type".to_owned(), "object".into());
    }
    for (name, inner) in fields.iter_mut() {
        match (name.as_str(), inner) {
            ("items" | "additionalProperties", inner) => plain_types(inner, depth_left),
            ("properties", Value::Object(properties)) => {
                properties.values_mut().for_each(|property| plain_types(property, depth_left));
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(items)) => {
                items.iter_mut().for_each(|item| plain_types(item, depth_left));
            }
            _ => {}
        }
    }
}

/// The headers of a request: the version, and the features that the host knows.
pub(super) fn headers(host: Host, betas: &Betas, headers: &mut Vec<(String, String)>) {
    if host == Host::Bedrock {
        headers.extend(betas.text().map(|text| (HEADER.to_owned(), text)));
        return;
    }
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case(VERSION.0));
    headers.push((VERSION.0.to_owned(), VERSION.1.to_owned()));
    if let Some(text) = betas.known_to(host).text() {
        headers.push((HEADER.to_owned(), text));
    }
}
