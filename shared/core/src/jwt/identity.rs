//! What verified claims say of the bearer: the user, the teams, the organization, and the role.
//!
//! The precedence of claims is LiteLLM's: what an entry of `issuers` maps comes before the global paths. Where a
//! list is claimed for the one team its first item is taken, and one text is taken for a list of itself.

use serde_json::{Map, Value};

use super::{ClaimPath, Claims, JwtError};
use crate::config::{JwtIssuer, JwtSettings, UnregisteredClient};

/// Who a token says is calling. Nothing of it has been looked up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// The user's id; the address of its mail where the id is not said.
    pub user_id: Option<String>,
    pub user_email: Option<String>,
    /// Whether the address is of `user_allowed_email_domain`; `None` where any will do. A user whose is not may not be
    /// created.
    pub is_email_allowed: Option<bool>,
    /// The one team that the call belongs to: claimed, else `team_id_default`.
    pub team_id: Option<String>,
    /// To be looked up where no team's id is claimed.
    pub team_alias: Option<String>,
    /// Every team that is claimed, without the default; the call may choose one that can use its model.
    pub team_ids: Vec<String>,
    pub org_id: Option<String>,
    pub org_alias: Option<String>,
    pub end_user_id: Option<String>,
    /// Of the claim `scope`.
    pub scopes: Vec<String>,
    /// Whether `admin_jwt_scope` is among them.
    pub is_admin: bool,
    /// What the bearer counts as.
    pub role: Option<Role>,
    /// LiteLLM's role of the user by `jwt_litellm_role_map`.
    pub user_role: Option<String>,
    /// The virtual key that may stand for the token.
    pub virtual_key: Option<VirtualKeyClaim>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    ProxyAdmin,
    Team,
    InternalUser,
}

/// How a token's virtual key is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualKeyClaim {
    /// The path as the settings have it, which the stored mapping names too.
    pub field: String,
    pub value: String,
    /// The entry of `issuers`, where there is one.
    pub issuer: Option<String>,
    /// What is to be done where there is no mapping.
    pub unregistered: UnregisteredClient,
}

impl Role {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "proxy_admin" => Some(Self::ProxyAdmin),
            "team" => Some(Self::Team),
            "internal_user" => Some(Self::InternalUser),
            _ => None,
        }
    }
}

impl Identity {
    /// Whether the scopes allow this model; it is asked where `enforce_scope_based_access` is set.
    ///
    /// # Errors
    /// [`JwtError::Forbidden`] in LiteLLM's words.
    pub fn may_use(&self, settings: &JwtSettings, model: &str) -> Result<(), JwtError> {
        if !settings.enforce_scope_based_access || settings.scope_mappings.is_empty() {
            return Ok(());
        }
        let mut mapped = settings.scope_mappings.iter().filter(|mapping| self.scopes.contains(&mapping.scope));
        if mapped.any(|mapping| mapping.models.iter().any(|allowed| allowed == model)) {
            return Ok(());
        }
        Err(JwtError::Forbidden(format!(
            "The requested model '{model}' is not available for this API key, or the model name is invalid. Check the \
             models available to you and try again."
        )))
    }
}

/// # Errors
/// When the claims contradict the settings: [`JwtError::Forbidden`], or [`JwtError::Unreadable`] for a `scope` that is
/// none.
pub fn read(settings: &JwtSettings, claims: &Claims) -> Result<Identity, JwtError> {
    let bearer =
        Bearer { settings, claims: &claims.map, issuer: claims.issuer.and_then(|at| settings.issuers.get(at)) };
    let user_email = bearer.one(|issuer| &issuer.fields.user_email, &settings.fields.user_email);
    let scopes = bearer.scopes()?;
    let is_admin = scopes.contains(&settings.admin_jwt_scope);
    let role = bearer.role(is_admin);
    if settings.enforce_rbac && role.is_none() {
        let text = "Unmatched token passed in. enforce_rbac is set to True. Token must belong to a proxy admin, team, or user.";
        return Err(JwtError::Forbidden(text.to_owned()));
    }
    let mut identity = Identity {
        user_id: bearer.user_id().or_else(|| user_email.clone()),
        is_email_allowed: settings
            .user_allowed_email_domain
            .as_deref()
            .map(|domain| is_of(user_email.as_deref(), domain)),
        user_email,
        team_id: bearer.team_id(),
        team_alias: bearer.text(&settings.team_alias_jwt_field),
        team_ids: bearer.team_ids(),
        org_id: bearer.one(|issuer| &issuer.fields.org_id, &settings.fields.org_id),
        org_alias: bearer.text(&settings.org_alias_jwt_field),
        end_user_id: bearer.one(|issuer| &issuer.fields.end_user_id, &settings.fields.end_user_id),
        scopes,
        is_admin,
        role,
        user_role: bearer.user_role(),
        virtual_key: bearer.virtual_key()?,
    };
    // The object of a role is the one id there is, whatever else is claimed.
    match (role, bearer.text(&settings.object_id_jwt_field)) {
        (Some(Role::Team), Some(id)) => identity.team_id = Some(id),
        (Some(Role::InternalUser), Some(id)) => identity.user_id = Some(id),
        _ => {}
    }
    let is_nobody = identity.user_id.is_none() && identity.team_id.is_none() && identity.team_ids.is_empty();
    if settings.enforce_rbac && !is_admin && is_nobody {
        let text = "No user or team id found in token. enforce_rbac is set to True. Token must belong to a proxy admin, team, or user.";
        return Err(JwtError::Forbidden(text.to_owned()));
    }
    Ok(identity)
}

struct Bearer<'a> {
    settings: &'a JwtSettings,
    claims: &'a Map<String, Value>,
    issuer: Option<&'a JwtIssuer>,
}

type Field = Option<ClaimPath>;

impl<'a> Bearer<'a> {
    /// What the path leads to; null and empty text are nothing.
    fn find(&self, field: &Field) -> Option<&'a Value> {
        field.as_ref()?.find(self.claims).filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    fn text(&self, field: &Field) -> Option<String> {
        scalar(self.find(field)?)
    }

    /// The issuer's claim, else the global one.
    fn mapped(&self, own: fn(&JwtIssuer) -> &Field, global: &Field) -> Option<&'a Value> {
        self.issuer.and_then(|issuer| self.find(own(issuer))).or_else(|| self.find(global))
    }

    fn one(&self, own: fn(&JwtIssuer) -> &Field, global: &Field) -> Option<String> {
        scalar(self.mapped(own, global)?)
    }

    fn user_id(&self) -> Option<String> {
        self.one(|issuer| &issuer.fields.user_id, &self.settings.fields.user_id)
    }

    fn claimed_team(&self) -> Option<&'a Value> {
        self.mapped(|issuer| &issuer.fields.team_id, &self.settings.fields.team_id)
    }

    fn team_id(&self) -> Option<String> {
        let claimed = self.claimed_team();
        claimed.map_or_else(|| self.settings.team_id_default.clone(), |claimed| texts(claimed).into_iter().next())
    }

    fn team_ids(&self) -> Vec<String> {
        let groups = self.mapped(|issuer| &issuer.fields.team_ids, &self.settings.fields.team_ids);
        let mut ids: Vec<String> = Vec::new();
        for id in groups.into_iter().chain(self.claimed_team()).flat_map(texts) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    fn scopes(&self) -> Result<Vec<String>, JwtError> {
        match self.claims.get("scope") {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(text.split_whitespace().map(str::to_owned).collect()),
            Some(list @ Value::Array(_)) => Ok(texts(list)),
            Some(_) => Err(JwtError::Unreadable("Unmapped scope type. Supported types - list, str.".to_owned())),
        }
    }

    fn roles(&self, field: &Field) -> Vec<String> {
        self.find(field).map(texts).unwrap_or_default()
    }

    fn role(&self, is_admin: bool) -> Option<Role> {
        if is_admin {
            return Some(Role::ProxyAdmin);
        }
        if self.team_id().is_some() {
            return Some(Role::Team);
        }
        let user_roles = self.roles(&self.settings.user_roles_jwt_field);
        let has_allowed_role = user_roles.iter().any(|role| self.settings.user_allowed_roles.contains(role));
        if self.user_id().is_some() || has_allowed_role {
            return Some(Role::InternalUser);
        }
        let roles = self.roles(&self.settings.roles_jwt_field);
        let mapping = self.settings.role_mappings.iter().find(|mapping| roles.contains(&mapping.role));
        mapping.map(|mapping| mapping.internal_role)
    }

    fn user_role(&self) -> Option<String> {
        let roles = self.roles(&self.settings.roles_jwt_field);
        let mut mappings = self.settings.jwt_litellm_role_map.iter();
        let mapping = mappings.find(|mapping| roles.iter().any(|role| mapping.pattern.is_match(role)))?;
        Some(mapping.litellm_role.clone())
    }

    fn virtual_key(&self) -> Result<Option<VirtualKeyClaim>, JwtError> {
        let own = self.issuer.and_then(|issuer| issuer.virtual_key_claim_field.clone());
        let Some(field) = own.or_else(|| self.settings.virtual_key_claim_field.clone()) else { return Ok(None) };
        let own = self.issuer.and_then(|issuer| issuer.unregistered_jwt_client_behavior);
        let unregistered = own.unwrap_or(self.settings.unregistered_jwt_client_behavior);
        let value = self.text(&ClaimPath::parse(&field));
        if value.is_none() && unregistered != UnregisteredClient::FallbackTeamMapping {
            // Else a token without the claim would pass where one with an unknown value does not.
            let text = format!("JWT Key Mapping: Required claim '{field}' is missing from the JWT. Access denied.");
            return Err(JwtError::Forbidden(text));
        }
        let issuer = self.issuer.map(|issuer| issuer.issuer.clone());
        Ok(value.map(|value| VirtualKeyClaim { field, value, issuer, unregistered }))
    }
}

fn is_of(email: Option<&str>, domain: &str) -> bool {
    email.and_then(|email| email.rsplit('@').next()) == Some(domain)
}

/// Issuers write ids as numbers, too.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().filter_map(scalar).filter(|text| !text.is_empty()).collect()
}
