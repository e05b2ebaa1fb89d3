//! `POST /team/new`.

use serde_json::Value;

use super::enrol::{Enrolment, Terms, enrol};
use super::settings::{COLUMNS, NEW_COLUMNS, Settings};
use super::{ATTEMPTS_MAX, Member, TEAMS, aliases, budget, contended, logged, member, show};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Row, schema};
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, access_groups, organizations, permission, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// LiteLLM's team of its dashboard's sessions.
const RESERVED: &str = "litellm-dashboard";

/// `POST /team/new`.
pub fn create(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let mut settings = Settings::read(&fields, &[COLUMNS, NEW_COLUMNS]);
        let mut members = member::read_list(&fields, "members_with_roles");
        fields.check()?;
        settings.check(app)?;
        check_soft_budget(&settings.columns)?;
        let id = new_id(app, &settings.columns).await?;
        settings.default(&app.governance.settings.teams.defaults);
        check_limits(app, &request, &settings).await?;
        add_creator(app, &request, &mut members);
        let (team, mut changes, default_budget) = compose(app, &request, &settings, &id).await?;
        let mut columns = team;
        if let Some((id, change)) = permission::store(app, settings.permission.as_ref(), None)? {
            columns.insert("object_permission_id".to_owned(), id.into());
            changes.push(change);
        }
        if let Some(names) = &settings.aliases {
            let (id, change) = aliases::store(app, &request, None, names).await?;
            columns.insert("model_id".to_owned(), id.into());
            changes.push(change);
        }
        let team = records::complete(app, TEAMS, columns)?;
        let terms = Terms { default_budget, ..Terms::default() };
        let team = found(app, &request, team, (&members, &terms), changes).await?;
        Ok(Answer::ok(Value::Object(show::whole(app, &team).await?)))
    })
}

/// Writes the team and everybody's membership of it.
async fn found(
    app: &App,
    request: &Request,
    team: Row,
    (members, terms): (&[Member], &Terms),
    changes: Vec<Change>,
) -> Result<Row, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let Enrolment { members, changes: enrolled, .. } = enrol(app, request, &team, members, terms).await?;
        let mut team = team.clone();
        team.insert("members_with_roles".to_owned(), member::list(&members));
        let mut changes = changes.clone();
        changes.push(Change::Insert(TEAMS, team.clone()));
        changes.extend(enrolled);
        let id = team.text("team_id").unwrap_or_default();
        changes.extend(access_groups::follow_team(app, id, &team.texts("access_group_ids")).await?);
        changes.push(logged(app, request, Action::Created, (None, Some(&team))));
        if records::try_write(app, changes).await? {
            return Ok(team);
        }
    }
    Err(contended())
}

/// The team's columns, without its members, and the budget that they have by default.
async fn compose(
    app: &App,
    request: &Request,
    settings: &Settings,
    id: &str,
) -> Result<(Row, Vec<Change>, Option<Row>), Error> {
    let mut columns = settings.stored(app);
    columns.retain(|_, value| !value.is_null());
    columns.insert("team_id".to_owned(), id.into());
    columns.insert("members_with_roles".to_owned(), Value::Array(Vec::new()));
    let mut metadata = settings.metadata.clone().unwrap_or_default();
    metadata.extend(settings.folded.clone().into_iter().filter(|(_, value)| !value.is_null()));
    let (mut changes, mut default_budget) = (Vec::new(), None);
    if budget::is_wanted(&settings.member_budget) {
        let named = (columns.text("team_alias"), columns.text("budget_duration"));
        let (row, change) = budget::create(app, request, &settings.member_budget, named)?;
        let budget_id = row.get("budget_id").cloned().unwrap_or(Value::Null);
        metadata.insert(super::settings::DEFAULT_BUDGET.to_owned(), budget_id);
        changes.push(change);
        default_budget = Some(row);
    }
    columns.insert("metadata".to_owned(), Value::Object(metadata));
    Ok((columns, changes, default_budget))
}

/// The id that was asked for, if nobody has it, or a new one.
async fn new_id(app: &App, columns: &Row) -> Result<String, Error> {
    let Some(id) = columns.text("team_id").filter(|id| !id.trim().is_empty()) else { return Ok(crate::new_id()) };
    if id == RESERVED {
        let sentence = format!(
            "team_id '{RESERVED}' is reserved for LiteLLM UI dashboard sessions and cannot be used for a real team. \
             Please use a different team id."
        );
        return Err(Denial::management_error(400, &sentence).into());
    }
    if records::one(app, TEAMS, id).await?.is_some() {
        let sentence = format!("Team id = {id} already exists. Please use a different team id.");
        return Err(Denial::management_error(400, &sentence).into());
    }
    Ok(id.to_owned())
}

fn check_soft_budget(columns: &Row) -> Result<(), Error> {
    match (columns.number("soft_budget"), columns.number("max_budget")) {
        (Some(soft), Some(max)) if soft >= max => {
            let sentence = format!("soft_budget ({soft:?}) must be strictly lower than max_budget ({max:?})");
            Err(Denial::management_error(400, &sentence).into())
        }
        _ => Ok(()),
    }
}

/// A team may not be given more than its organization has, or, without one, than its creator.
async fn check_limits(app: &App, request: &Request, settings: &Settings) -> Result<(), Error> {
    let columns = &settings.columns;
    if let Some(id) = columns.text("organization_id") {
        let organization = records::one(app, &schema::ORGANIZATIONS, id)
            .await?
            .ok_or_else(|| Denial::management(400, format!("Organization not found for organization_id={id}")))?;
        organizations::check_team(app, &organization, columns).await?;
        return organizations::check_promise(app, &organization, &settings.promised(), None).await;
    }
    if request.caller.is_admin() {
        return Ok(());
    }
    check_creator(request, columns)
}

fn check_creator(request: &Request, columns: &Row) -> Result<(), Error> {
    let refuse = |sentence: String| -> Result<(), Error> { Err(Denial::management_error(400, &sentence).into()) };
    let Some(profile) = request.caller.profile() else { return Ok(()) };
    let role = records::role_of(&request.caller);
    let own_budget = profile.user.as_ref().and_then(|user| user.number("max_budget"));
    if let (Some(wanted), Some(own)) = (columns.number("max_budget"), own_budget)
        && wanted > own
    {
        return refuse(format!("max budget higher than user max. User max budget={own:?}. User role={role}"));
    }
    let models = profile.key.texts("models");
    if !models.is_empty() && columns.texts("models").iter().any(|model| !models.contains(model)) {
        let listed = records::python_list(&models);
        let user = profile.user_id().unwrap_or("None");
        return refuse(format!("Model not in allowed user models. User allowed models={listed}. User id={user}"));
    }
    for (column, name) in [("tpm_limit", "tpm"), ("rpm_limit", "rpm")] {
        if let (Some(wanted), Some(own)) = (columns.whole(column), profile.key.whole(column))
            && wanted > own
        {
            return refuse(format!("{name} limit higher than user max. User {name} limit={own}. User role={role}"));
        }
    }
    Ok(())
}

/// Whoever makes a team is an admin of it; of admins of everything the operator may say otherwise.
fn add_creator(app: &App, request: &Request, members: &mut Vec<Member>) {
    let is_left_out = request.caller.is_admin() && app.governance.settings.teams.leaves_admins_out;
    let Some(user_id) = request.caller.user_id().filter(|_| !is_left_out) else { return };
    if !members.iter().any(|member| member.user_id.as_deref() == Some(user_id)) {
        members.push(Member::new(user_id, "admin"));
    }
}
