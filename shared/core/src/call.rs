//! A client's call on its way in, and the reply on its way out.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tollgate_wire::Operation;
use tollgate_wire::dialect::Mode;
use tollgate_wire::multipart::Form;

use crate::deployment::Deployment;
use crate::govern::Caller;
use crate::relay::Relay;
use crate::upstream::RequestBody;

/// What a client asks for; its key has been checked.
pub struct Call {
    /// The client's own id, or a new one.
    pub id: String,
    /// Who calls, and pays; `None`: the gateway itself, which pays for nothing.
    pub visitor: Option<Visitor>,
    pub operation: Operation,
    /// Whether the path asks for pieces, where it is the path that says so.
    pub mode: Option<Mode>,
    /// The model in the path, as in `/engines/{model}/…`.
    pub path_model: Option<String>,
    /// The deployment to ask, whatever the body names: a probe's.
    pub pinned: Option<Arc<Deployment>>,
    /// The client's own limits on waiting: `x-litellm-timeout` and `x-litellm-stream-timeout`.
    pub timeouts: Timeouts,
    /// Headers of the client that a provider of Claude models is told: `anthropic-beta` and `anthropic-version`.
    pub forwarded: Vec<(&'static str, String)>,
    pub hints: Hints,
    /// What chance depends on; `None`: nobody can tell.
    pub seed: Option<u64>,
    pub body: CallBody,
    pub started: Instant,
}

/// Whoever calls, and from where.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub caller: Caller,
    /// The path that was called.
    pub endpoint: String,
    /// The client's address, where it is known.
    pub address: Option<String>,
    /// The customer that a header names.
    pub customer: Option<String>,
    pub user_agent: Option<String>,
}

/// What the client's headers and key say about routing.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// `x-litellm-num-retries`.
    pub retries: Option<u64>,
    /// `x-litellm-tags`.
    pub tags: Vec<String>,
    pub user_agent: Option<String>,
    /// `x-litellm-session-id`.
    pub session: Option<String>,
    /// SHA-256 of the caller's key, where affinity looks at it.
    pub key_hash: Option<String>,
    /// Whether this is a copy of another call, whose answer nobody hears.
    pub is_silent: bool,
}

/// Seconds a client is willing to wait.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeouts {
    pub whole: Option<Duration>,
    pub stream: Option<Duration>,
}

pub enum CallBody {
    Json(Bytes),
    Upload(Upload),
}

/// A multipart form whose model is known and whose file may still be arriving.
pub struct Upload {
    pub boundary: String,
    /// What has arrived, from the first byte.
    pub head: Bytes,
    pub form: Form,
    /// What is still to come.
    pub rest: Mutex<RequestBody>,
    /// Bytes of the whole form, if the client has said.
    pub length_bytes: Option<u64>,
}

/// The answer to a call.
pub struct Reply {
    pub served_by: ServedBy,
    pub content_type: HeaderValue,
    pub body: ReplyBody,
}

/// What the client may know of the provider's part.
#[derive(Clone, Default)]
pub struct ServedBy {
    pub deployment: Option<Arc<Deployment>>,
    pub headers: HeaderMap,
    /// Time spent waiting for the provider.
    pub waited: Duration,
    /// Fields of the request that were taken out and not acted on.
    pub unheeded: Vec<&'static str>,
    /// When the client may try again, where the gateway itself has refused.
    pub retry_after: Option<Duration>,
    /// Retries made in the last group.
    pub retries: u64,
    /// How many there could have been, where any was made.
    pub retries_max: Option<u64>,
    pub fallbacks: u64,
    /// What the caller's key and limits say of themselves, as headers of the answer.
    pub governed: Vec<(HeaderName, HeaderValue)>,
}

pub enum ReplyBody {
    Whole(Bytes),
    Relayed(Box<Relay>),
    /// Complete events of a stream that no provider sends.
    Events(Vec<Vec<u8>>),
}
