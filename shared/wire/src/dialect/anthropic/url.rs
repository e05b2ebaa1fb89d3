//! Where Anthropic's messages are: at Anthropic, at Foundry, at Vertex AI. Knows no key.

use super::host::Host;
use crate::Operation;
use crate::dialect::{Mode, bedrock, vertex};
use crate::prepare::Settings;
use crate::provider::UrlError;

const MESSAGES: &str = "/v1/messages";

/// The address for a request.
///
/// # Errors
/// Where a cloud's deployment does not say where it is.
pub(super) fn url(host: Host, settings: &Settings, operation: Operation, mode: Mode) -> Result<String, UrlError> {
    let counts = if operation == Operation::CountMessageTokens { "/count_tokens" } else { "" };
    let missing = UrlError::NoBase { provider: settings.provider.name };
    Ok(match host {
        Host::Anthropic => {
            let base = settings.api_base.as_deref().or(settings.provider.base_url).ok_or(missing)?;
            format!("{}{counts}", under_messages(base.trim_end_matches('/')))
        }
        Host::Azure => format!("{}{counts}", foundry(settings.api_base.as_deref().ok_or(missing)?)),
        Host::Vertex if operation == Operation::CountMessageTokens => vertex::claude_count(settings)?,
        Host::Vertex => vertex::claude(settings, mode)?,
        Host::Bedrock => bedrock::invoke_url(settings, mode),
    })
}

fn under_messages(base: &str) -> String {
    match base {
        _ if base.ends_with(MESSAGES) => base.to_owned(),
        _ => format!("{base}{MESSAGES}"),
    }
}

/// `https://<resource>.services.ai.azure.com/anthropic/v1/messages`.
fn foundry(base: &str) -> String {
    let base = base.trim_end_matches('/');
    if base.ends_with(MESSAGES) {
        return base.to_owned();
    }
    let root = base.split_once("/anthropic").map_or(base, |(root, _)| root);
    format!("{root}/anthropic{MESSAGES}")
}
