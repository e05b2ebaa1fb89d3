//! `POST /team/update` and `PATCH /team/{team_id}`.

use serde_json::{Value, json};

use super::access::denied;
use super::settings::{COLUMNS, DEFAULT_BUDGET, Settings, without_default_budget};
use super::{Standing, TEAMS, again, aliases, authority, budget, change, logged, show, standing, untouched};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Row, schema};
use crate::manage::audit::Action;
use crate::manage::{Answer, Fields, Outcome, Request, access_groups, organizations, permission, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// What a team's own admin may be allowed to change.
const TEAM_ADMIN_FIELDS: [&str; 3] = ["tpm_limit", "rpm_limit", "max_budget"];
const WHERE: &str = "Settings > UI > Team admin editable fields";

/// `POST /team/update`.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let id = fields.required("team_id").to_owned();
        let settings = read(app, &fields)?;
        let team = apply(app, &request, settings, &id).await?;
        Ok(Answer::ok(json!({ "team_id": id, "data": show::client(app, &team).await? })))
    })
}

/// `PATCH /team/{team_id}`: metadata is merged, and a null in it deletes.
pub fn patch(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = request.place("team_id").to_owned();
        let fields = request.fields()?;
        if let Some(other) = fields.text("team_id").filter(|other| *other != id) {
            let sentence = format!("team_id in body ({other}) does not match team_id in path ({id})");
            return Err(Denial::management_error(400, &sentence).into());
        }
        let mut body = fields.object().clone();
        if let Some(Value::Object(patch)) = body.get("metadata") {
            let team = records::one(app, TEAMS, &id).await?.ok_or_else(|| not_found(&id))?;
            let merged = merge(records::map_of(team.get("metadata")), patch);
            body.insert("metadata".to_owned(), Value::Object(merged));
        }
        let body = Value::Object(body);
        let settings = read(app, &Fields::of(&body)?)?;
        let team = apply(app, &request, settings, &id).await?;
        Ok(Answer::ok(Value::Object(show::whole(app, &team).await?)))
    })
}

/// RFC 7396.
fn merge(mut target: Row, patch: &Row) -> Row {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.shift_remove(name);
            }
            Value::Object(inner) => {
                let old = records::map_of(target.get(name));
                target.insert(name.clone(), Value::Object(merge(old, inner)));
            }
            value => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
    target
}

fn not_found(id: &str) -> Error {
    Denial::management_error(404, &format!("Team not found, passed team_id={id}")).into()
}

fn read(app: &App, fields: &Fields<'_>) -> Result<Settings, Error> {
    let settings = Settings::read(fields, &[COLUMNS]);
    fields.check()?;
    settings.check(app)?;
    Ok(settings)
}

async fn apply(app: &App, request: &Request, mut settings: Settings, id: &str) -> Result<Row, Error> {
    let team = match records::one(app, TEAMS, id).await? {
        Some(team) => team,
        None if request.caller.is_admin() => return Err(not_found(id)),
        None => return Err(denied().into()),
    };
    let standing = standing(app, &request.caller, &team).await?.ok_or_else(denied)?;
    if standing == Standing::TeamAdmin {
        restrict(app, &mut settings, &team)?;
    }
    check_budgets(&settings.columns, &team)?;
    if settings.columns.text("organization_id") == Some("") {
        settings.columns.insert("organization_id".to_owned(), Value::Null);
    }
    check_organization(app, request, &settings, &team).await?;
    authority::check(app, standing, &settings.columns, &team)?;
    let changes = compose(app, request, &settings, &team).await?;
    records::write(app, changes).await?;
    again(app, id).await
}

/// All changes of the update; it fails where the team has been changed since it was read.
async fn compose(app: &App, request: &Request, settings: &Settings, team: &Row) -> Result<Vec<Change>, Error> {
    let mut columns = settings.stored(app);
    let mut changes = vec![untouched(TEAMS, team)];
    let mut metadata = metadata(settings, team);
    changes.extend(member_budget(app, request, settings, team, &mut metadata)?);
    if let Some(metadata) = metadata {
        columns.insert("metadata".to_owned(), Value::Object(metadata));
    }
    if let Some((id, change)) = permission::store(app, settings.permission.as_ref(), team.text("object_permission_id"))?
    {
        columns.insert("object_permission_id".to_owned(), id.into());
        changes.push(change);
    }
    if let Some(names) = &settings.aliases {
        let (id, change) = aliases::store(app, request, team.whole("model_id"), names).await?;
        columns.insert("model_id".to_owned(), id.into());
        changes.push(change);
    }
    let mut after = team.clone();
    after.extend(columns.clone());
    if columns.contains_key("access_group_ids") {
        let id = team.text("team_id").unwrap_or_default();
        changes.extend(access_groups::follow_team(app, id, &after.texts("access_group_ids")).await?);
    }
    changes.push(change(app, team, columns));
    changes.push(logged(app, request, Action::Updated, (Some(team), Some(&after))));
    Ok(changes)
}

/// The metadata to write, if any is; what only Tollgate writes there stays.
fn metadata(settings: &Settings, team: &Row) -> Option<Row> {
    let stored = records::map_of(team.get("metadata"));
    if settings.metadata.is_none() && settings.folded.is_empty() && settings.member_budget.is_empty() {
        return None;
    }
    let own = stored.get(DEFAULT_BUDGET).cloned();
    let mut metadata = settings.metadata.clone().unwrap_or_else(|| without_default_budget(stored));
    metadata.extend(settings.folded.clone());
    metadata.extend(own.map(|id| (DEFAULT_BUDGET.to_owned(), id)));
    Some(metadata)
}

fn member_budget(
    app: &App,
    request: &Request,
    settings: &Settings,
    team: &Row,
    metadata: &mut Option<Row>,
) -> Result<Vec<Change>, Error> {
    let sent = &settings.member_budget;
    if sent.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(id) = budget::default_id(team) {
        let mut changes = vec![budget::update(app, request, id, sent)];
        if budget::is_wanted(sent) {
            changes.extend(budget::hand_out(team, id));
        }
        return Ok(changes);
    }
    if !budget::is_wanted(sent) {
        return Ok(Vec::new());
    }
    let named = (team.text("team_alias"), team.text("budget_duration"));
    let (row, change) = budget::create(app, request, sent, named)?;
    let id = row.text("budget_id").unwrap_or_default();
    metadata.get_or_insert_default().insert(DEFAULT_BUDGET.to_owned(), id.into());
    let mut changes = vec![change];
    changes.extend(budget::hand_out(team, id));
    Ok(changes)
}

/// What a team's own admin may change is the operator's choice; what is sent as it already is, is no change.
fn restrict(app: &App, settings: &mut Settings, team: &Row) -> Result<(), Error> {
    let allowed = &app.governance.settings.team_admin_fields;
    let permitted: Vec<&str> =
        TEAM_ADMIN_FIELDS.into_iter().filter(|field| allowed.iter().any(|name| name == field)).collect();
    if permitted.is_empty() {
        let sentence = format!(
            "Team admins on this proxy cannot edit team settings. Ask a proxy admin to enable fields under {WHERE}."
        );
        return Err(Denial::management(403, sentence).into());
    }
    let shown = records::shown(TEAMS, team);
    settings.columns.retain(|name, value| shown.get(name) != Some(value));
    let stored = records::map_of(team.get("metadata"));
    settings.folded.retain(|name, value| stored.get(name).unwrap_or(&Value::Null) != value);
    let is_same = |sent: &Row| *sent == without_default_budget(stored.clone());
    if settings.metadata.as_ref().is_some_and(is_same) {
        settings.metadata = None;
    }
    let mut changed: Vec<&str> = settings.columns.keys().chain(settings.folded.keys()).map(String::as_str).collect();
    changed.extend(settings.metadata.as_ref().map(|_| "metadata"));
    changed.extend(settings.permission.as_ref().map(|_| "object_permission"));
    changed.extend(settings.aliases.as_ref().map(|_| "model_aliases"));
    changed.extend((!settings.member_budget.is_empty()).then_some("team_member_budget"));
    changed.sort_unstable();
    match changed.into_iter().find(|field| !permitted.contains(field)) {
        None => Ok(()),
        Some(field) => {
            let sentence = format!(
                "Team admins on this proxy do not have permission to update '{field}'. Ask a proxy admin to add it \
                 under {WHERE}."
            );
            Err(Denial::management(403, sentence).into())
        }
    }
}

fn check_budgets(columns: &Row, team: &Row) -> Result<(), Error> {
    let refuse = |sentence: String| -> Result<(), Error> { Err(Denial::management_error(400, &sentence).into()) };
    let (soft, max) = (columns.number("soft_budget"), columns.number("max_budget"));
    if let (Some(soft), Some(max)) = (soft, max.or_else(|| team.number("max_budget")))
        && soft >= max
    {
        return refuse(format!("soft_budget ({soft:?}) must be strictly lower than max_budget ({max:?})"));
    }
    if let (Some(max), Some(soft)) = (max, soft.or_else(|| team.number("soft_budget")))
        && max <= soft
    {
        return refuse(format!("max_budget ({max:?}) must be strictly greater than soft_budget ({soft:?})"));
    }
    Ok(())
}

/// A team moves to another organization by an admin of both, and may not have more than its organization.
async fn check_organization(app: &App, request: &Request, settings: &Settings, team: &Row) -> Result<(), Error> {
    let columns = &settings.columns;
    let current = team.text("organization_id");
    let wanted = columns.text("organization_id");
    if let Some(wanted) = wanted.filter(|wanted| Some(*wanted) != current) {
        let is_own = || async {
            let own = app.governance.administered(&request.caller).await?;
            Ok::<bool, Error>(own.iter().any(|own| own == wanted))
        };
        if !request.caller.is_admin() && !is_own().await? {
            let sentence = "Relocating a team to a different organization requires PROXY_ADMIN or org-admin of the \
                            destination org.";
            return Err(Denial::management_error(403, sentence).into());
        }
    }
    let Some(id) = wanted.or(current) else { return Ok(()) };
    match records::one(app, &schema::ORGANIZATIONS, id).await? {
        Some(organization) => {
            organizations::check_team(app, &organization, columns).await?;
            organizations::check_promise(app, &organization, &settings.promised(), team.text("team_id")).await?;
            if wanted.is_some_and(|wanted| Some(wanted) != current) {
                organizations::check_move(app, &organization, team).await?;
            }
            Ok(())
        }
        None if wanted.is_none() => Ok(()),
        None => {
            let sentence = format!("Organization not found, passed organization_id={id}");
            Err(Denial::management_error(404, &sentence).into())
        }
    }
}
