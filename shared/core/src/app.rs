//! The gateway's one object: everything a call needs, built once by `host`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::authenticate::Gatekeeper;
use crate::catalog::Catalog;
use crate::fetch::Fetch;
use crate::pass::Passes;
use crate::realtime::SessionLimits;
use crate::resources::Accounts;
use crate::responses::Responses;
use crate::search::SearchTool;
use crate::sign::Signer;
use crate::upstream::Upstream;

/// Every dependency of every call.
pub struct App {
    pub gatekeeper: Gatekeeper,
    pub catalog: Catalog,
    /// Whose files, batches and vector stores belong to no model.
    pub accounts: Accounts,
    /// Ids of responses, and conversations that providers do not keep.
    pub responses: Responses,
    pub upstream: Arc<dyn Upstream>,
    pub fetch: Arc<dyn Fetch>,
    pub signer: Arc<dyn Signer>,
    pub limits: Limits,
    /// Providers' own APIs, and the routes that the operator has defined.
    pub passes: Passes,
    pub session_limits: SessionLimits,
    pub search_tools: Vec<SearchTool>,
    /// Set when the process is going away; readiness says so.
    pub draining: AtomicBool,
}

/// The bounds of one request. Their names in the configuration stand beside them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `general_settings.max_request_size_mb`.
    pub request_bytes_max: usize,
    /// `general_settings.max_response_size_mb`: a whole answer; streams are never kept.
    pub answer_bytes_max: usize,
    /// `general_settings.max_header_size_kb`: the head of a request.
    pub header_bytes_max: usize,
    /// `general_settings.max_media_download_size_mb`: everything that one request names by address.
    pub media_bytes_max: usize,
    /// `general_settings.request_read_timeout_seconds`: for the body of a request to arrive.
    pub request_timeout: Duration,
}
