//! What is asked of Bedrock beside chats: embeddings, rerankings and images. The interface of a chat does not matter for them.

use bytes::Bytes;

use super::{address, embed, image, rerank};
use crate::Operation;
use crate::dialect::{Context, Mode, Unreadable};
use crate::json::Object;
use crate::prepare::{Prepared, Refusal, Rules, Settings};

/// Where calls of this kind go.
pub(super) fn url(settings: &Settings, operation: Operation) -> String {
    match operation {
        Operation::Rerank => format!("{}/rerank", address::agent_runtime(settings)),
        Operation::ImageGeneration => address::invoke(settings, Mode::Whole),
        _ => address::invoke_escaped(settings),
    }
}

/// Writes the request.
///
/// # Errors
/// What Bedrock does not offer, or cannot express.
pub(super) fn prepare(operation: Operation, rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    match operation {
        Operation::Embedding => embed::prepare(rules, body),
        Operation::Rerank => rerank::prepare(rules, body),
        Operation::ImageGeneration => image::prepare(rules, body),
        _ => Err(Refusal::NotOffered { provider: rules.provider().name, operation }),
    }
}

/// Reads the answers and writes them in OpenAI's form.
///
/// # Errors
/// Where a body is no answer.
pub(super) fn answer(operation: Operation, context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
    match operation {
        Operation::Embedding => embed::answer(context, bodies),
        Operation::Rerank => rerank::answer(context, bodies),
        Operation::ImageGeneration => image::answer(context, bodies),
        _ => Err(Unreadable(format!("no answer of `{}` is known", operation.name()))),
    }
}
