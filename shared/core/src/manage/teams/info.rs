//! `GET /team/info`: the team, its keys and its members.

use serde_json::{Value, json};

use super::delete::shown_key;
use super::{Standing, TEAMS, budget, member, show, standing};
use crate::denial::Denial;
use crate::directory::{Columns, Filter, Query, Row, schema};
use crate::manage::{Answer, Outcome, Request, input, money, records, usage};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `GET /team/info`.
pub fn info(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let Some(id) = request.query.iter().find(|(name, _)| name == "team_id").map(|(_, id)| id.as_str()) else {
            return Err(refusal(422, "{'message': 'Malformed request. No team id passed in.'}"));
        };
        let limit = input::whole_parameter(&request, "key_limit", 0, (1, u64::MAX))?;
        let absent = || refusal(404, &format!("{{'message': 'Team not found, passed team id: {id}.'}}"));
        let team = records::one(app, TEAMS, id).await?.ok_or_else(absent)?;
        let standing = standing(app, &request.caller, &team).await?;
        check_inside(&request, &team, standing)?;
        let mut keys = Query::of(&schema::KEYS).is("team_id", id).with(unexpired(app));
        keys.limit = Some(limit).filter(|limit| *limit > 0);
        let keys = records::all(app, &keys).await?;
        let default = budget::default_of(app, &team).await?;
        Ok(Answer::ok(json!({
            "team_id": id,
            "team_info": team_info(app, &team, default.as_ref(), standing).await?,
            "keys": keys.iter().map(shown_key).collect::<Vec<Value>>(),
            "team_memberships": memberships(app, &team, default.as_ref()).await?,
        })))
    })
}

fn unexpired(app: &App) -> Filter {
    Filter::Any(vec![Filter::Null("expires"), Filter::From("expires", records::now(app).into())])
}

fn refusal(status: u16, sentence: &str) -> Error {
    Denial::auth(status, sentence).into()
}

/// Members, admins and the team's own keys may look.
fn check_inside(request: &Request, team: &Row, standing: Option<Standing>) -> Result<(), Error> {
    let caller = &request.caller;
    let id = team.text("team_id").unwrap_or_default();
    if caller.sees_all() || standing.is_some() || caller.team_id() == Some(id) {
        return Ok(());
    }
    let Some(user_id) = caller.user_id() else {
        let sentence = match caller.team_id() {
            Some(own) => format!("Team key for team={own} not authorized to access this team={id}"),
            None => format!(
                "API key not authorized to access this team={id}. No user_id or team_id associated with this key."
            ),
        };
        return Err(Denial { kind: "auth_error", ..Denial::management_error(403, &sentence) }.about("None").into());
    };
    if member::of(team).iter().any(|member| member.user_id.as_deref() == Some(user_id)) {
        return Ok(());
    }
    let sentence = format!("User={user_id} not authorized to access this team={id}");
    Err(Denial { kind: "auth_error", ..Denial::management_error(403, &sentence) }.about("None").into())
}

async fn team_info(app: &App, team: &Row, default: Option<&Row>, standing: Option<Standing>) -> Result<Value, Error> {
    let mut info = show::whole(app, team).await?;
    info.insert("members_with_roles".to_owned(), named_members(app, team).await?);
    info.insert("team_member_budget_table".to_owned(), default.map_or(Value::Null, brief_default));
    let groups = AccessGroups::of(app, &team.texts("access_group_ids")).await?;
    groups.put_into(&mut info);
    info.insert("access_group_details".to_owned(), groups.details());
    let organization = match team.text("organization_id").filter(|_| standing.is_some()) {
        Some(id) => records::one(app, &schema::ORGANIZATIONS, id).await?,
        None => None,
    };
    let models = organization.map_or(Value::Null, |row| row.texts("models").into());
    info.insert("organization_models".to_owned(), models);
    let id = team.text("team_id").unwrap_or_default();
    let usage = usage::of_models(app, ("team_model", id), team.object("model_max_budget")).await?;
    info.insert("model_max_budget_usage".to_owned(), usage.unwrap_or_else(|| json!({})));
    info.insert("caller_edit_access".to_owned(), edit_access(app, standing));
    Ok(Value::Object(info))
}

/// The default budget of members, in LiteLLM's order of it.
fn brief_default(budget: &Row) -> Value {
    money::full(Some(budget))
}

/// The members with the names of their users.
async fn named_members(app: &App, team: &Row) -> Result<Value, Error> {
    let members = member::of(team);
    let ids = members.iter().filter_map(|member| member.user_id.clone()).collect();
    let users = records::among(app, &schema::USERS, "user_id", ids).await?;
    let of = |member: &member::Member| {
        let user = users.iter().find(|user| user.text("user_id") == member.user_id.as_deref());
        let mut shown = member.json();
        let email = member.user_email.as_deref().or_else(|| user?.text("user_email"));
        shown["user_email"] = email.map_or(Value::Null, Value::from);
        shown["user_alias"] = user.and_then(|user| user.text("user_alias")).map_or(Value::Null, Value::from);
        shown
    };
    Ok(members.iter().map(of).collect())
}

fn edit_access(app: &App, standing: Option<Standing>) -> Value {
    match standing {
        Some(Standing::ProxyAdmin | Standing::OrganizationAdmin) => json!({ "kind": "unrestricted" }),
        Some(Standing::TeamAdmin) => {
            let mut fields = app.governance.settings.team_admin_fields.clone();
            fields.retain(|field| ["tpm_limit", "rpm_limit", "max_budget"].contains(&field.as_str()));
            fields.sort_unstable();
            match fields.is_empty() {
                true => json!({ "kind": "team_admin_disabled" }),
                false => json!({ "kind": "team_admin", "editable_fields": fields }),
            }
        }
        None => json!({ "kind": "none" }),
    }
}

async fn memberships(app: &App, team: &Row, default: Option<&Row>) -> Result<Value, Error> {
    let query = Query::of(&schema::TEAM_MEMBERSHIPS).is("team_id", team.text("team_id").unwrap_or_default());
    let rows = records::all(app, &query).await?;
    let budgets = budgets_of(app, &rows).await?;
    let default_id = default.and_then(|budget| budget.text("budget_id"));
    let of = |row: &Row| {
        let id = row.text("budget_id");
        let budget = budgets.iter().find(|budget| id.is_some() && budget.text("budget_id") == id);
        let mut shown = show::membership(row, budget);
        shown.insert("budget_source".to_owned(), budget::source(id, default_id).into());
        Value::Object(shown)
    };
    Ok(rows.iter().map(of).collect())
}

/// The budgets that these rows are linked to.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn budgets_of(app: &App, rows: &[Row]) -> Result<Vec<Row>, Error> {
    let ids = rows.iter().filter_map(|row| row.text("budget_id")).map(str::to_owned).collect();
    records::among(app, &schema::BUDGETS, "budget_id", ids).await
}

/// What a team inherits from its access groups.
pub struct AccessGroups(Vec<Row>);

impl AccessGroups {
    /// # Errors
    /// Where the database cannot be reached.
    pub async fn of(app: &App, ids: &[String]) -> Result<Self, Error> {
        Ok(Self(records::among(app, &schema::ACCESS_GROUPS, "access_group_id", ids.to_vec()).await?))
    }

    /// The groups among them with these ids.
    pub fn only(&self, ids: &[String]) -> Self {
        let is_meant = |row: &&Row| row.text("access_group_id").is_some_and(|id| ids.iter().any(|each| each == id));
        Self(self.0.iter().filter(is_meant).cloned().collect())
    }

    /// Puts the lists into a team; null where it has no group.
    pub fn put_into(&self, team: &mut Row) {
        const LISTS: [(&str, &str); 3] = [
            ("access_group_models", "access_model_names"),
            ("access_group_mcp_server_ids", "access_mcp_server_ids"),
            ("access_group_agent_ids", "access_agent_ids"),
        ];
        for (name, column) in LISTS {
            let mut all: Vec<String> = self.0.iter().flat_map(|group| group.texts(column)).collect();
            all.sort_unstable();
            all.dedup();
            team.insert(name.to_owned(), if self.0.is_empty() { Value::Null } else { all.into() });
        }
    }

    fn details(&self) -> Value {
        if self.0.is_empty() {
            return Value::Null;
        }
        let of = |group: &Row| {
            json!({
                "access_group_id": group.get("access_group_id"),
                "access_group_name": group.get("access_group_name"),
                "models": group.texts("access_model_names"),
                "mcp_server_ids": group.texts("access_mcp_server_ids"),
                "agent_ids": group.texts("access_agent_ids"),
            })
        };
        self.0.iter().map(of).collect()
    }
}
