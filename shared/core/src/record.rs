//! The record of one call: what is logged about it, once, when it has ended.
//!
//! Holds no key, no prompt and no answer.

use std::time::Instant;

use tollgate_wire::{Operation, Usage};
use tracing::info;

/// The status logged when the client left before the end, as nginx and LiteLLM log it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// One call from its arrival to its end. Whoever drops it ends it; only [`finish`](Self::finish) knows the status.
#[derive(Debug)]
pub struct Record {
    pub call_id: String,
    /// LiteLLM's `call_type`.
    pub call_type: &'static str,
    /// The model as the client named it; empty where it named none.
    pub model: String,
    /// Id of the deployment that was asked last; empty where none was.
    pub deployment_id: String,
    pub usage: Option<Usage>,
    /// How that deployment was chosen: see `select::Trace`.
    pub selection: String,
    pub retries: u64,
    pub fallbacks: u64,
    /// Whether a second deployment was asked because the first was slow.
    pub hedged: bool,
    /// Whether it is a copy of another call, whose answer nobody hears.
    pub silent: bool,
    started: Instant,
    status: u16,
}

impl Record {
    pub fn new(call_id: String, operation: Operation, started: Instant) -> Self {
        Self::of(call_id, operation.name(), started)
    }

    /// A record of a call that is no model's: one about a file, a batch, a session.
    pub fn of(call_id: String, call_type: &'static str, started: Instant) -> Self {
        Self {
            call_id,
            call_type,
            model: String::new(),
            deployment_id: String::new(),
            usage: None,
            selection: String::new(),
            retries: 0,
            fallbacks: 0,
            hedged: false,
            silent: false,
            started,
            status: CLIENT_CLOSED_REQUEST,
        }
    }

    /// Ends the record.
    pub fn finish(mut self, status: u16) {
        self.status = status;
    }
}

impl Drop for Record {
    /// The one line of the call. A client that leaves drops its call wherever it stands, so it is written here.
    fn drop(&mut self) {
        let duration_ms = self.started.elapsed().as_secs_f64() * 1000.0;
        let usage = self.usage.unwrap_or_default();
        info!(
            call_id = self.call_id.as_str(),
            call_type = self.call_type,
            model = self.model.as_str(),
            deployment = self.deployment_id.as_str(),
            status = self.status,
            duration_ms,
            prompt_tokens = usage.prompt_tokens,
            completion_tokens = usage.completion_tokens,
            selection = self.selection.as_str(),
            retries = self.retries,
            fallbacks = self.fallbacks,
            hedged = self.hedged,
            silent = self.silent,
            "call ended with {}",
            self.status,
        );
    }
}
