//! What an organization lets its teams have.

use crate::denial::Denial;
use crate::directory::{Columns, Query, Row, schema};
use crate::manage::promise::{self, Promiser};
use crate::manage::records;
use crate::{App, Error};

/// What stands for every model, where models are listed.
const EVERYTHING: &str = "all-proxy-models";

/// Whether a team of the organization may be given these columns.
///
/// # Errors
/// 400 in LiteLLM's words.
pub async fn check_team(app: &App, organization: &Row, team: &Row) -> Result<(), Error> {
    let refuse = |sentence: String| -> Result<(), Error> { Err(Denial::management_error(400, &sentence).into()) };
    let id = organization.text("organization_id").unwrap_or_default();
    let budget = records::linked(app, &schema::BUDGETS, organization.text("budget_id")).await?.unwrap_or_default();
    if let (Some(wanted), Some(own)) = (team.number("max_budget"), budget.number("max_budget"))
        && wanted > own
    {
        let sentence =
            format!("Team max_budget ({wanted:?}) exceeds organization's max_budget ({own:?}). Organization: {id}");
        return refuse(sentence);
    }
    if let Some(model) = foreign_model(organization, &team.texts("models")) {
        let models = records::python_list(&organization.texts("models"));
        let sentence = format!(
            "Model '{model}' not in organization's allowed models. Organization allowed models={models}. \
             Organization: {id}"
        );
        return refuse(sentence);
    }
    for name in ["tpm_limit", "rpm_limit"] {
        if let (Some(wanted), Some(own)) = (team.whole(name), budget.whole(name))
            && wanted > own
        {
            let sentence = format!("Team {name} ({wanted}) exceeds organization's {name} ({own}). Organization: {id}");
            return refuse(sentence);
        }
    }
    Ok(())
}

/// Whether a team may be guaranteed what it asks for, beside the organization's others.
///
/// # Errors
/// 400 with what is promised already.
pub async fn check_promise(app: &App, organization: &Row, asked: &Row, own: Option<&str>) -> Result<(), Error> {
    if !promise::is_asked(asked, asked.object("metadata")) {
        return Ok(());
    }
    let budget = records::linked(app, &schema::BUDGETS, organization.text("budget_id")).await?.unwrap_or_default();
    let id = organization.text("organization_id").unwrap_or_default();
    let mut others = records::all(app, &Query::of(&schema::TEAMS).is("organization_id", id)).await?;
    // LiteLLM counts the team itself among them, so that no team with half of the limits could be changed.
    others.retain(|team| own.is_none() || team.text("team_id") != own);
    let promiser = Promiser { what: "organization", limits: &budget, metadata: organization.object("metadata") };
    promise::check(&others, asked, "Team", promiser)
}

/// A model among these that the organization may not use.
fn foreign_model(organization: &Row, models: &[String]) -> Option<String> {
    let allowed = organization.texts("models");
    if allowed.is_empty() || allowed.iter().any(|model| model == EVERYTHING) {
        return None;
    }
    models.iter().find(|model| !allowed.contains(model)).cloned()
}

/// Whether a team, as it is, may come into the organization.
///
/// # Errors
/// 403 where it may use a model that the organization may not.
pub async fn check_move(app: &App, organization: &Row, team: &Row) -> Result<(), Error> {
    if let Some(model) = foreign_model(organization, &team.texts("models")) {
        let sentence = format!(
            "Cannot move team to organization. Team has access to model {model} that is not in the organization."
        );
        return Err(Denial::management_error(403, &sentence).into());
    }
    check_team(app, organization, team).await
}
