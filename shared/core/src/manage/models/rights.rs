//! Who may manage a model: admins of everything; of a team's model its own admins.

use super::refused;
use crate::denial::Denial;
use crate::directory::Row;
use crate::govern::Role;
use crate::manage::{Request, records, teams};
use crate::{App, Error};

/// Checks that the caller may make or change a model of this team, or of nobody.
///
/// # Errors
/// 403 in LiteLLM's words; 400 where there is no such team.
pub async fn check(app: &App, request: &Request, team_id: Option<&str>) -> Result<Option<Row>, Error> {
    let caller = &request.caller;
    if matches!(caller.role(), Role::ProxyAdminViewer | Role::InternalUserViewer) {
        return Err(Denial::auth(403, "View-only users cannot manage models.").into());
    }
    let Some(team_id) = team_id else {
        return if caller.is_admin() { Ok(None) } else { Err(not_admin(request)) };
    };
    let Some(team) = records::one(app, &crate::directory::schema::TEAMS, team_id).await? else {
        return Err(refused(400, &format!("Team id={team_id} does not exist in db")));
    };
    if teams::standing(app, caller, &team).await?.is_some() {
        return Ok(Some(team));
    }
    let own = caller.team_id().unwrap_or("None");
    Err(refused(
        403,
        &format!(
            "Team ID={team_id} does not match the API key's team ID={own}, OR you are not the admin for this team. Check \
             `/user/info` to verify your team admin status."
        ),
    ))
}

/// The same for removing: an admin may remove what a team has left behind.
pub async fn check_removal(app: &App, request: &Request, team_id: Option<&str>) -> Result<Option<Row>, Error> {
    if let Some(id) = team_id
        && request.caller.is_admin()
        && records::one(app, &crate::directory::schema::TEAMS, id).await?.is_none()
    {
        return Ok(None);
    }
    check(app, request, team_id).await
}

fn not_admin(request: &Request) -> Error {
    let role = records::role_of(&request.caller);
    refused(
        403,
        &format!(
            "User does not have permission to make this model call. Your role={role}. You can only make model calls if you \
             are a PROXY_ADMIN or if you are a team admin, by specifying a team_id in the model_info."
        ),
    )
}

/// A stored credential is the operator's: who is no admin may not put one into a model.
pub fn check_parameters(request: &Request, params: &serde_json::Map<String, serde_json::Value>) -> Result<(), Error> {
    if request.caller.is_admin() || params.get("litellm_credential_name").is_none_or(serde_json::Value::is_null) {
        return Ok(());
    }
    let sentence = format!(
        "Only a proxy admin can attach a stored credential (litellm_credential_name) on a model. Your role={}.",
        records::role_of(&request.caller)
    );
    Err(Denial::new(403, "auth_error", sentence).about("litellm_credential_name").into())
}
