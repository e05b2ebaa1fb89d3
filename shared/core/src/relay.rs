//! Relay: a provider's answer on its way to the client, frame by frame.
//!
//! One frame is in flight at a time, so a slow client slows the provider. Dropping the relay, as the
//! server does when the client leaves, drops the provider's body and with it the connection.

mod body;
mod heard;

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use tokio::time::{Instant, Sleep};
use tollgate_wire::Usage;
use tollgate_wire::failure::{Begun, Break, Failure, Origin};
use tollgate_wire::stream::{Fault, Stream};

use crate::balance::Hold;
use crate::bill::Receipt;
use crate::fault;
use crate::record::Record;
use crate::resilience;
use crate::responses::Keeping;
use crate::upstream::{AnswerBody, BoxFuture, UpstreamError};

pub(crate) use heard::Heard;

/// What the client is given next.
type Piece = Result<Bytes, UpstreamError>;

/// After `[DONE]` the provider's end is awaited this long, so that its connection can be used again.
const END_WAIT: Duration = Duration::from_millis(250);

/// Whatever a client or an operator asks for: later points in time cannot be computed with.
const SILENCE_MAX: Duration = Duration::from_hours(24 * 365);

/// What happens to the frames.
#[derive(Debug)]
pub enum Work {
    /// A stream that is translated, or watched.
    Events(Stream),
    /// Bytes that are passed on.
    Raw,
}

/// The body of a streamed answer.
pub struct Relay {
    upstream: Option<AnswerBody>,
    work: Work,
    /// Who is asked, for the sentences of a failure.
    origin: Origin<'static>,
    patience: Patience,
    /// Whether anything has come that was generated: until then another provider can still be asked.
    has_content: bool,
    /// What was read before the head of the answer went out.
    first: Option<Bytes>,
    /// Fires when the provider may have been silent too long; `waiting_since` says whether it was.
    alarm: Pin<Box<Sleep>>,
    /// When the next frame was first asked for in vain. The time that a slow client takes is not the provider's.
    waiting_since: Option<Instant>,
    record: Option<Record>,
    heard: Option<Heard>,
    /// What was taken for the call, to be settled at its end.
    hold: Option<Hold>,
    /// How the response is to be kept once it is whole.
    keeping: Option<Keeping>,
    /// The keeping under way, and the last bytes, which wait for it: what is kept must be kept before the client can
    /// go on from it, and before Lambda may freeze the process.
    closing: Option<(BoxFuture<'static, ()>, Bytes)>,
    /// The frame that ends the answer, which waits until the call's spend is durable: a client that has everything may
    /// hang up, and Lambda may freeze the process.
    last: Option<(BoxFuture<'static, ()>, Option<Piece>)>,
    /// The failure that came in one frame with the first content: the client has been told already.
    broken_at_start: Option<Failure>,
}

/// How long a stream may be silent.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Before anything has been generated.
    pub first: Duration,
    /// Between two frames after that.
    pub between: Duration,
    /// Whether it is the client's own limit, which is held against no deployment.
    pub is_clients: bool,
}

/// Frames without content that are kept back, and their bytes: LiteLLM's bound for what precedes an answer.
const PRELUDE_FRAMES_MAX: usize = 200;
const PRELUDE_BYTES_MAX: usize = 256 * 1024;

/// What one step of the relay produced.
enum Step {
    Bytes(Bytes),
    Failed(Bytes, Failure),
    End,
}

impl Relay {
    pub fn new(upstream: AnswerBody, work: Work, origin: Origin<'static>, patience: Patience) -> Self {
        let (first, between) = (patience.first.min(SILENCE_MAX), patience.between.min(SILENCE_MAX));
        let patience = Patience { first, between, ..patience };
        let alarm = Box::pin(tokio::time::sleep(first));
        let has_content = matches!(work, Work::Raw);
        Self {
            upstream: Some(upstream),
            work,
            origin,
            patience,
            has_content,
            first: None,
            alarm,
            waiting_since: None,
            record: None,
            heard: None,
            hold: None,
            keeping: None,
            closing: None,
            last: None,
            broken_at_start: None,
        }
    }

    /// Ends this record when the stream ends.
    pub(crate) fn carry_record(&mut self, record: Record) {
        if matches!(self.work, Work::Events(_)) {
            self.heard = Heard::of(&record, self.origin.operation.format());
        }
        self.record = Some(record);
    }

    /// Settles this when the stream ends.
    pub(crate) fn carry_hold(&mut self, hold: Hold) {
        self.hold = Some(hold);
    }

    /// The same, whose response is kept when it has ended.
    pub(crate) fn keeping(mut self, keeping: Option<Keeping>) -> Self {
        self.keeping = keeping;
        self
    }

    /// Waits for the first generated content, so that a failure before it can still become a plain error, or be made
    /// good by another deployment. What comes before it is kept back.
    ///
    /// # Errors
    /// The failure, if nothing generated could be delivered.
    pub async fn begin(mut self) -> Result<Self, Failure> {
        let (mut prelude, mut frames) = (Vec::new(), 0);
        loop {
            let step = std::future::poll_fn(|context| self.step(context)).await;
            match step {
                Step::Bytes(bytes) if prelude.is_empty() && self.has_begun() => {
                    self.first = Some(bytes);
                    return Ok(self);
                }
                Step::Bytes(bytes) => {
                    prelude.extend_from_slice(&bytes);
                    frames += 1;
                }
                Step::End => break,
                Step::Failed(_, failure) if matches!(self.work, Work::Raw) || !self.has_begun() => return Err(failure),
                Step::Failed(before, failure) => {
                    prelude.extend_from_slice(&before);
                    prelude.extend_from_slice(&self.event(&failure));
                    self.broken_at_start = Some(failure);
                    break;
                }
            }
            if self.has_begun() || frames >= PRELUDE_FRAMES_MAX || prelude.len() >= PRELUDE_BYTES_MAX {
                break;
            }
        }
        self.has_content = true;
        self.first = Some(prelude.into()).filter(|prelude: &Bytes| !prelude.is_empty());
        Ok(self)
    }

    /// Whether anything generated has come, or the stream has had its end.
    fn has_begun(&mut self) -> bool {
        if !self.has_content {
            self.has_content = match &self.work {
                Work::Events(stream) => stream.has_content() || stream.is_done(),
                Work::Raw => true,
            };
        }
        self.has_content
    }

    fn step(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        loop {
            if let Some((keeping, _)) = &mut self.closing {
                ready!(keeping.as_mut().poll(context));
            }
            if let Some((_, bytes)) = self.closing.take() {
                return Poll::Ready(Step::Bytes(bytes));
            }
            let Some(upstream) = self.upstream.as_mut() else {
                return Poll::Ready(Step::End);
            };
            let Poll::Ready(frame) = Pin::new(upstream).poll_frame(context) else {
                return self.silence(context);
            };
            self.waiting_since = None;
            let step = match frame {
                Some(Ok(frame)) => frame.into_data().map_or(Step::Bytes(Bytes::new()), |data| self.data(data)),
                Some(Err(error)) => self.broken(&error),
                None => self.finish(),
            };
            match step {
                Step::Bytes(bytes) if bytes.is_empty() => {}
                step => return Poll::Ready(step),
            }
        }
    }

    fn data(&mut self, data: Bytes) -> Step {
        let Work::Events(stream) = &mut self.work else { return Step::Bytes(data) };
        let mut out = Vec::with_capacity(data.len() + 64);
        match stream.push(data, &mut out) {
            Ok(()) => Step::Bytes(self.kept(out.into())),
            Err(fault) => self.fault(out, &fault),
        }
    }

    /// The bytes; none yet, if the response is whole now and has to be kept before they may go.
    fn kept(&mut self, bytes: Bytes) -> Bytes {
        let Work::Events(stream) = &self.work else { return bytes };
        let Some(response) = stream.response().map(Bytes::copy_from_slice) else { return bytes };
        let Some(keeping) = self.keeping.take() else { return bytes };
        self.closing = Some((Box::pin(keeping.keep(response)), bytes));
        Bytes::new()
    }

    fn finish(&mut self) -> Step {
        self.upstream = None;
        let Work::Events(stream) = &mut self.work else { return Step::End };
        let mut out = Vec::new();
        match stream.finish(&mut out) {
            Ok(()) if out.is_empty() => Step::End,
            Ok(()) => Step::Bytes(self.kept(out.into())),
            Err(fault) => self.fault(out, &fault),
        }
    }

    fn fault(&mut self, before: Vec<u8>, fault: &Fault) -> Step {
        self.upstream = None;
        Step::Failed(before.into(), fault::faulty_stream(&self.origin, fault))
    }

    fn broken(&mut self, error: &UpstreamError) -> Step {
        self.upstream = None;
        if self.is_done() {
            return Step::End;
        }
        Step::Failed(Bytes::new(), fault::broken_stream(&self.origin, error))
    }

    /// Nothing has come: pending, or given up if the silence has lasted too long.
    fn silence(&mut self, context: &mut Context<'_>) -> Poll<Step> {
        let silence_max = match self.is_done() {
            true => END_WAIT,
            false if self.has_content => self.patience.between,
            false => self.patience.first,
        };
        let deadline = *self.waiting_since.get_or_insert_with(Instant::now) + silence_max;
        if self.alarm.deadline() > deadline {
            self.alarm.as_mut().reset(deadline);
        }
        loop {
            ready!(self.alarm.as_mut().poll(context));
            if Instant::now() >= deadline {
                break;
            }
            self.alarm.as_mut().reset(deadline);
        }
        self.upstream = None;
        if self.is_done() {
            return Poll::Ready(Step::End);
        }
        Poll::Ready(Step::Failed(Bytes::new(), Failure::in_stream(&self.origin, &Break::Stalled)))
    }

    fn is_done(&self) -> bool {
        matches!(&self.work, Work::Events(stream) if stream.is_done())
    }

    /// The event that ends the client's stream, in the client's format.
    fn event(&self, failure: &Failure) -> Vec<u8> {
        let mut begun = match &self.work {
            Work::Events(stream) => stream.begun(),
            Work::Raw => Begun::default(),
        };
        if begun.id.is_empty() {
            begun.id = format!("resp_{}", crate::new_id().replace('-', ""));
            begun.created_s = crate::now_s();
        }
        failure.event_for(self.origin.operation.format(), &begun)
    }

    /// Notes the usage, settles what was taken and ends the record; only the first time has any effect.
    fn settle(&mut self, ending: End<'_>) -> Receipt {
        let (usage, id) = match &self.work {
            Work::Events(stream) if self.record.is_some() || self.hold.is_some() => {
                (Some(stream.usage()), Some(stream.begun().id))
            }
            _ => (None, None),
        };
        if let Some(hold) = self.hold.take() {
            match ending {
                End::Served => hold.served(usage, true),
                End::Left => hold.left(usage),
                End::Failed(failure) => self.blame(hold, failure, usage),
            }
        }
        let Some(mut record) = self.record.take() else { return Receipt::default() };
        if usage.is_some() {
            record.usage = usage;
        }
        if let Some(heard) = self.heard.take() {
            heard.tell(&mut record);
        }
        record.answer_id = id.filter(|id| !id.is_empty());
        match ending {
            End::Served => record.finish(200),
            End::Failed(failure) => record.finish(failure.status),
            // The record says by itself that the client left.
            End::Left => Receipt::default(),
        }
    }

    fn blame(&self, hold: Hold, failure: &Failure, usage: Option<Usage>) {
        let error = crate::Error::from(failure.clone());
        match resilience::Fault::of(&error, &http::HeaderMap::new()) {
            Some(fault) => {
                let is_clients_limit = self.patience.is_clients && fault.is_timeout;
                // LiteLLM's word for a broken stream is one that it holds against nobody.
                hold.failed(&resilience::Fault { is_clients_limit, is_connection: false, ..fault }, usage);
            }
            None => hold.left(usage),
        }
    }

    /// What the client is sent for a step, and how the call has ended with it, if it has.
    fn frame(&mut self, step: Step) -> (Option<Piece>, Receipt) {
        if let (Some(heard), Step::Bytes(bytes)) = (&mut self.heard, &step) {
            heard.push(bytes);
        }
        match step {
            // The stream has had its end: the call is over, whatever the provider's connection still does.
            Step::Bytes(bytes) if self.is_done() => (Some(Ok(bytes)), self.settle(End::Served)),
            Step::Bytes(bytes) => (Some(Ok(bytes)), Receipt::default()),
            Step::Failed(before, failure) => {
                self.upstream = None;
                let event = self.event(&failure);
                let receipt = self.settle(End::Failed(&failure));
                if matches!(self.work, Work::Raw) {
                    return (Some(Err(UpstreamError::Other(failure.message))), receipt);
                }
                (Some(Ok([before.as_ref(), &event].concat().into())), receipt)
            }
            Step::End => {
                self.upstream = None;
                (None, self.settle(End::Served))
            }
        }
    }

    /// What was read before the head of the answer went out.
    fn begun_with(&mut self, first: Bytes) -> (Option<Piece>, Receipt) {
        match self.broken_at_start.take() {
            Some(failure) => {
                self.upstream = None;
                (Some(Ok(first)), self.settle(End::Failed(&failure)))
            }
            None => self.frame(Step::Bytes(first)),
        }
    }
}

/// How a stream ended.
#[derive(Clone, Copy)]
enum End<'a> {
    Served,
    Failed(&'a Failure),
    Left,
}
