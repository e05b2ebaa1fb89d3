//! The master key at boot: which one counts, and which are refused.
//!
//! LiteLLM's rule: a gateway without a key, or with a publicly known one, does not start unless told so outright.

use http::HeaderName;
use tollgate_core::{Gatekeeper, Secret};

use crate::Failure;
use crate::environment::{is_set, variable};

const VARIABLE: &str = "LITELLM_MASTER_KEY";
const PERMISSION: &str = "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY";
/// LiteLLM's exit code for this refusal.
const EXIT_CODE: u8 = 3;
/// Keys that stand in LiteLLM's public documentation.
const PUBLICLY_KNOWN: [&str; 1] = ["sk-1234"];

/// What is wrong with a key; `None` where nothing is.
fn weakness(key: Option<&str>) -> Option<&'static str> {
    match key.map(str::trim) {
        None => Some("no master key is set, so every request would be accepted without authentication."),
        Some("") => Some("the master key is empty."),
        Some(key) if PUBLICLY_KNOWN.contains(&key) => Some("the master key is a publicly known default."),
        Some(_) => None,
    }
}

/// What the configuration says about keys.
pub struct Configured {
    /// Of the configuration, or of the environment where the configuration names none.
    pub master_key: Option<Secret>,
    pub header: Option<String>,
    /// `general_settings.dangerously_permit_weak_or_unset_master_key`.
    pub permits_weakness: bool,
}

/// The key of the environment, as the command line's own requests use it.
pub fn from_environment() -> Option<Secret> {
    variable(VARIABLE).filter(|key| !key.is_empty()).map(Secret::new)
}

/// Who may pass, and a warning where that is dangerous.
///
/// # Errors
/// When the key is missing, empty or publicly known, and nobody has permitted that.
pub fn gatekeeper(configured: Configured) -> Result<(Gatekeeper, Option<String>), Failure> {
    let key = configured.master_key;
    let weakness = weakness(key.as_ref().map(Secret::expose));
    let permitted = configured.permits_weakness || is_set(PERMISSION);
    let warning = match weakness {
        Some(what) if !permitted => return Err(refusal(what)),
        Some(what) => Some(format!(
            "dangerously_permit_weak_or_unset_master_key is on: {what} Never run this outside local development"
        )),
        None => None,
    };
    let header = configured.header.as_deref().map(header_name).transpose()?;
    let gatekeeper = match key {
        Some(key) if !key.expose().trim().is_empty() => Gatekeeper::MasterKey { key, header },
        _ => Gatekeeper::Open,
    };
    Ok((gatekeeper, warning))
}

fn header_name(name: &str) -> Result<HeaderName, Failure> {
    name.parse().map_err(|_| {
        Failure::new(
            1,
            format!("general_settings.litellm_key_header_name: `{name}` is no header name: use letters, digits and -"),
        )
    })
}

fn refusal(what: &str) -> Failure {
    let text = format!(
        "\nTollgate refused to start: {what}\n\n\
         1. Generate a key and put it into the environment of the process:\n     \
         export {VARIABLE}=\"sk-$(openssl rand -hex 32)\"\n\
         2. Make sure the configuration reads it:\n     \
         general_settings:\n       master_key: os.environ/{VARIABLE}\n\n\
         Local development only: set {PERMISSION}=true, or\n\
         general_settings.dangerously_permit_weak_or_unset_master_key: true, to start anyway.\n"
    );
    Failure::new(EXIT_CODE, text)
}

#[cfg(test)]
mod tests;
