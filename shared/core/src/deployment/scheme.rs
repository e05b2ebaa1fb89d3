//! Decides how a deployment authenticates where it has no fixed key, from its parameters and variables.
//!
//! LiteLLM's order. Reads no file and asks nobody: that is the signer's business.

mod aws;
mod azure;

use serde_json::Value;
use tollgate_wire::provider::{Cloud, Provider};

use super::{Unusable, Variables, first};
use crate::Secret;
use crate::config::{Config, Params};
use crate::sign::Scheme;

const IBM_TOKEN_URL: &str = "https://iam.cloud.ibm.com/identity/token";
const IBM_KEY_VARIABLES: &[&str] = &["WATSONX_APIKEY", "WATSONX_API_KEY", "WX_API_KEY", "WATSONX_ZENAPIKEY"];

/// What is known of a deployment when its way to authenticate is decided.
pub(super) struct Known<'a> {
    pub config: &'a Config,
    pub params: &'a Params,
    pub provider: &'static Provider,
    pub base: Option<&'a str>,
    pub cloud: &'a Cloud,
    pub variables: Variables<'a>,
}

impl Known<'_> {
    /// A parameter, else the first variable that is set.
    pub fn text(&self, name: &str, variables: &[&str]) -> Option<String> {
        let given = self.params.credential(name).map(|secret| secret.expose().to_owned());
        given.or_else(|| first(variables, self.variables))
    }

    fn secret(&self, name: &str, variables: &[&str]) -> Option<Secret> {
        self.text(name, variables).map(Secret::new)
    }

    /// The key that would be shown as it is.
    fn fixed_key(&self) -> Option<Secret> {
        let from_variable = || first(self.provider.key_variables, self.variables).map(Secret::new);
        self.params.api_key.clone().or_else(from_variable)
    }
}

/// The scheme; `None` where a fixed key is shown, or none at all.
///
/// # Errors
/// When what is configured cannot be used.
pub(super) fn scheme(known: &Known<'_>) -> Result<Option<Scheme>, Unusable> {
    match known.provider.name {
        "bedrock" if known.fixed_key().is_some() => Ok(None),
        "bedrock" => aws::sigv4(known, "bedrock").map(Some),
        "sagemaker" | "sagemaker_chat" | "sagemaker_nova" => aws::sigv4(known, "sagemaker").map(Some),
        "vertex_ai" | "vertex_ai_beta" => Ok(Some(google(known))),
        "azure" | "azure_text" | "azure_ai" => azure::entra(known),
        "watsonx" | "watsonx_text" => Ok(ibm(known)),
        "databricks" => Ok(databricks(known)),
        _ => Ok(None),
    }
}

/// How requests to one of AWS's services are signed.
///
/// # Errors
/// When what is configured cannot be used.
pub(super) fn aws_scheme(known: &Known<'_>, service: &'static str) -> Result<Scheme, Unusable> {
    aws::sigv4(known, service)
}

/// What is shown of a watsonx deployment instead of an API key: the value of the `Authorization` header.
pub(super) fn watsonx_authorization(known: &Known<'_>) -> Option<Secret> {
    if !is_watsonx(known.provider) {
        return None;
    }
    let token =
        known.text("token", &["WATSONX_TOKEN"]).or_else(|| watsonx_credential(known, &["token", "watsonx_token"]));
    let zen = || known.text("zen_api_key", &["WATSONX_ZENAPIKEY"]);
    token
        .map(|token| format!("Bearer {token}"))
        .or_else(|| zen().map(|key| format!("ZenApiKey {key}")))
        .map(Secret::new)
}

fn is_watsonx(provider: &Provider) -> bool {
    matches!(provider.name, "watsonx" | "watsonx_text")
}

fn google(known: &Known<'_>) -> Scheme {
    let credentials = known.params.google_credentials().cloned();
    let from_variable = || first(&["VERTEXAI_CREDENTIALS"], known.variables).map(Secret::new);
    Scheme::Google { credentials: credentials.or_else(from_variable) }
}

fn ibm(known: &Known<'_>) -> Option<Scheme> {
    if watsonx_authorization(known).is_some() {
        return None;
    }
    let key = watsonx_credential(known, &["apikey", "api_key"])
        .map(Secret::new)
        .or_else(|| known.params.api_key.clone())
        .or_else(|| known.secret("apikey", IBM_KEY_VARIABLES))?;
    let token_url = first(&["WATSONX_IAM_URL"], known.variables).unwrap_or_else(|| IBM_TOKEN_URL.to_owned());
    Some(Scheme::Ibm { token_url, api_key: key })
}

/// A value of `watsonx_credentials`, which holds what the parameters would.
fn watsonx_credential(known: &Known<'_>, names: &[&str]) -> Option<String> {
    let map: Value = serde_json::from_str(known.params.credential("watsonx_credentials")?.expose()).ok()?;
    names.iter().find_map(|name| map.get(name)?.as_str()).map(str::to_owned)
}

/// A service principal stands above a personal access token, as with LiteLLM.
fn databricks(known: &Known<'_>) -> Option<Scheme> {
    let client_id = first(&["DATABRICKS_CLIENT_ID"], known.variables)?;
    let client_secret = first(&["DATABRICKS_CLIENT_SECRET"], known.variables).map(Secret::new)?;
    let base: http::Uri = known.base?.parse().ok()?;
    let token_url = format!("{}://{}/oidc/v1/token", base.scheme_str()?, base.authority()?);
    Some(Scheme::Databricks { token_url, client_id, client_secret })
}

#[cfg(test)]
mod tests;
