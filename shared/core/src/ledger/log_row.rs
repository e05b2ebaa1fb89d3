//! A call as a row of `LiteLLM_SpendLogs`, in the form in which LiteLLM writes it.
//!
//! Knows the columns and the members of their JSON; no total, no SQL.

use serde_json::{Map, Value, json};

use super::keep::{kept, without_nul};
use super::posting::Rules;
use super::{Outcome, Spend};
use crate::directory::{Row, moment_text};

/// US dollars of an amount: the only place where money leaves the whole numbers.
pub fn usd(picousd: u64) -> f64 {
    picousd as f64 / 1e12
}

/// LiteLLM's `status`. Whether a call that lapsed was served nobody knows.
pub const fn is_success(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Served | Outcome::Left)
}

/// How long the call took, in milliseconds.
pub fn duration_ms(spend: &Spend) -> i64 {
    i64::try_from(spend.ended.since(spend.started).as_millis()).unwrap_or(i64::MAX)
}

/// The row; what it says of the request and the answer as the rules have it.
pub fn row(spend: &Spend, rules: &Rules) -> Row {
    let mut row = Row::new();
    let mut set = |name: &str, value: Value| row.insert(name.to_owned(), clean(value));
    set("request_id", request_id(spend).into());
    set("call_type", spend.call_type.as_str().into());
    set("api_key", spend.payer.key.as_str().into());
    set("spend", usd(spend.cost_picousd).into());
    set("total_tokens", int(spend.tokens.total).into());
    set("prompt_tokens", int(spend.tokens.prompt).into());
    set("completion_tokens", int(spend.tokens.completion).into());
    set("startTime", moment_text(spend.started).into());
    set("endTime", moment_text(spend.ended).into());
    set("request_duration_ms", i64::from(i32::try_from(duration_ms(spend)).unwrap_or(i32::MAX)).into());
    set("completionStartTime", moment_text(spend.first.unwrap_or(spend.ended)).into());
    set("model", spend.model.as_str().into());
    set("model_id", spend.model_id.as_str().into());
    set("model_group", spend.model_group.as_str().into());
    set("custom_llm_provider", spend.provider.as_str().into());
    set("api_base", spend.api_base.as_str().into());
    set("user", text(spend.payer.user_id.as_ref()));
    set("team_id", text(spend.payer.team_id.as_ref()));
    set("organization_id", text(spend.payer.organization_id.as_ref()));
    set("end_user", text(spend.payer.customer_id.as_ref()));
    set("metadata", metadata(spend, rules));
    set("cache_hit", if spend.cache_hit { "True" } else { "False" }.into());
    set("cache_key", spend.cache_key.as_deref().unwrap_or("Cache OFF").into());
    set("request_tags", spend.payer.tags.iter().map(String::as_str).collect());
    set("requester_ip_address", spend.requester_ip.as_deref().into());
    set("session_id", spend.session_id.as_deref().into());
    set("status", if is_success(spend.outcome) { "success" } else { "failure" }.into());
    set("agent_id", spend.payer.agent_id.as_deref().into());
    set("litellm_call_id", spend.call_id.as_str().into());
    for (name, value) in contents(spend, rules) {
        set(name, value);
    }
    row
}

/// What clients know the call by; an answer from the cache has the id of the one that it repeats.
fn request_id(spend: &Spend) -> String {
    let known = if spend.request_id.is_empty() { &spend.id } else { &spend.request_id };
    if spend.cache_hit { format!("{known}_cache_hit{}", spend.id) } else { known.clone() }
}

fn int(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn text(text: Option<&String>) -> Value {
    text.map_or("", String::as_str).into()
}

/// What was said in the call: LiteLLM keeps the request's body beside the messages, and messages of realtime sessions
/// alone.
fn contents(spend: &Spend, rules: &Rules) -> [(&'static str, Value); 3] {
    let empty = || json!({});
    let kept = |value: &Option<Value>| {
        let value = value.as_ref().filter(|_| rules.keeps_prompts);
        value.map_or_else(empty, |value| kept(value, rules.text_chars_max))
    };
    let is_realtime = spend.call_type == "_arealtime";
    let said = match kept(&spend.messages) {
        Value::Array(messages) if !is_realtime => json!({"messages": messages}),
        other => other,
    };
    let (messages, request) = if is_realtime { (said, empty()) } else { (empty(), said) };
    [("messages", messages), ("response", kept(&spend.response)), ("proxy_server_request", request)]
}

/// Members that LiteLLM always writes, whatever it knows of them.
const MEMBERS: &[&str] = &[
    "actor_agent_id",
    "additional_usage_values",
    "agent_execution_mode",
    "applied_guardrails",
    "attempted_fallbacks",
    "attempted_retries",
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
    "cost_breakdown",
    "error_information",
    "eval_information",
    "guardrail_information",
    "internal_call_origin",
    "litellm_call_id",
    "litellm_gateway_injected_cache",
    "litellm_overhead_time_ms",
    "litellm_roi_estimator",
    "max_retries",
    "mcp_tool_call_metadata",
    "model_map_information",
    "original_model_group",
    "proxy_server_request",
    "requester_ip_address",
    "router_metadata",
    "routing_decision",
    "spend_logs_metadata",
    "status",
    "target_agent_id",
    "usage_object",
    "used_client_oauth_token",
    "user_agent",
    "user_api_key",
    "user_api_key_alias",
    "user_api_key_org_id",
    "user_api_key_project_alias",
    "user_api_key_project_id",
    "user_api_key_team_alias",
    "user_api_key_team_id",
    "user_api_key_user_id",
    "vector_store_request_metadata",
    "verified_human_user_id",
];

fn metadata(spend: &Spend, rules: &Rules) -> Value {
    let mut members: Map<String, Value> = MEMBERS.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    members.insert("applied_guardrails".to_owned(), json!([]));
    members.insert("original_model_group".to_owned(), spend.model_group.as_str().into());
    if let Some(Value::Object(said)) = &spend.metadata {
        let known = said.iter().filter(|(name, _)| MEMBERS.contains(&name.as_str()));
        members.extend(known.map(|(name, value)| (name.clone(), value.clone())));
    }
    let payer = &spend.payer;
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("user_api_key", payer.key.as_str().into());
    set("user_api_key_alias", payer.key_alias.as_deref().into());
    set("user_api_key_team_id", payer.team_id.as_deref().into());
    set("user_api_key_team_alias", payer.team_alias.as_deref().into());
    set("user_api_key_project_id", payer.project_id.as_deref().into());
    set("user_api_key_org_id", payer.organization_id.as_deref().into());
    set("user_api_key_user_id", payer.user_id.as_deref().into());
    set("requester_ip_address", spend.requester_ip.as_deref().into());
    set("user_agent", spend.user_agent.as_deref().unwrap_or_default().into());
    set("litellm_roi_estimator", false.into());
    set("used_client_oauth_token", false.into());
    set("litellm_call_id", spend.call_id.as_str().into());
    // LiteLLM says nothing of success here; the column does.
    set("status", if is_success(spend.outcome) { Value::Null } else { "failure".into() });
    set("error_information", spend.error.as_ref().map_or(Value::Null, |error| kept(error, rules.text_chars_max)));
    set("usage_object", usage(spend));
    set("additional_usage_values", Value::Object(cached(spend)));
    set("cost_breakdown", spend.cost_breakdown.clone().unwrap_or(Value::Null));
    set("attempted_retries", spend.retries.into());
    set("attempted_fallbacks", spend.fallbacks.into());
    // LiteLLM has no word for these: its readers pass over a member that they do not know.
    match spend.outcome {
        Outcome::Left => set("tollgate_outcome", "client_left".into()),
        Outcome::Lapsed => set("tollgate_outcome", "lapsed".into()),
        Outcome::Served | Outcome::Failed => None,
    };
    Value::Object(members)
}

/// Tokens read from and written to the provider's cache, where there are any.
fn cached(spend: &Spend) -> Map<String, Value> {
    let counts = [
        ("cache_read_input_tokens", spend.tokens.cache_read),
        ("cache_creation_input_tokens", spend.tokens.cache_write),
    ];
    counts.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name.to_owned(), count.into())).collect()
}

fn usage(spend: &Spend) -> Value {
    let tokens = &spend.tokens;
    let mut usage = json!({
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.completion,
        "total_tokens": tokens.total,
        "prompt_tokens_details": null,
        "completion_tokens_details": null,
    });
    if let Some(members) = usage.as_object_mut() {
        members.extend(cached(spend));
        if tokens.reasoning > 0 {
            let details = json!({"reasoning_tokens": tokens.reasoning});
            members.insert("completion_tokens_details".to_owned(), details);
        }
    }
    usage
}

/// PostgreSQL keeps no NUL, wherever it stands.
pub fn clean(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => without_nul(&text).into(),
        Value::Array(items) => items.into_iter().map(clean).collect(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (without_nul(&name), clean(value)));
            Value::Object(members.collect())
        }
        other => other,
    }
}
