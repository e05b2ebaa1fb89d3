//! A passed-on answer on its way to the client, frame by frame.
//!
//! One frame is in flight at a time, so a slow client slows the provider. Dropping it, as the server does when the
//! client leaves, drops the provider's body and with it the connection. A copy goes through the tap.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tollgate_wire::tap::Tap;
use tracing::warn;

use super::charge::Payee;
use crate::bill::Receipt;
use crate::record::Record;
use crate::upstream::{AnswerBody, BoxFuture, UpstreamError};

/// The status logged when the provider's answer broke off.
const CUT: u16 = 502;
/// The status logged when the provider fell silent.
const SILENT: u16 = 504;

/// What is noted about an answer while it passes.
pub(super) struct Watch {
    pub tap: Option<Tap>,
    /// Whom an answer that is no failure has to be paid to.
    pub payee: Option<Payee>,
    pub record: Record,
    pub status: u16,
    /// The longest silence that is borne between two frames.
    pub silence_max: Duration,
}

/// The body of a passed-on answer.
pub struct Passing {
    upstream: Option<AnswerBody>,
    tap: Option<Tap>,
    payee: Option<Payee>,
    record: Option<Record>,
    status: u16,
    silence_max: Duration,
    /// Bytes still to come, if the provider has said.
    left_bytes: Option<u64>,
    alarm: Pin<Box<Sleep>>,
    /// Whether the next frame was asked for in vain. The time that a slow client takes is not the provider's.
    is_waiting: bool,
    /// The last frame, or the end, and what it waits for.
    last: Option<(BoxFuture<'static, ()>, Option<Passed>)>,
}

/// One piece of the answer.
type Passed = Result<Frame<Bytes>, UpstreamError>;

impl Passing {
    pub(super) fn new(upstream: AnswerBody, watch: Watch, length_bytes: Option<u64>) -> Self {
        let mut passing = Self {
            upstream: Some(upstream),
            tap: watch.tap,
            payee: watch.payee,
            record: Some(watch.record),
            status: watch.status,
            silence_max: watch.silence_max,
            left_bytes: length_bytes,
            alarm: Box::pin(tokio::time::sleep(watch.silence_max)),
            is_waiting: false,
            last: None,
        };
        // Nobody asks an empty body for its end.
        if passing.is_complete() {
            let _ = passing.end(Some(passing.status));
        }
        passing
    }

    /// Whether everything has been handed on, though nobody has asked for the end yet.
    fn is_complete(&self) -> bool {
        self.left_bytes == Some(0) || self.upstream.as_ref().is_none_or(AnswerBody::is_end_stream)
    }

    fn passed(&mut self, data: &Bytes) {
        if let Some(tap) = &mut self.tap {
            tap.push(data);
        }
        self.left_bytes = self.left_bytes.map(|left| left.saturating_sub(data.len() as u64));
    }

    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Passed>> {
        let Some(upstream) = self.upstream.as_mut() else { return Poll::Ready(None) };
        let Poll::Ready(frame) = Pin::new(upstream).poll_frame(context) else {
            if !std::mem::replace(&mut self.is_waiting, true) {
                self.alarm.as_mut().reset(Instant::now() + self.silence_max);
            }
            ready!(self.alarm.as_mut().poll(context));
            let seconds = self.silence_max.as_secs_f64();
            let error = UpstreamError::Other(format!("nothing came within {seconds} s"));
            return Poll::Ready(Some(Err(self.cut(SILENT, error))));
        };
        self.is_waiting = false;
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.passed(&data.clone());
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => Some(Err(self.cut(CUT, error))),
            None => None,
        })
    }

    fn cut(&mut self, status: u16, error: UpstreamError) -> UpstreamError {
        warn!("a passed-on answer was cut off: {error}");
        let _ = self.end(Some(status));
        error
    }

    /// Ends the record; without a status it says by itself that the client left.
    fn end(&mut self, status: Option<u16>) -> Receipt {
        self.upstream = None;
        let Some(mut record) = self.record.take() else { return Receipt::default() };
        let answered = self.tap.as_ref().and_then(Tap::model);
        record.usage = record.usage.or_else(|| self.tap.as_ref().and_then(Tap::usage));
        if let Some(model) = answered.filter(|_| record.model.is_empty()) {
            model.clone_into(&mut record.model);
        }
        if let Some(payee) = self.payee.take() {
            let is_cut = status != Some(self.status);
            let guess = |tap: &Tap| tap.estimate(payee.prompt_bytes);
            // What the provider would have counted at the end has not come, or nobody has asked for it.
            if payee.is_paid && record.bill.is_some() && (is_cut || record.usage.is_none()) {
                record.usage = self.tap.as_ref().and_then(guess).or(record.usage);
            }
            payee.bill(&mut record, answered);
        }
        status.map_or_else(Receipt::default, |status| record.finish(status))
    }
}

impl Body for Passing {
    type Data = Bytes;
    /// An answer that breaks can only be cut: its client must see that the end is missing.
    type Error = UpstreamError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let passing = self.get_mut();
        if passing.last.is_none() {
            let frame = ready!(passing.next(context));
            // The last bytes, and the end of the body, wait until the call's spend is durable.
            let receipt = match &frame {
                Some(Ok(_)) if passing.left_bytes == Some(0) => passing.end(Some(passing.status)),
                None => passing.end(Some(passing.status)),
                _ => Receipt::default(),
            };
            match receipt.waiting() {
                Some(waiting) => passing.last = Some((waiting, frame)),
                None => return Poll::Ready(frame),
            }
        }
        if let Some((waiting, _)) = &mut passing.last {
            ready!(waiting.as_mut().poll(context));
        }
        Poll::Ready(passing.last.take().and_then(|(_, frame)| frame))
    }

    fn is_end_stream(&self) -> bool {
        self.last.is_none() && self.upstream.as_ref().is_none_or(AnswerBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.upstream.as_ref().map_or_else(|| SizeHint::with_exact(0), AnswerBody::size_hint)
    }
}

impl Drop for Passing {
    /// The client left, or has had everything: what was delivered is noted.
    fn drop(&mut self) {
        let status = self.is_complete().then_some(self.status);
        let _ = self.end(status);
    }
}
