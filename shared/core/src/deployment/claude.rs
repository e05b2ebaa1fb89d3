//! How a deployment of a Claude model shows its key to Anthropic, or to Microsoft Foundry.
//!
//! LiteLLM's order: a key, which may be a token of Anthropic's OAuth, then `ANTHROPIC_AUTH_TOKEN`. Knows no request.

use http::{HeaderName, HeaderValue, header};

use super::scheme::Known;
use super::{Unusable, bearer, first, sensitive};
use crate::Secret;

const KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");
/// Begins tokens of Anthropic's OAuth, which are no keys.
const OAUTH: &str = "sk-ant-oat";
/// The beta feature that such a token needs.
pub(super) const OAUTH_BETA: &str = "oauth-2025-04-20";
/// A header that such a token needs.
pub(super) const OAUTH_HEADER: (&str, &str) = ("anthropic-dangerous-direct-browser-access", "true");

/// Whether the deployment's model is reached by Anthropic's wire with a fixed key.
pub(super) fn is_keyed_so(provider: &str, model: &str) -> bool {
    provider == "anthropic" || (provider == "azure_ai" && model.to_ascii_lowercase().contains("claude"))
}

/// The header that shows the key or the token.
///
/// # Errors
/// When it cannot be sent in a header.
pub(super) fn credential(known: &Known<'_>) -> Result<Option<(HeaderName, HeaderValue)>, Unusable> {
    if let Some(key) = key(known) {
        return Ok(Some(match is_oauth(&key) {
            true => (header::AUTHORIZATION, bearer(&key)?),
            false => (KEY_HEADER, sensitive(key.expose())?),
        }));
    }
    let token = first(&["ANTHROPIC_AUTH_TOKEN"], known.variables).filter(|_| known.provider.name == "anthropic");
    token.map(|token| Ok((header::AUTHORIZATION, bearer(&Secret::new(token))?))).transpose()
}

/// Whether the deployment shows a token of Anthropic's OAuth.
pub(super) fn shows_oauth(known: &Known<'_>) -> bool {
    known.provider.name == "anthropic" && key(known).is_some_and(|key| is_oauth(&key))
}

/// The key; one of blanks alone is none.
fn key(known: &Known<'_>) -> Option<Secret> {
    let own = known.params.api_key.clone().filter(|key| !key.expose().trim().is_empty());
    own.or_else(|| first(known.provider.key_variables, known.variables).map(Secret::new))
}

fn is_oauth(key: &Secret) -> bool {
    key.expose().starts_with(OAUTH)
}
