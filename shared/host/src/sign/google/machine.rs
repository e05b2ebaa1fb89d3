//! The service account of the machine, from Google's metadata server.

use http::Method;
use tollgate_core::sign::SignError;

use super::SCOPE;
use crate::sign::bearer::{self, Found};
use crate::sign::form::escape;
use crate::sign::outside::{METADATA_TIMEOUT, Outside, request, set};

const HOST: &str = "metadata.google.internal";
const PATH: &str = "computeMetadata/v1/instance/service-accounts/default/token";

pub async fn token(outside: &Outside) -> Found {
    let host = outside.variable("GCE_METADATA_HOST").unwrap_or_else(|| HOST.to_owned());
    let address = format!("http://{host}/{PATH}?scopes={}", escape(SCOPE));
    let mut request = request(Method::GET, &address)?;
    set(&mut request, "metadata-flavor", "Google")?;
    let Ok(answer) = outside.ask(request, METADATA_TIMEOUT.saturating_mul(3)).await else {
        let text = "Your default credentials were not found: set vertex_credentials, or GOOGLE_APPLICATION_CREDENTIALS, or run where Google's metadata server answers";
        return Err(SignError::Refused(text.to_owned()));
    };
    bearer::token(&answer.json(&address)?, &address)
}
