//! Microsoft Entra access tokens: for a service principal, a user, a token of another issuer, or the machine.
//!
//! By the documentation of Microsoft's identity platform. Certificates and developers' own logins are not used.

mod machine;

use http::HeaderMap;
use tollgate_core::Secret;
use tollgate_core::sign::{EntraSource, SignError};

use super::bearer::{self, Found};
use super::oidc;
use super::outside::Outside;

const AUTHORITY: &str = "https://login.microsoftonline.com";
const BY_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A token for this scope.
///
/// # Errors
/// When Entra gives none.
pub async fn token(outside: &Outside, scope: &str, source: &EntraSource) -> Found {
    match source {
        EntraSource::ClientSecret { tenant_id, client_id, client_secret } => {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", client_id),
                ("client_secret", client_secret.expose()),
                ("scope", scope),
            ];
            submit(outside, tenant_id, &form).await
        }
        EntraSource::Password { tenant_id, client_id, username, password } => {
            let form = [
                ("grant_type", "password"),
                ("client_id", client_id),
                ("username", username),
                ("password", password.expose()),
                ("scope", scope),
            ];
            submit(outside, tenant_id, &form).await
        }
        EntraSource::Assertion { tenant_id, client_id, reference } => {
            let assertion = Secret::new(oidc::token(outside, reference.expose()).await?);
            asserted(outside, scope, tenant_id, client_id, &assertion).await
        }
        EntraSource::Ambient { client_id } => ambient(outside, scope, client_id.as_deref()).await,
    }
}

/// Whoever the gateway runs as: the workload that Kubernetes vouches for, else the machine.
async fn ambient(outside: &Outside, scope: &str, client_id: Option<&str>) -> Found {
    let vouched = (outside.variable("AZURE_FEDERATED_TOKEN_FILE"), outside.variable("AZURE_TENANT_ID"), client_id);
    let (Some(path), Some(tenant_id), Some(client_id)) = vouched else {
        return machine::token(outside, scope, client_id).await;
    };
    let assertion = Secret::new(outside.file(&path, "AZURE_FEDERATED_TOKEN_FILE")?);
    asserted(outside, scope, &tenant_id, client_id, &assertion).await
}

async fn asserted(outside: &Outside, scope: &str, tenant_id: &str, client_id: &str, assertion: &Secret) -> Found {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("scope", scope),
        ("client_assertion_type", BY_ASSERTION),
        ("client_assertion", assertion.expose()),
    ];
    submit(outside, tenant_id, &form).await
}

async fn submit(outside: &Outside, tenant_id: &str, form: &[(&str, &str)]) -> Found {
    let is_plain =
        !tenant_id.is_empty() && tenant_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if !is_plain {
        return Err(SignError::Refused("tenant_id is neither an id nor a domain: correct it".to_owned()));
    }
    let authority = outside.variable("AZURE_AUTHORITY_HOST").unwrap_or_else(|| AUTHORITY.to_owned());
    let scheme = if authority.contains("://") { "" } else { "https://" };
    let address = format!("{scheme}{}/{tenant_id}/oauth2/v2.0/token", authority.trim_end_matches('/'));
    let answer = outside.submit(&address, HeaderMap::new(), form).await?;
    bearer::token(&answer, &address)
}

#[cfg(test)]
mod tests;
