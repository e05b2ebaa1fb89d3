//! Counts of a message's tokens: the provider's own where it counts, else the gateway's.
//!
//! A provider that fails to count does not fail the call, as with LiteLLM. Knows no vocabulary and no format.

use bytes::Bytes;
use tollgate_wire::client;
use tollgate_wire::json::Object;
use tollgate_wire::tokens::Estimator;
use tracing::info;

use crate::call::ReplyBody;
use crate::dispatch::{Answered, Exchange, JSON};
use crate::{Error, body};

impl Exchange<'_> {
    /// Counts the tokens of a request that is not made.
    pub(crate) async fn count(&mut self, bytes: &Bytes, object: Object<'_>) -> Answered {
        let named = body::model_name(&object)?.unwrap_or_default();
        let model = match self.choose(Some(&named)) {
            Ok(deployment) => {
                let model = deployment.named.split_once('/').map_or(&*deployment.named, |(_, model)| model).to_owned();
                if deployment.rules.speaks(self.call.operation) {
                    let estimator = Estimator::new(&deployment.model, bytes, &object);
                    match self.ask(&deployment, named, object.clone(), estimator).await {
                        Ok(answer) => return Ok(answer),
                        Err(error) => info!(provider = deployment.provider, "counted here: {error}"),
                    }
                }
                model
            }
            Err(_) => named,
        };
        let counted = client::count_message_tokens(&model, &object);
        let counted =
            counted.map_err(|error| Error::Invalid { param: Some("messages"), message: error.to_string() })?;
        Ok((JSON, ReplyBody::Whole(counted.into())))
    }
}
