//! A client's call on its way in, and the reply on its way out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use tollgate_wire::Operation;
use tollgate_wire::dialect::Mode;
use tollgate_wire::multipart::Form;

use crate::deployment::Deployment;
use crate::relay::Relay;
use crate::upstream::RequestBody;

/// What a client asks for; its key has been checked.
pub struct Call {
    /// The client's own id, or a new one.
    pub id: String,
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
    pub body: CallBody,
    pub started: Instant,
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
    pub rest: RequestBody,
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
#[derive(Default)]
pub struct ServedBy {
    pub deployment: Option<Arc<Deployment>>,
    pub headers: HeaderMap,
    /// Time spent waiting for the provider.
    pub waited: Duration,
    /// Fields of the request that were taken out and not acted on.
    pub unheeded: Vec<&'static str>,
}

pub enum ReplyBody {
    Whole(Bytes),
    Relayed(Box<Relay>),
    /// Complete events of a stream that no provider sends.
    Events(Vec<Vec<u8>>),
}
