//! Whose the team is: admins of everything, of its organization, of the team itself.

use super::member;
use crate::denial::Denial;
use crate::directory::{Columns, Row};
use crate::govern::Caller;
use crate::{App, Error};

/// As what a caller may change a team; the strongest that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    ProxyAdmin,
    OrganizationAdmin,
    TeamAdmin,
}

/// What the caller is to the team; nothing for members and strangers.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn standing(app: &App, caller: &Caller, team: &Row) -> Result<Option<Standing>, Error> {
    if caller.is_admin() {
        return Ok(Some(Standing::ProxyAdmin));
    }
    if let Some(organization) = team.text("organization_id")
        && app.governance.administered(caller).await?.iter().any(|own| own == organization)
    {
        return Ok(Some(Standing::OrganizationAdmin));
    }
    let is_admin = |member: &member::Member| {
        member.is_admin() && member.user_id.is_some() && member.user_id.as_deref() == caller.user_id()
    };
    Ok(member::of(team).iter().any(is_admin).then_some(Standing::TeamAdmin))
}

/// LiteLLM's refusal of whoever is nothing to the team.
pub fn denied() -> Denial {
    Denial::management(403, "You do not have access to this team")
}

/// The same, where LiteLLM's framework answers it.
pub fn denied_detail() -> Error {
    Denial::detail(403, "You do not have access to this team".into()).into()
}

/// The refusal of whoever may not change the members.
pub fn members_denied(route: &str, team_id: &str) -> Error {
    let sentence = format!("Call not allowed. User not proxy admin OR team admin. route={route}, team_id={team_id}");
    Denial::detail_error(403, &sentence).into()
}
