//! The Security Token Service: who am I, and let me be another. By its API reference, version 2011-06-15.
//!
//! Knows no order of sources.

use std::time::SystemTime;

use bytes::Bytes;
use http::{Method, Request};
use tollgate_core::Secret;
use tollgate_core::sign::{AssumedRole, AwsKeys, SignError, Sts};

use super::Found;
use crate::sign::cache::Timed;
use crate::sign::form::encode;
use crate::sign::instant;
use crate::sign::outside::{ISSUER_TIMEOUT, Outside, request, set};
use crate::sign::sigv4::{self, Scope};
use crate::sign::words::element;

const VERSION: &str = "2011-06-15";

/// Takes on a role.
pub async fn assume(outside: &Outside, keys: &AwsKeys, role: &AssumedRole) -> Found {
    let name = session_name(role);
    let mut form = vec![("Action", "AssumeRole"), ("Version", VERSION), ("RoleArn", &role.arn)];
    form.push(("RoleSessionName", &name));
    form.extend(role.external_id.as_deref().map(|id| ("ExternalId", id)));
    let names: Vec<(String, String)> = (1..=role.tags.len())
        .map(|number| (format!("Tags.member.{number}.Key"), format!("Tags.member.{number}.Value")))
        .collect();
    for ((key, value), (key_name, value_name)) in role.tags.iter().zip(&names) {
        form.push((key_name, key));
        form.push((value_name, value));
    }
    let xml = ask(outside, &role.sts, Some(keys), &form).await?;
    credentials(&xml, role)
}

/// Takes on a role by the token of another issuer; `policy` narrows what the session may do.
pub async fn assume_with_token(outside: &Outside, role: &AssumedRole, token: &str, policy: Option<&str>) -> Found {
    let name = session_name(role);
    let mut form = vec![("Action", "AssumeRoleWithWebIdentity"), ("Version", VERSION), ("RoleArn", &role.arn)];
    form.extend([("RoleSessionName", name.as_str()), ("WebIdentityToken", token)]);
    form.extend(policy.map(|policy| ("Policy", policy)));
    let xml = ask(outside, &role.sts, None, &form).await?;
    credentials(&xml, role)
}

/// The ARN of whoever the keys belong to.
pub async fn caller_arn(outside: &Outside, keys: &AwsKeys, sts: &Sts) -> Result<String, SignError> {
    let form = [("Action", "GetCallerIdentity"), ("Version", VERSION)];
    let xml = ask(outside, sts, Some(keys), &form).await?;
    element(&xml, "Arn").ok_or_else(|| SignError::Unreachable("sts names no caller".to_owned()))
}

async fn ask(outside: &Outside, sts: &Sts, keys: Option<&AwsKeys>, form: &[(&str, &str)]) -> Result<String, SignError> {
    let address = endpoint(outside, sts);
    let mut request: Request<Bytes> = request(Method::POST, &address)?;
    set(&mut request, "content-type", "application/x-www-form-urlencoded; charset=utf-8")?;
    let (mut head, _) = request.into_parts();
    let body = Bytes::from(encode(form));
    if let Some(keys) = keys {
        let scope = Scope { service: "sts", region: &sts.region, now: SystemTime::now() };
        sigv4::sign(&mut head, &body, keys, &scope)?;
    }
    let answer = outside.ask(Request::from_parts(head, body), ISSUER_TIMEOUT).await?;
    answer.success(&address)?;
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}

fn endpoint(outside: &Outside, sts: &Sts) -> String {
    let given = sts.endpoint.clone();
    let given =
        given.or_else(|| outside.variable("AWS_ENDPOINT_URL_STS")).or_else(|| outside.variable("AWS_ENDPOINT_URL"));
    given.unwrap_or_else(|| format!("https://sts.{}.{}", sts.region, domain(&sts.region)))
}

/// The domain of a region's partition.
fn domain(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "amazonaws.com.cn",
        region if region.starts_with("us-iso-") => "c2s.ic.gov",
        region if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        _ => "amazonaws.com",
    }
}

fn session_name(role: &AssumedRole) -> String {
    let unnamed = || format!("litellm-session-{}", instant::since_epoch_s(SystemTime::now()));
    role.session_name.clone().unwrap_or_else(unnamed)
}

fn credentials(xml: &str, role: &AssumedRole) -> Found {
    let text = |name: &str| element(xml, name);
    let (Some(id), Some(secret), Some(token)) = (text("AccessKeyId"), text("SecretAccessKey"), text("SessionToken"))
    else {
        return Err(SignError::Unreachable(format!("sts gives no credentials for role {}", role.arn)));
    };
    let value = AwsKeys { id, secret: Secret::new(secret), session_token: Some(Secret::new(token)) };
    Ok(Timed { value, expires: text("Expiration").as_deref().and_then(instant::parse) })
}
