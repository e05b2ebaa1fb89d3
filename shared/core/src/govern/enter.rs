//! Enter: the one way in, for every route that is not public.
//!
//! From where one calls, by which route, who one is, and whether one may: in LiteLLM's order. What comes out is an
//! [`Entry`]; nothing below runs without one.

use std::net::IpAddr;

use http::HeaderMap;
use http::Method;
use serde_json::Value;

use super::authorise::{self, Entry, Route};
use super::{Caller, Governance, Groups, Role};
use crate::address::AddressRule;
use crate::custom_auth::{CustomAuth, Question, Verdict};
use crate::denial::Denial;
use crate::jwt::{self, JwtAuthenticator, JwtError};
use crate::live::Live;
use crate::{Door, Error, Gatekeeper};

/// Ways in beside keys, and who is kept out before anybody asks for a key.
#[derive(Default)]
pub struct Doors {
    /// Replaced while calls go on.
    pub address: Live<AddressRule>,
    /// `general_settings.allowed_routes`; all where there are none.
    pub allowed_routes: Vec<String>,
    /// `general_settings.admin_only_routes`.
    pub admin_only_routes: Vec<String>,
    pub jwt: Option<JwtAuthenticator>,
    pub custom: Option<CustomAuth>,
}

/// A request that wants to come in.
#[derive(Clone, Copy)]
pub struct Knock<'a> {
    pub door: Door<'a>,
    pub method: &'a Method,
    pub path: &'a str,
    /// The path as the table of routes writes it.
    pub pattern: &'a str,
    pub groups: Groups,
    pub headers: &'a HeaderMap,
    /// Whoever holds the other end of the connection.
    pub peer: Option<IpAddr>,
}

impl Governance {
    /// Lets the request in, or says why not.
    ///
    /// # Errors
    /// LiteLLM's refusals.
    pub async fn enter(&self, gatekeeper: &Gatekeeper, knock: Knock<'_>) -> Result<Entry, Error> {
        if let Err(refused) = self.doors.address.get().admit(knock.peer, knock.headers) {
            return Err(Denial::auth(403, refused.to_string()).into());
        }
        let allowed = &self.doors.allowed_routes;
        if !allowed.is_empty() && !allowed.iter().any(|route| route == knock.path || route == knock.pattern) {
            return Err(Denial::auth(403, format!("Access forbidden: Route {} not allowed", knock.path)).into());
        }
        let caller = self.caller(gatekeeper, knock).await?;
        let is_admin = caller.profile().is_none_or(|profile| profile.role == Role::ProxyAdmin);
        if !is_admin && self.doors.admin_only_routes.iter().any(|route| route == knock.path || route == knock.pattern) {
            let sentence =
                format!("user not allowed to access this route. Route={} is an admin only route", knock.path);
            return Err(Denial::auth(403, sentence).into());
        }
        let route = Route { pattern: knock.pattern, path: knock.path, method: knock.method, groups: knock.groups };
        authorise::authorise(caller, route, self.clock.now())
    }

    async fn caller(&self, gatekeeper: &Gatekeeper, knock: Knock<'_>) -> Result<Caller, Error> {
        if gatekeeper.is_open() {
            return Ok(Caller::master());
        }
        let presented = gatekeeper.presented(knock.door, knock.headers);
        if let Some(custom) = &self.doors.custom
            && !presented.as_ref().is_ok_and(|key| gatekeeper.is_master(key))
        {
            let question = Question {
                key: presented.as_deref().ok(),
                method: knock.method,
                path: knock.path,
                headers: knock.headers,
                client: self.doors.address.get().client(knock.peer, knock.headers),
            };
            return self.vouched(gatekeeper, custom, question).await;
        }
        let presented = presented?;
        match &self.doors.jwt {
            Some(authenticator) if jwt::is_jwt(&presented) => {
                self.bearer(authenticator, &presented).await.map_err(refused)?
            }
            _ => self.identify(gatekeeper, &presented).await,
        }
    }

    /// The caller as the operator's own service knows it.
    async fn vouched(
        &self,
        gatekeeper: &Gatekeeper,
        custom: &CustomAuth,
        question: Question<'_>,
    ) -> Result<Caller, Error> {
        let verdict = custom.ask(question).await;
        let verdict = verdict.map_err(|error| Error::from(Denial::auth(error.status(), error.to_string())))?;
        match verdict {
            Verdict::Key(key) => self.identify(gatekeeper, key.expose()).await,
            Verdict::Grant(grant) => {
                let mut key = grant.key.clone();
                if let Some(email) = grant.beside.get("user_email").and_then(Value::as_str) {
                    key.entry("user_email").or_insert_with(|| email.into());
                }
                let hash = if grant.hash.is_empty() { "custom-auth" } else { grant.hash.as_str() };
                self.granted(hash, key, grant.user_role.as_deref()).await
            }
        }
    }
}

/// LiteLLM puts its own words before most reasons.
fn refused(error: JwtError) -> Error {
    let text = match &error {
        JwtError::Expired | JwtError::Unavailable(_) => error.to_string(),
        other => format!("Authentication Error, {other}"),
    };
    Denial::new(error.status(), error.kind(), text).about("None").into()
}
