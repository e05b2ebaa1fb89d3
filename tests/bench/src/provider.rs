//! The provider of the benchmark: answers every POST as a chat completion. Knows no proxy and no gateway.
//!
//! It shares a core with the load client and must never be what limits a run: answers are made once and shared,
//! requests are searched for two words and not parsed.

use crate::stream_body::{Pace, StreamBody, Usage};
use crate::{Failure, listen::listen};
use bytes::Bytes;
use clap::Args;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use std::time::Duration;

/// Part of every answer, whole or streamed; the load client looks for it.
pub const ANSWER_MARK: &str = "Paris";

/// A completion of the size that a short question gets from OpenAI, headers apart.
const WHOLE: &str = r#"{"id":"chatcmpl-BenchAnswer0123456789abcdef","object":"chat.completion","created":1764000000,"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":{"role":"assistant","content":"Paris is the capital of France.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":24,"completion_tokens":8,"total_tokens":32,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp_0123456789"}"#;

#[derive(Args)]
pub struct ProviderOptions {
    /// Port to listen on.
    #[arg(long)]
    port: u16,
    /// Content chunks of one stream.
    #[arg(long, default_value_t = 100)]
    chunks: u32,
    /// Time between two chunks of a stream; 0 sends them all at once.
    #[arg(long, default_value_t = 0)]
    chunk_interval_ms: u64,
    /// Time before every answer.
    #[arg(long, default_value_t = 0)]
    delay_ms: u64,
}

type Answer = Response<Either<Full<Bytes>, StreamBody>>;

/// Answers until the process ends.
pub async fn serve(options: ProviderOptions) -> Result<(), Failure> {
    let delay = Duration::from_millis(options.delay_ms);
    let pace = Pace { chunks: options.chunks, interval: Duration::from_millis(options.chunk_interval_ms) };
    listen(options.port, move |request| answer(request, delay, pace)).await
}

async fn answer(request: Request<Incoming>, delay: Duration, pace: Pace) -> Result<Answer, Failure> {
    let body = request.into_body().collect().await?.to_bytes();
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if says(&body, "stream", "true") {
        let usage = if says(&body, "include_usage", "true") { Usage::Sent } else { Usage::Omitted };
        return respond("text/event-stream; charset=utf-8", Either::Right(StreamBody::new(pace, usage)));
    }
    respond("application/json", Either::Left(Full::new(Bytes::from_static(WHOLE.as_bytes()))))
}

/// The headers that a client of OpenAI sees most, so that a gateway has as many to carry as in earnest.
fn respond(content_type: &str, body: Either<Full<Bytes>, StreamBody>) -> Result<Answer, Failure> {
    let response = Response::builder()
        .header(header::CONTENT_TYPE, content_type)
        .header("openai-organization", "bench")
        .header("openai-processing-ms", "1")
        .header("openai-version", "2020-10-01")
        .header("x-ratelimit-limit-requests", "10000")
        .header("x-ratelimit-remaining-requests", "9999")
        .header("x-request-id", "req_0123456789abcdef0123456789abcdef");
    Ok(response.body(body)?)
}

/// Whether the JSON text has `"name":value`, with or without spaces after the colon.
fn says(json: &[u8], name: &str, value: &str) -> bool {
    let quoted = format!("\"{name}\":");
    let mut rest = json;
    while let Some(at) = rest.windows(quoted.len()).position(|window| window == quoted.as_bytes()) {
        rest = &rest[at + quoted.len()..];
        if rest.trim_ascii_start().starts_with(value.as_bytes()) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
