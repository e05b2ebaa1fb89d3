//! Shows Google an AWS identity: a signed request to AWS that Google sends itself, to see who answers to it.
//!
//! By AIP-4117, and LiteLLM's `aws_…` keys within the credentials, which say where the AWS identity comes from.

use std::time::SystemTime;

use http::{HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use tollgate_core::Secret;
use tollgate_core::sign::{AssumedRole, AwsKeys, AwsSource, SignError, Sts};

use super::{needed, text};
use crate::sign::aws::{self, instance};
use crate::sign::form::escape;
use crate::sign::outside::{METADATA_TIMEOUT, Outside, header_value, request};
use crate::sign::sigv4::{self, Scope};

const VERIFICATION: &str = "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15";

/// Tells Google whom the request is meant for.
const TARGET: HeaderName = HeaderName::from_static("x-goog-cloud-target-resource");

/// The signed request as JSON, percent-encoded.
pub async fn subject(outside: &Outside, value: &Value, source: &Value) -> Result<Secret, SignError> {
    let region = region(outside, value, source).await?;
    let keys = aws::keys(outside, &keys_source(value, &region)).await?.value;
    let address = text(source, "regional_cred_verification_url").unwrap_or(VERIFICATION).replace("{region}", &region);
    let (mut head, _) = request(Method::POST, &address)?.into_parts();
    sigv4::sign(&mut head, b"", &keys, &Scope { service: "sts", region: &region, now: SystemTime::now() })?;
    head.headers.insert(TARGET, header_value(needed(value, "audience")?)?);
    let shown = |(name, value): (&HeaderName, &HeaderValue)| {
        Some(json!({ "key": name.as_str(), "value": value.to_str().ok()? }))
    };
    let headers: Vec<Value> = head.headers.iter().filter_map(shown).collect();
    let signed = json!({ "url": address, "method": "POST", "headers": headers });
    Ok(Secret::new(escape(&signed.to_string())))
}

async fn region(outside: &Outside, value: &Value, source: &Value) -> Result<String, SignError> {
    let given = text(value, "aws_region_name").map(str::to_owned);
    let known = given.or_else(|| outside.variable("AWS_REGION")).or_else(|| outside.variable("AWS_DEFAULT_REGION"));
    if let Some(region) = known {
        return Ok(region);
    }
    let Some(address) = text(source, "region_url") else {
        let text = "the AWS region of the vertex credentials is unknown: set AWS_REGION, or aws_region_name in them";
        return Err(SignError::Refused(text.to_owned()));
    };
    let zone = match text(source, "imdsv2_session_token_url") {
        Some(session) => instance::read(outside, address, &instance::session(outside, session).await?).await?,
        None => {
            let answer = outside.ask(request(Method::GET, address)?, METADATA_TIMEOUT).await?;
            answer.success(address)?;
            answer.text()
        }
    };
    // A zone is its region and a letter.
    Ok(zone.trim_end_matches(|last: char| last.is_ascii_lowercase()).to_owned())
}

fn keys_source(value: &Value, region: &str) -> AwsSource {
    let own = |name: &str| text(value, name).map(str::to_owned);
    let base = match (own("aws_access_key_id"), own("aws_secret_access_key")) {
        (Some(id), Some(secret)) => {
            let session_token = own("aws_session_token").map(Secret::new);
            Some(AwsKeys { id, secret: Secret::new(secret), session_token })
        }
        _ => None,
    };
    let role = own("aws_role_name").map(|arn| AssumedRole {
        arn,
        session_name: own("aws_session_name"),
        external_id: own("aws_external_id"),
        tags: Vec::new(),
        sts: Sts { endpoint: own("aws_sts_endpoint"), region: region.to_owned() },
    });
    match (role, own("aws_web_identity_token"), own("aws_profile_name"), base) {
        (Some(role), Some(token), ..) if role.session_name.is_some() => {
            AwsSource::WebIdentity { token: Secret::new(token), role }
        }
        (Some(role), _, _, base) => AwsSource::Role { base, role },
        (None, _, Some(profile), _) => AwsSource::Profile(profile),
        (None, _, None, Some(keys)) => AwsSource::Keys(keys),
        (None, _, None, None) => AwsSource::Chain,
    }
}
