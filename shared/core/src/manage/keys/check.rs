//! What a key may be: its text, its name, and the limits of whatever it belongs to.
//!
//! Rights are decided elsewhere; nothing is written here.

use serde_json::Value;

use super::team::Team;
use crate::denial::Denial;
use crate::directory::{Columns, Filter, Query, Row, schema};
use crate::govern::{Caller, KeyRules};
use crate::manage::find;
use crate::manage::promise::{self, Promiser};
use crate::{App, Error};

/// The shortest text that somebody may choose for a key.
const TEXT_MIN: usize = 16;

fn refused(status: u16, sentence: impl Into<String>) -> Error {
    Denial::management(status, sentence).into()
}

fn refused_error(status: u16, sentence: &str) -> Error {
    Denial::management_error(status, sentence).into()
}

/// A text that somebody has chosen for a new key.
///
/// # Errors
/// 403 where nobody may choose; 400 for what is no key.
pub fn check_text(text: &str, rules: &KeyRules) -> Result<(), Error> {
    check_custom(rules)?;
    if !text.starts_with("sk-") {
        let sentence = format!(
            "Invalid key format. LiteLLM Virtual Key must start with 'sk-'. Received: {}",
            crate::govern::abbreviated(text)
        );
        return Err(refused_error(400, &sentence));
    }
    if text.chars().count() < TEXT_MIN {
        let sentence = format!("Invalid key format. LiteLLM Virtual Key must be at least {TEXT_MIN} characters long.");
        return Err(refused_error(400, &sentence));
    }
    Ok(())
}

/// The text that is to replace a key's.
///
/// # Errors
/// The same, in the words of `/key/regenerate`.
pub fn check_new_text(text: &str, rules: &KeyRules) -> Result<(), Error> {
    check_custom(rules)?;
    if !text.starts_with("sk-") {
        let sentence = "New key must start with 'sk-'. This is to distinguish a key hash (used by litellm for logging / \
                        internal logic) from the actual key.";
        return Err(refused_error(400, sentence));
    }
    if text.chars().count() < TEXT_MIN {
        return Err(refused_error(400, &format!("New key must be at least {TEXT_MIN} characters long.")));
    }
    Ok(())
}

fn check_custom(rules: &KeyRules) -> Result<(), Error> {
    if rules.refuses_custom_keys {
        let sentence = "Custom API key values are disabled by your administrator. Keys must be auto-generated.";
        return Err(refused_error(403, sentence));
    }
    Ok(())
}

/// Two keys have not the same name.
///
/// # Errors
/// 400 about `key_alias`.
pub async fn check_alias(app: &App, alias: Option<&str>, own: Option<&str>) -> Result<(), Error> {
    let Some(alias) = alias else { return Ok(()) };
    if alias.contains("..") || alias.chars().any(char::is_control) {
        return Err(Denial::new(400, "bad_request_error", "Invalid key_alias").about("key_alias").into());
    }
    let mut query = Query::of(&schema::KEYS).is("key_alias", alias).only(&["token"]).page(0, 1);
    if let Some(own) = own {
        query = query.with(Filter::IsNot("token", own.into()));
    }
    if find::all(app, &query).await?.is_empty() {
        return Ok(());
    }
    let sentence = format!("Key with alias '{alias}' already exists. Unique key aliases across all keys are required.");
    Err(Denial::new(400, "bad_request_error", sentence).about("key_alias").into())
}

/// Nobody gives a key more than their own key has.
///
/// # Errors
/// 400 with both amounts.
pub fn check_delegation(caller: &Caller, sent: &Row) -> Result<(), Error> {
    let own = caller.profile().filter(|_| !caller.is_admin()).and_then(|profile| profile.key.number("max_budget"));
    let Some(own) = own else { return Ok(()) };
    if let Some(asked) = sent.number("max_budget").filter(|asked| *asked > own) {
        let sentence = format!("max_budget ({asked:?}) cannot exceed the caller's own max_budget ({own:?}).");
        return Err(refused_error(400, &sentence));
    }
    let windows = sent.get("budget_limits").and_then(Value::as_array).into_iter().flatten();
    let over = windows.filter_map(|window| window.get("max_budget")?.as_f64()).find(|asked| *asked > own);
    match over {
        None => Ok(()),
        Some(asked) => {
            let sentence = format!(
                "budget_limits entry max_budget ({asked:?}) cannot exceed the caller's own max_budget ({own:?})."
            );
            Err(refused_error(400, &sentence))
        }
    }
}

/// A guarantee is given only while the team's limits are not all promised to other keys.
///
/// # Errors
/// 400 with what is promised already.
pub async fn check_team_limits(app: &App, team: &Team, sent: &Row, own: Option<&str>) -> Result<(), Error> {
    if !promise::is_asked(sent, None) {
        return Ok(());
    }
    let query = Query::of(&schema::KEYS).is("team_id", team.id());
    let promiser = Promiser { what: "team", limits: &team.0, metadata: team.0.object("metadata") };
    promise::check(&others(app, &query, own).await?, sent, "Key", promiser)
}

/// The same of an organization's, whose limits are its budget's.
///
/// # Errors
/// 400 with what is promised already; 400 for an organization that is not there.
pub async fn check_organization_limits(app: &App, id: &str, sent: &Row, own: Option<&str>) -> Result<(), Error> {
    let Some(organization) = find::one(app, &schema::ORGANIZATIONS, id).await? else {
        let sentence = format!(
            "Organization doesn't exist in db. Organization={id}. Create organization via `/organization/new` call."
        );
        return Err(refused(500, sentence));
    };
    if !promise::is_asked(sent, sent.object("metadata")) {
        return Ok(());
    }
    let budget_id = organization.text("budget_id").unwrap_or_default();
    let budget = find::one(app, &schema::BUDGETS, budget_id).await?.unwrap_or_default();
    let query = Query::of(&schema::KEYS).is("organization_id", id);
    let others = others(app, &query, own).await?;
    let promiser = Promiser { what: "organization", limits: &budget, metadata: organization.object("metadata") };
    promise::check(&others, sent, "Key", promiser)
}

async fn others(app: &App, query: &Query, own: Option<&str>) -> Result<Vec<Row>, Error> {
    let mut keys = find::all(app, query).await?;
    keys.retain(|key| own.is_none() || key.text("token") != own);
    Ok(keys)
}

/// A project's key has no more than the project.
///
/// # Errors
/// 404 for a project that is not there, 400 for models and budgets beyond it.
pub async fn check_project(app: &App, id: &str, sent: &Row) -> Result<(), Error> {
    let Some(project) = find::one(app, &schema::PROJECTS, id).await? else {
        return Err(refused_error(404, &format!("Project not found, project_id={id}")));
    };
    let models = project.texts("models");
    let is_inherited = |model: &str| matches!(model, "all-team-models" | "all-proxy-models");
    let stranger = sent.texts("models").into_iter().find(|model| !models.contains(model) && !is_inherited(model));
    if let Some(model) = stranger.filter(|_| !models.is_empty()) {
        let listed: Vec<String> = models.iter().map(|model| crate::denial::python_text(model)).collect();
        let sentence = format!(
            "Model '{model}' not in project's allowed models. Project allowed models=[{}]. Project: {id}",
            listed.join(", ")
        );
        return Err(refused_error(400, &sentence));
    }
    let budget = match project.text("budget_id") {
        Some(budget_id) => find::one(app, &schema::BUDGETS, budget_id).await?,
        None => None,
    };
    let most = budget.and_then(|budget| budget.number("max_budget"));
    match sent.number("max_budget").zip(most).filter(|(asked, most)| asked > most) {
        None => Ok(()),
        Some((asked, most)) => {
            let sentence = format!("Key max_budget ({asked:?}) exceeds project's max_budget ({most:?}). Project: {id}");
            Err(refused_error(400, &sentence))
        }
    }
}

/// A key is given to an organization by its members.
///
/// # Errors
/// 403.
pub async fn check_organization_member(app: &App, caller: &Caller, id: &str) -> Result<(), Error> {
    if caller.is_admin() {
        return Ok(());
    }
    let Some(user_id) = caller.user_id() else {
        return Err(refused(403, "Cannot assign a key to an organization without a user_id on the caller's token"));
    };
    match find::keyed(app, &schema::ORGANIZATION_MEMBERSHIPS, &[user_id, id]).await? {
        Some(_) => Ok(()),
        None => Err(refused(403, format!("Caller is not a member of organization_id={id}"))),
    }
}

/// The budget that a key is linked to is there.
///
/// # Errors
/// 400.
pub async fn check_budget_id(app: &App, id: Option<&str>, name: &str) -> Result<Option<Row>, Error> {
    let Some(id) = id.filter(|id| !id.is_empty()) else { return Ok(None) };
    match find::one(app, &schema::BUDGETS, id).await? {
        Some(budget) => Ok(Some(budget)),
        None => Err(refused_error(400, &format!("{name}={id} does not match any budget."))),
    }
}
