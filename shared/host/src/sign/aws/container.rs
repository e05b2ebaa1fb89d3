//! Credentials of a container: ECS tasks, EKS pod identities, Greengrass. By the AWS SDKs' reference guide.

use std::net::IpAddr;

use http::{Method, Uri};
use tollgate_core::sign::SignError;

use super::{Found, from_json};
use crate::sign::outside::{METADATA_TIMEOUT, Outside, request, set};

const ECS: &str = "http://169.254.170.2";
/// Link-local addresses of the agents of ECS and EKS.
const AGENTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

/// The container's credentials; `None` outside of one.
pub async fn keys(outside: &Outside) -> Option<Found> {
    let address = match outside.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
        Some(path) => format!("{ECS}{path}"),
        None => outside.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")?,
    };
    Some(fetch(outside, &address).await)
}

async fn fetch(outside: &Outside, address: &str) -> Found {
    let mut request = request(Method::GET, address)?;
    if !may_see_token(request.uri()) {
        let text = "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an address of this machine: correct it";
        return Err(SignError::Refused(text.to_owned()));
    }
    let token = match outside.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        // Read anew each time: EKS replaces it.
        Some(path) => Some(outside.file(&path, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")?),
        None => outside.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    };
    if let Some(token) = token {
        set(&mut request, "authorization", &token)?;
    }
    set(&mut request, "accept", "application/json")?;
    let answer = outside.ask(request, METADATA_TIMEOUT.saturating_mul(2)).await?;
    from_json(&answer.json(address)?, "Token", "the container's credential endpoint")
}

/// Plain HTTP stays on the machine, so that no token and no credential travels in the clear.
fn may_see_token(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    uri.scheme_str() == Some("https") || is_loopback || AGENTS.contains(&host)
}
