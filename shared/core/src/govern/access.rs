//! Access: may this caller ask for this model?
//!
//! Lists of models of the key, its team, member, project, user and customer, with access groups, wildcards and names
//! that stand for others: LiteLLM's rules. Knows no money.

use std::sync::Arc;

use serde_json::Value;

use super::{Caller, Governance, Profile};
use crate::Error;
use crate::catalog::{Catalog, Group};
use crate::denial::Denial;
use crate::directory::{Columns, Row, schema};

/// Who has a list of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Key,
    Team,
    Member,
    Project,
    User,
    Customer,
}

impl Owner {
    const fn denied(self) -> &'static str {
        match self {
            Self::Key => "key_model_access_denied",
            Self::Team | Self::Member => "team_model_access_denied",
            Self::Project => "project_model_access_denied",
            Self::User => "user_model_access_denied",
            Self::Customer => "customer_model_access_denied",
        }
    }
}

/// The model that a caller is served when it asks for this one: what its key's and its team's names stand for.
pub fn dispatched(profile: &Profile, model: &str) -> Option<String> {
    let stands_for = |aliases: Option<&Row>, name: &str| aliases?.get(name)?.as_str().map(str::to_owned);
    let by_team = stands_for(profile.team_aliases.as_ref(), model);
    let by_key = stands_for(profile.key.object("aliases"), by_team.as_deref().unwrap_or(model));
    by_key.or(by_team)
}

/// What a model is called by in lists: itself, what it stands for, and the access groups it belongs to.
struct Asked<'a> {
    name: &'a str,
    names: Vec<&'a str>,
    groups: Vec<&'a str>,
    group: Option<&'a Arc<Group>>,
}

impl<'a> Asked<'a> {
    fn new(
        catalog: &'a Catalog,
        group: Option<&'a Arc<Group>>,
        (name, dispatched): (&'a str, Option<&'a str>),
    ) -> Self {
        let mut names = vec![dispatched.unwrap_or(name)];
        names.extend(catalog.alias_target(name).filter(|_| dispatched.is_none()));
        let deployments = group.into_iter().flat_map(|group| &group.deployments);
        let groups = deployments.flat_map(|deployment| &deployment.routing.access_groups).map(String::as_str);
        Self { name, names, groups: groups.collect(), group }
    }

    /// Whether one entry of a list covers the model.
    fn is_covered(&self, entry: &str) -> bool {
        if matches!(entry, "*" | "all-proxy-models") {
            return true;
        }
        if self.names.contains(&entry) || self.groups.contains(&entry) {
            return true;
        }
        entry.contains('*') && (self.names.iter().any(|name| is_like(entry, name)) || self.is_of_provider(entry))
    }

    /// `openai/*` covers every model of OpenAI's, whatever its group is called.
    fn is_of_provider(&self, entry: &str) -> bool {
        let Some(provider) = entry.strip_suffix("/*") else { return false };
        let deployments = self.group.map(|group| group.deployments.as_slice()).unwrap_or_default();
        !deployments.is_empty() && deployments.iter().all(|deployment| deployment.provider == provider)
    }
}

/// Whether anything that is said of the key looks at models: which may be used, how often, for how much.
pub fn looks_at_models(profile: &Profile) -> bool {
    let lists = |row: Option<&Row>, name: &str| row.is_some_and(|row| !row.texts(name).is_empty());
    let limits = |row: Option<&Row>| {
        let metadata = row.and_then(|row| row.object("metadata"));
        ["model_rpm_limit", "model_tpm_limit"]
            .iter()
            .any(|name| metadata.is_some_and(|metadata| metadata.get(*name).is_some_and(|value| !value.is_null())))
    };
    let rows = [Some(&profile.key), profile.team.as_ref(), profile.user.as_ref(), profile.project.as_ref()];
    let is_listed = rows.into_iter().any(|row| lists(row, "models") || lists(row, "access_group_ids") || limits(row));
    let is_members = lists(profile.membership_budget.as_ref(), "allowed_models");
    let has_scopes = limits(profile.organization.as_ref()) || !profile.allowances.is_empty();
    is_listed || is_members || has_scopes
}

impl Governance {
    /// Checks every list of models that applies.
    ///
    /// # Errors
    /// 403 in LiteLLM's words, with whose list it is.
    pub async fn check_model(
        &self,
        (catalog, group): (&Catalog, Option<&Arc<Group>>),
        profile: &Profile,
        customer: Option<&Row>,
        (model, dispatched): (&str, Option<&str>),
    ) -> Result<(), Error> {
        let asked = Asked::new(catalog, group, (model, dispatched));
        let team_models = profile.team.as_ref().map(|team| team.texts("models")).unwrap_or_default();
        let is_team_alias = profile.team_aliases.as_ref().is_some_and(|aliases| aliases.contains_key(model));
        let own_group =
            group.and_then(|group| group.deployments.first()).and_then(|first| first.routing.team_id.as_deref());
        let is_teams_own = own_group.is_some() && own_group == profile.team_id();
        let key_models = self.with_groups(&profile.key, profile.key.texts("models")).await?;
        check_list(Owner::Key, &expand(key_models, &team_models), &asked)?;
        if let Some(team) = &profile.team
            && !is_team_alias
            && !is_teams_own
        {
            let models = self.with_groups(team, team_models.clone()).await?;
            check_list(Owner::Team, &models, &asked)?;
        }
        let member =
            profile.membership_budget.as_ref().map(|budget| budget.texts("allowed_models")).unwrap_or_default();
        check_list(Owner::Member, &member, &asked)?;
        let project = profile.project.as_ref().map(|project| project.texts("models")).unwrap_or_default();
        check_list(Owner::Project, &expand(project, &team_models), &asked)?;
        if let Some(user) = profile.user.as_ref().filter(|_| profile.team.is_none()) {
            check_user(&user.texts("models"), &asked)?;
        }
        match customer {
            Some(customer) => check_list(Owner::Customer, &customer.texts("models"), &asked),
            None => Ok(()),
        }
    }

    /// The names of models that the caller may ask for, each with what it stands for, as lists show them.
    ///
    /// # Errors
    /// Where the directory cannot be reached.
    pub async fn visible(&self, catalog: &Catalog, caller: &Caller) -> Result<Vec<(String, Arc<Group>)>, Error> {
        let mut visible = Vec::new();
        for (name, group) in catalog.listed(caller.team_id()) {
            let allowed = match caller.profile() {
                None => Ok(()),
                Some(profile) => self.check_model((catalog, Some(group)), profile, None, (name, None)).await,
            };
            match allowed {
                Ok(()) => visible.push((name.to_owned(), Arc::clone(group))),
                Err(Error::Denied(denial)) if denial.status == 403 => {}
                Err(error) => return Err(error),
            }
        }
        Ok(visible)
    }

    /// The list, and the models of the access groups that the row names.
    async fn with_groups(&self, row: &Row, mut models: Vec<String>) -> Result<Vec<String>, Error> {
        if models.is_empty() {
            return Ok(models);
        }
        for id in row.texts("access_group_ids") {
            if let Some(group) = self.row(&schema::ACCESS_GROUPS, &id).await? {
                models.extend(group.texts("access_model_names"));
            }
        }
        Ok(models)
    }
}

/// `all-team-models` is the team's list; without a team, or a list of its own, everything.
fn expand(mut models: Vec<String>, team_models: &[String]) -> Vec<String> {
    if !models.iter().any(|model| model == "all-team-models") {
        return models;
    }
    if team_models.is_empty() {
        return Vec::new();
    }
    models.retain(|model| model != "all-team-models");
    models.extend(team_models.iter().cloned());
    models
}

fn check_user(models: &[String], asked: &Asked<'_>) -> Result<(), Error> {
    if models.iter().any(|model| model == "no-default-models") {
        return Err(denied(Owner::User, asked.name));
    }
    check_list(Owner::User, models, asked)
}

/// An empty list allows everything.
fn check_list(owner: Owner, models: &[String], asked: &Asked<'_>) -> Result<(), Error> {
    if models.is_empty() || models.iter().any(|entry| asked.is_covered(entry)) {
        return Ok(());
    }
    Err(denied(owner, asked.name))
}

fn denied(owner: Owner, model: &str) -> Error {
    let sentence = match owner {
        Owner::Customer => format!(
            "The requested model '{model}' is not in the allowed models for this customer. Check the models this \
             customer can use and try again."
        ),
        _ => format!(
            "The requested model '{model}' is not available for this API key, or the model name is invalid. Check the \
             models available to you and try again."
        ),
    };
    Denial::new(403, owner.denied(), sentence).about("model").into()
}

/// A customer's row, with the budget it is linked to put in place of its id.
pub fn is_blocked(row: Option<&Row>) -> bool {
    row.and_then(|row| row.get("blocked")).and_then(Value::as_bool) == Some(true)
}

/// Whether a name is like a pattern, whose stars stand for anything; all of the name has to be.
fn is_like(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut rest) = name.strip_prefix(before) else { return false };
    let mut literals = after.split('*').peekable();
    while let Some(literal) = literals.next() {
        if literals.peek().is_none() {
            return rest.ends_with(literal);
        }
        match rest.find(literal) {
            Some(at) => rest = &rest[at + literal.len()..],
            None => return false,
        }
    }
    true
}
