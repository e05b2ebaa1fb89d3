//! Answers that a deployment's config dictates: `mock_response` and `mock_tool_calls`.
//!
//! Shapes and sentences are LiteLLM's (`mock_completion`, `mock_embedding`, `mock_image_generation`). Knows no clock
//! and no socket: `mock_delay` and the wait before `mock_timeout` are the caller's.

mod stream;
mod whole;

use serde_json::Value;

use crate::Operation;
use crate::failure::{Failure, FailureClass, Origin};
use crate::json::Object;
use crate::usage::Usage;

/// What is answered where only tool calls are dictated.
const DEFAULT_TEXT: &str = "This is a mock request";

/// What the config dictates, field by field.
#[derive(Clone, Copy, Debug)]
pub struct Mock<'a> {
    /// `mock_response`: text, the name of an error, a whole completion, or for embeddings a vector.
    pub response: Option<&'a Value>,
    /// `mock_tool_calls`: a list of tool calls for the first choice of a whole answer.
    pub tool_calls: Option<&'a Value>,
    /// `mock_timeout`: fail as if the deployment's time limit had passed.
    pub times_out: bool,
}

/// The call that is answered.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub origin: Origin<'a>,
    /// The model's name as the client knows it.
    pub alias: &'a str,
    /// The answer's `id`, beginning with `chatcmpl-`.
    pub id: &'a str,
    /// Unix time, in seconds.
    pub created_s: u64,
}

impl Mock<'_> {
    /// Whether the deployment answers this operation by itself.
    ///
    /// Chats and texts are mocked by anything Python takes for true, embeddings and images by anything but null.
    pub fn applies(&self, operation: Operation) -> bool {
        match operation {
            Operation::ChatCompletion | Operation::TextCompletion => {
                self.times_out || self.response.is_some_and(is_truthy) || self.tool_calls.is_some_and(is_truthy)
            }
            Operation::Embedding | Operation::ImageGeneration => self.response.is_some_and(|value| !value.is_null()),
            _ => false,
        }
    }

    /// The whole answer.
    ///
    /// # Errors
    /// The failure that the config asks for, or one that tells why the dictated value fits no answer.
    pub fn answer(&self, call: &Call, request: &Object) -> Result<Vec<u8>, Failure> {
        let answer = match call.origin.operation {
            Operation::Embedding => whole::embedding(self.given(), call)?,
            Operation::ImageGeneration => whole::image(self.given(), call)?,
            _ => {
                self.fail(call)?;
                whole::completion(self, call, count(request))
            }
        };
        Ok(answer.to_string().into_bytes())
    }

    /// The answer as a stream: whole server-sent events, the last one `[DONE]`.
    ///
    /// # Errors
    /// As [`Mock::answer`].
    pub fn events(&self, call: &Call, request: &Object) -> Result<Vec<Vec<u8>>, Failure> {
        self.fail(call)?;
        Ok(stream::events(&stream_text(self.given()), call, request))
    }

    /// What an answer of this kind is charged by: what it says of itself, or what a stream says where it is asked.
    pub fn usage(answer: Option<&[u8]>) -> Option<Usage> {
        let said = match answer {
            Some(bytes) => serde_json::from_slice::<Value>(bytes).ok()?.get("usage")?.to_string(),
            None => whole::usage().to_string(),
        };
        Usage::parse(&said)
    }

    fn given(&self) -> &Value {
        self.response.unwrap_or(&Value::Null)
    }

    fn fail(&self, call: &Call) -> Result<(), Failure> {
        let origin = &call.origin;
        if self.times_out {
            return Err(Failure::told(origin, FailureClass::Timeout, "This is a mock timeout error"));
        }
        let Some(name) = self.given().as_str() else { return Ok(()) };
        match name {
            "litellm.RateLimitError" => {
                Err(Failure::told(origin, FailureClass::RateLimit, "this is a mock rate limit error"))
            }
            "litellm.ContextWindowExceededError" => {
                let sentence = "this is a mock context window exceeded error";
                Err(Failure::told(origin, FailureClass::ContextWindow, sentence))
            }
            "litellm.InternalServerError" => {
                Err(Failure::told(origin, FailureClass::InternalServer, "this is a mock internal server error"))
            }
            _ if name.starts_with("Exception: content_filter_policy") => {
                Err(Failure::from_words(origin, Some(400), &format!("litellm.MockException: {name}")))
            }
            _ if name.starts_with("Exception: mock_streaming_error") => Err(mid_stream(origin)),
            _ => Ok(()),
        }
    }
}

fn mid_stream(origin: &Origin) -> Failure {
    let mut failure =
        Failure::from_words(origin, Some(529), "litellm.MockException: This is a mock error raised mid-stream");
    if origin.streamed {
        failure.kind = None;
    }
    failure
}

/// The `n` of the request, where it is a number of answers.
fn count(request: &Object) -> usize {
    request.given("n").and_then(|text| text.parse().ok()).map_or(1, |count: usize| count.clamp(1, ANSWERS_MAX))
}

/// More answers than any provider gives at once.
const ANSWERS_MAX: usize = 128;

/// The text that a stream carries. LiteLLM fails on anything but text; here a whole completion gives its own.
fn stream_text(response: &Value) -> String {
    match response {
        Value::Null => DEFAULT_TEXT.to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(completion) => {
            let content = completion.get("choices").and_then(|choices| choices.get(0)?.get("message")?.get("content"));
            content.and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        other => other.to_string(),
    }
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

#[cfg(test)]
mod tests;
