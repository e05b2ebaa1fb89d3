//! Access groups: `/v1/access_group`. Models, MCP servers and agents under one name, for teams and keys.
//!
//! A group lists its teams and keys, and each of them lists the group: every change keeps both the same.

mod change;
mod link;
mod read;

pub use change::{create, delete, update};
pub use link::follow_team;
pub use read::{info, list};

use serde_json::{Value, json};

use super::{Request, audit, records};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Row, Table, schema};
use crate::{App, Error};

const GROUPS: &Table = &schema::ACCESS_GROUPS;

fn refusal(status: u16, sentence: String) -> Error {
    Denial::detail(status, sentence.into()).into()
}

fn not_admin() -> Error {
    Denial::detail_error(403, "Admin-only endpoint. Not allowed to access this.").into()
}

async fn existing(app: &App, id: &str) -> Result<Row, Error> {
    let absent = || refusal(404, format!("Access group '{id}' not found"));
    records::one(app, GROUPS, id).await?.ok_or_else(absent)
}

/// The group with the names of what it lists; teams that list it are shown, too, and ones that are no more are not.
async fn shown(app: &App, group: &Row) -> Result<Value, Error> {
    let id = group.text("access_group_id").unwrap_or_default();
    let teams = link::teams_of(app, group).await?;
    let keys = records::among(app, &schema::KEYS, "token", group.texts("assigned_key_ids")).await?;
    let mut team_ids = group.texts("assigned_team_ids");
    let is_team = |id: &String| teams.iter().any(|team| team.text("team_id") == Some(id));
    team_ids.retain(is_team);
    for team in &teams {
        let own = team.text("team_id").unwrap_or_default();
        if team.texts("access_group_ids").iter().any(|group| group == id) && !team_ids.iter().any(|id| id == own) {
            team_ids.push(own.to_owned());
        }
    }
    let label = |ids: &[String], rows: &[Row], key: &str, name: &str| -> Value {
        let name_of = |id: &String| rows.iter().find(|row| row.text(key) == Some(id)).and_then(|row| row.text(name));
        ids.iter().map(|id| json!({ "id": id, "name": name_of(id) })).collect()
    };
    let mut shown = records::shown(GROUPS, group);
    shown.insert("access_mcp_servers".to_owned(), label(&group.texts("access_mcp_server_ids"), &[], "", ""));
    shown.insert("access_agents".to_owned(), label(&group.texts("access_agent_ids"), &[], "", ""));
    shown.insert("assigned_teams".to_owned(), label(&team_ids, &teams, "team_id", "team_alias"));
    shown.insert("assigned_keys".to_owned(), label(&group.texts("assigned_key_ids"), &keys, "token", "key_alias"));
    shown.insert("assigned_team_ids".to_owned(), team_ids.into());
    Ok(Value::Object(shown))
}

/// The entry of a group's change for the audit log.
fn logged(app: &App, request: &Request, action: audit::Action, change: (Option<&Row>, Option<&Row>)) -> Change {
    let id = change.0.or(change.1).and_then(|row| row.text("access_group_id")).unwrap_or_default().to_owned();
    audit::entry(request, app.governance.clock.now(), action, (GROUPS, &id), change)
}
