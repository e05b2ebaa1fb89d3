//! Counts of a message's tokens: the provider's own where it counts, else the gateway's.
//!
//! A provider that fails to count does not fail the call, as with LiteLLM. Knows no vocabulary and no format.

use tollgate_wire::client;
use tracing::info;

use crate::call::{Reply, ReplyBody, ServedBy};
use crate::dispatch::{Failed, JSON, refused};
use crate::journey::{Ask, AskBody, Journey};
use crate::record::Record;
use crate::{App, Error};

impl App {
    /// Counts the tokens of a request that is not made.
    pub(crate) async fn count(&self, ask: &Ask<'_>, mut record: Record) -> Result<Reply, Box<Failed>> {
        let named = ask.named.as_deref().unwrap_or_default();
        let AskBody::Json { object, .. } = &ask.body else { return Err(refused(Error::NothingToCount, record).await) };
        named.clone_into(&mut record.model);
        let mut served_by = ServedBy::default();
        let mut model = named.to_owned();
        if let Ok(Some(deployment)) = self.pick_for(named, ask.call.visitor.as_ref()) {
            deployment.named.split_once('/').map_or(&*deployment.named, |(_, model)| model).clone_into(&mut model);
            if deployment.rules.speaks(ask.call.operation) {
                let mut journey = Journey::new(self, ask, None);
                match journey.go().await {
                    Ok((content_type, body)) => {
                        record.finish(200).durable().await;
                        return Ok(Reply { served_by: std::mem::take(&mut journey.served_by), content_type, body });
                    }
                    Err(error) => {
                        let (provider, status) = (deployment.provider, error.status());
                        info!(provider, status, "counted here: {provider} failed to count with {status}");
                    }
                }
            }
            record.deployment_id.clone_from(&deployment.id);
            served_by.deployment = Some(deployment);
        }
        served_by.unheeded = ask.unheeded();
        let counted = client::count_message_tokens(&model, object);
        match counted {
            Ok(counted) => {
                record.finish(200).durable().await;
                Ok(Reply { served_by, content_type: JSON, body: ReplyBody::Whole(counted.into()) })
            }
            Err(error) => {
                let error = Error::Invalid { param: Some("messages"), message: error.to_string() };
                Err(refused(error, record).await)
            }
        }
    }
}
