//! Mirrored traffic: calls of a deployment with `silent_model` are made again to that model, and nobody hears the answer.
//!
//! LiteLLM's silent experiments. The copies wait in a bounded queue for whoever works through it; where nobody does, as
//! on Lambda, there are none. A copy is logged and counted like any call, and makes no copies.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::BodyExt;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tollgate_wire::Operation;
use tracing::{info, warn};

use super::{AskBody, Journey};
use crate::App;
use crate::call::{Call, CallBody, Hints, ReplyBody, Timeouts, Visitor};
use crate::deployment::Deployment;

/// Copies that are being made at the same time.
const AT_ONCE: usize = 16;

/// Where copies wait.
#[derive(Debug, Default)]
pub struct Mirrors {
    queue: Option<Sender<Mirrored>>,
}

/// A call to be made again.
#[derive(Debug)]
pub struct Mirrored {
    model: String,
    operation: Operation,
    bytes: Bytes,
    /// The call that this is a copy of.
    of: String,
    /// Who pays for the call, and for its copy.
    visitor: Option<Visitor>,
}

impl Mirrors {
    /// A queue of this length (`router_settings.mirrored_requests_max`), and the end that [`work`] takes from.
    pub fn new(waiting_max: usize) -> (Self, Receiver<Mirrored>) {
        let (queue, receiver) = channel(waiting_max.max(1));
        (Self { queue: Some(queue) }, receiver)
    }
}

/// Makes the copies, until the queue is closed.
pub async fn work(app: Arc<App>, queue: Receiver<Mirrored>) {
    let copies = futures_util::stream::unfold(queue, |mut queue| async {
        let copy = queue.recv().await?;
        Some((copy, queue))
    });
    copies.for_each_concurrent(AT_ONCE, |copy| make(&app, copy)).await;
}

async fn make(app: &App, copy: Mirrored) {
    let call = Call {
        visitor: copy.visitor,
        id: crate::new_id(),
        operation: copy.operation,
        mode: None,
        path_model: Some(copy.model.clone()),
        pinned: None,
        timeouts: Timeouts::default(),
        forwarded: Vec::new(),
        hints: Hints { is_silent: true, ..Hints::default() },
        seed: None,
        body: CallBody::Json(copy.bytes),
        started: Instant::now(),
    };
    info!(call_id = call.id.as_str(), of = copy.of.as_str(), "mirrored to {}", copy.model);
    match app.serve(call).await {
        Ok(reply) => {
            if let ReplyBody::Relayed(relay) = reply.body {
                // Read to its end, so that it is counted in full.
                let mut relay = relay;
                while let Some(Ok(_)) = relay.frame().await {}
            }
        }
        Err(failed) => {
            let status = failed.error.status();
            warn!(of = copy.of.as_str(), status, "mirrored call failed with {status}");
        }
    }
}

impl Journey<'_> {
    /// Puts copies of this call into the queue; once, whatever becomes of the attempt.
    pub(super) fn mirror(&mut self, deployment: &Deployment) {
        let models = &deployment.routing.silent_models;
        let is_first = self.served_by.retries == 0 && self.served_by.fallbacks == 0;
        if models.is_empty() || !is_first || self.ask.call.hints.is_silent {
            return;
        }
        let (AskBody::Json { bytes, .. }, Some(queue)) = (&self.ask.body, &self.app.mirrors.queue) else { return };
        for model in models {
            let (operation, of) = (self.ask.call.operation, self.ask.call.id.clone());
            let visitor = self.ask.call.visitor.clone();
            let copy = Mirrored { model: model.clone(), operation, bytes: Bytes::clone(bytes), of, visitor };
            if let Err(TrySendError::Full(_)) = queue.try_send(copy) {
                warn!(
                    model = model.as_str(),
                    "not mirrored to {model}: router_settings.mirrored_requests_max calls wait"
                );
            }
        }
    }
}
