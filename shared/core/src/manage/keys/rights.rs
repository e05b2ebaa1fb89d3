//! Who may do what to which key: owners, members and admins of teams, admins of organizations, admins.
//!
//! Whether the caller may come to the route at all was decided before.

use serde_json::Value;

use super::team::{Deed, Team, service_account};
use crate::denial::Denial;
use crate::directory::{Columns, Row};
use crate::govern::{Caller, Role};
use crate::{App, Error};

/// The role, as LiteLLM's sentences name it: a key of nobody counts as an internal user's.
pub fn role_name(caller: &Caller) -> &'static str {
    Role::name(caller.role()).unwrap_or("internal_user")
}

/// The user, as LiteLLM's sentences name it.
pub fn user_name(caller: &Caller) -> &str {
    caller.user_id().unwrap_or("None")
}

fn refused(status: u16, sentence: &str) -> Error {
    Denial::management(status, sentence).into()
}

fn refused_error(status: u16, sentence: &str) -> Error {
    Denial::management_error(status, sentence).into()
}

/// Keys are made for oneself, unless an admin makes them.
///
/// # Errors
/// 403 with both names.
pub fn check_user(caller: &Caller, user_id: Option<&str>) -> Result<(), Error> {
    let Some(user_id) = user_id.filter(|_| !caller.is_admin()) else { return Ok(()) };
    if caller.user_id() == Some(user_id) {
        return Ok(());
    }
    let own = user_name(caller);
    Err(refused(403, &format!("User can only create keys for themselves. Got user_id={user_id}, Your ID={own}")))
}

/// A key's user decides over its role: only an admin gives a key to another.
///
/// # Errors
/// 403.
pub fn check_new_owner(caller: &Caller, sent: &Row, key: &Row) -> Result<(), Error> {
    let Some(user_id) = sent.get("user_id").filter(|_| !caller.is_admin()) else { return Ok(()) };
    match user_id.as_str().filter(|user_id| !user_id.is_empty()) {
        None => Err(refused(403, "Non-admin users cannot remove the user_id from a key.")),
        Some(new) if key.text("user_id") == Some(new) => Ok(()),
        Some(new) => {
            let old = key.text("user_id").unwrap_or("None");
            let sentence = format!("Non-admin caller is not allowed to rebind the key from user={old} to user={new}");
            Err(refused(403, &sentence))
        }
    }
}

/// What only admins may give a key, be it as a field or within `metadata`; re-sending what the key has is no change.
///
/// # Errors
/// 403 with the field's name.
pub fn check_admins_fields(caller: &Caller, sent: &Row, key: Option<&Row>) -> Result<(), Error> {
    if caller.is_admin() {
        return Ok(());
    }
    if sent.contains_key("permissions") {
        return Err(refused_error(403, "Only proxy admins can set `permissions`."));
    }
    let metadata = sent.object("metadata");
    let before = key.and_then(|key| key.object("metadata"));
    for name in ADMINS_FIELDS {
        let within = metadata.and_then(|metadata| metadata.get(*name));
        let asked = sent.get(*name).into_iter().chain(within);
        let had = before.and_then(|before| before.get(*name));
        if asked.filter(|value| is_given(value)).any(|value| had != Some(value)) {
            return Err(only_admins(name));
        }
    }
    check_kept(sent, before)
}

/// Metadata that is sent replaces all that was there: what holds its owner back may not get lost on the way.
fn check_kept(sent: &Row, before: Option<&Row>) -> Result<(), Error> {
    let Some(before) = before else { return Ok(()) };
    let is_replaced = sent.contains_key("metadata");
    for name in ["end_user_budget_id", "denied_passthrough_routes"] {
        let Some(had) = before.get(name).filter(|value| is_given(value)) else { continue };
        let within = sent.object("metadata").and_then(|metadata| metadata.get(name));
        let now = sent.get(name).or(if is_replaced { within } else { Some(had) });
        if now != Some(had) {
            return Err(only_admins(name));
        }
    }
    Ok(())
}

fn only_admins(name: &str) -> Error {
    refused_error(403, &format!("Only proxy admins can set `{name}` on a key."))
}

const ADMINS_FIELDS: &[&str] = &[
    "throttle_on_budget_exceeded",
    "end_user_budget_id",
    "default_estimated_output_tokens",
    "default_estimated_output_tokens_per_model",
    "disable_global_guardrails",
    "allowed_passthrough_routes",
];

fn is_given(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}

/// Routes of a new key: admins name them, others choose a type of key that reaches no management.
///
/// # Errors
/// 403.
pub fn check_new_routes(caller: &Caller, sent: &Row) -> Result<(), Error> {
    let is_management = sent.text("key_type") == Some("management");
    if caller.is_admin() || !(sent.contains_key("allowed_routes") || is_management) { Ok(()) } else { Err(routes()) }
}

/// Routes of a key that is there: its owner may move it between the harmless types, and not make a reading key more.
///
/// # Errors
/// 403.
pub fn check_changed_routes(caller: &Caller, sent: &Row, key: &Row) -> Result<(), Error> {
    if caller.is_admin() || !sent.contains_key("allowed_routes") {
        return Ok(());
    }
    let (new, old) = (sent.texts("allowed_routes"), key.texts("allowed_routes"));
    let is_harmless = new.iter().chain(&old).all(|route| HARMLESS.contains(&route.as_str()));
    if is_harmless && (old != ["info_routes"] || new == old) { Ok(()) } else { Err(routes()) }
}

const HARMLESS: [&str; 2] = ["llm_api_routes", "info_routes"];

fn routes() -> Error {
    let sentence = "Only proxy admins can set `allowed_routes` on a key. Use `key_type` to pick a preset route bucket \
                    instead.";
    refused_error(403, sentence)
}

/// Access groups are given by admins, and by members whose team lets them.
///
/// # Errors
/// 403.
pub fn check_access_groups(caller: &Caller, sent: &Row, team: Option<&Team>) -> Result<(), Error> {
    let mut groups = sent.texts("access_group_ids");
    if caller.is_admin() || groups.is_empty() || team.is_some_and(|team| team.lets_assign_access_groups(caller)) {
        return Ok(());
    }
    groups.sort();
    let listed: Vec<String> = groups.iter().map(|group| crate::denial::python_text(group)).collect();
    let sentence = match team {
        None => format!(
            "Key is not in a team. Access groups cannot be assigned to personal keys by non-admin callers. Disallowed \
             access groups: [{}].",
            listed.join(", ")
        ),
        Some(team) => format!(
            "Team members cannot assign access groups to keys for team {}. Ask a team or proxy admin to enable the \
             '/key/access_group_assignment' team member permission to allow this.",
            team.id()
        ),
    };
    Err(refused(403, &sentence))
}

/// The key's team, where it has one that is there.
///
/// # Errors
/// The directory's.
pub async fn team_of(app: &App, key: &Row) -> Result<Option<Team>, Error> {
    match key.text("team_id") {
        Some(team_id) => Team::find(app, team_id).await,
        None => Ok(None),
    }
}

/// Whether the caller, as a member of the key's team, may do this to it.
///
/// # Errors
/// 401 where the caller is no member, or members may not.
pub async fn check_member(app: &App, caller: &Caller, key: &Row, deed: Deed) -> Result<(), Error> {
    if caller.is_admin() || key.text("team_id").is_none() {
        return Ok(());
    }
    let team = team_of(app, key).await?;
    let is_permitted = match &team {
        Some(team) => team.permits(team.role_of_caller(caller), deed)?,
        None => false,
    };
    if is_permitted {
        return Ok(());
    }
    let sentence = format!(
        "User {} does not belong to team {}. Team-scoped key management endpoints can only be used for keys in your \
         own team.",
        user_name(caller),
        key.text("team_id").unwrap_or_default()
    );
    Err(Denial::new(401, "team_member_permission_error", sentence).about(deed.route()).into())
}

/// Whether the caller may delete or replace the key: its owner, an admin of its team, an admin.
///
/// # Errors
/// The directory's.
pub async fn may_end(app: &App, caller: &Caller, key: &Row) -> Result<bool, Error> {
    let is_owner = key.text("user_id").is_some_and(|owner| caller.user_id() == Some(owner));
    if caller.is_admin() || (is_owner && key.text("team_id").is_none()) {
        return Ok(true);
    }
    Ok(team_of(app, key).await?.is_some_and(|team| is_owner || team.is_led_by(caller)))
}

/// Whether the caller administers the key: an admin of its team, of its team's organization, or of everything.
///
/// # Errors
/// The directory's.
pub async fn administers(app: &App, caller: &Caller, key: &Row) -> Result<bool, Error> {
    if caller.is_admin() {
        return Ok(true);
    }
    let Some(team) = team_of(app, key).await? else { return Ok(false) };
    if team.is_led_by(caller) {
        return Ok(true);
    }
    let Some(organization_id) = team.0.text("organization_id") else { return Ok(false) };
    Ok(app.governance.administered(caller).await?.iter().any(|own| own == organization_id))
}

/// The refusal of who does not administer the key.
pub fn admins_only(caller: &Caller, route: &str) -> String {
    format!(
        "Only proxy admins, team admins, or org admins can call {route}. user_role={}, user_id={}",
        role_name(caller),
        user_name(caller)
    )
}

/// The hash under which the caller's key is kept: that of the key which has replaced it, where one has.
pub fn own_hash(caller: &Caller) -> &str {
    let kept = caller.profile().and_then(|profile| profile.key.text("token"));
    kept.unwrap_or_else(|| caller.key_hash())
}

/// Whether the caller may see the key: its own, its user's, its team's.
///
/// With LiteLLM, a key of nobody sees all other keys of nobody, because their users are the same.
///
/// # Errors
/// The directory's.
pub async fn may_see(app: &App, caller: &Caller, key: &Row) -> Result<bool, Error> {
    let is_own = key.text("token") == Some(own_hash(caller));
    let is_users = caller.user_id().is_some() && key.text("user_id") == caller.user_id();
    if caller.sees_all() || is_own || is_users {
        return Ok(true);
    }
    Ok(team_of(app, key).await?.is_some_and(|team| team.role_of_caller(caller).is_some()))
}

/// A team's account stays with its team.
///
/// # Errors
/// 403.
pub fn check_service_account(caller: &Caller, team_id: Option<&str>) -> Result<(), Error> {
    if service_account(caller) && team_id != caller.team_id() {
        let own = caller.team_id().unwrap_or_default();
        let sentence = format!("Service account keys can only create keys for their own team. team_id={own}");
        return Err(refused(403, &sentence));
    }
    Ok(())
}
