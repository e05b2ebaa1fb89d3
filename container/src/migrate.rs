//! `tollgate migrate`: brings the database to what this version needs, and says what it does.

use std::process::ExitCode;

use tollgate_host::Failure;
use tollgate_host::database::Migration;

use crate::command_line::MigrateOptions;

/// Prints the statements, each of which has been run, or would be with `--dry-run`.
///
/// # Errors
/// When the configuration is refused, no database is named, or it cannot be changed.
pub fn migrate(options: &MigrateOptions) -> Result<ExitCode, Failure> {
    let overrides = tollgate_host::Overrides::default();
    let prepared = tollgate_host::prepare(Some(&options.config), &overrides)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(1, format!("no runtime: {error}")))?;
    let migration = if options.dry_run { Migration::Told } else { Migration::Done };
    let statements = runtime.block_on(async {
        let Some(database) = prepared.database()? else {
            let text = "no database: set general_settings.database.url or the variable DATABASE_URL";
            return Err(Failure::new(2, text.to_owned()));
        };
        database.migrate(migration).await.map_err(|fault| Failure::new(1, fault.to_string()))
    })?;
    for statement in &statements {
        println!("{statement};");
    }
    if statements.is_empty() {
        println!("-- nothing is missing");
    }
    Ok(ExitCode::SUCCESS)
}
