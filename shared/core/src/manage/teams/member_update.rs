//! `POST /team/member_update`: a member's role, budget and limits.

use serde_json::{Value, json};

use super::access::members_denied;
use super::members::unknown;
use super::{ATTEMPTS_MAX, TEAMS, budget, change, contended, logged, member, standing, untouched};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Query, Row, schema};
use crate::manage::audit::Action;
use crate::manage::{Answer, Fields, Outcome, Request, input, money, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// Limits of which a member's own budget must have one.
const LIMITS: &[&str] = &[
    "max_budget",
    "soft_budget",
    "max_parallel_requests",
    "tpm_limit",
    "rpm_limit",
    "model_max_budget",
    "budget_duration",
    "allowed_models",
    "temp_budget_increase",
    "temp_budget_expiry",
];
const TEMPORARY: [&str; 2] = ["temp_budget_increase", "temp_budget_expiry"];

/// `POST /team/member_update`.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        if fields.any("user_id").is_none() && fields.any("user_email").is_none() {
            return Err(input::unfit("Either user id or user email must be provided"));
        }
        let id = fields.required("team_id").to_owned();
        let sent = read(&fields);
        let role = input::one_of(&fields, "role", member::roles());
        let (user_id, email) = (fields.text("user_id"), fields.text("user_email"));
        fields.check()?;
        check(app, &sent)?;
        for attempt in 0..ATTEMPTS_MAX {
            let team = records::one(app, TEAMS, &id).await?.ok_or_else(|| unknown(&id))?;
            if attempt == 0 && standing(app, &request.caller, &team).await?.is_none() {
                return Err(members_denied("/team/member_delete", &id));
            }
            let user_id = meant(&team, (user_id, email))?;
            let mut changes = vec![untouched(TEAMS, &team)];
            changes.extend(of_role(app, &request, &team, (&user_id, email, role))?);
            changes.extend(of_budget(app, &request, &team, (&user_id, &sent)).await?);
            if records::try_write(app, changes).await? {
                return Ok(Answer::ok(answer(&fields, &id, &user_id)));
            }
        }
        Err(contended())
    })
}

/// What was sent, by the columns of a budget.
fn read(fields: &Fields<'_>) -> Row {
    const SAME: &[&str] =
        &["tpm_limit", "rpm_limit", "budget_duration", "allowed_models", "temp_budget_increase", "temp_budget_expiry"];
    let mut sent = input::columns(fields, &schema::BUDGETS, SAME);
    if fields.is_sent("max_budget_in_team") {
        let amount = fields.number("max_budget_in_team").map_or(Value::Null, Value::from);
        sent.insert("max_budget".to_owned(), amount);
    }
    if sent.get("allowed_models").is_some_and(Value::is_null) {
        sent.insert("allowed_models".to_owned(), json!([]));
    }
    if sent.number("temp_budget_increase").is_some_and(|amount| amount < 0.0) {
        let sentence = "Input should be greater than or equal to 0";
        fields.fault("temp_budget_increase", "greater_than_equal", sentence);
    }
    sent
}

fn check(app: &App, sent: &Row) -> Result<(), Error> {
    let has = |name: &str| sent.get(name).is_some_and(|value| !value.is_null());
    if has("temp_budget_increase") != has("temp_budget_expiry") {
        return Err(input::unfit("temp_budget_increase and temp_budget_expiry must be set together"));
    }
    let duration = records::check_duration(app, sent.text("budget_duration"));
    duration.map_err(|sentence| Denial::detail_error(400, &sentence).into())
}

fn meant(team: &Row, (user_id, email): (Option<&str>, Option<&str>)) -> Result<String, Error> {
    if let Some(user_id) = user_id {
        return Ok(user_id.to_owned());
    }
    let members = member::of(team);
    let found = members.into_iter().find(|member| email.is_some() && member.user_email.as_deref() == email);
    found.and_then(|member| member.user_id).ok_or_else(|| {
        let sentence = format!("User id doesn't exist in team table. Data={}", email.unwrap_or_default());
        Denial::detail_error(400, &sentence).into()
    })
}

fn of_role(
    app: &App,
    request: &Request,
    team: &Row,
    (user_id, email, role): (&str, Option<&str>, Option<&str>),
) -> Result<Vec<Change>, Error> {
    let Some(role) = role else { return Ok(Vec::new()) };
    let mut members = member::of(team);
    let Some(member) = members.iter_mut().find(|member| member.user_id.as_deref() == Some(user_id)) else {
        let id = team.text("team_id").unwrap_or_default();
        return Err(Denial::detail_error(404, &format!("User {user_id} is not a member of team {id}")).into());
    };
    role.clone_into(&mut member.role);
    member.user_email = email.map(str::to_owned).or_else(|| member.user_email.take());
    let columns = records::row([("members_with_roles", member::list(&members))]);
    let mut after = team.clone();
    after.extend(columns.clone());
    let log = logged(app, request, Action::Updated, (Some(team), Some(&after)));
    Ok(vec![change(app, team, columns), log])
}

/// A member's own budget is changed; whoever shares the team's default gets a copy first; one that limits nothing more
/// is let go.
async fn of_budget(
    app: &App,
    request: &Request,
    team: &Row,
    (user_id, sent): (&str, &Row),
) -> Result<Vec<Change>, Error> {
    if sent.is_empty() {
        return Ok(Vec::new());
    }
    let mut columns = sent.clone();
    if let Some(duration) = sent.get("budget_duration") {
        let reset_at = duration.as_str().map_or(Value::Null, |duration| records::reset_at(app, duration).into());
        columns.insert("budget_reset_at".to_owned(), reset_at);
    }
    let team_id = team.text("team_id").unwrap_or_default();
    let memberships = &schema::TEAM_MEMBERSHIPS;
    let own = Query::of(memberships).is("user_id", user_id).is("team_id", team_id);
    let membership = records::all(app, &own).await?.pop();
    let budget_id = membership.as_ref().and_then(|row| row.text("budget_id"));
    let current = records::linked(app, &schema::BUDGETS, budget_id).await?;
    let link = |id: Value| Change::Update(memberships, own.filters.clone(), records::row([("budget_id", id)]));
    let is_shared = budget_id.is_some() && budget_id == budget::default_id(team);
    if let Some(id) = budget_id.filter(|_| !is_shared) {
        let mut merged = current.unwrap_or_default();
        merged.extend(columns.clone());
        let change = if limits(&merged) { money::update(app, request, id, columns) } else { link(Value::Null) };
        return Ok(vec![change]);
    }
    let is_temporary = sent.keys().all(|name| TEMPORARY.contains(&name.as_str()));
    let mut fresh = if is_temporary { Row::new() } else { copied(current.as_ref(), sent) };
    fresh.extend(columns);
    if !limits(&fresh) {
        return Ok(if is_shared && !is_temporary { vec![link(Value::Null)] } else { Vec::new() });
    }
    let (budget, create) = money::create(app, request, fresh)?;
    let id = budget.get("budget_id").cloned().unwrap_or(Value::Null);
    let columns = [("user_id", user_id.into()), ("team_id", team_id.into()), ("budget_id", id.clone())];
    Ok(vec![create, Change::Offer(memberships, records::row(columns)), link(id)])
}

/// What a budget of one's own takes over from the one that was shared.
fn copied(shared: Option<&Row>, sent: &Row) -> Row {
    let Some(shared) = shared else { return Row::new() };
    let mut copied = records::only(shared, LIMITS);
    if !sent.contains_key("budget_duration") {
        copied.extend(records::only(shared, &["budget_reset_at"]));
    }
    copied.retain(|_, value| is_set(value));
    copied
}

fn limits(budget: &Row) -> bool {
    LIMITS.iter().any(|name| budget.get(*name).is_some_and(is_set))
}

fn is_set(value: &Value) -> bool {
    !value.is_null() && !value.as_array().is_some_and(Vec::is_empty)
}

fn answer(fields: &Fields<'_>, team_id: &str, user_id: &str) -> Value {
    json!({
        "user_id": user_id,
        "user_email": fields.text("user_email"),
        "team_id": team_id,
        "max_budget_in_team": fields.number("max_budget_in_team"),
        "tpm_limit": fields.whole("tpm_limit"),
        "rpm_limit": fields.whole("rpm_limit"),
        "budget_duration": fields.text("budget_duration"),
        "allowed_models": fields.any("allowed_models"),
        "temp_budget_increase": fields.number("temp_budget_increase"),
        "temp_budget_expiry": fields.any("temp_budget_expiry"),
    })
}

/// Members of the team by their filter, for other changes of one.
pub fn membership(user_id: &str, team_id: &str) -> Vec<Filter> {
    vec![Filter::Is("user_id", user_id.into()), Filter::Is("team_id", team_id.into())]
}
