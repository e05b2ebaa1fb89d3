//! Decides where the Microsoft Entra token of an Azure deployment comes from.
//!
//! An API key stands above all but an `oidc/…` reference in `azure_ad_token`.

use super::Known;
use crate::deployment::Unusable;
use crate::sign::{EntraSource, Scheme};

const SCOPE: &str = "https://cognitiveservices.azure.com/.default";
/// The tenant of users where none is named.
const ANY_ORGANIZATION: &str = "organizations";

pub(super) fn entra(known: &Known<'_>) -> Result<Option<Scheme>, Unusable> {
    let scope = known.text("azure_scope", &["AZURE_SCOPE"]).unwrap_or_else(|| SCOPE.to_owned());
    let source = source(known)?;
    Ok(source.map(|source| Scheme::Entra { scope, source }))
}

fn source(known: &Known<'_>) -> Result<Option<EntraSource>, Unusable> {
    let tenant_id = known.text("tenant_id", &["AZURE_TENANT_ID"]);
    let client_id = known.text("client_id", &["AZURE_CLIENT_ID"]);
    if let Some(token) = &known.params.azure_ad_token {
        if !token.expose().starts_with("oidc/") {
            return Ok(None);
        }
        let (Some(tenant_id), Some(client_id)) = (tenant_id, client_id) else {
            let text = "azure_ad_token `oidc/…` needs tenant_id and client_id: set them, or AZURE_TENANT_ID and AZURE_CLIENT_ID";
            return Err(Unusable(text.to_owned()));
        };
        return Ok(Some(EntraSource::Assertion { tenant_id, client_id, reference: token.clone() }));
    }
    if known.fixed_key().is_some() {
        return Ok(None);
    }
    let client_secret = known.secret("client_secret", &["AZURE_CLIENT_SECRET"]);
    let username = known.text("azure_username", &["AZURE_USERNAME"]);
    let password = known.secret("azure_password", &["AZURE_PASSWORD"]);
    let is_refreshed = known.config.litellm_settings.enable_azure_ad_token_refresh;
    Ok(match (tenant_id, client_id, client_secret, username, password) {
        (Some(tenant_id), Some(client_id), Some(client_secret), ..) => {
            Some(EntraSource::ClientSecret { tenant_id, client_id, client_secret })
        }
        (tenant_id, Some(client_id), _, Some(username), Some(password)) => {
            let tenant_id = tenant_id.unwrap_or_else(|| ANY_ORGANIZATION.to_owned());
            Some(EntraSource::Password { tenant_id, client_id, username, password })
        }
        (_, client_id, ..) if is_refreshed => Some(EntraSource::Ambient { client_id }),
        _ => None,
    })
}
