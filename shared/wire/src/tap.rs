//! Tap: what an answer says of its usage and its model, read from a copy while its bytes pass by.
//!
//! Keeps no answer: a few values of at most 16 kB each, however long the answer is.
//! Understands OpenAI (chat and responses), Anthropic, Gemini, Cohere and Bedrock; what it does not understand has
//! no usage. Changes no byte.

mod counts;
mod events;
mod frames;
mod scan;

use events::Events;
use frames::Frames;
pub use scan::Scan;

use crate::Usage;

/// What watches one answer pass by.
#[derive(Debug)]
pub struct Tap {
    form: Form,
}

#[derive(Debug)]
enum Form {
    Json(Scan),
    Events(Events),
    Frames(Box<Frames>),
}

impl Tap {
    /// A tap for an answer of this content type; `None` where it could hold no usage.
    pub fn new(content_type: &str) -> Option<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let form = match kind.as_str() {
            "text/event-stream" => Form::Events(Events::default()),
            "application/vnd.amazon.eventstream" => Form::Frames(Box::default()),
            kind if is_json(kind) => Form::Json(Scan::default()),
            _ => return None,
        };
        Some(Self { form })
    }

    /// Looks at the next bytes of the answer, however they were cut.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.form {
            Form::Json(scan) => scan.push(bytes),
            Form::Events(events) => events.push(bytes),
            Form::Frames(frames) => frames.push(bytes),
        }
    }

    /// Tokens, as far as the provider has counted them by now.
    pub fn usage(&self) -> Option<Usage> {
        self.scan().usage()
    }

    /// Tokens of a stream that ended before its provider had counted them: four bytes of what came stand for one, as do
    /// four of the request's `prompt_bytes`.
    pub fn estimate(&self, prompt_bytes: u64) -> Option<Usage> {
        if matches!(self.form, Form::Json(_)) {
            return self.usage();
        }
        let guess = Usage::estimate(prompt_bytes, self.scan().text_bytes());
        let Some(counted) = self.usage() else { return (guess.completion_tokens > 0).then_some(guess) };
        let missed = guess.completion_tokens.saturating_sub(counted.completion_tokens);
        let mut usage = counted;
        usage.completion_tokens += missed;
        usage.total_tokens += missed;
        usage.details.completion.text += missed;
        Some(usage)
    }

    /// Counts that came in the head of the answer, as those of Bedrock's invoke do.
    pub fn counted(&mut self, prompt_tokens: u64, completion_tokens: u64) {
        let json = format!(r#"{{"inputTokenCount":{prompt_tokens},"outputTokenCount":{completion_tokens}}}"#);
        let scan = match &mut self.form {
            Form::Json(scan) => scan,
            Form::Events(events) => events.scan_mut(),
            Form::Frames(frames) => frames.scan_mut(),
        };
        scan.count(json.as_bytes());
    }

    /// The model that answers, as the provider calls it.
    pub fn model(&self) -> Option<&str> {
        self.scan().model()
    }

    fn scan(&self) -> &Scan {
        match &self.form {
            Form::Json(scan) => scan,
            Form::Events(events) => events.scan(),
            Form::Frames(frames) => frames.scan(),
        }
    }
}

/// Whether a content type without its parameters is JSON.
pub fn is_json(kind: &str) -> bool {
    kind == "application/json" || kind.ends_with("+json") || kind.starts_with("application/x-amz-json")
}

#[cfg(test)]
mod tests;
