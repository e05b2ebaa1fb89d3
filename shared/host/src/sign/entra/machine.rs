//! Managed identity: App Service, Functions and Container Apps tell their endpoint by variables; virtual machines and
//! Kubernetes nodes have the metadata service.

use http::Method;
use tollgate_core::sign::SignError;

use crate::sign::bearer::{self, Found};
use crate::sign::form::encode;
use crate::sign::outside::{METADATA_TIMEOUT, Outside, request, set};

const METADATA: &str = "http://169.254.169.254";

pub async fn token(outside: &Outside, scope: &str, client_id: Option<&str>) -> Found {
    let resource = scope.strip_suffix("/.default").unwrap_or(scope);
    let mut query = vec![("resource", resource)];
    query.extend(client_id.map(|id| ("client_id", id)));
    let endpoint = (outside.variable("IDENTITY_ENDPOINT"), outside.variable("IDENTITY_HEADER"));
    let (address, name, value) = match endpoint {
        (Some(endpoint), Some(header)) => {
            query.push(("api-version", "2019-08-01"));
            (endpoint, "x-identity-header", header)
        }
        _ => {
            query.push(("api-version", "2018-02-01"));
            let host = outside.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST").unwrap_or_else(|| METADATA.to_owned());
            let address = format!("{}/metadata/identity/oauth2/token", host.trim_end_matches('/'));
            (address, "metadata", "true".to_owned())
        }
    };
    let mut request = request(Method::GET, &format!("{address}?{}", encode(&query)))?;
    set(&mut request, name, &value)?;
    // The service has to ask Entra itself: slower than other metadata.
    let Ok(answer) = outside.ask(request, METADATA_TIMEOUT.saturating_mul(5)).await else {
        let text = "no managed identity answers: set api_key, or tenant_id, client_id and client_secret, or run where Azure gives an identity";
        return Err(SignError::Refused(text.to_owned()));
    };
    bearer::token(&answer.json(&address)?, &address)
}
