//! What LiteLLM takes of variables of callbacks, in its words.

use serde_json::Value;

use super::entry::opened;
use crate::denial::{Denial, python_text};
use crate::directory::{Columns, Row};
use crate::manage::records;
use crate::{App, Error};

/// Every variable that there is.
const NAMES: &[&str] = &[
    "langfuse_public_key",
    "langfuse_secret",
    "langfuse_secret_key",
    "langfuse_host",
    "langfuse_environment",
    SPAN_SCOPE,
    "langfuse_prompt_version",
    "gcs_bucket_name",
    "gcs_path_service_account",
    "langsmith_api_key",
    "langsmith_project",
    "langsmith_base_url",
    "langsmith_sampling_rate",
    "langsmith_tenant_id",
    "humanloop_api_key",
    "arize_api_key",
    "arize_space_key",
    "arize_space_id",
    "arize_success_sampling_rate",
    "arize_error_sampling_rate",
    PROTOCOL,
    "posthog_api_key",
    "posthog_api_url",
    "wandb_api_key",
    "weave_project_id",
    "dd_api_key",
    "dd_site",
    "dd_agent_host",
    "dd_agent_port",
    "newrelic_api_key",
    "newrelic_region",
    "signoz_ingestion_endpoint",
    "signoz_ingestion_key",
    "turn_off_message_logging",
    "litellm_disabled_callbacks",
];
const SPAN_SCOPE: &str = "langfuse_span_scope";
const SPAN_SCOPES: &[&str] = &["full", "llm_only"];
const PROTOCOL: &str = "arize_otlp_protocol";
const PROTOCOLS: &[&str] = &["grpc", "http/protobuf"];
const RATES: &[&str] = &["arize_error_sampling_rate", "arize_success_sampling_rate"];

/// Variables that begin alike are of one account.
const FAMILIES: &[(&str, &str)] = &[
    ("arize_", "Arize"),
    ("dd_", "Datadog"),
    ("gcs_", "GCS"),
    ("humanloop_", "Humanloop"),
    ("langfuse_", "Langfuse"),
    ("langsmith_", "LangSmith"),
    ("newrelic_", "New Relic"),
    ("posthog_", "PostHog"),
    ("wandb_", "Weights & Biases"),
    ("weave_", "Weights & Biases"),
];

/// Whether a variable may have a value.
///
/// # Errors
/// LiteLLM's sentence.
pub fn variable(name: &str, value: &str) -> Result<(), String> {
    if !NAMES.contains(&name) {
        let listed: Vec<String> = NAMES.iter().map(|name| python_text(name)).collect();
        return Err(format!("Invalid callback variable: {name}. Must be one of {{{}}}", listed.join(", ")));
    }
    if value.contains("os.environ/") {
        return Err(format!(
            "Callback param '{name}' (from key/team callback metadata) contains an 'os.environ/' reference. Environment \
             references in request-supplied parameters are no longer resolved server-side for security reasons.\n\
             To resolve:\n  1. Remove the 'os.environ/' reference from your request body / metadata.\n  2. Either (a) \
             configure this callback value in your proxy config.yaml under 'litellm_settings' / 'general_settings', or \
             (b) pass the resolved secret value directly in the request.\nSee \
             https://docs.litellm.ai/docs/proxy/logging for server-side callback configuration."
        ));
    }
    let one_of = |known: &[&str]| match known.contains(&value) {
        true => Ok(()),
        false => Err(format!("Invalid {name} {}: must be one of {}", python_text(value), records::python_list(known))),
    };
    match name {
        "langfuse_environment" if !is_environment(value) => Err(format!(
            "Invalid langfuse_environment {}: must be lowercase alphanumerics/hyphens/underscores and must not start \
             with 'langfuse' (pattern ^(?!langfuse)[a-z0-9-_]+$)",
            python_text(value)
        )),
        SPAN_SCOPE => one_of(SPAN_SCOPES),
        PROTOCOL => one_of(PROTOCOLS),
        _ => Ok(()),
    }
}

fn is_environment(value: &str) -> bool {
    let is_part =
        |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || "-_".contains(character);
    !value.is_empty() && !value.starts_with("langfuse") && value.chars().all(is_part)
}

/// Whether a callback takes note of a variable: some are of one alone.
pub fn belongs(variable: &str, callback: &str) -> bool {
    let of = |prefix: &str, owner: &str| !variable.starts_with(prefix) || callback == owner;
    of("newrelic_", "newrelic") && of("signoz_", "signoz")
}

/// Whether a callback and its variables agree.
///
/// # Errors
/// LiteLLM's sentence.
pub fn agree(callback: &str, event: Option<&str>, variables: &Row) -> Result<(), String> {
    let owned =
        |name: &str, owner: &str| format!("{name} applies to the {owner} callback only, not {}", python_text(callback));
    for name in RATES {
        let Some(value) = variables.text(name).filter(|value| !matches!(*value, "" | "None")) else { continue };
        if callback != "arize" {
            return Err(owned(name, "arize"));
        }
        if !value.trim().parse::<f64>().is_ok_and(|rate| (0.0..=1.0).contains(&rate)) {
            return Err(format!("{name} must be a number between 0.0 and 1.0 (inclusive), got {}", python_text(value)));
        }
    }
    if variables.contains_key(PROTOCOL) {
        return Err(match (callback, event) {
            ("arize", Some("failure")) => format!(
                "{PROTOCOL} needs callback_type 'success' or 'success_and_failure'; failure-only Arize callbacks export \
                 over the proxy's own Arize transport"
            ),
            ("arize", _) => {
                "Per-team Arize transport selection requires the proxy to run with LITELLM_OTEL_V2=true.".to_owned()
            }
            _ => owned(PROTOCOL, "arize"),
        });
    }
    if variables.contains_key(SPAN_SCOPE) && callback != "langfuse_otel" {
        return Err(owned(SPAN_SCOPE, "langfuse_otel"));
    }
    let has_region = variables.keys().any(|name| name.starts_with("newrelic_"));
    if callback == "newrelic" && has_region {
        return Err("Per-team New Relic routing requires the proxy to run with LITELLM_OTEL_V2=true.".to_owned());
    }
    Ok(())
}

/// Whether an entry may stand beside those that are there. All variables of a team become one set, so that an entry with
/// another host would lead the secrets of another entry there: who may not read them may not do that either.
///
/// # Errors
/// 400 in LiteLLM's words.
pub fn beside(app: &App, entry: &super::Entry, entries: &[Value], is_admin: bool) -> Result<(), Error> {
    let of = |entry: &Value| records::map_of(entry.get("callback_vars"));
    let stored: Vec<(String, String)> = entries
        .iter()
        .flat_map(|entry| of(entry).into_iter().map(|(name, value)| (name, opened(app, &value))).collect::<Vec<_>>())
        .collect();
    if let Some(scope) = entry.variables.text(SPAN_SCOPE)
        && let Some((_, other)) = stored.iter().find(|(name, value)| name == SPAN_SCOPE && value != scope)
    {
        let sentence = format!(
            "{SPAN_SCOPE} is already set to {} by another callback entry. Every entry shares one scope: remove that entry \
             or send the same value.",
            python_text(other)
        );
        return Err(Denial::detail_error(400, &sentence).into());
    }
    if is_admin {
        return Ok(());
    }
    for (name, value) in &entry.variables {
        let Some(family) = family_of(name) else { continue };
        let mut held = stored.iter().filter(|(known, _)| family_of(known) == Some(family)).peekable();
        if held.peek().is_none() {
            continue;
        }
        let value = value.as_str().unwrap_or_default();
        // The last of a name counts.
        let is_held = match stored.iter().rfind(|(known, _)| known == name) {
            Some((_, own)) => own == value,
            None => held.any(|(_, known)| known == value),
        };
        if !is_held {
            let sentence = format!(
                "{family} is already configured by another callback entry on this team. Remove that entry before setting \
                 {name} here."
            );
            return Err(Denial::detail(400, sentence.into()).into());
        }
    }
    Ok(())
}

/// The account that a variable is of; none for what only says how it is used.
fn family_of(name: &str) -> Option<&'static str> {
    let is_option = name == SPAN_SCOPE || name == PROTOCOL || RATES.contains(&name);
    let found = FAMILIES.iter().find(|(prefix, _)| name.starts_with(prefix)).filter(|_| !is_option);
    found.map(|(_, family)| *family)
}
