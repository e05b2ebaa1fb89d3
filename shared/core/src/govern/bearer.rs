//! Bearers of tokens: who is calling, when a JWT says so.
//!
//! The token has been verified; here its user, team and organization are looked up, and made where that is allowed.

use std::sync::Arc;

use serde_json::Value;

use super::identify::hash_of;
use super::{Caller, Governance, Role, unavailable};
use crate::Error;
use crate::config::{JwtSettings, UnregisteredClient};
use crate::directory::{Change, Columns, Fault, Query, Row, moment_text, schema};
use crate::jwt::{Identity, JwtAuthenticator, JwtError, VirtualKeyClaim};

impl Governance {
    /// The caller behind a token. The outer error is the token's, the inner one everything else.
    ///
    /// # Errors
    /// What keeps the bearer out.
    pub(super) async fn bearer(
        &self,
        authenticator: &JwtAuthenticator,
        token: &str,
    ) -> Result<Result<Caller, Error>, JwtError> {
        let claims = authenticator.authenticate(token).await?;
        let identity = authenticator.identity(&claims)?;
        let settings = authenticator.settings();
        let known = match self.known(&identity).await {
            Ok(Some(hash)) => self.profile(&hash).await,
            Ok(None) => Ok(None),
            Err(fault) => Err(unavailable(&fault)),
        };
        match known {
            Ok(Some(profile)) => Ok(Ok(Caller::holder(profile))),
            Ok(None) => {
                identity.virtual_key.as_ref().map_or(Ok(()), check_registered)?;
                Ok(self.of_claims(settings, identity, token).await)
            }
            Err(error) => Ok(Err(error)),
        }
    }

    /// The virtual key that stands for the token.
    async fn known(&self, identity: &Identity) -> Result<Option<String>, Fault> {
        let Some(claim) = identity.virtual_key.as_ref().filter(|_| self.has_rows()) else { return Ok(None) };
        let query = Query::of(&schema::JWT_KEYS)
            .is("jwt_claim_name", claim.field.as_str())
            .is("jwt_claim_value", claim.value.as_str())
            .is("is_active", true);
        let found = self.directory.find(&query).await?;
        // What is said of the issuer comes before what is said of all; what is said of others does not count.
        let of = |issuer: &str| found.iter().find(|row| row.text("jwt_issuer") == Some(issuer));
        let mapping = claim.issuer.as_deref().and_then(of).or_else(|| of(""));
        Ok(mapping.and_then(|row| row.text("token")).map(str::to_owned))
    }

    /// A caller made of the claims alone: a key that is stored nowhere.
    async fn of_claims(&self, settings: &JwtSettings, identity: Identity, token: &str) -> Result<Caller, Error> {
        let (user_id, team_id) = (identity.user_id.clone(), self.team(&identity).await?);
        if self.has_rows() {
            self.make(settings, &identity, team_id.as_deref()).await.map_err(|fault| unavailable(&fault))?;
        }
        let mut key = Row::new();
        let mut set = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                key.insert(name.to_owned(), value.into());
            }
        };
        set("user_id", user_id);
        set("team_id", team_id);
        set("organization_id", identity.org_id.clone());
        set("end_user_id", identity.end_user_id.clone());
        let role = match (identity.is_admin, &identity.user_role) {
            (true, _) => Role::ProxyAdmin.name(),
            (false, role) => role.as_deref(),
        };
        let role = role.map(str::to_owned);
        let hash = format!("hashed-jwt-{}", hash_of(token));
        let mut caller = self.granted(&hash, key, role.as_deref()).await?;
        caller.bear(Arc::new(identity));
        Ok(caller)
    }

    /// The team that the call belongs to: the one that is claimed, else the first of those claimed that is known.
    async fn team(&self, identity: &Identity) -> Result<Option<String>, Error> {
        if identity.team_id.is_some() || !self.has_rows() {
            return Ok(identity.team_id.clone());
        }
        for id in &identity.team_ids {
            if self.row(&schema::TEAMS, id).await?.is_some() {
                return Ok(Some(id.clone()));
            }
        }
        Ok(None)
    }

    /// Makes the rows of whoever has none yet, where the settings allow it.
    async fn make(&self, settings: &JwtSettings, identity: &Identity, team: Option<&str>) -> Result<(), Fault> {
        let mut changes = Vec::new();
        if let Some(id) = identity.user_id.as_ref().filter(|_| settings.user_id_upsert)
            && identity.is_email_allowed != Some(false)
            && !self.exists(&schema::USERS, id).await?
        {
            let mut row = Row::from_iter([("user_id".to_owned(), Value::from(id.as_str()))]);
            row.insert("user_role".to_owned(), Role::InternalUser.name().into());
            row.insert("user_email".to_owned(), identity.user_email.clone().into());
            self.give_defaults(&mut row);
            changes.push(Change::Offer(&schema::USERS, row));
        }
        if let Some(id) = team.filter(|_| settings.team_id_upsert)
            && !self.exists(&schema::TEAMS, id).await?
        {
            let row = Row::from_iter([("team_id".to_owned(), Value::from(id))]);
            changes.push(Change::Offer(&schema::TEAMS, row));
        }
        if changes.is_empty() { Ok(()) } else { self.write(changes).await }
    }

    /// What `default_internal_user_params` gives a user who is made, but for places in teams.
    fn give_defaults(&self, user: &mut Row) {
        let given = self.settings.keys.user_defaults.iter().filter(|(name, value)| {
            let is_place = matches!(name.as_str(), "teams" | "available_teams" | "user_id");
            !is_place && schema::USERS.column(name).is_some_and(|column| column.fits(value))
        });
        for (name, value) in given {
            let is_own = name != "user_role" && user.get(name).is_some_and(|own| !own.is_null());
            if !is_own {
                user.insert(name.clone(), value.clone());
            }
        }
        if let Some(duration) = user.text("budget_duration") {
            let reset_at = self.settings.calendar.next(duration, self.clock.now());
            user.insert("budget_reset_at".to_owned(), moment_text(reset_at).into());
        }
    }

    async fn exists(&self, table: &'static crate::directory::Table, id: &str) -> Result<bool, Fault> {
        match self.row(table, id).await {
            Ok(row) => Ok(row.is_some()),
            Err(error) => Err(Fault::Unavailable(error.to_string())),
        }
    }
}

/// Whether a token may come in by its other claims, although the one that should stand for a key does not.
fn check_registered(claim: &VirtualKeyClaim) -> Result<(), JwtError> {
    if claim.unregistered != UnregisteredClient::Reject {
        return Ok(());
    }
    let VirtualKeyClaim { field, value, .. } = claim;
    let sentence = format!("JWT Key Mapping: No registered mapping for {field}='{value}'. Access denied.");
    Err(JwtError::Forbidden(sentence))
}

#[cfg(test)]
mod tests;
