//! What a call costs: the price map, the deployment's own prices, discounts and margins.
//!
//! The arithmetic is `wire::cost`; here it is told who served what. Counts no budget.

use std::sync::Arc;

use serde_json::Value;
use tollgate_wire::Usage;
use tollgate_wire::cost::{self, Adjustments, Ask, Basis, Call, Cost, Images, Names, Standing, Unmapped, Work};
use tollgate_wire::price_map::PriceMap;

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

/// What the call was about, in what it is paid by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Job {
    #[default]
    Tokens,
    Embedding,
    Images {
        count: u64,
        size: Option<String>,
        quality: Option<String>,
    },
    Speech {
        characters: u64,
    },
    Rerank,
}

impl Job {
    fn work(&self) -> Work<'_> {
        match self {
            Self::Tokens => Work::Tokens,
            Self::Embedding => Work::Embedding,
            Self::Images { count, size, quality } => Work::Images(Images {
                count: *count,
                size: size.as_deref(),
                quality: quality.as_deref(),
                ..Images::default()
            }),
            Self::Speech { characters } => Work::Speech { characters: *characters },
            // A search is the unit of those who are paid by it.
            Self::Rerank => Work::Rerank { units: Some(1), tokens: None },
        }
    }

    /// Whether its answer has tokens.
    const fn has_answer(&self) -> bool {
        matches!(self, Self::Tokens)
    }
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
    pub fn charge(&self, deployment: &Deployment, job: &Job, usage: &Usage, now: Moment) -> Charged {
        let map = self.map();
        let call = Call { at_unix_s: now.seconds(), ..call(deployment, job, usage) };
        match cost::of(&map, &call, &self.adjustments.get()) {
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
            Quoted::Deployment(deployment) => call(deployment, &Job::Tokens, usage),
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
            let call = call(deployment, job, &usage);
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
        work: job.work(),
        ..Call::new(deployment.provider, &deployment.model, usage)
    }
}

fn is_priced_alike(one: &Deployment, other: &Deployment) -> bool {
    one.provider == other.provider
        && one.model == other.model
        && one.prices == other.prices
        && one.rules.settings.base_model == other.rules.settings.base_model
        && one.routing.region == other.routing.region
}
