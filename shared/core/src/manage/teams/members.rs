//! `POST /team/member_add` and `POST /team/member_delete`.

use serde_json::{Value, json};

use super::access::members_denied;
use super::enrol::{self, Terms, enrol};
use super::{ATTEMPTS_MAX, Member, TEAMS, budget, change, contended, logged, member, show, standing, untouched};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Query, Row, schema};
use crate::manage::audit::Action;
use crate::manage::{Answer, Outcome, Request, archive, input, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// How many ids of users that do not exist are named.
const NAMED_MAX: usize = 10;

/// `POST /team/member_add`.
pub fn add(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let id = fields.required("team_id").to_owned();
        let (members, is_list) = member::read_field(&fields);
        let terms = Terms {
            max_budget: fields.number("max_budget_in_team"),
            duration: fields.text("budget_duration").map(str::to_owned),
            allowed_models: fields.texts("allowed_models"),
            default_budget: None,
        };
        fields.check()?;
        let duration = records::check_duration(app, terms.duration.as_deref());
        duration.map_err(|sentence| Denial::detail_error(400, &sentence))?;
        let added = add_all(app, &request, &id, (members, is_list), terms).await?;
        let mut answer = show::whole(app, &added.team).await?;
        answer.insert("updated_users".to_owned(), added.users.into());
        answer.insert("updated_team_memberships".to_owned(), added.memberships.into());
        Ok(Answer::ok(Value::Object(answer)))
    })
}

/// Who was added, and the team after it.
pub struct Added {
    pub team: Row,
    pub users: Vec<Value>,
    pub memberships: Vec<Value>,
}

/// Makes them members, if the caller may, and not all of them are.
///
/// # Errors
/// LiteLLM's refusals.
pub async fn add_all(
    app: &App,
    request: &Request,
    id: &str,
    (members, is_list): (Vec<Member>, bool),
    mut terms: Terms,
) -> Result<Added, Error> {
    for attempt in 0..ATTEMPTS_MAX {
        let team = records::one(app, TEAMS, id).await?.ok_or_else(|| absent(id))?;
        if attempt == 0 {
            check_new(&team, &members, is_list)?;
            check_may_add(app, request, &team, (&members, &terms)).await?;
            check_known(app, request, &members).await?;
            check_pairs(app, &members).await?;
        }
        terms.default_budget = budget::default_of(app, &team).await?;
        let enrolment = enrol(app, request, &team, &members, &terms).await?;
        let columns = records::row([("members_with_roles", member::list(&enrolment.members))]);
        let mut after = team.clone();
        after.extend(columns.clone());
        let mut changes = vec![untouched(TEAMS, &team)];
        changes.extend(enrolment.changes);
        changes.push(change(app, &team, columns));
        changes.push(logged(app, request, Action::Updated, (Some(&team), Some(&after))));
        if records::try_write(app, changes).await? {
            let team = super::again(app, id).await?;
            return Ok(Added { team, users: enrolment.users, memberships: enrolment.memberships });
        }
    }
    Err(contended())
}

/// The refusal of whoever names no team.
pub fn absent(id: &str) -> Error {
    let sentence = format!("Team doesn't exist in db. Team={id}. Create team via `/team/new` call.");
    Denial::detail_error(404, &sentence).into()
}

fn check_new(team: &Row, members: &[Member], is_list: bool) -> Result<(), Error> {
    let existing = member::of(team);
    let known = members.iter().filter(|wanted| existing.iter().any(|member| member.is(wanted))).count();
    if known < members.len() {
        return Ok(());
    }
    let listed = member::python_list(&existing);
    let sentence = match members {
        [wanted] if !is_list => format!(
            "User already in team. Member: user_id={}, user_email={}. Existing members={listed}",
            wanted.user_id.as_deref().unwrap_or("None"),
            wanted.user_email.as_deref().unwrap_or("None"),
        ),
        _ => format!("All users are already in team. Existing members={listed}"),
    };
    Err(Denial::new(400, "team_member_already_in_team", sentence).about("member").into())
}

/// Admins add anybody; whoever else joins a team that is open to all, alone and as a plain member.
async fn check_may_add(
    app: &App,
    request: &Request,
    team: &Row,
    (members, terms): (&[Member], &Terms),
) -> Result<(), Error> {
    if standing(app, &request.caller, team).await?.is_some() {
        return Ok(());
    }
    let id = team.text("team_id").unwrap_or_default();
    if !app.governance.settings.available_teams.iter().any(|available| available == id) {
        return Err(members_denied("/team/member_add", id));
    }
    let refuse = |sentence: &str| -> Result<(), Error> { Err(Denial::detail_error(403, sentence).into()) };
    if terms.max_budget.is_some() || terms.duration.is_some() || terms.allowed_models.is_some() {
        return refuse(
            "Available-team self-join cannot set per-member budget or model controls (max_budget_in_team, \
             budget_duration, allowed_models); these are admin-only.",
        );
    }
    if members.iter().any(Member::is_admin) {
        return refuse(
            "Available-team self-join cannot assign 'admin' role. Only proxy/team/org admins can add admins to a team.",
        );
    }
    let own = request.caller.user_id();
    if members.iter().any(|member| own.is_none() || member.user_id.as_deref() != own) {
        return refuse(
            "Available-team self-join can only add the caller (user_id must match the authenticated user's user_id).",
        );
    }
    Ok(())
}

/// Only admins of everything make users by adding them.
async fn check_known(app: &App, request: &Request, members: &[Member]) -> Result<(), Error> {
    if request.caller.is_admin() {
        return Ok(());
    }
    let wanted: Vec<String> = members.iter().filter_map(|member| member.user_id.clone()).collect();
    let users = records::among(app, &schema::USERS, "user_id", wanted.clone()).await?;
    let is_unknown = |id: &&String| !users.iter().any(|user| user.text("user_id") == Some(id.as_str()));
    let unknown: Vec<&str> = wanted.iter().filter(is_unknown).map(String::as_str).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let named = unknown.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
    let more = match unknown.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let sentence = format!(
        "Only proxy admins can add a user_id that does not exist yet: {named}{more}. Add the member by user_email to \
         invite a new user, or ask a proxy admin to create the user first."
    );
    Err(Denial::detail_error(403, &sentence).into())
}

/// Whoever is named by id and by email must be one user.
async fn check_pairs(app: &App, members: &[Member]) -> Result<(), Error> {
    for member in members {
        let (Some(id), Some(email)) = (&member.user_id, &member.user_email) else { continue };
        let found = enrol::by_email(app, email).await?;
        let sentence = match found.as_slice() {
            [] => continue,
            [user] if user.text("user_id") == Some(id.as_str()) => continue,
            [_] => format!("user_email '{email}' and user_id '{id}' do not belong to the same user."),
            _ => format!("Multiple users found with email '{email}'. Please use 'user_id' instead."),
        };
        return Err(Denial::detail_error(400, &sentence).into());
    }
    Ok(())
}

/// `POST /team/member_delete`: the member's keys of this team go, too.
pub fn remove(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        if fields.any("user_id").is_none() && fields.any("user_email").is_none() {
            return Err(input::unfit("Either user id or user email must be provided"));
        }
        let id = fields.required("team_id").to_owned();
        let (user_id, email) = (fields.text("user_id"), fields.text("user_email"));
        fields.check()?;
        for attempt in 0..ATTEMPTS_MAX {
            let team = records::one(app, TEAMS, &id).await?.ok_or_else(|| unknown(&id))?;
            if attempt == 0 && standing(app, &request.caller, &team).await?.is_none() {
                return Err(members_denied("/team/member_delete", &id));
            }
            let (after, changes) = removal(app, &request, &team, (user_id, email)).await?;
            if records::try_write(app, changes).await? {
                return Ok(Answer::ok(Value::Object(show::whole(app, &after).await?)));
            }
        }
        Err(contended())
    })
}

/// LiteLLM's other refusal of whoever names no team.
pub fn unknown(id: &str) -> Error {
    Denial::detail_error(400, &format!("Team id={id} does not exist in db")).into()
}

/// The team without the member, and what has to be written for it.
async fn removal(
    app: &App,
    request: &Request,
    team: &Row,
    (user_id, email): (Option<&str>, Option<&str>),
) -> Result<(Row, Vec<Change>), Error> {
    let is_meant = |member: &Member| {
        user_id.is_some() && member.user_id.as_deref() == user_id
            || email.is_some() && member.user_email.as_deref() == email
    };
    let (removed, kept): (Vec<Member>, Vec<Member>) = member::of(team).into_iter().partition(is_meant);
    let mut ids: Vec<String> = removed.iter().filter_map(|member| member.user_id.clone()).collect();
    if removed.is_empty() {
        ids.extend(user_id.map(str::to_owned));
    }
    let users = match (ids.is_empty(), email) {
        (true, Some(email)) => enrol::by_email(app, email).await?,
        _ => records::among(app, &schema::USERS, "user_id", ids.clone()).await?,
    };
    let id = team.text("team_id").unwrap_or_default();
    let is_inside = |user: &&Row| user.texts("teams").iter().any(|team| team == id);
    if removed.is_empty() && !users.iter().any(|user| is_inside(&user)) {
        return Err(Denial::detail_error(400, "User not found in team").into());
    }
    ids.extend(users.iter().filter_map(|user| user.text("user_id")).map(str::to_owned));
    let mut changes = vec![untouched(TEAMS, team)];
    for user in users.iter().filter(is_inside) {
        let mut teams = user.texts("teams");
        teams.retain(|team| team != id);
        changes.extend(enrol::set_teams(app, user, &teams));
    }
    let of_team = || Filter::Is("team_id", id.into());
    changes.push(Change::Delete(&schema::TEAM_MEMBERSHIPS, vec![of_team(), Filter::In("user_id", ids.clone())]));
    let keys = Query::of(&schema::KEYS).with(of_team()).with(Filter::In("user_id", ids));
    changes.extend(archive::keys(app, request, &records::all(app, &keys).await?));
    let columns = records::row([("members_with_roles", member::list(&kept))]);
    let mut after = team.clone();
    after.extend(columns.clone());
    changes.push(change(app, team, columns));
    changes.push(logged(app, request, Action::Updated, (Some(team), Some(&after))));
    Ok((after, changes))
}

/// How many members one call of `/team/bulk_member_add` may add.
pub const BULK_MAX: usize = 500;

/// What is answered for everybody whom a bulk call could not add.
pub fn failure(member: &Member, sentence: &str) -> Value {
    json!({
        "user_id": member.user_id,
        "user_email": member.user_email,
        "success": false,
        "error": sentence,
        "updated_user": null,
        "updated_team_membership": null,
    })
}
