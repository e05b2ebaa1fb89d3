//! Decides where the AWS credentials of a deployment come from.
//!
//! Every parameter falls back to the variable of its name in capitals.

use serde::Deserialize;

use super::Known;
use crate::deployment::{Unusable, first};
use crate::sign::{AssumedRole, AwsKeys, AwsSource, Scheme, Sts};

pub(super) fn sigv4(known: &Known<'_>, service: &'static str) -> Result<Scheme, Unusable> {
    Ok(Scheme::SigV4 { service, region: known.cloud.aws_region.clone(), source: source(known)? })
}

fn source(known: &Known<'_>) -> Result<AwsSource, Unusable> {
    let keys = keys(known);
    let token = known.secret("aws_web_identity_token", &["AWS_WEB_IDENTITY_TOKEN"]);
    let role = role(known)?;
    Ok(match (role, token) {
        (Some(role), Some(token)) if role.session_name.is_some() => AwsSource::WebIdentity { token, role },
        (Some(role), _) => AwsSource::Role { base: keys, role },
        (None, _) => match known.text("aws_profile_name", &["AWS_PROFILE_NAME"]) {
            Some(name) => AwsSource::Profile(name),
            None => keys.map_or(AwsSource::Chain, AwsSource::Keys),
        },
    })
}

/// Keys of the parameters, else of the variables. LiteLLM joins a key of one with a session token of the other, which
/// AWS refuses.
fn keys(known: &Known<'_>) -> Option<AwsKeys> {
    let given = known.params.credential("aws_access_key_id").is_some();
    let variables = |name: &'static str| if given { vec![] } else { vec![name] };
    Some(AwsKeys {
        id: known.text("aws_access_key_id", &["AWS_ACCESS_KEY_ID"])?,
        secret: known.secret("aws_secret_access_key", &["AWS_SECRET_ACCESS_KEY"])?,
        session_token: known.secret("aws_session_token", &variables("AWS_SESSION_TOKEN")),
    })
}

fn role(known: &Known<'_>) -> Result<Option<AssumedRole>, Unusable> {
    let Some(arn) = known.text("aws_role_name", &["AWS_ROLE_NAME"]) else { return Ok(None) };
    let endpoint = known.text("aws_sts_endpoint", &["AWS_STS_ENDPOINT"]);
    let region = endpoint
        .as_deref()
        .and_then(region_of_endpoint)
        .or_else(|| first(&["AWS_REGION", "AWS_DEFAULT_REGION"], known.variables))
        .unwrap_or_else(|| known.cloud.aws_region.clone());
    Ok(Some(AssumedRole {
        arn,
        session_name: known.text("aws_session_name", &["AWS_SESSION_NAME"]),
        external_id: known.text("aws_external_id", &["AWS_EXTERNAL_ID"]),
        tags: tags(known)?,
        sts: Sts { endpoint, region },
    }))
}

/// The region in `sts.<region>.amazonaws.com` and `….sts.<region>.vpce.amazonaws.com`.
fn region_of_endpoint(endpoint: &str) -> Option<String> {
    let uri: http::Uri = endpoint.parse().ok()?;
    let host = uri.host()?;
    let labels = host.split_once(".amazonaws.com")?.0;
    let after = if labels.starts_with("sts.") { labels.strip_prefix("sts.") } else { labels.split(".sts.").nth(1) }?;
    let region = after.strip_suffix(".vpce").unwrap_or(after);
    (!region.is_empty() && !region.contains('.')).then(|| region.to_owned())
}

#[derive(Deserialize)]
struct Tag {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Value")]
    value: String,
}

fn tags(known: &Known<'_>) -> Result<Vec<(String, String)>, Unusable> {
    let Some(text) = known.params.credential("aws_session_tags") else { return Ok(Vec::new()) };
    let refuse = |_| Unusable("aws_session_tags must be a list of {Key: …, Value: …} with texts".to_owned());
    let tags: Vec<Tag> = serde_json::from_str(text.expose()).map_err(refuse)?;
    let mut tags: Vec<_> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    tags.sort_unstable();
    Ok(tags)
}
