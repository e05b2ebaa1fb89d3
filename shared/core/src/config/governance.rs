//! Keys, budgets and limits: what `general_settings` and `litellm_settings` say of them.
//!
//! Reads what the tables have checked already; holds LiteLLM's defaults, and those of Tollgate's own keys.

use std::time::Duration;

use super::key_rules;
use super::load::Surroundings;
use super::node::Node;
use super::params::Fields;
use super::spend::JournalFull;
use super::team_rules;
use crate::govern::period::Calendar;
use crate::govern::reset::ProxyBudget;
use crate::govern::{Priorities, Settings};
use crate::quota::{Enforcement, TokenKind};

impl Settings {
    pub(super) fn read(document: &Node, surroundings: &Surroundings<'_>) -> Self {
        let section = |name: &str| Fields::of(document.get(name));
        let (general, litellm) = (section("general_settings"), section("litellm_settings"));
        let otherwise = Self::default();
        let window = surroundings.variable("LITELLM_RATE_LIMIT_WINDOW_SIZE").and_then(|text| text.trim().parse().ok());
        let header = general.text("user_header_name").map(|name| name.to_ascii_lowercase());
        Self {
            key_ttl: seconds(general.number("user_api_key_cache_ttl")).unwrap_or(otherwise.key_ttl),
            stale_ttl: seconds(general.number("last_known_key_ttl_seconds")).unwrap_or(otherwise.stale_ttl),
            allows_unknown_state: general.flag("allow_requests_on_db_unavailable"),
            budget_status: litellm
                .count("budget_exceeded_status_code")
                .and_then(|status| u16::try_from(status).ok())
                .unwrap_or(otherwise.budget_status),
            enforcement: match general.text("budget_enforcement").as_deref() {
                Some("strict") => Enforcement::Strict,
                _ if general.flag("fail_closed_budget_enforcement") => Enforcement::Strict,
                _ => Enforcement::Shrink,
            },
            budget_wait: seconds(general.number("budget_wait_seconds")).unwrap_or(otherwise.budget_wait),
            refuses_unpriced: general.text("unpriced_model_under_budget").as_deref() == Some("refuse"),
            journal_full: match general.text("spend_journal_full").as_deref() {
                Some("degrade") => JournalFull::Degrade,
                _ => JournalFull::Refuse,
            },
            blocks_unpriced: litellm.flag("block_requests_for_models_without_pricing"),
            rate_window: window.map_or(otherwise.rate_window, Duration::from_secs),
            token_kind: match general.text("token_rate_limit_type").as_deref() {
                Some("input") => TokenKind::Input,
                Some("output") => TokenKind::Output,
                _ => TokenKind::Total,
            },
            proxy_budget: proxy_budget(&litellm, &general),
            user_budget_on_team_keys: general.flag("apply_user_budget_to_team_keys"),
            global_parallel_max: general.count("global_max_parallel_requests"),
            call_parallel_max: general.count("max_parallel_requests"),
            customer_header: header,
            needs_customer: general.flag("enforce_user_param"),
            refuses_client_tags: general.flag("reject_clientside_metadata_tags"),
            customer_budget_usd: litellm.number("max_end_user_budget"),
            customer_budget_id: litellm.text("max_end_user_budget_id"),
            calendar: calendar(&litellm),
            team_admin_fields: general.texts("team_admin_editable_team_fields"),
            available_teams: available_teams(&litellm),
            priorities: priorities(&litellm),
            keeps_prompts: general.flag("store_prompts_in_spend_logs")
                || surroundings
                    .variable("STORE_PROMPTS_IN_SPEND_LOGS")
                    .is_some_and(|text| text.trim().eq_ignore_ascii_case("true")),
            omits_user_agents: litellm.flag("disable_add_user_agent_to_request_tags"),
            required: general.texts("enforced_params"),
            required_of_service_accounts: general
                .get("service_account_settings")
                .and_then(|settings| settings.get("enforced_params"))
                .map(Node::texts)
                .unwrap_or_default(),
            throttle: litellm
                .number("budget_exceeded_throttle_percentage")
                .filter(|share| *share > 0.0 && *share <= 1.0),
            keys: key_rules::read(document, surroundings),
            teams: team_rules::read(document),
            rolls_over: litellm.flag("budget_rollover"),
            never_resets: general.flag("disable_reset_budget"),
        }
    }
}

fn proxy_budget(litellm: &Fields<'_>, general: &Fields<'_>) -> Option<ProxyBudget> {
    let max_usd = litellm.number("max_budget").or_else(|| general.number("max_budget"))?;
    let duration = litellm.text("budget_duration").or_else(|| general.text("budget_duration"));
    Some(ProxyBudget { max_usd, duration })
}

/// What is no time of day is refused before anything is read.
fn calendar(litellm: &Fields<'_>) -> Calendar {
    let (zone, time) = (litellm.text("timezone"), litellm.text("budget_reset_time"));
    Calendar::new(zone.as_deref(), time.as_deref()).unwrap_or_default()
}

fn available_teams(litellm: &Fields<'_>) -> Vec<String> {
    let teams = litellm.get("default_internal_user_params").and_then(|params| params.get("available_teams"));
    teams.map(Node::texts).unwrap_or_default()
}

/// The names that switch LiteLLM's limiter by priority on.
const LIMITERS: [&str; 2] = ["dynamic_rate_limiter", "dynamic_rate_limiter_v3"];

fn priorities(litellm: &Fields<'_>) -> Option<Priorities> {
    let callbacks = litellm.texts("callbacks");
    let is_on = callbacks.iter().any(|name| LIMITERS.contains(&name.as_str()));
    let shares = litellm.get("priority_reservation").filter(|_| is_on)?;
    let shares = shares.entries().iter().filter_map(|entry| Some((entry.name()?.to_owned(), entry.value.as_number()?)));
    let settings = litellm.get("priority_reservation_settings");
    let number = |name: &str| settings.and_then(|settings| settings.get(name)).and_then(Node::as_number);
    Some(Priorities::new(shares.collect(), number("default_priority"), number("saturation_threshold")))
}

fn seconds(seconds: Option<f64>) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds?).ok()
}
