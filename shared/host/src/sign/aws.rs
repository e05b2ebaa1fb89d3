//! AWS credentials, looked up where a deployment's source says they are.
//!
//! LiteLLM's way: a role that the gateway runs as already is not assumed again. Knows no request of a provider.

mod ambient;
mod container;
pub mod instance;
pub mod profile;
mod sts;

use serde_json::Value;
use tollgate_core::Secret;
use tollgate_core::sign::{AssumedRole, AwsKeys, AwsSource, SignError, Sts};
use tollgate_core::upstream::BoxFuture;

use super::cache::Timed;
use super::instant;
use super::oidc;
use super::outside::Outside;

type Found = Result<Timed<AwsKeys>, SignError>;

/// What a token may do here is more than a role may be meant for: sessions of web identity get these actions at most.
const WEB_IDENTITY_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["bedrock:InvokeModel","bedrock:InvokeModelWithResponseStream","bedrock:CountTokens","bedrock:Rerank","bedrock:Retrieve","bedrock:ListKnowledgeBases","bedrock:InvokeAgent","bedrock:ApplyGuardrail","bedrock:GetGuardrail","bedrock:ListGuardrails","sagemaker:InvokeEndpoint","sagemaker:InvokeEndpointWithResponseStream"],"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}"#;

/// The keys of a source.
///
/// # Errors
/// When there are none, or AWS refuses to give any. The texts name the source and no secret.
pub async fn keys(outside: &Outside, source: &AwsSource) -> Found {
    match source {
        AwsSource::Keys(keys) => Ok(Timed { value: keys.clone(), expires: None }),
        AwsSource::Chain => ambient::keys(outside).await,
        AwsSource::Profile(name) => profile::keys(outside, name).await,
        AwsSource::Role { base, role } => assumed(outside, base.as_ref(), role).await,
        AwsSource::WebIdentity { token, role } => {
            let token = oidc::token(outside, token.expose()).await?;
            sts::assume_with_token(outside, role, &token, Some(WEB_IDENTITY_POLICY)).await
        }
    }
}

/// The keys of a role, taken on by `base` or by whoever the gateway runs as.
async fn assumed(outside: &Outside, base: Option<&AwsKeys>, role: &AssumedRole) -> Found {
    if let (None, Some(own)) = (base, ambient::web_identity(outside)) {
        if own.role.arn == role.arn {
            return ambient::keys(outside).await;
        }
        let own_role = AssumedRole { sts: role.sts.clone(), session_name: role.session_name.clone(), ..own.role };
        let token = outside.file(&own.token_path, "AWS_WEB_IDENTITY_TOKEN_FILE")?;
        let own_keys = sts::assume_with_token(outside, &own_role, &token, None).await?;
        return sts::assume(outside, &own_keys.value, role).await;
    }
    let base = match base {
        Some(keys) => keys.clone(),
        None => ambient::keys(outside).await?.value,
    };
    if is_role_already(outside, &base, role).await {
        return Ok(Timed { value: base, expires: None });
    }
    sts::assume(outside, &base, role).await
}

/// Whether the keys are those of the role. An identity that cannot be told is taken for another.
async fn is_role_already(outside: &Outside, keys: &AwsKeys, role: &AssumedRole) -> bool {
    // Only a session can be that of a role.
    if keys.session_token.is_none() {
        return false;
    }
    let Some(wanted) = role_of(&role.arn) else { return false };
    let caller = sts::caller_arn(outside, keys, &role.sts).await;
    caller.ok().is_some_and(|caller| role_of(&caller) == Some(wanted))
}

/// Partition, account and name in `arn:aws:iam::<account>:role/<path>/<name>` and in the ARN of a role's session.
fn role_of(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let ("arn", partition) = (parts.next()?, parts.next()?) else { return None };
    let (account, resource) = (parts.nth(2)?, parts.next()?);
    let name = match resource.split_once('/')? {
        ("role", path) => path.rsplit('/').next()?,
        ("assumed-role", rest) => rest.split('/').next()?,
        _ => return None,
    };
    Some((partition, account, name))
}

/// Keys in the JSON of the container and instance endpoints, and of a credential process.
fn from_json(value: &Value, token_name: &str, whose: &str) -> Found {
    let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(id), Some(secret)) = (text("AccessKeyId"), text("SecretAccessKey")) else {
        return Err(SignError::Refused(format!("{whose} gives no access key: check the role that is attached there")));
    };
    Ok(Timed {
        value: AwsKeys {
            id: id.to_owned(),
            secret: Secret::new(secret.to_owned()),
            session_token: text(token_name).map(|token| Secret::new(token.to_owned())),
        },
        expires: text("Expiration").and_then(instant::parse),
    })
}

/// A lookup that may lead to another of its kind.
type Lookup<'a> = BoxFuture<'a, Found>;

/// The service of a region, for roles that name none.
fn regional(outside: &Outside) -> Sts {
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_REGION_NAME"].iter().find_map(|name| outside.variable(name));
    Sts { endpoint: outside.variable("AWS_STS_ENDPOINT"), region: region.unwrap_or_else(|| "us-east-1".to_owned()) }
}

#[cfg(test)]
mod tests;
