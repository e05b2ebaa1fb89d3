//! Signs requests for providers that want more than a fixed key: fetches credentials, keeps them, and shows them.
//!
//! The adapter behind core's port. Which credentials a deployment has is decided in core; here they are looked up.

mod aws;
mod bearer;
mod cache;
mod entra;
mod form;
mod google;
mod hints;
mod instant;
mod oidc;
mod outside;
mod sigv4;
mod words;

use std::sync::Arc;
use std::time::SystemTime;
use tollgate_wire::Operation;

use bytes::Bytes;
use http::header;
use http::request::Parts;
use tollgate_core::Secret;
use tollgate_core::config::Params;
use tollgate_core::sign::{AwsKeys, AwsSource, Scheme, SignError, Signer};
use tollgate_core::upstream::{BoxFuture, Upstream};

use cache::Cache;
pub use outside::Variables;
use outside::{Outside, header_value};
use sigv4::Scope;

/// The signer. One for the whole process, so that deployments share their credentials.
pub struct Credentials {
    outside: Arc<Outside>,
    aws: Cache<AwsSource, AwsKeys>,
    tokens: Cache<Scheme, Secret>,
}

impl Credentials {
    /// What credential files say where the variable is not set, for a deployment of these parameters.
    pub fn hint(&self, params: &Params, variable: &str) -> Option<String> {
        hints::hint(&self.outside, params, variable)
    }

    async fn token(&self, scheme: &Scheme) -> Result<Secret, SignError> {
        let (outside, wanted) = (Arc::clone(&self.outside), scheme.clone());
        self.tokens.get(scheme, SystemTime::now, move || Box::pin(async move { token(&outside, &wanted).await })).await
    }

    /// `upstream` asks those who issue tokens; `variables` are those of the configuration and the process.
    pub fn new(upstream: Arc<dyn Upstream>, variables: Variables) -> Self {
        Self { outside: Arc::new(Outside::new(upstream, variables)), aws: Cache::default(), tokens: Cache::default() }
    }

    /// A password for a user of a database of Amazon RDS, valid for 15 minutes: AWS's documentation, "IAM database
    /// authentication".
    ///
    /// # Errors
    /// When there are no credentials.
    pub async fn database_token(&self, host: &str, port: u16, user: &str, region: &str) -> Result<Secret, SignError> {
        let keys = self.aws_keys(&AwsSource::Chain).await?;
        let scope = Scope { service: "rds-db", region, now: SystemTime::now() };
        Ok(Secret::new(sigv4::presign_connect(&format!("{host}:{port}"), user, &keys, &scope)))
    }

    async fn aws_keys(&self, source: &AwsSource) -> Result<AwsKeys, SignError> {
        if let AwsSource::Keys(keys) = source {
            return Ok(keys.clone());
        }
        let (outside, wanted) = (Arc::clone(&self.outside), source.clone());
        self.aws.get(source, SystemTime::now, move || Box::pin(async move { aws::keys(&outside, &wanted).await })).await
    }
}

/// A new access token.
async fn token(outside: &Outside, scheme: &Scheme) -> bearer::Found {
    match scheme {
        Scheme::Ibm { token_url, api_key } => bearer::ibm(outside, token_url, api_key).await,
        Scheme::Databricks { token_url, client_id, client_secret } => {
            bearer::databricks(outside, token_url, client_id, client_secret).await
        }
        Scheme::Google { credentials } => google::token(outside, credentials.as_ref()).await,
        Scheme::Entra { scope, source } => entra::token(outside, scope, source).await,
        Scheme::SigV4 { .. } => Err(SignError::Refused("requests to AWS are signed, not shown a token".to_owned())),
    }
}

fn show(head: &mut Parts, scheme: &Scheme, token: &Secret) -> Result<(), SignError> {
    // LiteLLM shows Anthropic's models on Vertex AI the token a second time, where they are asked for a chat.
    let is_chat = head.extensions.get() == Some(&Operation::ChatCompletion);
    let is_partner =
        is_chat && matches!(scheme, Scheme::Google { .. }) && head.uri.path().contains("/publishers/anthropic/");
    if is_partner {
        head.headers.insert("x-api-key", header_value(token.expose())?);
    }
    head.headers.insert(header::AUTHORIZATION, header_value(&format!("Bearer {}", token.expose()))?);
    Ok(())
}

impl Signer for Credentials {
    fn sign<'a>(
        &'a self,
        scheme: &'a Scheme,
        head: &'a mut Parts,
        body: &'a Bytes,
    ) -> BoxFuture<'a, Result<(), SignError>> {
        Box::pin(async move {
            match scheme {
                Scheme::SigV4 { service, region, source } => {
                    let keys = self.aws_keys(source).await?;
                    sigv4::sign(head, body, &keys, &Scope { service, region, now: SystemTime::now() })
                }
                _ => show(head, scheme, &self.token(scheme).await?),
            }
        })
    }
}

#[cfg(test)]
pub mod tests;
