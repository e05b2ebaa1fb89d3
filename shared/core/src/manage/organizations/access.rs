//! Whose an organization is: its admins', and those of everything.

use crate::denial::Denial;
use crate::govern::Caller;
use crate::{App, Error};

/// # Errors
/// 403 for whoever is no admin of the organization.
pub async fn check(app: &App, caller: &Caller, id: &str) -> Result<(), Error> {
    if caller.sees_all() || app.governance.administered(caller).await?.iter().any(|own| own == id) {
        return Ok(());
    }
    Err(Denial::detail(403, "You do not have access to this organization".into()).into())
}
