//! What members of organizations are refused, in LiteLLM's words: routes that want an admin of the organization that
//! the request names.

use crate::Error;
use crate::denial::Denial;
use crate::directory::{Columns, Row};
use crate::govern::Caller;

/// The role of an organization's admin.
pub const ADMIN: &str = "org_admin";

/// Routes that only an organization's admin may use.
const ADMIN_ONLY: [&str; 5] = [
    "/organization/info",
    "/organization/delete",
    "/organization/member_add",
    "/organization/member_update",
    "/organization/member_delete",
];

/// The caller's role in an organization.
pub fn role_in<'a>(memberships: &'a [Row], id: &str) -> Option<&'a str> {
    memberships.iter().find(|row| row.text("organization_id") == Some(id))?.text("user_role")
}

/// # Errors
/// The refusal, where LiteLLM has a particular one.
pub fn check(path: &str, caller: &Caller, id: Option<&str>, memberships: &[Row]) -> Result<(), Error> {
    let refuse = |param: &'static str, sentence: String| -> Result<(), Error> {
        Err(Denial::new(401, "auth_error", sentence).about(param).into())
    };
    if path == "/organization/new" {
        let user = caller.profile().and_then(|profile| profile.user.as_ref());
        let role = user.and_then(|user| user.text("user_role")).unwrap_or("None");
        return refuse("user_role", format!("Only proxy admins can create new organizations. You are {role}"));
    }
    let role = id.and_then(|id| role_in(memberships, id));
    if ADMIN_ONLY.contains(&path) {
        let Some(id) = id else {
            let sentence = "Passed organization_id is None, please pass an organization_id in your request";
            return refuse("organization_id", sentence.to_owned());
        };
        return match role {
            Some(ADMIN) => Ok(()),
            None => refuse(
                "organization_id",
                format!(
                    "You do not have a role within the selected organization. Passed organization_id: {id}. Please \
                     contact the organization admin to request access."
                ),
            ),
            Some(role) => refuse(
                "user_role",
                format!(
                    "You do not have the required role to perform {path} in Organization {id}. Your role is {role} in \
                     Organization {id}"
                ),
            ),
        };
    }
    if path != "/team/new" || memberships.is_empty() || role == Some(ADMIN) {
        return Ok(());
    }
    match id {
        None => {
            let own: Vec<String> = memberships
                .iter()
                .filter_map(|row| row.text("organization_id"))
                .map(crate::denial::python_text)
                .collect();
            let sentence = format!(
                "Passed organization_id is None, please specify the organization_id in your request. You are part of \
                 multiple organizations: [{}]",
                own.join(", ")
            );
            refuse("organization_id", sentence)
        }
        Some(id) => {
            let role = role.unwrap_or("None");
            let sentence =
                format!("You do not have the required role to call {path}. Your role is {role} in Organization {id}");
            refuse("user_role", sentence)
        }
    }
}
