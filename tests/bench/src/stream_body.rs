//! A streamed chat completion, one frame a chunk, paced by a clock. Knows no request.

use bytes::Bytes;
use hyper::body::{Body, Frame};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How many content chunks a stream has and how far apart they are; a zero interval means at once.
#[derive(Clone, Copy)]
pub struct Pace {
    pub chunks: u32,
    pub interval: Duration,
}

/// Whether the stream ends with a chunk of token counts, as `stream_options.include_usage` asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    Sent,
    Omitted,
}

/// Words of the answer in turn: never the same chunk twice in a row, which some gateways take for a fault.
const WORDS: [&str; 8] = ["Paris", " is", " the", " capital", " of", " France", " and", " more."];

/// The frames of one stream: content chunks, the finish chunk, usage if asked for, `[DONE]`.
pub struct StreamBody {
    sent: u32,
    pace: Pace,
    usage: Usage,
    clock: Option<Interval>,
}

impl StreamBody {
    /// A stream whose first chunk leaves at once. Must be made inside a tokio runtime.
    pub fn new(pace: Pace, usage: Usage) -> Self {
        let clock = (!pace.interval.is_zero()).then(|| {
            let mut clock = interval(pace.interval);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            clock
        });
        Self { sent: 0, pace, usage, clock }
    }

    /// The frame after `sent` frames, or nothing after the last.
    fn next_frame(&self) -> Option<Bytes> {
        let after_content = self.sent.checked_sub(self.pace.chunks);
        match (after_content, self.usage) {
            (None, _) => Some(content(self.sent)),
            (Some(0), _) => Some(event(r#""choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]"#)),
            (Some(1), Usage::Sent) => Some(event(
                r#""choices":[],"usage":{"prompt_tokens":24,"completion_tokens":100,"total_tokens":124,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}"#,
            )),
            (Some(1), Usage::Omitted) | (Some(2), Usage::Sent) => Some(Bytes::from_static(b"data: [DONE]\n\n")),
            _ => None,
        }
    }
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // Only content is paced: what follows the last word leaves with it, as providers do.
        if self.sent < self.pace.chunks
            && let Some(clock) = self.clock.as_mut()
        {
            ready!(clock.poll_tick(context));
        }
        let frame = self.next_frame();
        self.sent += 1;
        Poll::Ready(frame.map(|bytes| Ok(Frame::data(bytes))))
    }
}

fn content(position: u32) -> Bytes {
    let word = WORDS[position as usize % WORDS.len()];
    let role = if position == 0 { r#""role":"assistant","refusal":null,"# } else { "" };
    event(&format!(
        r#""choices":[{{"index":0,"delta":{{{role}"content":"{word}"}},"logprobs":null,"finish_reason":null}}]"#
    ))
}

fn event(rest: &str) -> Bytes {
    Bytes::from(format!(
        "data: {{\"id\":\"chatcmpl-BenchAnswer0123456789abcdef\",\"object\":\"chat.completion.chunk\",\"created\":1764000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_0123456789\",{rest}}}\n\n"
    ))
}

#[cfg(test)]
mod tests;
