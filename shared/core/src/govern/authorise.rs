//! Authorise: may this caller use this route?
//!
//! The one place where that is decided, for every route: LiteLLM's order of gates. Knows groups of routes; which model
//! and how much money is decided at admission.

mod organizations;

use serde_json::Value;

use super::{Caller, Governance, Groups, Profile, Role, unavailable};
use crate::Error;
use crate::clock::Moment;
use crate::denial::Denial;
use crate::directory::{Columns, Query, Row, moment_text, schema};

/// The route that a request came to.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    /// As the table of routes writes it: `/key/{key}/regenerate`.
    pub pattern: &'a str,
    pub path: &'a str,
    pub method: &'a http::Method,
    pub groups: Groups,
}

impl Route<'_> {
    fn is_read(&self) -> bool {
        matches!(*self.method, http::Method::GET | http::Method::HEAD) || self.groups.meets(Groups::READS)
    }
}

/// A caller who has come in: the only way to whatever a route leads to.
#[derive(Clone, Debug)]
pub struct Entry {
    caller: Caller,
    condition: Option<Condition>,
}

/// Who is no admin of everything, and may still be one of the organization that the request names.
#[derive(Clone, Debug)]
struct Condition {
    path: String,
    /// What is said to whoever is not.
    denial: Denial,
}

impl Entry {
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The caller, where nothing further has to be true.
    ///
    /// # Errors
    /// The refusal, where it has.
    pub fn unconditional(self) -> Result<Caller, Error> {
        match self.condition {
            None => Ok(self.caller),
            Some(condition) => Err(condition.denial.into()),
        }
    }

    /// The caller, once it is known which organizations the request is about: an admin of all of them may pass.
    ///
    /// # Errors
    /// The refusal of whoever is none.
    pub async fn about(self, governance: &Governance, body: &Value) -> Result<Caller, Error> {
        let Some(Condition { path, denial }) = self.condition else { return Ok(self.caller) };
        let memberships = governance.memberships(&self.caller).await?;
        let single = body.get("organization_id").and_then(Value::as_str);
        organizations::check(&path, &self.caller, single, &memberships)?;
        let listed = body.get("organizations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let named: Vec<&str> = single.into_iter().chain(listed.iter().filter_map(Value::as_str)).collect();
        let is_own = |id: &&str| organizations::role_in(&memberships, id) == Some(organizations::ADMIN);
        if !named.is_empty() && named.iter().all(is_own) { Ok(self.caller) } else { Err(denial.into()) }
    }
}

impl Governance {
    /// The organizations that the caller is an admin of.
    ///
    /// # Errors
    /// Where the directory cannot be reached.
    pub async fn administered(&self, caller: &Caller) -> Result<Vec<String>, Error> {
        let rows = self.memberships(caller).await?;
        let is_admin = |row: &&Row| row.text("user_role") == Some(organizations::ADMIN);
        let ids = rows.iter().filter(is_admin).filter_map(|row| row.text("organization_id"));
        Ok(ids.map(str::to_owned).collect())
    }

    /// The caller's memberships of organizations.
    async fn memberships(&self, caller: &Caller) -> Result<Vec<Row>, Error> {
        let Some(user_id) = caller.user_id().filter(|_| !caller.is_master()) else { return Ok(Vec::new()) };
        let query = Query::of(&schema::ORGANIZATION_MEMBERSHIPS).is("user_id", user_id);
        self.directory.find(&query).await.map_err(|fault| unavailable(&fault))
    }
}

/// Whether the caller may use the route at all; what it asks there may still be refused.
///
/// # Errors
/// LiteLLM's refusals: 401 for blocked and expired keys and for roles, 403 for routes that the key may not call.
pub fn authorise(caller: Caller, route: Route<'_>, now: Moment) -> Result<Entry, Error> {
    let condition = condition(&caller, route, now)?;
    Ok(Entry { caller, condition })
}

fn condition(caller: &Caller, route: Route<'_>, now: Moment) -> Result<Option<Condition>, Error> {
    let Some(profile) = caller.profile() else { return Ok(None) };
    check_key(profile, now)?;
    check_allowed_routes(profile, route)?;
    if route.groups.meets(Groups::MASTER) {
        let sentence = format!("Tried to access route={}, which is only for MASTER KEY", route.path);
        return Err(Denial::unauthenticated(&sentence).into());
    }
    let is_free = route.groups.meets(Groups::LLM.and(Groups::INFO)) && profile.role != Role::ProxyAdminViewer;
    if profile.role == Role::ProxyAdmin || is_free {
        return Ok(None);
    }
    let has_permission = route.groups.meets(Groups::GLOBAL_SPEND) && profile.has_permission("get_spend_routes");
    // A non-admin's key may be widened by naming a route.
    let is_named = || profile.allowed_routes().iter().any(|allowed| names(allowed, route.path));
    if has_permission || may(profile, route)? || is_named() {
        return Ok(None);
    }
    let denial = admins_only(profile, route);
    let organizations = Groups::ORGANIZATION.and(Groups::MANAGEMENT).and(Groups::KEYS);
    let may_administer = route.groups.meets(organizations) && profile.user.is_some();
    if may_administer { Ok(Some(Condition { path: route.path.to_owned(), denial })) } else { Err(denial.into()) }
}

/// What the role may call.
fn may(profile: &Profile, route: Route<'_>) -> Result<bool, Error> {
    let groups = route.groups;
    Ok(match profile.role {
        Role::ProxyAdminViewer => return views(route),
        Role::InternalUser if groups.meets(Groups::KEYS.and(Groups::SPEND).and(Groups::INTERNAL)) => true,
        Role::InternalUserViewer if groups.meets(Groups::SPEND.and(Groups::INTERNAL_VIEW)) => true,
        // Whether the caller is an admin of the organization that is named is seen once the request has been read.
        _ => groups.meets(Groups::SELF_MANAGED),
    })
}

fn views(route: Route<'_>) -> Result<bool, Error> {
    if route.groups.meets(Groups::LLM) && !route.groups.meets(Groups::INFO) && !route.is_read() {
        let sentence = "user not allowed to access this OpenAI routes, role= proxy_admin_viewer";
        return Err(Denial::auth(403, sentence).into());
    }
    if route.is_read() || route.groups.meets(Groups::GLOBAL_SPEND) {
        return Ok(true);
    }
    let sentence =
        format!("user not allowed to access this route, role= proxy_admin_viewer. Trying to access: {}", route.path);
    Err(Denial::auth(403, sentence).into())
}

fn check_key(profile: &Profile, now: Moment) -> Result<(), Error> {
    if profile.key.flag("blocked") == Some(true) {
        let sentence = "Key is blocked. Update via `/key/unblock` if you're an admin.";
        return Err(Denial::unauthenticated(sentence).into());
    }
    let is_inactive =
        profile.user.as_ref().and_then(|user| user.object("metadata")).and_then(|metadata| metadata.get("scim_active"));
    let user_id = profile.user_id().unwrap_or_default();
    if is_inactive.and_then(Value::as_bool) == Some(false) {
        return Err(Denial::unauthenticated(&format!(
            "User={user_id} has been deactivated via SCIM. Keys owned by this user cannot be used."
        ))
        .into());
    }
    match profile.expires.filter(|expires| *expires <= now) {
        None => Ok(()),
        Some(expires) => {
            let sentence = format!(
                "Authentication Error - Expired Key. Key Expiry time {} and current time {}",
                python_time(expires),
                python_time(now)
            );
            let shown = profile.key.text("key_name").unwrap_or_default().to_owned();
            Err(Denial::new(401, "expired_key", sentence).about(shown).into())
        }
    }
}

fn check_allowed_routes(profile: &Profile, route: Route<'_>) -> Result<(), Error> {
    let allowed = profile.allowed_routes();
    let is_in_group = |name: &str| Groups::named(name).is_some_and(|groups| route.groups.meets(groups));
    let is_allowed =
        |allowed: &String| names(allowed, route.path) || names(allowed, route.pattern) || is_in_group(allowed);
    if allowed.is_empty() || allowed.iter().any(is_allowed) {
        return Ok(());
    }
    let listed: Vec<String> = allowed.iter().map(|route| crate::denial::python_text(route)).collect();
    let sentence = format!(
        "Virtual key is not allowed to call this route. Only allowed to call routes: [{}]. Tried to call route: {}",
        listed.join(", "),
        route.path
    );
    // LiteLLM's handler of refusals never sees this one: its framework answers it.
    Err(Denial::detail(403, sentence.into()).into())
}

/// A time as Python writes it: without a fraction where there is none.
fn python_time(at: Moment) -> String {
    let text = moment_text(at).replace('T', " ");
    let text = text.trim_end_matches('Z');
    format!("{}+00:00", text.strip_suffix(".000").unwrap_or(text))
}

/// Whether an entry of `allowed_routes` names the path: itself, what stands before it, or a pattern with a star.
fn names(allowed: &str, path: &str) -> bool {
    if allowed == "*" || allowed == path {
        return true;
    }
    match allowed.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => path.strip_prefix(allowed).is_some_and(|rest| rest.starts_with('/')) && !allowed.is_empty(),
    }
}

/// The refusal of whoever is no admin.
pub fn admins_only(profile: &Profile, route: Route<'_>) -> Denial {
    let user = profile.user.as_ref();
    let role = user.and_then(|user| user.text("user_role")).unwrap_or("unknown");
    let user_id = user.and_then(|user| user.text("user_id")).unwrap_or("unknown");
    let sentence = format!(
        "Only proxy admin can be used to generate, delete, update info for new keys/users/teams. Route={}. Your \
         role={role}. Your user_id={}",
        route.path,
        masked(user_id)
    );
    Denial::unauthenticated(&sentence)
}

/// A user's id, of which the ends are shown where it is long enough.
fn masked(user_id: &str) -> String {
    let characters: Vec<char> = user_id.chars().collect();
    if characters.len() <= 4 {
        return "***".to_owned();
    }
    if characters.len() <= 8 {
        return "*".repeat(characters.len());
    }
    let stars = "*".repeat(characters.len() - 8);
    let (first, last) = (&characters[..6], &characters[characters.len() - 2..]);
    format!("{}{stars}{}", first.iter().collect::<String>(), last.iter().collect::<String>())
}
