//! Whoever the gateway runs as: the AWS SDKs' default chain, the first that has credentials wins.
//!
//! Environment, web identity, profile, container, instance.

use tollgate_core::Secret;
use tollgate_core::sign::{AssumedRole, AwsKeys, SignError};

use super::{Found, container, instance, profile, regional, sts};
use crate::sign::cache::Timed;
use crate::sign::outside::Outside;

/// The role of a Kubernetes service account.
pub struct WebIdentity {
    pub role: AssumedRole,
    pub token_path: String,
}

/// # Errors
/// When nobody has credentials, or who should have them gives none.
pub async fn keys(outside: &Outside) -> Found {
    if let Some(keys) = environment(outside) {
        return Ok(Timed { value: keys, expires: None });
    }
    if let Some(WebIdentity { role, token_path }) = web_identity(outside) {
        let token = outside.file(&token_path, "AWS_WEB_IDENTITY_TOKEN_FILE")?;
        return sts::assume_with_token(outside, &role, &token, None).await;
    }
    let profile = outside.variable("AWS_PROFILE").or_else(|| outside.variable("AWS_DEFAULT_PROFILE"));
    match profile {
        Some(name) => return profile::keys(outside, &name).await,
        None if profile::exists(outside, "default") => return profile::keys(outside, "default").await,
        None => {}
    }
    if let Some(found) = container::keys(outside).await {
        return found;
    }
    if let Some(found) = instance::keys(outside).await {
        return found;
    }
    let text = "Unable to locate credentials: set aws_access_key_id and aws_secret_access_key, aws_role_name, \
                aws_profile_name or api_key, or run where AWS gives credentials to the container or the instance";
    Err(SignError::Refused(text.to_owned()))
}

/// The keys of the variables.
pub fn environment(outside: &Outside) -> Option<AwsKeys> {
    Some(AwsKeys {
        id: outside.variable("AWS_ACCESS_KEY_ID")?,
        secret: Secret::new(outside.variable("AWS_SECRET_ACCESS_KEY")?),
        session_token: outside.variable("AWS_SESSION_TOKEN").map(Secret::new),
    })
}

/// What EKS puts into the environment of a service account with a role.
pub fn web_identity(outside: &Outside) -> Option<WebIdentity> {
    let token_path = outside.variable("AWS_WEB_IDENTITY_TOKEN_FILE")?;
    let role = AssumedRole {
        arn: outside.variable("AWS_ROLE_ARN")?,
        session_name: outside.variable("AWS_ROLE_SESSION_NAME"),
        external_id: None,
        tags: Vec::new(),
        sts: regional(outside),
    };
    Some(WebIdentity { role, token_path })
}
