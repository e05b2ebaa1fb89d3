//! The `metadata` of a spend log, written: the members that LiteLLM always writes, and ours.
//!
//! A text of fifty members for every call: it is written once, from what the call says. Knows no column.

use serde::Serialize;
use serde_json::{Map, Value};

use super::keep::{kept, without_nul};
use super::log_row::is_success;
use super::posting::Rules;
use super::{Outcome, Spend, Tokens};

/// Members that are what the call's own metadata says of them, and null else.
const SAID: &[&str] = &[
    "actor_agent_id",
    "agent_execution_mode",
    "autorouter_baseline_observation",
    "autorouter_savings",
    "autorouter_savings_estimate",
    "azure_spillover",
    "batch_failed_requests",
    "batch_models",
    "batch_successful_requests",
    "billing_agent_id",
    "cold_storage_object_key",
    "compression_savings",
    "eval_information",
    "guardrail_information",
    "internal_call_origin",
    "litellm_gateway_injected_cache",
    "litellm_overhead_time_ms",
    "max_retries",
    "mcp_tool_call_metadata",
    "model_map_information",
    "proxy_server_request",
    "router_metadata",
    "routing_decision",
    "spend_logs_metadata",
    "target_agent_id",
    "user_api_key_project_alias",
    "vector_store_request_metadata",
    "verified_human_user_id",
];

/// How long the text usually is.
const USUAL_BYTES: usize = 2048;

/// The metadata as JSON.
pub fn of(spend: &Spend, rules: &Rules) -> String {
    let mut members = Members { text: Vec::with_capacity(USUAL_BYTES) };
    let said = spend.metadata.as_ref().and_then(Value::as_object);
    for name in SAID {
        members.add(name, &said.and_then(|said| said.get(*name)));
    }
    match said.and_then(|said| said.get("applied_guardrails")) {
        Some(guardrails) => members.add("applied_guardrails", guardrails),
        None => members.add("applied_guardrails", &[(); 0]),
    }
    match said.and_then(|said| said.get("original_model_group")) {
        Some(group) => members.add("original_model_group", group),
        None => members.add("original_model_group", &spend.model_group),
    }
    payer(&mut members, spend);
    call(&mut members, spend, rules);
    members.finish()
}

fn payer(members: &mut Members, spend: &Spend) {
    let payer = &spend.payer;
    members.add("user_api_key", &payer.key);
    members.add("user_api_key_alias", &payer.key_alias);
    members.add("user_api_key_team_id", &payer.team_id);
    members.add("user_api_key_team_alias", &payer.team_alias);
    members.add("user_api_key_project_id", &payer.project_id);
    members.add("user_api_key_org_id", &payer.organization_id);
    members.add("user_api_key_user_id", &payer.user_id);
}

fn call(members: &mut Members, spend: &Spend, rules: &Rules) {
    members.add("requester_ip_address", &spend.requester_ip);
    members.add("user_agent", spend.user_agent.as_deref().unwrap_or_default());
    members.add("litellm_roi_estimator", &false);
    members.add("used_client_oauth_token", &false);
    members.add("litellm_call_id", &spend.call_id);
    // LiteLLM says nothing of success here; the column does.
    members.add("status", &(!is_success(spend.outcome)).then_some("failure"));
    members.add("error_information", &spend.error.as_ref().map(|error| kept(error, rules.text_chars_max)));
    members.add("usage_object", &Usage::of(&spend.tokens));
    members.add("additional_usage_values", &Cached::of(&spend.tokens));
    members.add("cost_breakdown", &spend.cost_breakdown);
    members.add("attempted_retries", &spend.retries);
    members.add("attempted_fallbacks", &spend.fallbacks);
    // LiteLLM has no word for these: its readers pass over a member that they do not know.
    match spend.outcome {
        Outcome::Left => members.add("tollgate_outcome", "client_left"),
        Outcome::Lapsed => members.add("tollgate_outcome", "lapsed"),
        Outcome::Served | Outcome::Failed => {}
    }
}

/// An object that is written.
struct Members {
    text: Vec<u8>,
}

impl Members {
    /// `name` needs no escape.
    fn add(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        let begin: &[u8] = if self.text.is_empty() { b"{\"" } else { b",\"" };
        self.text.extend_from_slice(begin);
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\":");
        let start = self.text.len();
        // Only what cannot be JSON fails, and nothing here is.
        if serde_json::to_writer(&mut self.text, value).is_err() {
            self.text.truncate(start);
            self.text.extend_from_slice(b"null");
        }
    }

    fn finish(mut self) -> String {
        self.text.push(b'}');
        cleaned(String::from_utf8(self.text).unwrap_or_default())
    }
}

/// Tokens read from and written to the provider's cache, where there are any.
#[derive(Serialize)]
struct Cached {
    #[serde(skip_serializing_if = "is_zero")]
    cache_read_input_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    cache_creation_input_tokens: u64,
}

const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Cached {
    const fn of(tokens: &Tokens) -> Self {
        Self { cache_read_input_tokens: tokens.cache_read, cache_creation_input_tokens: tokens.cache_write }
    }
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: (),
    completion_tokens_details: Option<Reasoning>,
    #[serde(flatten)]
    cached: Cached,
}

#[derive(Serialize)]
struct Reasoning {
    reasoning_tokens: u64,
}

impl Usage {
    fn of(tokens: &Tokens) -> Self {
        Self {
            prompt_tokens: tokens.prompt,
            completion_tokens: tokens.completion,
            total_tokens: tokens.total,
            prompt_tokens_details: (),
            completion_tokens_details: (tokens.reasoning > 0)
                .then_some(Reasoning { reasoning_tokens: tokens.reasoning }),
            cached: Cached::of(tokens),
        }
    }
}

/// A value as JSON, without NUL.
pub fn written(value: &impl Serialize) -> String {
    cleaned(serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()))
}

/// PostgreSQL keeps no NUL, wherever it stands. One that is written has this form, whether or not it is one.
fn cleaned(text: String) -> String {
    if memchr::memmem::find(text.as_bytes(), b"\\u0000").is_none() {
        return text;
    }
    serde_json::from_str(&text).map_or(text, |value| clean(value).to_string())
}

fn clean(value: Value) -> Value {
    match value {
        Value::String(text) => without_nul(&text).into(),
        Value::Array(items) => items.into_iter().map(clean).collect(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (without_nul(&name), clean(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other,
    }
}
