//! `tollgate rotate-salt`: seals everything that is stored again, with another `LITELLM_SALT_KEY`.
//!
//! The new key is `LITELLM_SALT_KEY_NEW`: keys are no arguments, for arguments are seen by everybody on the machine.

use std::process::ExitCode;

use tollgate_core::stored::rotate::{Keys, rotate};
use tollgate_host::Failure;

use crate::command_line::RotateSaltOptions;

/// Values that cannot be opened are named up to here.
const NAMED_MAX: usize = 50;

/// Runs one pass; a pass that was interrupted is finished by running it again.
///
/// # Errors
/// When no database or no new key is named, or the database cannot be written.
pub fn rotate_salt(options: &RotateSaltOptions) -> Result<ExitCode, Failure> {
    let prepared = tollgate_host::prepare(Some(&options.config), &tollgate_host::Overrides::default())?;
    let (old, new) = prepared.salts()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(1, format!("no runtime: {error}")))?;
    let rotated = runtime.block_on(async {
        let Some(database) = prepared.database()? else {
            let text = "no database: set general_settings.database.url or the variable DATABASE_URL";
            return Err(Failure::new(2, text.to_owned()));
        };
        let pass = rotate(&database, &Keys { old: &old, new: &new }).await;
        pass.map_err(|interrupted| Failure::new(1, interrupted.to_string()))
    })?;
    println!("{} values are sealed with the new key, {} were before", rotated.values, rotated.done);
    for place in rotated.stuck.iter().take(NAMED_MAX) {
        println!("neither key opens {place}: store it again");
    }
    println!("now set LITELLM_SALT_KEY to the new key, and restart every instance");
    Ok(if rotated.stuck.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
