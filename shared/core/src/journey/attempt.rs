//! One attempt: a deployment is chosen, its share is taken, it is asked, and what it did is settled.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use tollgate_wire::failure::{Failure, FailureClass};
use tollgate_wire::tokens::Estimator;
use tollgate_wire::{Format, Operation, Usage};

use super::{Ask, AskBody, Journey, Round, Target};
use crate::balance::{Choice, Hold};
use crate::call::{ReplyBody, ServedBy};
use crate::catalog::{Found, Group};
use crate::deployment::Deployment;
use crate::dispatch::{Answered, Exchange};
use crate::meter::Handle;
use crate::record::Record;
use crate::relay::Heard;
use crate::resilience::Fault;
use crate::select::{Caller, Chosen, PROMPT_TOKENS_MIN, Pinning, Query, Recalled, Refusal, Trace, prefix};
use crate::upstream::BoxFuture;
use crate::{App, Error, body};

/// An attempt that has been made.
pub(crate) struct Attempt {
    pub deployment: Arc<Deployment>,
    pub outcome: Answered,
    pub served_by: ServedBy,
    pub is_streamed: bool,
    pub begun: bool,
    pub usage: Option<Usage>,
    pub hold: Option<Hold>,
}

/// Why an attempt failed: the error, what it means, and whose doing it was.
pub(super) type Failed = (Error, Option<Fault>, Option<Handle>);

impl Ask<'_> {
    /// Fields of the request that nothing acts on.
    pub fn unheeded(&self) -> Vec<&'static str> {
        match &self.body {
            AskBody::Json { object, .. } => body::unheeded(object),
            AskBody::Upload(_) => Vec::new(),
        }
    }

    /// Tokens of the question, counted once and only where somebody has to know.
    fn input_tokens(&self, model: &str) -> u64 {
        *self.counted.get_or_init(|| match &self.body {
            AskBody::Json { bytes, object } => Estimator::new(model, bytes, object).prompt_tokens(),
            AskBody::Upload(_) => 0,
        })
    }

    pub fn is_streamed(&self) -> bool {
        matches!(&self.body, AskBody::Json { object, .. } if body::wants_stream(object))
    }

    /// Whether the request can be sent more than once.
    pub fn can_repeat(&self) -> bool {
        match &self.body {
            AskBody::Json { .. } => true,
            AskBody::Upload(held) => held.is_whole(),
        }
    }

    /// The longest answer that the client lets the model give, in tokens.
    pub fn output_tokens(&self) -> u64 {
        let AskBody::Json { object, .. } = &self.body else { return 0 };
        let number = |name| object.given(name).and_then(|text| text.parse::<u64>().ok());
        let names = ["max_tokens", "max_completion_tokens", "max_output_tokens"];
        let longest = names.into_iter().find_map(number).unwrap_or(0);
        longest.saturating_mul(number("n").unwrap_or(1).max(1))
    }
}

impl<'a> Journey<'a> {
    pub(super) async fn attempt(&mut self, round: &mut Round<'_>) -> Result<(HeaderValue, ReplyBody), Failed> {
        self.served_by.retry_after = None;
        let choice = self.choose(round).await.map_err(|error| self.refused(error))?;
        self.note_choice(round, &choice.deployment);
        self.mirror(&choice.deployment);
        let attempt = self.ask_hedged(round, choice).await;
        self.conclude(round, attempt)
    }

    /// What the gateway itself refuses; the client is told when it is worth another try.
    fn refused(&mut self, error: Error) -> Failed {
        self.served_by.headers.clear();
        let failure = match &error {
            Error::NoDeployment(refusal) => {
                self.served_by.retry_after = refusal.retry_after;
                refusal.failure()
            }
            _ => None,
        };
        let error = failure.map_or(error, Error::from);
        let fault = Fault::of(&error, &HeaderMap::new());
        (error, fault.map(|fault| Fault { is_own: true, ..fault }), None)
    }

    pub(super) async fn choose(&mut self, round: &mut Round<'_>) -> Result<Choice, Error> {
        let group = Arc::clone(round.group());
        let balancer = &self.app.balancer;
        if let Found::One(_) = round.found {
            let siblings = group.deployments.first().map_or(1, |deployment| self.catalog.siblings(deployment));
            return balancer.take_one(&group, siblings, self.ask.call.pinned.is_some()).await;
        }
        let recalled = self.recall(round, &group).await;
        let query = Query {
            order: round.target.order,
            failed: &round.failed,
            refused: &round.refused,
            pins: &recalled.pins,
            ..self.query(&group)
        };
        let priority = self.ask.controls.priority.unwrap_or(self.app.resilience.priority);
        let choice = balancer.take(&group, &query, priority, (&mut self.random, &mut round.trace)).await;
        if let Some(record) = &mut self.record {
            record.selection = round.trace.compact();
        }
        let choice = choice?;
        if let Some(pinning) = &round.pinning {
            let (meter, now) = (&*balancer.meter, balancer.clock.now());
            pinning.remember_callers(meter, &recalled.unknown, &choice.deployment.id, now);
        }
        Ok(choice)
    }

    /// Chooses as the first attempt does, and takes nothing.
    pub(crate) async fn preview(&mut self, group: &Group, trace: &mut Trace) -> Result<Chosen, Refusal> {
        let balancer = &self.app.balancer;
        let pinning = self.pinning(group);
        let recalled = match &pinning {
            Some(pinning) => pinning.recall(&*balancer.meter, balancer.clock.now()).await,
            None => Recalled::default(),
        };
        let query = Query { pins: &recalled.pins, ..self.query(group) };
        balancer.choose(group, &query, (&mut self.random, trace))
    }

    /// What selection has to know of the call, at its first attempt.
    fn query(&self, group: &Group) -> Query<'a> {
        let input_tokens = self.needed_tokens(group);
        Query {
            now: self.app.balancer.clock.now(),
            is_streamed: self.ask.is_streamed(),
            input_tokens,
            tokens: input_tokens.map_or(0, |input| input.saturating_add(self.ask.output_tokens())),
            wish: &self.ask.controls.wish,
            ..Query::default()
        }
    }

    /// What affinity remembers of this call.
    async fn recall(&self, round: &mut Round<'_>, group: &Group) -> Recalled {
        if round.pinning.is_none() {
            round.pinning = self.pinning(group);
        }
        let balancer = &self.app.balancer;
        match &round.pinning {
            Some(pinning) => pinning.recall(&*balancer.meter, balancer.clock.now()).await,
            None => Recalled::default(),
        }
    }

    /// What the call is pinned by, where there is a choice and anything may pin it.
    fn pinning(&self, group: &Group) -> Option<Pinning> {
        let affinity = &self.app.resilience.affinity;
        if group.deployments.len() < 2 || !(affinity.looks_at_keys() || affinity.by_prompt) {
            return None;
        }
        let caller =
            Caller { key_hash: self.ask.call.hints.key_hash.as_deref(), session: self.ask.controls.session.as_deref() };
        Some(affinity.pinning(&group.name, &caller, self.prompts()))
    }

    /// Keys of the prompt's beginning, where its provider keeps it.
    fn prompts(&self) -> Vec<String> {
        let AskBody::Json { bytes, object } = &self.ask.body else { return Vec::new() };
        let messages = object.given("messages").filter(|_| self.app.resilience.affinity.by_prompt);
        let keys = messages.map(prefix::keys).unwrap_or_default();
        // No token is shorter than a byte: what is shorter than the least is not worth counting.
        let is_long = !keys.is_empty()
            && bytes.len() as u64 >= PROMPT_TOKENS_MIN
            && Estimator::new("", bytes, object).prompt_tokens() >= PROMPT_TOKENS_MIN;
        if is_long { keys } else { Vec::new() }
    }

    fn needed_tokens(&self, group: &Group) -> Option<u64> {
        let bytes = match &self.ask.body {
            AskBody::Json { bytes, .. } => bytes.len() as u64,
            AskBody::Upload(_) => return None,
        };
        let is_needed = self.app.balancer.needs_tokens(group, bytes);
        let model = group.deployments.first().map_or("", |deployment| deployment.model.as_str());
        is_needed.then(|| self.ask.input_tokens(model))
    }

    fn note_choice(&mut self, round: &Round<'_>, deployment: &Arc<Deployment>) {
        self.served_by.deployment = Some(Arc::clone(deployment));
        self.served_by.retries = round.made;
        if let Some(record) = &mut self.record {
            record.note(deployment);
            record.retries = round.made;
            record.fallbacks = self.served_by.fallbacks;
        }
    }

    /// Settles what was taken, and hands on what came.
    fn conclude(&mut self, round: &Round<'_>, attempt: Attempt) -> Result<(HeaderValue, ReplyBody), Failed> {
        let Attempt { deployment, outcome, served_by, is_streamed, begun, usage, hold } = attempt;
        self.served_by.headers = served_by.headers;
        self.served_by.waited += served_by.waited;
        self.served_by.deployment = Some(Arc::clone(&deployment));
        self.begun = begun;
        let handle = deployment.routing.handle;
        let outcome = match outcome {
            Ok((_, ReplyBody::Whole(bytes))) if self.is_withheld(&bytes, round) => {
                Err(Failure::new(FailureClass::ContentPolicy, "Response output was blocked.").into())
            }
            outcome => outcome,
        };
        match outcome {
            Ok((content_type, body)) => {
                if let Some(pinning) = &round.pinning {
                    let balancer = &self.app.balancer;
                    pinning.remember_prompt(&*balancer.meter, &deployment.id, balancer.clock.now());
                }
                Ok((content_type, self.delivered(body, hold, usage, is_streamed)))
            }
            Err(error) => {
                let fault = self.fault(&error, &self.served_by.headers, begun);
                if let (Some(hold), Some(fault)) = (hold, &fault) {
                    hold.failed(fault, usage);
                }
                if let (Some(used), Some(record)) = (usage, &mut self.record) {
                    record.charge_beside(&deployment, Some(used));
                }
                Err((fault_sentence(error, &deployment, self.ask), fault, Some(handle)))
            }
        }
    }

    /// Settles an attempt that has failed while another one goes on: the client hears nothing of it.
    pub(super) fn settle_failed(&mut self, round: &mut Round<'_>, attempt: Attempt) {
        let Attempt { deployment, outcome, served_by, begun, usage, hold, .. } = attempt;
        let fault = outcome.err().and_then(|error| self.fault(&error, &served_by.headers, begun));
        let Some(fault) = fault else { return };
        round.note(deployment.routing.handle, &fault);
        if let (Some(used), Some(record)) = (usage, &mut self.record) {
            record.charge_beside(&deployment, Some(used));
        }
        if let Some(hold) = hold {
            hold.failed(&fault, usage);
        }
    }

    /// What an attempt's error means. `begun`: whether the provider had begun to answer.
    fn fault(&self, error: &Error, headers: &HeaderMap, begun: bool) -> Option<Fault> {
        let mut fault = Fault::of(error, headers)?;
        let is_limited = self.ask.timeouts.whole.is_some() || self.ask.timeouts.stream.is_some();
        fault.is_clients_limit = is_limited && fault.is_timeout;
        fault.is_connection &= !begun;
        Some(fault)
    }

    /// Whether a filter has held the answer back, and another model is to be asked then: LiteLLM's
    /// `_should_raise_content_policy_error`.
    fn is_withheld(&self, answer: &[u8], round: &Round<'_>) -> bool {
        self.ask.call.operation == Operation::ChatCompletion
            && self.lists().has_for_policy(&round.target.name)
            && WITHHELD.iter().any(|mark| holds(answer, mark))
    }

    /// A whole answer is settled now; one that is still coming takes everything along.
    fn delivered(&mut self, body: ReplyBody, hold: Option<Hold>, usage: Option<Usage>, streamed: bool) -> ReplyBody {
        match body {
            ReplyBody::Relayed(mut relay) => {
                if let Some(mut hold) = hold {
                    hold.begun();
                    relay.carry_hold(hold);
                }
                if let Some(mut record) = self.record.take() {
                    if let Some(bill) = &mut record.bill {
                        self.served_by.governed = bill.told();
                    }
                    relay.carry_record(record);
                }
                ReplyBody::Relayed(relay)
            }
            body => {
                if let Some(record) = &mut self.record {
                    record.usage = usage;
                    hear(record, &body, self.ask.call.operation.format());
                }
                if let Some(hold) = hold {
                    hold.served(usage, streamed);
                }
                body
            }
        }
    }

    /// Asks one deployment, with everything that is settled afterwards. Boxed, for up to two are asked at a time, and
    /// the exchange is most of a call's state.
    pub(super) fn ask_one<'b>(
        app: &'b App,
        ask: &'b Ask<'b>,
        target: &'b Target,
        choice: Choice,
        fallbacks: u64,
    ) -> BoxFuture<'b, Attempt> {
        Box::pin(async move {
            let Choice { deployment, hold } = choice;
            let mut exchange = Exchange::new(app, ask, Arc::clone(&deployment));
            let outcome = exchange.ask_for(ask, target, fallbacks).await;
            let Exchange { served_by, streamed, begun, usage, .. } = exchange;
            Attempt { deployment, outcome, served_by, is_streamed: streamed, begun, usage, hold }
        })
    }
}

/// Tells the call's bill what an answer says that is all there.
fn hear(record: &mut Record, body: &ReplyBody, format: Format) {
    match body {
        ReplyBody::Whole(bytes) if record.bill.is_some() => {
            record.answer_id = answer_id(bytes);
            record.answered(bytes);
        }
        ReplyBody::Events(events) => {
            if let Some(mut heard) = Heard::of(record, format) {
                events.iter().for_each(|event| heard.push(&Bytes::copy_from_slice(event)));
                heard.tell(record);
            }
        }
        _ => {}
    }
}

/// How far the id of an answer is looked for.
const ID_BYTES_MAX: usize = 512;

/// The `id` that stands at the head of an answer, before anything that is nested.
fn answer_id(answer: &[u8]) -> Option<String> {
    let head = &answer[..answer.len().min(ID_BYTES_MAX)];
    let at = memchr::memmem::find(head, b"\"id\"")?;
    if memchr::memchr2(b'[', b'{', &head[1..at]).is_some() {
        return None;
    }
    let rest = head[at + 4..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let end = memchr::memchr2(b'"', b'\\', rest)?;
    let id = std::str::from_utf8(&rest[..end]).ok().filter(|id| !id.is_empty() && rest[end] == b'"')?;
    Some(id.to_owned())
}

/// Inside a string a quote is escaped: only a field can read so.
const WITHHELD: [&[u8]; 2] = [b"\"finish_reason\":\"content_filter\"", b"\"finish_reason\": \"content_filter\""];

fn holds(bytes: &[u8], mark: &[u8]) -> bool {
    memchr::memmem::find(bytes, mark).is_some()
}

/// What LiteLLM says of a deployment's time limits after a timeout.
fn fault_sentence(error: Error, deployment: &Deployment, ask: &Ask<'_>) -> Error {
    match error {
        Error::Provider(failure) if ask.call.operation == Operation::ChatCompletion => {
            (*failure).with_time_limits("None", &deployment.timeout_text).into()
        }
        error => error,
    }
}
