//! What a call costs: the price map, the deployment's own prices, discounts and margins.
//!
//! The arithmetic is `wire::cost`; here it is told who served what. Counts no budget.

mod job;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tollgate_wire::Usage;
use tollgate_wire::cost::{self, Adjustments, Ask, Basis, Call, Cost, Names, Residency, Standing, Unmapped};
use tollgate_wire::dialect::vertex_location;
use tollgate_wire::price_map::PriceMap;
use tollgate_wire::usage::Source;

pub(crate) use job::seconds;
pub use job::{Deed, Job};

use crate::catalog::Group;
use crate::clock::Moment;
use crate::deployment::Deployment;
use crate::live::Live;

/// The prices in force. They may be replaced while calls go on.
#[derive(Debug, Default)]
pub struct Pricing {
    map: Live<PriceMap>,
    adjustments: Live<Adjustments>,
}

/// What was charged.
#[derive(Clone, Debug, Default)]
pub struct Charged {
    pub picousd: u64,
    /// LiteLLM's `cost_breakdown`.
    pub breakdown: Option<Value>,
    /// Whether nobody knows the price, so that nothing is charged.
    pub is_unpriced: bool,
}

/// Whose price is asked for.
#[derive(Clone, Copy)]
pub enum Quoted<'a> {
    Deployment(&'a Deployment),
    Model { provider: &'a str, model: &'a str },
}

/// When a call is billed, and how long it took where time is paid for.
#[derive(Clone, Copy, Debug)]
pub struct When {
    pub now: Moment,
    pub elapsed: Duration,
}

/// A model that no deployment is configured for, as a request that was passed on names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// LiteLLM's name of whoever was asked.
    pub provider: String,
    pub model: String,
    /// The model that the answer names.
    pub answered: Option<String>,
    /// The region or location where it was served.
    pub region: Option<String>,
}

impl Pricing {
    pub fn new(adjustments: Adjustments) -> Self {
        Self { map: Live::default(), adjustments: Live::new(adjustments) }
    }

    /// Puts another map in force; calls that are being worked out keep the old one.
    pub fn replace(&self, map: PriceMap) {
        self.map.replace(map);
    }

    /// Puts other discounts and margins in force.
    pub fn adjust(&self, adjustments: Adjustments) {
        self.adjustments.replace(adjustments);
    }

    pub fn map(&self) -> Arc<PriceMap> {
        self.map.get()
    }

    /// What the deployment charges for this.
    pub fn charge(&self, deployment: &Deployment, job: &Job, usage: &Usage, when: When) -> Charged {
        let usage = counted(job, usage);
        self.charged(&at(when, call(deployment, job, &usage)))
    }

    /// What a model that no deployment is configured for charges for this.
    pub fn charge_named(&self, named: &Named, job: &Job, usage: &Usage, when: When) -> Charged {
        let usage = counted(job, usage);
        self.charged(&at(when, call_of_named(named, job, &usage)))
    }

    fn charged(&self, call: &Call<'_>) -> Charged {
        match cost::of(&self.map(), call, &self.adjustments.get()) {
            Ok(cost) => Charged {
                picousd: cost.total.0,
                is_unpriced: cost.basis == Basis::Unpriced,
                breakdown: Some(cost.breakdown.to_json(cost.total)),
            },
            Err(_) => Charged { is_unpriced: true, ..Charged::default() },
        }
    }

    /// What a call would cost that nobody makes: of a deployment, or of a model that none is configured for.
    ///
    /// # Errors
    /// Where nothing is known of the model.
    pub fn quote(&self, asked: Quoted<'_>, usage: &Usage, now: Moment) -> Result<Cost, Unmapped> {
        let call = match asked {
            Quoted::Deployment(deployment) => call(deployment, &TOKENS, usage),
            Quoted::Model { provider, model } => Call::new(provider, model, usage),
        };
        cost::of(&self.map(), &Call { at_unix_s: now.seconds(), ..call }, &self.adjustments.get())
    }

    /// The most that a call of the group can cost; `None` where no deployment has a price.
    pub fn worst(&self, group: &Group, job: &Job, ask: &Ask) -> Option<u64> {
        let (map, usage) = (self.map(), Usage::default());
        let mut worst = None;
        let mut last: Option<&Deployment> = None;
        for deployment in &group.deployments {
            // Most deployments of a group are of one model, at one price.
            if last.is_some_and(|last| is_priced_alike(last, deployment)) {
                continue;
            }
            last = Some(deployment);
            // Where time is paid for, a call takes no more than it may.
            let call = Call { elapsed: deployment.timeout, ..call(deployment, job, &usage) };
            let ask = Ask { has_answer: job.has_answer(), ..*ask };
            let most = match cost::worst(&map, &call, &ask) {
                Some(found) => Some(found.total.0),
                None => (cost::standing(&map, &call) == Standing::Free).then_some(0),
            };
            worst = worst.max(most);
        }
        worst
    }

    /// Whether every deployment of the group says that it costs nothing.
    pub fn is_free(&self, group: &Group, job: &Job) -> bool {
        let (map, usage) = (self.map(), Usage::default());
        let mut last: Option<&Deployment> = None;
        let is_free = |deployment: &Deployment| cost::standing(&map, &call(deployment, job, &usage)) == Standing::Free;
        !group.deployments.is_empty()
            && group.deployments.iter().all(|deployment| {
                let is_alike = last.is_some_and(|last| is_priced_alike(last, deployment));
                last = Some(deployment);
                is_alike || is_free(deployment)
            })
    }
}

const fn at(when: When, call: Call<'_>) -> Call<'_> {
    Call { at_unix_s: when.now.seconds(), elapsed: when.elapsed, ..call }
}

/// OpenAI's hosts in a region, which cost more.
fn residency(deployment: &Deployment) -> Option<Residency> {
    let (_, rest) = deployment.api_base.split_once("://").filter(|_| deployment.provider == "openai")?;
    match rest.split(['/', ':']).next()? {
        "us.api.openai.com" => Some(Residency::Us),
        "eu.api.openai.com" => Some(Residency::Eu),
        _ => None,
    }
}

/// A call of nothing but tokens.
static TOKENS: Job = Job { work: Deed::Tokens, tools: cost::Tools::NONE, tier: None };

/// The usage, as far as it counts for the job: what the gateway has guessed stands for no tokens of a picture.
fn counted(job: &Job, usage: &Usage) -> Usage {
    let is_guess = usage.source == Source::Estimate && job.wants_true_counts();
    if is_guess { Usage::default() } else { *usage }
}

fn call_of_named<'a>(named: &'a Named, job: &'a Job, usage: &'a Usage) -> Call<'a> {
    let names = Names {
        base_model: None,
        provider_model: None,
        response_model: named.answered.as_deref(),
        request_model: &named.model,
    };
    Call {
        names,
        region: named.region.as_deref().filter(|_| named.provider == "bedrock"),
        vertex_location: named.region.as_deref().filter(|_| named.provider == "vertex_ai"),
        work: job.work(),
        tools: job.tools,
        tier: job.tier.as_deref(),
        ..Call::new(&named.provider, &named.model, usage)
    }
}

fn call<'a>(deployment: &'a Deployment, job: &'a Job, usage: &'a Usage) -> Call<'a> {
    let names = Names {
        base_model: deployment.rules.settings.base_model.as_deref(),
        provider_model: None,
        response_model: None,
        request_model: &deployment.model,
    };
    Call {
        names,
        custom: deployment.prices.as_ref(),
        region: deployment.routing.region.as_deref(),
        residency: residency(deployment),
        vertex_location: vertex_location(&deployment.rules.settings),
        work: job.work(),
        tools: job.tools,
        tier: job.tier.as_deref(),
        ..Call::new(deployment.provider, &deployment.model, usage)
    }
}

fn is_priced_alike(one: &Deployment, other: &Deployment) -> bool {
    one.provider == other.provider
        && residency(one) == residency(other)
        && vertex_location(&one.rules.settings) == vertex_location(&other.rules.settings)
        && one.model == other.model
        && one.prices == other.prices
        && one.rules.settings.base_model == other.rules.settings.base_model
        && one.routing.region == other.routing.region
}
