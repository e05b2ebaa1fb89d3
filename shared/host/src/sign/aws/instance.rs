//! Credentials of an EC2 instance, from its metadata service, version 2 only: version 1 can be reached by forged
//! requests.

use http::Method;
use tollgate_core::sign::SignError;

use super::{Found, from_json};
use crate::sign::outside::{METADATA_TIMEOUT, Outside, request, set};

const ENDPOINT: &str = "http://169.254.169.254";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
/// Six hours, the longest that the service permits.
const TOKEN_LIFETIME_S: &str = "21600";

/// The instance's credentials; `None` where this is no instance, or one without a role.
pub async fn keys(outside: &Outside) -> Option<Found> {
    let is_disabled =
        outside.variable("AWS_EC2_METADATA_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    if is_disabled {
        return None;
    }
    let endpoint = outside.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned());
    let endpoint = endpoint.trim_end_matches('/');
    let token = session(outside, &format!("{endpoint}/latest/api/token")).await.ok()?;
    let roles = read(outside, &format!("{endpoint}{ROLES}"), &token).await.ok()?;
    let role = roles.lines().next().map(str::trim).filter(|role| !role.is_empty())?;
    Some(of_role(outside, &format!("{endpoint}{ROLES}{role}"), &token).await)
}

async fn of_role(outside: &Outside, address: &str, token: &str) -> Found {
    let text = read(outside, address, token).await?;
    let whose = "the instance's metadata service";
    let value = serde_json::from_str(&text).map_err(|_| SignError::Unreachable(format!("{whose} answered no JSON")))?;
    from_json(&value, "Token", whose)
}

/// A token of the metadata service.
pub async fn session(outside: &Outside, address: &str) -> Result<String, SignError> {
    let mut request = request(Method::PUT, address)?;
    set(&mut request, "x-aws-ec2-metadata-token-ttl-seconds", TOKEN_LIFETIME_S)?;
    let answer = outside.ask(request, METADATA_TIMEOUT).await?;
    answer.success(address)?;
    Ok(answer.text())
}

/// A text of the metadata service.
pub async fn read(outside: &Outside, address: &str, token: &str) -> Result<String, SignError> {
    let mut request = request(Method::GET, address)?;
    set(&mut request, "x-aws-ec2-metadata-token", token)?;
    let answer = outside.ask(request, METADATA_TIMEOUT).await?;
    answer.success(address)?;
    Ok(answer.text())
}
