//! Credentials that a program prints: `credential_process` of a profile.

use std::process::Stdio;

use tokio::process::Command;
use tollgate_core::sign::SignError;

use crate::sign::aws::{Found, from_json};
use crate::sign::outside::ISSUER_TIMEOUT;

/// Runs the command by a shell, as the AWS SDKs do.
///
/// # Errors
/// When it does not end in time, fails, or prints no credentials. What it prints is never told.
pub async fn keys(command: &str, profile: &str) -> Found {
    let refuse = |reason: &str| SignError::Refused(format!("credential_process of profile {profile} {reason}"));
    let mut process = Command::new("sh");
    process.arg("-c").arg(command).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(ISSUER_TIMEOUT, process.output()).await;
    let output = output.map_err(|_| refuse("takes too long"))?.map_err(|_| refuse("cannot be run"))?;
    if !output.status.success() {
        return Err(refuse("failed: run it by hand to see why"));
    }
    let value = serde_json::from_slice(&output.stdout).map_err(|_| refuse("prints no JSON"))?;
    from_json(&value, "SessionToken", &format!("credential_process of profile {profile}"))
}
