//! `general_settings.litellm_jwtauth`: what a token's claims mean.

use super::{Group, Kind, Section, acted, acted_unless, later};

const RBAC_ROLES: &[&str] = &["proxy_admin", "team", "internal_user"];
const UNREGISTERED: &[&str] = &["fallback_team_mapping", "reject", "auto_register"];
const ROLES: &[&str] =
    &["proxy_admin", "proxy_admin_viewer", "org_admin", "internal_user", "internal_user_viewer", "team", "customer"];

/// Keys that an issuer has, too.
const CLAIMS: Group = acted(
    Kind::Text,
    &[
        "user_id_jwt_field",
        "user_email_jwt_field",
        "team_id_jwt_field",
        "team_ids_jwt_field",
        "org_id_jwt_field",
        "end_user_id_jwt_field",
        "virtual_key_claim_field",
    ],
);
const BEHAVIOR: Group = acted_unless(
    "auto_register",
    "no key is made for a token: its other claims say who calls",
    Kind::Choice(UNREGISTERED),
    &["unregistered_jwt_client_behavior"],
);

pub(in crate::config) static JWT_AUTH: Section = Section::strict(&[&[
    CLAIMS,
    BEHAVIOR,
    acted(
        Kind::Text,
        &[
            "admin_jwt_scope",
            "team_alias_jwt_field",
            "team_id_default",
            "org_alias_jwt_field",
            "user_allowed_email_domain",
            "user_roles_jwt_field",
            "roles_jwt_field",
            "object_id_jwt_field",
            "jwt_client_id_field",
        ],
    ),
    acted(
        Kind::TextList,
        &["admin_allowed_routes", "team_allowed_routes", "public_allowed_routes", "user_allowed_roles"],
    ),
    acted(Kind::Amount, &["public_key_ttl", "public_key_stale_ttl", "virtual_key_mapping_cache_ttl"]),
    acted(
        Kind::Flag,
        &[
            "team_id_upsert",
            "user_id_upsert",
            "enforce_rbac",
            "enforce_scope_based_access",
            "enforce_team_based_model_access",
            "team_claim_fallback",
            "fallback_to_db_teams",
        ],
    ),
    acted(Kind::Sections(&ROLE_MAPPING), &["role_mappings"]),
    acted(Kind::Sections(&LITELLM_ROLE), &["jwt_litellm_role_map"]),
    acted(Kind::Sections(&SCOPE_MAPPING), &["scope_mappings"]),
    acted(Kind::Sections(&ISSUER), &["issuers"]),
    acted(Kind::Python, &["custom_validate"]),
    later(
        "users of a token are not added to its teams",
        Kind::Flag,
        &["upsert_sso_user_to_team", "sync_user_role_and_teams"],
    ),
    later("every token without a mapping gets a new key", Kind::Flag, &["auto_register_map_existing_key"]),
    later("tokens that are no JWT are not looked up at the issuer", Kind::Text, &["oidc_userinfo_endpoint"]),
    later("tokens that are no JWT are not looked up at the issuer", Kind::Flag, &["oidc_userinfo_enabled"]),
    later("tokens that are no JWT are not looked up at the issuer", Kind::Amount, &["oidc_userinfo_cache_ttl"]),
    later("there are no agents", Kind::Text, &["agent_id_jwt_field"]),
    later("mcp is not served", Kind::Text, &["mcp_client_id_jwt_field"]),
    later("tokens are not handed to OAuth2 introspection", Kind::List, &["routing_overrides"]),
]]);

static ISSUER: Section = Section::strict(&[&[
    CLAIMS,
    BEHAVIOR,
    acted(Kind::Text, &["issuer", "jwks_url"]),
    acted(Kind::TextOrList, &["audience"]),
    acted(Kind::Flag, &["disable_audience_validation"]),
]]);

static ROLE_MAPPING: Section =
    Section::strict(&[&[acted(Kind::Text, &["role"]), acted(Kind::Choice(RBAC_ROLES), &["internal_role"])]]);

static LITELLM_ROLE: Section =
    Section::strict(&[&[acted(Kind::Text, &["jwt_role"]), acted(Kind::Choice(ROLES), &["litellm_role"])]]);

static SCOPE_MAPPING: Section =
    Section::strict(&[&[acted(Kind::Text, &["scope"]), acted(Kind::TextList, &["models", "routes"])]]);
