//! The record of one call: what is logged about it, once, when it has ended.
//!
//! Holds no key, no prompt and no answer.

use std::sync::Arc;
use std::time::Instant;

use tollgate_wire::{Operation, Usage};
use tracing::info;

use crate::bill::{Bill, CLIENT_CLOSED_REQUEST, End, Receipt};
use crate::deployment::Deployment;

/// One call from its arrival to its end. Whoever drops it ends it; only [`finish`](Self::finish) knows the status.
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
    /// The answer's own id, where it has one.
    pub answer_id: Option<String>,
    /// What the call has reserved; `None` where nobody pays for it.
    pub bill: Option<Bill>,
    started: Instant,
    /// The status logged when the client left before the end, as nginx and LiteLLM log it, until the call has ended.
    status: u16,
    is_written: bool,
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
            answer_id: None,
            bill: None,
            started,
            status: CLIENT_CLOSED_REQUEST,
            is_written: false,
        }
    }

    /// Notes whom is asked now.
    pub fn note(&mut self, deployment: &Arc<Deployment>) {
        self.deployment_id.clone_from(&deployment.id);
        if let Some(bill) = &mut self.bill {
            bill.deployment = Some(Arc::clone(deployment));
        }
    }

    /// Takes over what a whole answer says of its work, and keeps it where prompts and answers are kept.
    pub fn answered(&mut self, answer: &[u8]) {
        let Some(bill) = &mut self.bill else { return };
        bill.job.answered(answer);
        if bill.spend.messages.is_some() {
            bill.spend.response = serde_json::from_slice(answer).ok();
        }
    }

    /// Notes that another deployment was asked in vain, after what it sent had used so much; nobody knows how much where
    /// it was not heard out.
    pub fn charge_beside(&mut self, deployment: &Deployment, used: Option<Usage>) {
        if let Some(bill) = &mut self.bill {
            bill.charge_beside(deployment, used);
        }
    }

    /// Ends the record. Whoever holds the answer's last byte waits for the receipt before it lets go of it.
    pub fn finish(mut self, status: u16) -> Receipt {
        self.status = status;
        self.end()
    }

    fn end(&mut self) -> Receipt {
        self.is_written = true;
        let receipt = self.bill.take().map(|bill| {
            bill.close(&End {
                status: self.status,
                usage: self.usage,
                answer_id: self.answer_id.as_deref(),
                retries: self.retries,
                fallbacks: self.fallbacks,
            })
        });
        self.write();
        receipt.unwrap_or_default()
    }

    /// The one line of the call.
    fn write(&self) {
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

impl Drop for Record {
    /// A client that leaves drops its call wherever it stands: the record ends here then, and nobody waits for it.
    fn drop(&mut self) {
        if !self.is_written {
            let _ = self.end();
        }
    }
}
