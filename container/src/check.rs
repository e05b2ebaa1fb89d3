//! `tollgate check`: a configuration's findings, without starting anything.

use std::process::ExitCode;

use tollgate_core::config::{Mode, Verdict, check as inspect, load};
use tollgate_host::{Failure, Files};
use tollgate_http::routes::collisions;

use crate::command_line::CheckOptions;

/// Prints the report; ends with 1 where the configuration would be refused.
///
/// # Errors
/// When the report cannot be written.
pub fn check(options: &CheckOptions) -> Result<ExitCode, Failure> {
    let mode = if options.strict { Mode::CheckStrict } else { Mode::Check };
    let mut report = inspect(&options.config, &Files, mode);
    if let Ok(loaded) = load(&options.config, &Files, mode) {
        for (endpoint, reason) in collisions(&loaded.config.general_settings.pass_through_endpoints) {
            report.refuse(&endpoint.place, "general_settings.pass_through_endpoints", reason);
        }
    }
    if options.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| Failure::new(1, error.to_string()))?;
        println!("{text}");
    } else {
        println!("{report}");
    }
    Ok(match report.verdict {
        Verdict::Ok => ExitCode::SUCCESS,
        Verdict::Errors => ExitCode::FAILURE,
    })
}
