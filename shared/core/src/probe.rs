//! Probes: a small real call to each deployment, to see whether it answers.
//!
//! What LiteLLM's `/health` does. Asks through the same way as a client's call.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};
use tollgate_wire::Operation;
use tollgate_wire::multipart::{self, Progress};

use crate::App;
use crate::call::{Call, CallBody, Hints, Timeouts, Upload};
use crate::deployment::Deployment;
use crate::upstream::RequestBody;

/// A probe may take this long, as LiteLLM's.
const PROBE_TIMEOUT: Duration = Duration::from_secs(60);
/// Deployments asked at the same time, where nobody says how many.
pub const PROBES_MAX: usize = 16;
/// Tokens of the answer that is asked for.
const TOKENS_MAX: u64 = 16;
const PROMPT: &str = "test from litellm";
/// A second of silence: 16-bit mono samples at 8 kHz.
const SILENCE_BYTES: u32 = 16_000;

/// What a probe found.
#[derive(Clone)]
pub struct Finding {
    pub deployment: Arc<Deployment>,
    /// Why the deployment is not healthy; `None` where it is.
    pub error: Option<String>,
    pub status: u16,
}

impl std::fmt::Debug for Finding {
    /// Without the deployment, whose headers may be secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.deployment.id, self.status)
    }
}

impl Finding {
    /// The entry in the answer of `/health`: no key, and an address without its query.
    pub fn describe(&self) -> Value {
        let mut entry = Map::new();
        entry.insert("model".to_owned(), self.deployment.named.clone().into());
        entry.insert("model_id".to_owned(), self.deployment.id.clone().into());
        entry.insert("api_base".to_owned(), self.deployment.api_base.clone().into());
        if let Some(error) = &self.error {
            entry.insert("error".to_owned(), error.clone().into());
            entry.insert("exception_status".to_owned(), self.status.into());
        }
        Value::Object(entry)
    }
}

/// Asks all of them, so many at a time.
pub async fn all(app: &App, deployments: Vec<Arc<Deployment>>, at_once: usize) -> Vec<Finding> {
    stream::iter(deployments).map(|deployment| one(app, deployment)).buffered(at_once.max(1)).collect().await
}

async fn one(app: &App, deployment: Arc<Deployment>) -> Finding {
    let operation = deployment.operation();
    let health = &deployment.routing.health;
    let timeout = Some(health.timeout.unwrap_or(PROBE_TIMEOUT));
    let timeouts = Timeouts { whole: timeout, stream: timeout };
    let tokens_max = health.tokens_max.unwrap_or(TOKENS_MAX);
    let (id, started) = (crate::new_id(), Instant::now());
    let (path_model, pinned) = (Some(deployment.named.clone()), Some(Arc::clone(&deployment)));
    let (body, forwarded) = (body(operation, tokens_max), Vec::new());
    let hints = Hints::default();
    let call = Call {
        id,
        visitor: None,
        operation,
        mode: None,
        path_model,
        pinned,
        timeouts,
        forwarded,
        hints,
        seed: None,
        body,
        started,
    };
    match app.serve(call).await {
        Ok(_) => Finding { deployment, error: None, status: 200 },
        Err(failed) => {
            let status = failed.error.status();
            Finding { deployment, error: Some(failed.error.to_string()), status }
        }
    }
}

fn body(operation: Operation, tokens_max: u64) -> CallBody {
    let value = match operation {
        Operation::ChatCompletion => {
            json!({ "messages": [{ "role": "user", "content": PROMPT }], "max_tokens": tokens_max })
        }
        Operation::TextCompletion => json!({ "prompt": PROMPT, "max_tokens": tokens_max }),
        Operation::Embedding => json!({ "input": [PROMPT] }),
        Operation::Moderation => json!({ "input": PROMPT }),
        Operation::ImageGeneration => json!({ "prompt": PROMPT }),
        Operation::Speech => json!({ "model": "", "input": PROMPT, "voice": "alloy" }),
        Operation::Rerank => json!({ "model": "", "query": PROMPT, "documents": [PROMPT] }),
        Operation::Ocr => json!({ "document": { "type": "image_url", "image_url": DOT } }),
        Operation::Messages | Operation::CountMessageTokens => {
            json!({ "messages": [{ "role": "user", "content": PROMPT }], "max_tokens": tokens_max })
        }
        Operation::Responses => json!({ "input": PROMPT }),
        Operation::GenerateContent | Operation::CountContentTokens => {
            json!({ "contents": [{ "role": "user", "parts": [{ "text": PROMPT }] }] })
        }
        Operation::Transcription => return CallBody::Upload(silence()),
        Operation::ImageEdit => return CallBody::Upload(words()),
    };
    CallBody::Json(value.to_string().into())
}

/// A picture of one point.
const DOT: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// A form with a silent WAV file.
fn silence() -> Upload {
    let boundary = "tollgate-probe".to_owned();
    let mut head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"silence.wav\"\r\n\
         Content-Type: audio/wav\r\n\r\n"
    )
    .into_bytes();
    head.extend_from_slice(b"RIFF");
    head.extend_from_slice(&(36 + SILENCE_BYTES).to_le_bytes());
    head.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data");
    head.extend_from_slice(&SILENCE_BYTES.to_le_bytes());
    head.extend(std::iter::repeat_n(0, SILENCE_BYTES as usize));
    head.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    upload(boundary, head)
}

/// A form without an image: what it costs is refused or cheap.
fn words() -> Upload {
    let boundary = "tollgate-probe".to_owned();
    let form = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\n{PROMPT}\r\n--{boundary}--\r\n"
    );
    upload(boundary, form.into_bytes())
}

fn upload(boundary: String, head: Vec<u8>) -> Upload {
    let form = match multipart::scan(&boundary, &head) {
        Ok(Progress::Ready(form) | Progress::Ended(form)) => form,
        Ok(Progress::NeedMore) | Err(_) => multipart::Form::default(),
    };
    let length_bytes = Some(head.len() as u64);
    Upload { boundary, head: head.into(), form, rest: Mutex::new(RequestBody::from(Vec::new())), length_bytes }
}
