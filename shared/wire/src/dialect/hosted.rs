//! OpenAI's chat at addresses of a provider's own, and embeddings beside it: Hugging Face, SageMaker, watsonx.ai and
//! Snowflake.
//!
//! As LiteLLM writes it. Knows no key.

mod embedding;
mod parts;
mod watsonx;

use bytes::Bytes;

pub(super) use parts::Parts;
pub(super) use watsonx::place as watsonx_place;

use super::{Context, Decoder, Dialect, Framing, Mode, Unreadable, aws_suffix};
use crate::Operation;
use crate::chat::Completion;
use crate::json::Object;
use crate::prepare::{self, Call, Prepared, Refusal, Rules, Settings, in_openai_form};
use crate::provider::UrlError;
use crate::stream::openai_decoder;

const HUGGING_FACE: &str = "https://router.huggingface.co";

/// Whose OpenAI-shaped chat it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hosted {
    HuggingFace,
    /// An endpoint whose container speaks OpenAI's chat.
    SageMaker,
    /// The same for Nova, which wants no model's name.
    SageMakerNova,
    Watsonx,
    Snowflake,
}

impl Dialect for Hosted {
    fn url(&self, settings: &Settings, operation: Operation, mode: Mode) -> Result<String, UrlError> {
        match self {
            Self::HuggingFace if operation == Operation::Rerank => Ok(hugging_face_rerank(settings)),
            Self::HuggingFace => Ok(hugging_face(settings)),
            Self::SageMaker | Self::SageMakerNova => Ok(sagemaker(settings, mode)),
            Self::Watsonx => watsonx::url(settings, operation, mode),
            Self::Snowflake => snowflake(settings, operation),
        }
    }

    fn headers(&self, settings: &Settings, _operation: Operation) -> Vec<(&'static str, String)> {
        let component = settings.cloud.model_id.clone();
        match self {
            Self::SageMaker | Self::SageMakerNova => {
                component.map(|id| ("x-amzn-sagemaker-inference-component", id)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn chat(&self, mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
        match self {
            Self::HuggingFace => {
                in_openai_form(&mut call)?;
                let model = routed_model(&call.rules.settings);
                Ok(call.finish_as(&model))
            }
            Self::SageMaker => {
                in_openai_form(&mut call)?;
                Ok(call.finish_chat())
            }
            Self::SageMakerNova => {
                in_openai_form(&mut call)?;
                Ok(call.finish_without_model())
            }
            Self::Watsonx => watsonx::chat(call),
            Self::Snowflake => {
                call.body.remove("account_id");
                if call.body.get("max_completion_tokens").is_none() {
                    call.rename("max_tokens", "max_completion_tokens");
                }
                call.body.remove("max_tokens");
                in_openai_form(&mut call)?;
                Ok(call.finish_chat())
            }
        }
    }

    fn other(&self, operation: Operation, rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
        match (self, operation) {
            (Self::HuggingFace, Operation::Rerank) => prepare::rerank(rules, body),
            (Self::Watsonx, Operation::Rerank) => watsonx::rerank(prepare::rerank_call(rules, body)?),
            (Self::Watsonx, Operation::Embedding) => watsonx::embedding(rules, body),
            (Self::Snowflake, Operation::Embedding) => embedding::snowflake(rules, body),
            _ => Err(Refusal::NotOffered { provider: rules.provider().name, operation }),
        }
    }

    fn answer(&self, context: &Context, body: &[u8]) -> Result<Completion, Unreadable> {
        let mut completion: Completion = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
        if completion.choices.is_empty() {
            return Err(Unreadable("the answer has no `choices`".to_owned()));
        }
        completion.object = "chat.completion".to_owned();
        if completion.id.is_empty() {
            completion.id = context.stamp.chat_id();
        }
        if completion.created == 0 {
            completion.created = context.stamp.created_s;
        }
        for choice in &mut completion.choices {
            if choice.message.role.is_empty() {
                choice.message.role = "assistant".to_owned();
            }
        }
        Ok(completion)
    }

    fn other_answer(&self, operation: Operation, context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
        let body = bodies.first().map(Bytes::as_ref).unwrap_or_default();
        match self {
            Self::Watsonx if operation == Operation::Embedding => watsonx::embedding_answer(context, body),
            _ if operation == Operation::Rerank => Ok(body.to_vec()),
            _ => Ok(embedding::snowflake_answer(body)),
        }
    }

    fn framing(&self) -> Framing {
        match self {
            Self::SageMaker | Self::SageMakerNova => Framing::EventStream,
            _ => Framing::Events,
        }
    }

    fn decoder(&self, _context: &Context) -> Box<dyn Decoder> {
        match self {
            Self::SageMaker | Self::SageMakerNova => Box::new(Parts::new(openai_decoder())),
            _ => openai_decoder(),
        }
    }
}

/// An endpoint of one's own, else the router.
fn hugging_face(settings: &Settings) -> String {
    let model = settings.model.as_str();
    let is_address = model.starts_with("http://") || model.starts_with("https://");
    let own = settings.api_base.as_deref().or(is_address.then_some(model));
    let base = own.unwrap_or(HUGGING_FACE).trim_end_matches('/');
    match base {
        base if base.ends_with("/chat/completions") => base.to_owned(),
        base if base.ends_with("/v1") => format!("{base}/chat/completions"),
        base => format!("{base}/v1/chat/completions"),
    }
}

fn hugging_face_rerank(settings: &Settings) -> String {
    let base = settings.api_base.as_deref().unwrap_or("https://api-inference.huggingface.co").trim_end_matches('/');
    if base.ends_with("/rerank") { base.to_owned() } else { format!("{base}/rerank") }
}

/// The model's name in the body. LiteLLM asks the Hub how a provider in front of the name (`together/org/model`)
/// calls the model; the router takes the provider behind the name and knows that itself.
fn routed_model(settings: &Settings) -> String {
    let model = settings.model.as_str();
    let is_address = model.contains("://") || settings.api_base.is_some();
    match model.split_once('/') {
        Some((provider, rest)) if rest.contains('/') && !is_address => format!("{rest}:{provider}"),
        _ => model.to_owned(),
    }
}

pub(super) fn sagemaker(settings: &Settings, mode: Mode) -> String {
    if let Some(base) = &settings.cloud.sagemaker_base_url {
        return base.clone();
    }
    let (region, model) = (&settings.cloud.aws_region, &settings.model);
    let ending = match mode {
        Mode::Whole => "invocations",
        Mode::Streamed => "invocations-response-stream",
    };
    format!("https://runtime.sagemaker.{region}.{}/endpoints/{model}/{ending}", aws_suffix(region))
}

fn snowflake(settings: &Settings, operation: Operation) -> Result<String, UrlError> {
    let Some(base) = settings.api_base.as_deref() else { return Err(UrlError::NoBase { provider: "snowflake" }) };
    let base = base.trim_end_matches('/');
    let base = base.strip_suffix("/api/v2").unwrap_or(base);
    Ok(match operation {
        Operation::Embedding => format!("{base}/api/v2/cortex/inference:embed"),
        _ => format!("{base}/api/v2/cortex/v1/chat/completions"),
    })
}
