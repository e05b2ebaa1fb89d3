//! The share that an attempt has taken of its deployment's limits, until it is settled.
//!
//! There is one way out: [`served`](Hold::served) or [`failed`](Hold::failed); a hold that is dropped, because the
//! client left, counts what it took. Settling is synchronous and cheap, so that it may happen wherever a call ends.

use std::sync::Arc;
use std::time::Duration;

use tollgate_wire::Usage;
use tracing::warn;

use super::{Balancer, Queue};
use crate::catalog::Group;
use crate::clock::{Clock, Moment};
use crate::config::StrategyArgs;
use crate::deployment::Deployment;
use crate::meter::{Ending, Meter, Sample, Settlement, Taken};
use crate::resilience::{Fault, cooldown};

/// LiteLLM's latency of a deployment that timed out.
const TIMEOUT_SECONDS: f64 = 1000.0;

pub struct Hold {
    meter: Arc<dyn Meter>,
    clock: Clock,
    queue: Arc<Queue>,
    cooldown: Arc<cooldown::Settings>,
    group: Arc<Group>,
    deployment: Arc<Deployment>,
    /// Whether nothing else could have served the call.
    is_sole: bool,
    taken: Option<Taken>,
    /// Tokens of the question: what is charged where nothing else is known.
    input_tokens: Option<u64>,
    /// What measurements are kept for; `None` where nobody looks at them.
    measuring: Option<StrategyArgs>,
    first_at: Option<Moment>,
}

/// For whom a share was taken.
pub(super) struct Holder {
    pub group: Arc<Group>,
    pub deployment: Arc<Deployment>,
    pub is_sole: bool,
    pub input_tokens: Option<u64>,
    pub measuring: Option<StrategyArgs>,
}

impl Hold {
    pub(super) fn new(balancer: &Balancer, holder: Holder, taken: Taken) -> Self {
        Self {
            meter: Arc::clone(&balancer.meter),
            clock: balancer.clock.clone(),
            queue: Arc::clone(&balancer.queue),
            cooldown: Arc::clone(&balancer.cooldown),
            group: holder.group,
            deployment: holder.deployment,
            is_sole: holder.is_sole,
            taken: Some(taken),
            input_tokens: holder.input_tokens,
            measuring: holder.measuring,
            first_at: None,
        }
    }

    /// What the call is expected to cost.
    pub fn cost_picousd(&self) -> u64 {
        let tokens = self.taken.as_ref().map_or(0, |taken| taken.tokens);
        let input_tokens = self.input_tokens.unwrap_or(0);
        self.deployment.routing.price.cost_picousd(input_tokens, tokens.saturating_sub(input_tokens))
    }

    /// The deployment has begun to answer.
    pub fn begun(&mut self) {
        if self.first_at.is_none() {
            self.first_at = Some(self.clock.now());
            if let Some(taken) = self.taken.as_ref().filter(|taken| taken.is_probe) {
                self.meter.confirm(taken);
            }
        }
    }

    /// The answer has come to its end.
    pub fn served(mut self, usage: Option<Usage>, is_streamed: bool) {
        let sample = self.sample(usage, is_streamed);
        self.settle(Ending::Served, usage, sample);
    }

    /// The deployment has failed, after what it sent had used so much.
    pub fn failed(mut self, fault: &Fault, used: Option<Usage>) {
        let ending = cooldown::ending(&self.cooldown, &self.deployment, self.is_sole, fault);
        let is_timeout = fault.is_timeout && !fault.is_clients_limit;
        let penalty = self.measuring.filter(|_| is_timeout).map(|args| sample(&args, TIMEOUT_SECONDS, None));
        self.settle(ending, Some(used.unwrap_or_default()), penalty);
    }

    /// The client left after this much had been delivered.
    pub fn left(mut self, used: Option<Usage>) {
        let used = used.or_else(|| self.input());
        self.settle(Ending::Unjudged, used, None);
    }

    /// The question alone.
    fn input(&self) -> Option<Usage> {
        let prompt_tokens = self.input_tokens?;
        Some(Usage { prompt_tokens, total_tokens: prompt_tokens, ..Usage::default() })
    }

    fn sample(&self, usage: Option<Usage>, is_streamed: bool) -> Option<Sample> {
        let (args, since) = (self.measuring?, self.taken.as_ref()?.since);
        let seconds = self.clock.now().since(since).as_secs_f64();
        let tokens = usage.map_or(0, |usage| usage.completion_tokens);
        let each = if tokens == 0 { seconds } else { seconds / tokens as f64 };
        let first = self.first_at.filter(|_| is_streamed).map(|first| first.since(since).as_secs_f64());
        Some(sample(&args, each, first))
    }

    fn settle(&mut self, ending: Ending, used: Option<Usage>, sample: Option<Sample>) {
        let Some(taken) = self.taken.take() else { return };
        let rest = self.meter.settle(Settlement {
            taken,
            now: self.clock.now(),
            tokens: used.map(|usage| usage.prompt_tokens.saturating_add(usage.completion_tokens)),
            cost_picousd: used.map(|usage| self.deployment.routing.price.cost_of(usage)),
            ending,
            sample,
        });
        if self.group.traits.has_parallel_limits {
            self.queue.wake(&self.group.name);
        }
        if let Some(rest) = rest {
            let (id, rest_s) = (self.deployment.id.as_str(), rest.as_secs_f64());
            warn!(deployment = id, group = self.group.name.as_str(), rest_s, "{id} is taken out for {rest_s} s");
        }
    }
}

fn sample(args: &StrategyArgs, seconds: f64, first_seconds: Option<f64>) -> Sample {
    Sample {
        seconds,
        first_seconds,
        kept: args.max_latency_list_size,
        retention: Duration::try_from_secs_f64(args.ttl_seconds).unwrap_or(Duration::MAX),
        percentile: args.ttft_percentile,
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let used = self.input();
        self.settle(Ending::Unjudged, used, None);
    }
}
