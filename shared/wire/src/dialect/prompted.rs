//! Models that are given one prompt instead of a conversation: SageMaker's text endpoints, watsonx.ai's text
//! generation, and Replicate.
//!
//! As LiteLLM asks them; Replicate is asked to wait for the end instead of being polled. Knows no key.

mod answer;
mod prompt;
mod request;

use super::hosted::{Parts, sagemaker};
use super::{Context, Decoder, Dialect, Framing, Mode, Unreadable};
use crate::Operation;
use crate::chat::Completion;
use crate::prepare::{Call, Prepared, Refusal, Settings};
use crate::provider::UrlError;

/// Whose text generation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prompted {
    SageMaker,
    Watsonx,
    Replicate,
}

impl Dialect for Prompted {
    fn url(&self, settings: &Settings, _operation: Operation, mode: Mode) -> Result<String, UrlError> {
        match self {
            Self::SageMaker => Ok(sagemaker(settings, mode)),
            Self::Watsonx => watsonx(settings, mode),
            Self::Replicate => Ok(replicate(settings)),
        }
    }

    fn headers(&self, settings: &Settings, _operation: Operation) -> Vec<(&'static str, String)> {
        match self {
            Self::SageMaker => {
                let component = settings.cloud.model_id.clone();
                component.map(|id| ("x-amzn-sagemaker-inference-component", id)).into_iter().collect()
            }
            Self::Replicate => vec![("prefer", "wait".to_owned())],
            Self::Watsonx => Vec::new(),
        }
    }

    fn chat(&self, call: Call<'_, '_>) -> Result<Prepared, Refusal> {
        request::chat(*self, call)
    }

    fn answer(&self, context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
        answer::answer(*self, context, body)
    }

    fn framing(&self) -> Framing {
        if *self == Self::SageMaker { Framing::EventStream } else { Framing::Events }
    }

    fn decoder(&self, _context: &Context) -> Box<dyn Decoder> {
        let inner = Box::new(answer::Stream::new(*self));
        if *self == Self::SageMaker { Box::new(Parts::new(inner)) } else { inner }
    }
}

fn watsonx(settings: &Settings, mode: Mode) -> Result<String, UrlError> {
    let Some(base) = settings.api_base.as_deref() else { return Err(UrlError::NoBase { provider: "watsonx_text" }) };
    let streamed = if mode == Mode::Streamed { "_stream" } else { "" };
    let path = match settings.model.strip_prefix("deployment/") {
        Some(deployment) => format!("deployments/{deployment}/text/generation{streamed}"),
        None => format!("text/generation{streamed}"),
    };
    let version = &settings.cloud.watsonx_api_version;
    Ok(format!("{}/ml/v1/{path}?version={version}", base.trim_end_matches('/')))
}

/// A deployment, a version or a model of Replicate.
fn replicate(settings: &Settings) -> String {
    const BASE: &str = "https://api.replicate.com/v1";
    let base = settings.api_base.as_deref().unwrap_or(BASE).trim_end_matches('/');
    match settings.model.strip_prefix("deployments/") {
        Some(name) => format!("{base}/deployments/{name}/predictions"),
        None if settings.model.contains(':') => format!("{base}/predictions"),
        None => format!("{base}/models/{}/predictions", settings.model),
    }
}
