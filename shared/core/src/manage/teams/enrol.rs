//! Enrol: what has to be written so that somebody is a member of a team.
//!
//! Users that do not exist are made. Writes nothing itself.

use serde_json::{Value, json};

use super::{Member, member, show, untouched};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Query, Row, schema};
use crate::manage::{Request, money, newcomers, records};
use crate::{App, Error};

const USERS: &crate::directory::Table = &schema::USERS;

/// What a budget of one's own takes over from the team's default.
const COPIED: &[&str] = &[
    "max_budget",
    "soft_budget",
    "max_parallel_requests",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "model_max_budget",
    "allowed_models",
];

/// What new members may spend and use.
#[derive(Default)]
pub struct Terms {
    pub max_budget: Option<f64>,
    pub duration: Option<String>,
    pub allowed_models: Option<Vec<String>>,
    /// The budget of members without one of their own.
    pub default_budget: Option<Row>,
}

/// What has to be written, and what is answered.
#[derive(Default)]
pub struct Enrolment {
    /// Everybody who is a member then.
    pub members: Vec<Member>,
    pub changes: Vec<Change>,
    pub users: Vec<Value>,
    pub memberships: Vec<Value>,
}

/// Makes these people members of the team, as far as they are none.
///
/// # Errors
/// 400 where several users have the email; where the database cannot be reached.
pub async fn enrol(
    app: &App,
    request: &Request,
    team: &Row,
    wanted: &[Member],
    terms: &Terms,
) -> Result<Enrolment, Error> {
    let mut enrolment = Enrolment { members: member::of(team), ..Enrolment::default() };
    for wanted in wanted {
        if enrolment.members.iter().any(|member| member.is(wanted)) {
            continue;
        }
        let team_id = team.text("team_id").unwrap_or_default();
        let found = find(app, wanted).await?;
        let user = join(app, team_id, wanted, found, &mut enrolment)?;
        let user_id = user.text("user_id").unwrap_or_default().to_owned();
        enlist(app, request, (team, &user_id), terms, &mut enrolment).await?;
        enrolment.users.push(show::user(&user));
        let email = wanted.user_email.clone().or_else(|| user.text("user_email").map(str::to_owned));
        enrolment.members.push(Member { user_id: Some(user_id), user_email: email, role: wanted.role.clone() });
    }
    Ok(enrolment)
}

/// The user who is meant, if there is one.
async fn find(app: &App, wanted: &Member) -> Result<Option<Row>, Error> {
    if let Some(user_id) = &wanted.user_id {
        return records::one(app, USERS, user_id).await;
    }
    let mut found = by_email(app, wanted.user_email.as_deref().unwrap_or_default()).await?;
    if found.len() > 1 {
        let email = wanted.user_email.as_deref().unwrap_or_default();
        let sentence = format!("Multiple users found with email '{email}'. Please use 'user_id' instead.");
        return Err(Denial::detail_error(400, &sentence).into());
    }
    Ok(found.pop())
}

/// The users with this email, however it is written.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn by_email(app: &App, email: &str) -> Result<Vec<Row>, Error> {
    let query = Query::of(USERS).with(Filter::Contains("user_email", email.to_owned()));
    let mut found = records::all(app, &query).await?;
    found.retain(|user| user.text("user_email").is_some_and(|own| own.eq_ignore_ascii_case(email)));
    Ok(found)
}

/// Puts the team among the user's; the user as it is answered.
fn join(
    app: &App,
    team_id: &str,
    wanted: &Member,
    found: Option<Row>,
    enrolment: &mut Enrolment,
) -> Result<Row, Error> {
    let Some(user) = found else {
        let (user_id, email) = match &wanted.user_id {
            Some(user_id) => (user_id.clone(), None),
            None => (crate::new_id(), wanted.user_email.clone()),
        };
        let mut user = newcomers::columns(app, user_id, email);
        user.insert("teams".to_owned(), json!([team_id]));
        let user = records::complete(app, USERS, user)?;
        enrolment.changes.push(Change::Insert(USERS, user.clone()));
        return Ok(user);
    };
    let mut teams = user.texts("teams");
    if !teams.iter().any(|team| team == team_id) {
        teams.push(team_id.to_owned());
        enrolment.changes.extend(set_teams(app, &user, &teams));
    }
    Ok(user)
}

/// The changes that write a user's teams, unless somebody else has changed the user meanwhile.
pub fn set_teams(app: &App, user: &Row, teams: &[String]) -> [Change; 2] {
    let columns = records::row([("teams", teams.into()), ("updated_at", super::touched(app, user).into())]);
    [untouched(USERS, user), Change::Update(USERS, vec![super::same("user_id", user)], columns)]
}

/// Makes the row of the membership, with a budget where the terms want one.
async fn enlist(
    app: &App,
    request: &Request,
    (team, user_id): (&Row, &str),
    terms: &Terms,
    enrolment: &mut Enrolment,
) -> Result<(), Error> {
    let memberships = &schema::TEAM_MEMBERSHIPS;
    let team_id = team.text("team_id").unwrap_or_default();
    let query = Query::of(memberships).is("user_id", user_id).is("team_id", team_id);
    if let Some(old) = records::all(app, &query).await?.pop() {
        let budget = records::linked(app, &schema::BUDGETS, old.text("budget_id")).await?;
        enrolment.memberships.push(Value::Object(show::membership(&old, budget.as_ref())));
        return Ok(());
    }
    let budget = budget(app, request, team, terms, &mut enrolment.changes)?;
    let budget_id = budget.as_ref().and_then(|budget| budget.text("budget_id")).map_or(Value::Null, Value::from);
    let columns = [("user_id", user_id.into()), ("team_id", team_id.into()), ("budget_id", budget_id)];
    let membership = records::complete(app, memberships, records::row(columns))?;
    enrolment.memberships.push(Value::Object(show::membership(&membership, budget.as_ref())));
    enrolment.changes.push(Change::Insert(memberships, membership));
    Ok(())
}

/// The budget of a new member: one of its own where the terms say anything, else the team's default.
fn budget(
    app: &App,
    request: &Request,
    team: &Row,
    terms: &Terms,
    changes: &mut Vec<Change>,
) -> Result<Option<Row>, Error> {
    let of_team = Some(team.texts("default_team_member_models")).filter(|models| !models.is_empty());
    let models = terms.allowed_models.clone().or(of_team);
    let has_limit = terms.max_budget.is_some() || models.is_some();
    if !has_limit && terms.duration.is_none() {
        return Ok(terms.default_budget.clone());
    }
    let mut columns = match &terms.default_budget {
        Some(default) if !has_limit => records::only(default, COPIED),
        _ => Row::new(),
    };
    columns.extend(terms.max_budget.map(|amount| ("max_budget".to_owned(), amount.into())));
    columns.extend(models.map(|models| ("allowed_models".to_owned(), models.into())));
    if let Some(duration) = &terms.duration {
        columns.insert("budget_duration".to_owned(), duration.clone().into());
        columns.insert("budget_reset_at".to_owned(), records::reset_at(app, duration).into());
    }
    let (budget, change) = money::create(app, request, columns)?;
    changes.push(change);
    Ok(Some(budget))
}
