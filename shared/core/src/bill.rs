//! The bill of one call: what it has reserved before anything was sent, and what it comes to in the end.
//!
//! A bill is opened at admission and closed once, when the call's record ends, whichever way: what was reserved is
//! settled, and the spend is journalled. Knows no HTTP.

use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_wire::Usage;
use tracing::warn;

use crate::clock::Clock;
use crate::deployment::Deployment;
use crate::govern::limits;
use crate::govern::told::{self, Headers};
use crate::ledger::{Journal, JournalFault, Outcome, Spend, Tokens};
use crate::price::{Charged, Deed, Job, Named, Pricing, When};
use crate::quota::{Quota, Reservation, Used};
use crate::upstream::BoxFuture;

/// A call that has been admitted.
pub(crate) struct Bill {
    pub quota: Arc<dyn Quota>,
    pub journal: Arc<dyn Journal>,
    pub clock: Clock,
    pub reservation: Option<Reservation>,
    /// What is known of the call so far.
    pub spend: Box<Spend>,
    /// Who answered, or was asked last.
    pub deployment: Option<Arc<Deployment>>,
    /// Whom a request went to that no deployment has a part in.
    pub named: Option<Named>,
    pub prices: Arc<Pricing>,
    pub job: Job,
    /// What others were asked for beside whoever answered: the loser of a hedge, a stream that broke.
    pub beside_picousd: u64,
    /// What the operator, or whoever answered, says that the call costs, whatever it uses.
    pub fixed_picousd: Option<u64>,
    /// What the key had spent before the call, and what others of its calls hold.
    pub key_picousd: u64,
    /// What the answer is told of limits.
    pub told: Headers,
    /// What the question alone is charged at, where its client left before any usage was known.
    pub input_tokens: u64,
}

/// What closing a bill comes to.
#[derive(Default)]
pub(crate) struct Receipt {
    pub cost_picousd: u64,
    pub breakdown: Option<Value>,
    /// What the key had spent before, and this call.
    pub key_spend_usd: f64,
    durable: Option<BoxFuture<'static, Result<(), JournalFault>>>,
}

/// How the call ended.
pub(crate) struct End<'a> {
    pub status: u16,
    pub usage: Option<Usage>,
    /// The answer's own id, where it has one.
    pub answer_id: Option<&'a str>,
    pub retries: u64,
    pub fallbacks: u64,
}

/// The status of a call whose client has left.
pub(crate) const CLIENT_CLOSED_REQUEST: u16 = 499;

impl Bill {
    /// Settles the reservation and journals the spend. What it returns need only be awaited by whoever has a last byte
    /// to hold back.
    pub fn close(mut self, end: &End<'_>) -> Receipt {
        let usage = match (end.usage, end.status) {
            (None, CLIENT_CLOSED_REQUEST) if self.deployment.is_some() => {
                Some(Usage { prompt_tokens: self.input_tokens, total_tokens: self.input_tokens, ..Usage::default() })
            }
            (usage, _) => usage,
        };
        self.fill(end, usage);
        let used = Used {
            cost_picousd: self.spend.cost_picousd,
            input_tokens: self.spend.tokens.prompt,
            output_tokens: self.spend.tokens.completion,
        };
        if let Some(reservation) = self.reservation.take() {
            self.quota.settle(reservation, used);
        }
        let breakdown = self.spend.cost_breakdown.clone();
        let key_spend_usd = limits::usd(self.key_picousd.saturating_add(used.cost_picousd));
        let durable = self.journal.end(*self.spend);
        Receipt { cost_picousd: used.cost_picousd, breakdown, key_spend_usd, durable: Some(durable) }
    }

    /// What an answer says of limits that goes out before its cost is known.
    pub fn told(&mut self) -> Headers {
        let mut told = std::mem::take(&mut self.told);
        told::during(&mut told, limits::usd(self.key_picousd));
        told
    }

    /// Another deployment was asked, too, and its answer is not the call's.
    pub fn charge_beside(&mut self, deployment: &Deployment, used: Option<Usage>) {
        let question = Usage { prompt_tokens: self.input_tokens, total_tokens: self.input_tokens, ..Usage::default() };
        let now = self.clock.now();
        let when = When { now, elapsed: now.since(self.spend.started) };
        let charged = self.prices.charge(deployment, &self.job, &used.unwrap_or(question), when);
        self.beside_picousd = self.beside_picousd.saturating_add(charged.picousd);
    }

    fn fill(&mut self, end: &End<'_>, usage: Option<Usage>) {
        let spend = &mut *self.spend;
        // A failure before anything was generated costs nothing.
        let is_charged = usage.is_some() || end.status < 300 || self.fixed_picousd.is_some();
        let usage = usage.unwrap_or_default();
        spend.ended = self.clock.now();
        spend.outcome = match end.status {
            200..=299 => Outcome::Served,
            CLIENT_CLOSED_REQUEST => Outcome::Left,
            _ => Outcome::Failed,
        };
        if let Some(id) = end.answer_id {
            id.clone_into(&mut spend.request_id);
        }
        spend.tokens = Tokens {
            prompt: usage.prompt_tokens,
            completion: usage.completion_tokens,
            total: usage.total_tokens,
            cache_read: usage.details.cached,
            cache_write: usage.details.written,
            reasoning: usage.details.reasoning,
        };
        (spend.retries, spend.fallbacks) = (end.retries, end.fallbacks);
        if spend.outcome == Outcome::Failed {
            spend.error = Some(error_information(end.status));
        }
        if let Some(deployment) = &self.deployment {
            spend.model_id.clone_from(&deployment.id);
            spend.model.clone_from(&deployment.model);
            deployment.provider.clone_into(&mut spend.provider);
        } else if let Some(named) = &self.named {
            spend.model.clone_from(&named.model);
            spend.provider.clone_from(&named.provider);
        }
        let charged = if is_charged { self.charged(&usage) } else { Charged::default() };
        let spend = &mut *self.spend;
        (spend.cost_picousd, spend.cost_breakdown) = (charged.picousd, charged.breakdown);
        spend.cost_picousd = spend.cost_picousd.saturating_add(self.beside_picousd);
    }

    /// What the call is charged; what cannot be charged is said.
    fn charged(&self, usage: &Usage) -> Charged {
        if let Some(picousd) = self.fixed_picousd {
            return Charged { picousd, ..Charged::default() };
        }
        if self.job.work == Deed::Nothing {
            return Charged::default();
        }
        let when = When { now: self.spend.ended, elapsed: self.spend.ended.since(self.spend.started) };
        let (model, provider) = (self.spend.model.as_str(), self.spend.provider.as_str());
        let charged = match (&self.deployment, &self.named) {
            (Some(deployment), _) => self.prices.charge(deployment, &self.job, usage, when),
            (None, Some(named)) => self.prices.charge_named(named, &self.job, usage, when),
            (None, None) => return Charged::default(),
        };
        if charged.is_unpriced && self.deployment.is_none() {
            warn!(
                provider,
                model,
                "`{model}` of {provider} has no price: this call is charged nothing. Add `{provider}/{model}` to the price \
                 map (LITELLM_MODEL_COST_MAP_URL), or set cost_per_request on a pass-through endpoint of your own"
            );
        }
        if charged.picousd == 0 && !charged.is_unpriced && self.job.lacks_length() && usage.total_tokens == 0 {
            warn!(
                provider,
                model,
                "how long the recording is cannot be told: this transcription by `{model}` of {provider} is charged nothing. \
                 Ask for response_format verbose_json, or upload WAV, FLAC, MP3 or Ogg"
            );
        }
        charged
    }
}

impl Receipt {
    pub fn cost_usd(&self) -> f64 {
        limits::usd(self.cost_picousd)
    }

    /// Resolves when the spend is durable. A journal that fails has said so in the log.
    pub async fn durable(self) {
        if let Some(durable) = self.durable
            && let Err(fault) = durable.await
        {
            tracing::error!("a call's spend is not durable: {fault}");
        }
    }

    /// The waiting itself, where there is anything to wait for.
    pub fn waiting(self) -> Option<BoxFuture<'static, ()>> {
        self.durable.is_some().then(|| -> BoxFuture<'static, ()> { Box::pin(self.durable()) })
    }
}

fn error_information(status: u16) -> Value {
    json!({ "error_code": status.to_string() })
}
