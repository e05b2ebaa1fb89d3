//! `general_settings.litellm_jwtauth`: what a token must be, and what its claims mean.
//!
//! Reads what the tables have checked already, and the variables that LiteLLM reads: `JWT_PUBLIC_KEY_URL`,
//! `JWT_AUDIENCE` and `JWT_ISSUER`. The defaults are LiteLLM's.

use regex_lite::Regex;

use super::load::Surroundings;
use super::node::Node;
use super::params::Fields;
use crate::jwt::{ClaimPath, Role};

const PUBLIC_KEY_TTL_SECONDS: f64 = 600.0;
const PUBLIC_KEY_STALE_TTL_SECONDS: f64 = 3600.0;
const VIRTUAL_KEY_MAPPING_TTL_SECONDS: f64 = 300.0;
const ADMIN_ROUTES: &[&str] =
    &["management_routes", "spend_tracking_routes", "global_spend_tracking_routes", "info_routes"];
const TEAM_ROUTES: &[&str] =
    &["openai_routes", "info_routes", "mcp_routes", "/v1/messages", "/v1/messages/count_tokens"];
const PUBLIC_ROUTES: &[&str] = &["public_routes"];

/// How callers with tokens are let in.
#[derive(Clone, Debug, Default)]
pub struct JwtSettings {
    /// `enable_jwt_auth`: where it is not set, nobody has a token.
    pub is_enabled: bool,
    /// `JWT_PUBLIC_KEY_URL`: sets of keys, or discovery documents that name them.
    pub public_key_urls: Vec<String>,
    /// `JWT_AUDIENCE`; any where it is not set.
    pub audience: Option<String>,
    /// `JWT_ISSUER`; any where it is not set.
    pub issuer: Option<String>,
    /// Tollgate's own `jwt_leeway_seconds`: by how much the clocks of issuers may be wrong; 0 where nothing is set.
    pub leeway_seconds: u64,
    pub public_key_ttl_seconds: f64,
    pub public_key_stale_ttl_seconds: f64,
    pub admin_jwt_scope: String,
    /// Routes, and groups of them.
    pub admin_allowed_routes: Vec<String>,
    pub team_allowed_routes: Vec<String>,
    pub public_allowed_routes: Vec<String>,
    pub fields: ClaimFields,
    pub team_alias_jwt_field: Option<ClaimPath>,
    pub org_alias_jwt_field: Option<ClaimPath>,
    pub user_roles_jwt_field: Option<ClaimPath>,
    pub user_allowed_roles: Vec<String>,
    pub roles_jwt_field: Option<ClaimPath>,
    pub object_id_jwt_field: Option<ClaimPath>,
    pub role_mappings: Vec<RoleMapping>,
    pub jwt_litellm_role_map: Vec<LitellmRole>,
    pub scope_mappings: Vec<ScopeMapping>,
    pub enforce_rbac: bool,
    pub enforce_scope_based_access: bool,
    pub enforce_team_based_model_access: bool,
    /// The team of tokens that claim none.
    pub team_id_default: Option<String>,
    pub user_allowed_email_domain: Option<String>,
    /// The path as written: stored mappings name it, too.
    pub virtual_key_claim_field: Option<String>,
    pub virtual_key_mapping_cache_ttl_seconds: f64,
    pub unregistered_jwt_client_behavior: UnregisteredClient,
    pub issuers: Vec<JwtIssuer>,
    /// What may be written for a token, and where its teams may come from; for who looks them up.
    pub team_id_upsert: bool,
    pub user_id_upsert: bool,
    pub team_claim_fallback: bool,
    pub fallback_to_db_teams: bool,
}

/// Where the claims are that an issuer may have at places of its own.
#[derive(Clone, Debug, Default)]
pub struct ClaimFields {
    pub user_id: Option<ClaimPath>,
    pub user_email: Option<ClaimPath>,
    pub team_id: Option<ClaimPath>,
    pub team_ids: Option<ClaimPath>,
    pub org_id: Option<ClaimPath>,
    pub end_user_id: Option<ClaimPath>,
}

/// An issuer with keys, an audience and claims of its own.
#[derive(Clone, Debug)]
pub struct JwtIssuer {
    pub issuer: String,
    /// Where nothing is said, the issuer's discovery document tells.
    pub jwks_url: Option<String>,
    /// Any where `disable_audience_validation` is set, and only then.
    pub audiences: Vec<String>,
    pub fields: ClaimFields,
    pub virtual_key_claim_field: Option<String>,
    pub unregistered_jwt_client_behavior: Option<UnregisteredClient>,
}

#[derive(Clone, Debug)]
pub struct RoleMapping {
    /// A role of the token.
    pub role: String,
    pub internal_role: Role,
}

#[derive(Clone, Debug)]
pub struct LitellmRole {
    /// `jwt_role`, with `*`, `?` and `[…]` as in a shell.
    pub pattern: Regex,
    pub litellm_role: String,
}

#[derive(Clone, Debug)]
pub struct ScopeMapping {
    pub scope: String,
    pub models: Vec<String>,
    pub routes: Vec<String>,
}

/// What becomes of a token whose claim leads to no virtual key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnregisteredClient {
    /// It is taken for what its other claims say.
    #[default]
    FallbackTeamMapping,
    /// 403.
    Reject,
    /// A key is made for it.
    AutoRegister,
}

impl UnregisteredClient {
    fn named(name: &str) -> Option<Self> {
        match name {
            "fallback_team_mapping" => Some(Self::FallbackTeamMapping),
            "reject" => Some(Self::Reject),
            "auto_register" => Some(Self::AutoRegister),
            _ => None,
        }
    }
}

impl JwtSettings {
    /// `general` is `general_settings`.
    pub(super) fn read(general: &Fields<'_>, surroundings: &Surroundings<'_>) -> Self {
        let fields = Fields::of(general.get("litellm_jwtauth"));
        let variable = |name: &str| surroundings.variable(name).filter(|value| !value.is_empty());
        let urls = variable("JWT_PUBLIC_KEY_URL").unwrap_or_default();
        let urls = urls.split(',').map(str::trim).filter(|url| !url.is_empty()).map(str::to_owned);
        Self {
            is_enabled: general.flag("enable_jwt_auth"),
            public_key_urls: urls.collect(),
            audience: variable("JWT_AUDIENCE"),
            issuer: variable("JWT_ISSUER"),
            leeway_seconds: general.count("jwt_leeway_seconds").unwrap_or_default(),
            team_id_upsert: fields.flag("team_id_upsert"),
            user_id_upsert: fields.flag("user_id_upsert"),
            team_claim_fallback: fields.flag("team_claim_fallback"),
            fallback_to_db_teams: fields.flag("fallback_to_db_teams"),
            ..Self::of(&fields)
        }
    }

    fn of(fields: &Fields<'_>) -> Self {
        let seconds = |name: &str, otherwise: f64| fields.number(name).unwrap_or(otherwise);
        let behavior = fields.text("unregistered_jwt_client_behavior");
        Self {
            public_key_ttl_seconds: seconds("public_key_ttl", PUBLIC_KEY_TTL_SECONDS),
            public_key_stale_ttl_seconds: seconds("public_key_stale_ttl", PUBLIC_KEY_STALE_TTL_SECONDS),
            virtual_key_mapping_cache_ttl_seconds: seconds(
                "virtual_key_mapping_cache_ttl",
                VIRTUAL_KEY_MAPPING_TTL_SECONDS,
            ),
            admin_jwt_scope: fields.text("admin_jwt_scope").unwrap_or_else(|| "litellm_proxy_admin".to_owned()),
            admin_allowed_routes: routes(fields, "admin_allowed_routes", ADMIN_ROUTES),
            team_allowed_routes: routes(fields, "team_allowed_routes", TEAM_ROUTES),
            public_allowed_routes: routes(fields, "public_allowed_routes", PUBLIC_ROUTES),
            fields: ClaimFields::read(fields),
            team_alias_jwt_field: path(fields, "team_alias_jwt_field"),
            org_alias_jwt_field: path(fields, "org_alias_jwt_field"),
            user_roles_jwt_field: path(fields, "user_roles_jwt_field"),
            user_allowed_roles: fields.texts("user_allowed_roles"),
            roles_jwt_field: path(fields, "roles_jwt_field"),
            object_id_jwt_field: path(fields, "object_id_jwt_field"),
            role_mappings: each(fields, "role_mappings", role_mapping),
            jwt_litellm_role_map: each(fields, "jwt_litellm_role_map", litellm_role),
            scope_mappings: each(fields, "scope_mappings", scope_mapping),
            enforce_rbac: fields.flag("enforce_rbac"),
            enforce_scope_based_access: fields.flag("enforce_scope_based_access"),
            enforce_team_based_model_access: fields.flag("enforce_team_based_model_access"),
            team_id_default: fields.text("team_id_default"),
            user_allowed_email_domain: fields.text("user_allowed_email_domain"),
            virtual_key_claim_field: claim_field(fields),
            unregistered_jwt_client_behavior: behavior
                .and_then(|name| UnregisteredClient::named(&name))
                .unwrap_or_default(),
            issuers: each(fields, "issuers", issuer),
            ..Self::default()
        }
    }
}

impl ClaimFields {
    fn read(fields: &Fields<'_>) -> Self {
        Self {
            user_id: path(fields, "user_id_jwt_field"),
            user_email: path(fields, "user_email_jwt_field"),
            team_id: path(fields, "team_id_jwt_field"),
            team_ids: path(fields, "team_ids_jwt_field"),
            org_id: path(fields, "org_id_jwt_field"),
            end_user_id: path(fields, "end_user_id_jwt_field"),
        }
    }
}

/// Under its older name, too.
fn claim_field(fields: &Fields<'_>) -> Option<String> {
    fields.text("virtual_key_claim_field").or_else(|| fields.text("jwt_client_id_field"))
}

fn path(fields: &Fields<'_>, name: &str) -> Option<ClaimPath> {
    ClaimPath::parse(&fields.text(name)?)
}

fn routes(fields: &Fields<'_>, name: &str, otherwise: &[&str]) -> Vec<String> {
    let given = fields.get(name).map(Node::texts);
    given.unwrap_or_else(|| otherwise.iter().map(|route| (*route).to_owned()).collect())
}

fn each<T>(fields: &Fields<'_>, name: &str, read: fn(&Fields<'_>) -> Option<T>) -> Vec<T> {
    let items = fields.get(name).map(Node::items).unwrap_or_default();
    items.iter().filter_map(|item| read(&Fields::of(Some(item)))).collect()
}

fn issuer(fields: &Fields<'_>) -> Option<JwtIssuer> {
    Some(JwtIssuer {
        issuer: fields.text("issuer")?,
        jwks_url: fields.text("jwks_url").filter(|url| !url.is_empty()),
        audiences: fields.texts("audience"),
        fields: ClaimFields::read(fields),
        virtual_key_claim_field: fields.text("virtual_key_claim_field"),
        unregistered_jwt_client_behavior: fields
            .text("unregistered_jwt_client_behavior")
            .and_then(|name| UnregisteredClient::named(&name)),
    })
}

fn role_mapping(fields: &Fields<'_>) -> Option<RoleMapping> {
    let internal_role = Role::named(&fields.text("internal_role")?)?;
    Some(RoleMapping { role: fields.text("role")?, internal_role })
}

fn litellm_role(fields: &Fields<'_>) -> Option<LitellmRole> {
    Some(LitellmRole { pattern: shell_pattern(&fields.text("jwt_role")?)?, litellm_role: fields.text("litellm_role")? })
}

fn scope_mapping(fields: &Fields<'_>) -> Option<ScopeMapping> {
    let (models, routes) = (fields.texts("models"), fields.texts("routes"));
    Some(ScopeMapping { scope: fields.text("scope")?, models, routes })
}

/// A pattern of Python's `fnmatch` as a regular expression.
pub(super) fn shell_pattern(pattern: &str) -> Option<Regex> {
    let mut expression = String::from("(?s)^");
    let mut rest = pattern;
    while let Some(next) = rest.chars().next() {
        rest = &rest[next.len_utf8()..];
        match next {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            // A bracket right after the first one is a member.
            '[' => match rest.char_indices().skip(1).find(|(_, letter)| *letter == ']') {
                Some((end, _)) => {
                    let (class, after) = rest.split_at(end);
                    let (sign, members) = class.strip_prefix('!').map_or(("", class), |members| ("^", members));
                    let members = members.replace('\\', "\\\\").replace('[', "\\[").replace('^', "\\^");
                    expression.push_str(&format!("[{sign}{}]", members.replace(']', "\\]")));
                    rest = &after[1..];
                }
                None => expression.push_str("\\["),
            },
            other => expression.push_str(&regex_lite::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    Regex::new(&format!("{expression}$")).ok()
}
