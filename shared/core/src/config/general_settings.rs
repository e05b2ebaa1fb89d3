//! `general_settings`: the server and who may call it.
//!
//! Reads what the tables have checked already; holds the defaults of Tollgate's own keys.

use super::custom_auth::CustomAuthSettings;
use super::database::DatabaseSettings;
use super::jwt::JwtSettings;
use super::load::Surroundings;
use super::node::Node;
use super::params::Fields;
use super::pass_through::{self, PassThroughEndpoint};
use super::spend::SpendSettings;
use crate::Secret;
use crate::address::{AddressRule, Network};
use crate::seal::Algorithm;

const REQUEST_SIZE_MAX_MB: f64 = 50.0;
const RESPONSE_SIZE_MAX_MB: f64 = 256.0;
const MEDIA_SIZE_MAX_MB: f64 = 50.0;
const MEDIA_TIMEOUT_SECONDS: f64 = 30.0;
const HEADER_SIZE_MAX_KB: u64 = 64;
const RESPONSES_STORE_ENTRIES_MAX: u64 = 10_000;
const RESPONSES_STORE_SIZE_MAX_MB: f64 = 64.0;
const RESPONSES_STORE_RETENTION_SECONDS: f64 = 86_400.0;
const REQUEST_READ_TIMEOUT_SECONDS: f64 = 300.0;
const REALTIME_MESSAGE_SIZE_MAX_MB: f64 = 16.0;
const REALTIME_IDLE_TIMEOUT_SECONDS: f64 = 900.0;
const UPSTREAM_CONNECT_TIMEOUT_SECONDS: f64 = 10.0;
const PASS_THROUGH_REQUEST_TIMEOUT_SECONDS: f64 = 600.0;
const UPSTREAM_IDLE_CONNECTIONS_PER_HOST_MAX: u64 = 1000;
const HEALTH_CHECK_INTERVAL_SECONDS: f64 = 300.0;
const CONFIG_RELOAD_INTERVAL_SECONDS: f64 = 30.0;

/// Settings of the server.
#[derive(Clone, Debug)]
pub struct GeneralSettings {
    /// `master_key`, else the variable `LITELLM_MASTER_KEY`; a key given as null counts as none.
    pub master_key: Option<Secret>,
    pub dangerously_permit_weak_or_unset_master_key: bool,
    /// Whether requests may fail on purpose: `mock_testing_fallbacks` and the like.
    pub dangerously_allow_mock_testing_request_params: bool,
    /// The form in which secrets are stored: LiteLLM's default where nothing is set; either is read.
    pub encryption_algorithm: Algorithm,
    /// The service that says who calls, where there is one.
    pub custom_auth: Option<CustomAuthSettings>,
    /// `allowed_routes`: the only routes there are, where any is named.
    pub allowed_routes: Vec<String>,
    /// `admin_only_routes`: routes that only admins of everything may call.
    pub admin_only_routes: Vec<String>,
    /// Where callers may call from.
    pub address: AddressRule,
    /// How callers with tokens are let in.
    pub jwt: JwtSettings,
    pub database: DatabaseSettings,
    /// Tollgate's own: whether an unknown key refuses the configuration.
    pub strict_config: bool,
    /// The largest request body; 50 where nothing is set.
    pub max_request_size_mb: f64,
    /// The largest response body that is held in memory; 256 where nothing is set.
    pub max_response_size_mb: f64,
    /// Tollgate's own: how much of what a request names by address is fetched; else the variable
    /// `MAX_IMAGE_URL_DOWNLOAD_SIZE_MB`, else 50; 0 fetches nothing.
    pub max_media_download_size_mb: f64,
    /// Tollgate's own: how long that may take; 30 where nothing is set.
    pub media_download_timeout_seconds: f64,
    /// Tollgate's own: how many responses made of chats are kept, so that later ones can go on from them; 10000 where
    /// nothing is set; 0 keeps none.
    pub responses_store_max_entries: u64,
    /// Tollgate's own: how much they may take; 64 where nothing is set.
    pub responses_store_max_size_mb: f64,
    /// Tollgate's own: how long each is kept; a day where nothing is set.
    pub responses_store_retention_seconds: f64,
    /// Tollgate's own: the largest head of a request; 64 where nothing is set.
    pub max_header_size_kb: u64,
    /// Tollgate's own: how long the body of a request may take to arrive; 300 where nothing is set.
    pub request_read_timeout_seconds: f64,
    /// Tollgate's own: how long connecting to a provider may take; 10 where nothing is set.
    pub upstream_connect_timeout_seconds: f64,
    /// Tollgate's own: connections kept open to one host; 1000 where nothing is set.
    pub upstream_idle_connections_per_host_max: u64,
    /// Tollgate's own: the largest message of a realtime session; 16 where nothing is set.
    pub realtime_max_message_size_mb: f64,
    /// Tollgate's own: how long a realtime session may be silent; 900 where nothing is set.
    pub realtime_idle_timeout_seconds: f64,
    /// The header that holds the caller's key in place of `Authorization`.
    pub litellm_key_header_name: Option<String>,
    pub forward_client_headers_to_llm_api: bool,
    /// The model of chat calls that name none.
    pub completion_model: Option<String>,
    /// Routes that hand requests on to addresses of the operator's.
    pub pass_through_endpoints: Vec<PassThroughEndpoint>,
    /// How long a passed-on request may wait for an answer, and for each piece of it; 600 where nothing is set.
    pub pass_through_request_timeout_seconds: f64,
    pub disable_bedrock_agent_runtime_passthrough: bool,
    /// Whether deployments are asked from time to time if they still answer.
    pub background_health_checks: bool,
    /// How often; 300 where nothing is set; 0 never.
    pub health_check_interval_seconds: f64,
    /// Checks at the same time; without a limit where nothing is set, or 0.
    pub health_check_concurrency: Option<u64>,
    /// Whether one process checks for all that share a redis.
    pub use_shared_health_check: bool,
    /// Whether results tell the parameters of a deployment; true where nothing is set.
    pub health_check_details: bool,
    /// Whether models, credentials and settings may be stored: `store_model_in_db`, else the variable
    /// `STORE_MODEL_IN_DB`.
    pub store_model_in_db: bool,
    /// How often what is stored is looked at again, beside changes that are heard of: 30 where nothing is set.
    pub proxy_config_reload_interval_seconds: f64,
    pub spend: SpendSettings,
}

impl GeneralSettings {
    pub(super) fn read(node: Option<&Node>, surroundings: &Surroundings<'_>) -> Self {
        let fields = Fields::of(node);
        let number = |name, usual| fields.number(name).unwrap_or(usual);
        let count = |name, usual| fields.count(name).unwrap_or(usual);
        Self {
            master_key: master_key(node, surroundings),
            dangerously_permit_weak_or_unset_master_key: fields.flag("dangerously_permit_weak_or_unset_master_key"),
            dangerously_allow_mock_testing_request_params: fields.flag("dangerously_allow_mock_testing_request_params"),
            encryption_algorithm: Algorithm::named(fields.text("encryption_algorithm").as_deref()),
            custom_auth: CustomAuthSettings::read(&fields),
            address: address(&fields),
            jwt: JwtSettings::read(&fields, surroundings),
            database: DatabaseSettings::read(&fields, surroundings),
            strict_config: fields.flag("strict_config"),
            max_request_size_mb: number("max_request_size_mb", REQUEST_SIZE_MAX_MB),
            max_response_size_mb: number("max_response_size_mb", RESPONSE_SIZE_MAX_MB),
            max_media_download_size_mb: fields
                .number("max_media_download_size_mb")
                .or_else(|| surroundings.variable("MAX_IMAGE_URL_DOWNLOAD_SIZE_MB")?.trim().parse().ok())
                .unwrap_or(MEDIA_SIZE_MAX_MB),
            media_download_timeout_seconds: number("media_download_timeout_seconds", MEDIA_TIMEOUT_SECONDS),
            responses_store_max_entries: count("responses_store_max_entries", RESPONSES_STORE_ENTRIES_MAX),
            responses_store_max_size_mb: number("responses_store_max_size_mb", RESPONSES_STORE_SIZE_MAX_MB),
            responses_store_retention_seconds: number(
                "responses_store_retention_seconds",
                RESPONSES_STORE_RETENTION_SECONDS,
            ),
            max_header_size_kb: count("max_header_size_kb", HEADER_SIZE_MAX_KB),
            request_read_timeout_seconds: number("request_read_timeout_seconds", REQUEST_READ_TIMEOUT_SECONDS),
            upstream_connect_timeout_seconds: number(
                "upstream_connect_timeout_seconds",
                UPSTREAM_CONNECT_TIMEOUT_SECONDS,
            ),
            upstream_idle_connections_per_host_max: count(
                "upstream_idle_connections_per_host_max",
                UPSTREAM_IDLE_CONNECTIONS_PER_HOST_MAX,
            ),
            realtime_max_message_size_mb: number("realtime_max_message_size_mb", REALTIME_MESSAGE_SIZE_MAX_MB),
            realtime_idle_timeout_seconds: number("realtime_idle_timeout_seconds", REALTIME_IDLE_TIMEOUT_SECONDS),
            allowed_routes: fields.texts("allowed_routes"),
            admin_only_routes: fields.texts("admin_only_routes"),
            litellm_key_header_name: fields.text("litellm_key_header_name"),
            forward_client_headers_to_llm_api: fields.flag("forward_client_headers_to_llm_api"),
            completion_model: fields.text("completion_model"),
            pass_through_endpoints: pass_through::read(fields.get("pass_through_endpoints"), surroundings),
            pass_through_request_timeout_seconds: number(
                "pass_through_request_timeout",
                PASS_THROUGH_REQUEST_TIMEOUT_SECONDS,
            ),
            disable_bedrock_agent_runtime_passthrough: fields.flag("disable_bedrock_agent_runtime_passthrough"),
            background_health_checks: fields.flag("background_health_checks"),
            health_check_interval_seconds: number("health_check_interval", HEALTH_CHECK_INTERVAL_SECONDS),
            health_check_concurrency: fields.count("health_check_concurrency").filter(|count| *count > 0),
            use_shared_health_check: fields.flag("use_shared_health_check"),
            health_check_details: fields.flag_unless_off("health_check_details"),
            store_model_in_db: match fields.get("store_model_in_db") {
                Some(_) => fields.flag("store_model_in_db"),
                None => surroundings
                    .variable("STORE_MODEL_IN_DB")
                    .is_some_and(|text| text.trim().eq_ignore_ascii_case("true")),
            },
            proxy_config_reload_interval_seconds: fields
                .positive("proxy_config_reload_interval_seconds")
                .unwrap_or(CONFIG_RELOAD_INTERVAL_SECONDS),
            spend: SpendSettings::read(node, surroundings),
        }
    }
}

fn address(fields: &Fields<'_>) -> AddressRule {
    AddressRule {
        allowed: fields.get("allowed_ips").map(networks),
        uses_forwarded_for: fields.flag("use_x_forwarded_for"),
        trusted_proxies: fields.get("trusted_proxy_ranges").map(networks).unwrap_or_default(),
    }
}

fn networks(node: &Node) -> Vec<Network> {
    let texts = node.texts();
    texts.iter().flat_map(|text| text.split(',')).filter_map(Network::parse).collect()
}

fn master_key(node: Option<&Node>, surroundings: &Surroundings<'_>) -> Option<Secret> {
    let is_given = node.is_some_and(|node| node.entry("master_key").is_some());
    let from_variable = || if is_given { None } else { surroundings.variable("LITELLM_MASTER_KEY") };
    Fields::of(node).text("master_key").or_else(from_variable).map(Secret::new)
}
