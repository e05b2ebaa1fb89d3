//! `router_settings`: how a deployment is chosen, retried and replaced.
//!
//! Reads what the tables have checked already; holds the defaults. What LiteLLM's router also takes from
//! `litellm_settings` or `general_settings` is looked for there too, so that nobody else needs to know.

use super::budget::Budget;
use super::failure_policy::{AllowedFails, RetryPolicy};
use super::fallbacks::Fallbacks;
use super::node::Node;
use super::params::Fields;
use super::routing::{self, RoutingGroup, Strategy, StrategyArgs};
use super::{LitellmSettings, own_routing};

/// LiteLLM's, which has it from OpenAI's client.
const RETRIES: u64 = 2;
const FALLBACKS_MAX: u64 = 5;
const DEPLOYMENT_AFFINITY_TTL_SECONDS: f64 = 3600.0;

/// What another name for a model group stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupAlias {
    pub alias: String,
    /// The group meant by it.
    pub model: String,
    /// Whether lists of models leave the alias out.
    pub hidden: bool,
}

/// Settings of the router. Durations are in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct RouterSettings {
    /// See [`RouterSettings::retries`].
    pub num_retries: Option<u64>,
    pub timeout_seconds: Option<f64>,
    pub stream_timeout_seconds: Option<f64>,
    pub model_group_alias: Vec<GroupAlias>,
    /// Of model groups that belong to none of `routing_groups`.
    pub strategy: Strategy,
    pub strategy_args: StrategyArgs,
    pub routing_groups: Vec<RoutingGroup>,
    /// `fallbacks` with `default_fallbacks` behind it; each of these four is else that of `litellm_settings`.
    pub fallbacks: Option<Fallbacks>,
    pub context_window_fallbacks: Option<Fallbacks>,
    pub content_policy_fallbacks: Option<Fallbacks>,
    /// Else `litellm_settings.max_fallbacks`, else 5.
    pub max_fallbacks: u64,
    /// Whether the rest of a group is tried by weight before its fallbacks are.
    pub enable_weighted_failover: bool,
    pub retry_policy: Option<RetryPolicy>,
    pub model_group_retry_policy: Vec<(String, RetryPolicy)>,
    /// The shortest wait before a retry; 0.
    pub retry_after_seconds: f64,
    /// Else `litellm_settings.allowed_fails`.
    pub allowed_fails: Option<u64>,
    pub allowed_fails_policy: Option<AllowedFails>,
    /// Else `litellm_settings.cooldown_time`, where LiteLLM's documentation sets it although its code never reads it.
    /// LiteLLM takes 0 for its default, so 0 counts as absent.
    pub cooldown_time_seconds: Option<f64>,
    pub disable_cooldowns: bool,
    pub enable_pre_call_checks: bool,
    pub enable_tag_filtering: bool,
    /// Whether one tag of a request is enough; true where nothing is set.
    pub tag_filtering_match_any: bool,
    /// An empty one counts as absent.
    pub tag_routing_prefix: Option<String>,
    pub default_priority: Option<i64>,
    pub optional_pre_call_checks: Vec<String>,
    /// 3600 where nothing is set.
    pub deployment_affinity_ttl_seconds: f64,
    /// The affinity checks of single model groups, by their names.
    pub model_group_affinity_config: Vec<(String, Vec<String>)>,
    /// This and the next three are else those of `general_settings`.
    pub enable_health_check_routing: bool,
    /// LiteLLM takes 0 for its default, so 0 counts as absent.
    pub health_check_staleness_threshold_seconds: Option<f64>,
    pub health_check_ignore_transient_errors: bool,
    /// The only model groups that are checked; all of them where nothing is set.
    pub background_health_check_model_groups: Vec<String>,
    /// `provider_budget_config`, by the name of the provider.
    pub provider_budgets: Vec<(String, Budget)>,
    pub default_max_parallel_requests: Option<u64>,
    /// Tollgate's own: failures in a row that rest a deployment; 3 where nothing is set; 0 turns it off.
    pub consecutive_fails: u64,
    /// Whether `consecutive_fails` is set.
    pub consecutive_fails_given: bool,
    /// Tollgate's own: seconds that such a deployment rests; 30 where nothing is set.
    pub consecutive_cooldown_time: f64,
    /// Tollgate's own: after how long without an answer a second deployment is asked too; never where nothing is set.
    pub hedge_after_ms: Option<u64>,
    /// Tollgate's own: how many calls this may add, in percent; 5 where nothing is set.
    pub hedge_max_extra_percent: f64,
    /// Tollgate's own: calls of a model group that may wait for a deployment; 100 where nothing is set.
    pub max_queued_requests: u64,
    /// Tollgate's own: seconds that a call may wait for a deployment; 10 where nothing is set.
    pub queue_timeout: f64,
    /// Tollgate's own: seconds that the first piece of a stream may take.
    pub first_chunk_timeout: Option<f64>,
    /// Tollgate's own: seconds that a stream may be silent between two pieces.
    pub chunk_timeout: Option<f64>,
    /// Tollgate's own: the largest upload that is held in memory, so that it can be sent again; 16 where nothing is set.
    pub upload_retry_max_size_mb: f64,
    /// Tollgate's own: the longest `Retry-After` in seconds that is waited for; 60 where nothing is set.
    pub max_retry_wait: f64,
    /// Tollgate's own: calls to a `silent_model` that may be in flight; 32 where nothing is set.
    pub mirrored_requests_max: u64,
}

/// The sections that say something about routing.
pub(super) struct Sections<'a> {
    pub router: Fields<'a>,
    pub litellm: Fields<'a>,
    pub general: Fields<'a>,
}

impl Default for RouterSettings {
    fn default() -> Self {
        Self {
            num_retries: None,
            timeout_seconds: None,
            stream_timeout_seconds: None,
            model_group_alias: Vec::new(),
            strategy: Strategy::default(),
            strategy_args: StrategyArgs::default(),
            routing_groups: Vec::new(),
            fallbacks: None,
            context_window_fallbacks: None,
            content_policy_fallbacks: None,
            max_fallbacks: FALLBACKS_MAX,
            enable_weighted_failover: false,
            retry_policy: None,
            model_group_retry_policy: Vec::new(),
            retry_after_seconds: 0.0,
            allowed_fails: None,
            allowed_fails_policy: None,
            cooldown_time_seconds: None,
            disable_cooldowns: false,
            enable_pre_call_checks: false,
            enable_tag_filtering: false,
            tag_filtering_match_any: true,
            tag_routing_prefix: None,
            default_priority: None,
            optional_pre_call_checks: Vec::new(),
            deployment_affinity_ttl_seconds: DEPLOYMENT_AFFINITY_TTL_SECONDS,
            model_group_affinity_config: Vec::new(),
            enable_health_check_routing: false,
            health_check_staleness_threshold_seconds: None,
            health_check_ignore_transient_errors: false,
            background_health_check_model_groups: Vec::new(),
            provider_budgets: Vec::new(),
            default_max_parallel_requests: None,
            consecutive_fails: own_routing::CONSECUTIVE_FAILS,
            consecutive_fails_given: false,
            consecutive_cooldown_time: own_routing::CONSECUTIVE_COOLDOWN_SECONDS,
            hedge_after_ms: None,
            hedge_max_extra_percent: own_routing::HEDGE_EXTRA_PERCENT_MAX,
            max_queued_requests: own_routing::QUEUED_REQUESTS_MAX,
            queue_timeout: own_routing::QUEUE_TIMEOUT_SECONDS,
            first_chunk_timeout: None,
            chunk_timeout: None,
            upload_retry_max_size_mb: own_routing::UPLOAD_RETRY_SIZE_MAX_MB,
            max_retry_wait: own_routing::RETRY_WAIT_MAX_SECONDS,
            mirrored_requests_max: own_routing::MIRRORED_REQUESTS_MAX,
        }
    }
}

impl RouterSettings {
    pub(super) fn read(document: &Node) -> Self {
        let section = |name| Fields::of(document.get(name));
        let sections = Sections {
            router: section("router_settings"),
            litellm: section("litellm_settings"),
            general: section("general_settings"),
        };
        let mut settings = Self::default();
        settings.read_selection(&sections.router);
        settings.read_resilience(&sections);
        settings.read_health(&sections);
        settings.read_own(&sections.router);
        settings
    }

    /// How often a failed call is tried again where neither a policy nor a deployment says so: `num_retries` of the
    /// router, else of `litellm`, else 2.
    pub fn retries(&self, litellm: &LitellmSettings) -> u64 {
        self.num_retries.or(litellm.num_retries).unwrap_or(RETRIES)
    }

    fn read_selection(&mut self, router: &Fields<'_>) {
        let aliases = router.get("model_group_alias").map(Node::entries).unwrap_or_default();
        self.model_group_alias = aliases.iter().filter_map(|entry| alias(entry.name()?, &entry.value)).collect();
        self.strategy = routing::strategy(router);
        self.strategy_args = StrategyArgs::read(router.get("routing_strategy_args"), self.strategy);
        self.routing_groups = routing::routing_groups(router.get("routing_groups"));
        self.enable_pre_call_checks = router.flag("enable_pre_call_checks");
        self.enable_tag_filtering = router.flag("enable_tag_filtering");
        self.tag_filtering_match_any = router.flag_unless_off("tag_filtering_match_any");
        self.tag_routing_prefix = router.text("tag_routing_prefix").filter(|prefix| !prefix.is_empty());
        self.default_priority = router.integer("default_priority");
        self.optional_pre_call_checks = router.texts("optional_pre_call_checks");
        self.deployment_affinity_ttl_seconds =
            router.number("deployment_affinity_ttl_seconds").unwrap_or(DEPLOYMENT_AFFINITY_TTL_SECONDS);
        self.model_group_affinity_config = affinities(router.get("model_group_affinity_config"));
        self.provider_budgets = Budget::by_name(router.get("provider_budget_config"));
        self.default_max_parallel_requests = router.count("default_max_parallel_requests");
    }

    fn read_resilience(&mut self, Sections { router, litellm, .. }: &Sections<'_>) {
        self.num_retries = router.count("num_retries");
        self.timeout_seconds = router.number("timeout");
        self.stream_timeout_seconds = router.number("stream_timeout");
        let fallbacks = |name| Fallbacks::read(router, litellm, name);
        self.fallbacks = Fallbacks::with_defaults(fallbacks("fallbacks"), router, litellm);
        self.context_window_fallbacks = fallbacks("context_window_fallbacks");
        self.content_policy_fallbacks = fallbacks("content_policy_fallbacks");
        let count = |name| router.count(name).or_else(|| litellm.count(name));
        self.max_fallbacks = count("max_fallbacks").unwrap_or(FALLBACKS_MAX);
        self.enable_weighted_failover = router.flag("enable_weighted_failover");
        self.retry_policy = router.get("retry_policy").map(RetryPolicy::read);
        self.model_group_retry_policy = RetryPolicy::by_group(router.get("model_group_retry_policy"));
        self.retry_after_seconds = router.number("retry_after").unwrap_or_default();
        self.allowed_fails = count("allowed_fails");
        self.allowed_fails_policy = router.get("allowed_fails_policy").map(AllowedFails::read);
        let cooldown = router.positive("cooldown_time").or_else(|| litellm.positive("cooldown_time"));
        self.cooldown_time_seconds = cooldown;
        self.disable_cooldowns = router.flag("disable_cooldowns");
    }

    fn read_health(&mut self, Sections { router, general, .. }: &Sections<'_>) {
        let flag = |name| router.flag_or(name, general.flag(name));
        self.enable_health_check_routing = flag("enable_health_check_routing");
        self.health_check_ignore_transient_errors = flag("health_check_ignore_transient_errors");
        let threshold = "health_check_staleness_threshold";
        self.health_check_staleness_threshold_seconds =
            router.positive(threshold).or_else(|| general.positive(threshold));
        let groups = "background_health_check_model_groups";
        self.background_health_check_model_groups =
            if router.get(groups).is_some() { router.texts(groups) } else { general.texts(groups) };
    }
}

/// A string names the group; a map names it as `model` and may hide the alias.
fn alias(name: &str, node: &Node) -> Option<GroupAlias> {
    let fields = Fields::of(Some(node));
    let model = node.as_text().map(str::to_owned).or_else(|| fields.text("model"))?;
    Some(GroupAlias { alias: name.to_owned(), model, hidden: fields.flag("hidden") })
}

fn affinities(node: Option<&Node>) -> Vec<(String, Vec<String>)> {
    let entries = node.map(Node::entries).unwrap_or_default().iter();
    entries.filter_map(|entry| Some((entry.name()?.to_owned(), entry.value.texts()))).collect()
}
