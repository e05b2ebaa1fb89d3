//! The fields of requests about users, as LiteLLM's models of them declare them.

use serde_json::{Value, json};

use crate::Error;
use crate::directory::Row;
use crate::manage::Fields;
use crate::manage::keys::shape::BASE;
use crate::manage::read::{Kind, Shape, read};

/// What a user has besides what keys have, too.
const USER: Shape = &[
    ("user_email", Kind::Text),
    ("user_alias", Kind::Text),
    ("user_role", ROLE),
    ("send_invite_email", Kind::Flag),
    ("sso_user_id", Kind::Text),
    ("organizations", Kind::Texts),
    ("auto_create_key", Kind::Flag),
];

const ROLE: Kind = Kind::Choice(
    "literal_error",
    &["proxy_admin", "proxy_admin_viewer", "internal_user", "internal_user_viewer"],
    "<LitellmUserRoles.PROXY_ADMIN: 'proxy_admin'>, <LitellmUserRoles.PROXY_ADMIN_VIEW_ONLY: 'proxy_admin_viewer'>, \
     <LitellmUserRoles.INTERNAL_USER: 'internal_user'> or <LitellmUserRoles.INTERNAL_USER_VIEW_ONLY: \
     'internal_user_viewer'>",
);

/// A team that a new user joins.
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    pub team_id: String,
    pub budget: Option<f64>,
    pub role: &'static str,
}

/// The fields that were sent, and the teams.
///
/// # Errors
/// 422 with everything that is of a wrong kind.
pub fn sent(fields: &Fields<'_>) -> Result<(Row, Option<Vec<Joined>>), Error> {
    let teams = teams(fields);
    let row = read(fields, &[BASE, USER])?;
    Ok((row, teams))
}

/// A list of ids, or of objects that say more: LiteLLM reports what fits neither as two faults.
fn teams(fields: &Fields<'_>) -> Option<Vec<Joined>> {
    let value = fields.any("teams")?;
    let Some(items) = value.as_array() else {
        for form in ["list[str]", "list[NewUserRequestTeam]"] {
            fields.fault_at(json!(["body", "teams", form]), "list_type", "Input should be a valid list");
        }
        return None;
    };
    Some(joined(items, |place| {
        let sentence = "Input should be a valid string";
        fields.fault_at(json!(["body", "teams", "list[str]", place]), "string_type", sentence);
    }))
}

/// Teams as a list names them; what is none is reported by its place.
pub fn joined(items: &[Value], mut report: impl FnMut(usize)) -> Vec<Joined> {
    let mut teams = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        let id = item.as_str().or_else(|| item.get("team_id")?.as_str());
        let Some(id) = id else {
            report(place);
            continue;
        };
        let is_admin = item.get("user_role").and_then(Value::as_str) == Some("admin");
        teams.push(Joined {
            team_id: id.to_owned(),
            budget: item.get("max_budget_in_team").and_then(Value::as_f64).filter(|budget| budget.is_finite()),
            role: if is_admin { "admin" } else { "user" },
        });
    }
    teams
}
