//! The balancer: chooses a deployment for an attempt, and takes the attempt's share of its limits.
//!
//! Selection decides on what the meter shows; the meter then takes all or nothing. Where another call was quicker, the
//! next deployment is chosen. Where all are at their limit of parallel calls, the call waits its turn.

mod hold;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use tracing::info;

pub use hold::Hold;
use hold::Holder;
pub use queue::Queue;

use crate::catalog::Group;
use crate::clock::Clock;
use crate::config::Strategy;
use crate::deployment::Deployment;
use crate::meter::{Claim, Full, Handle, Meter, Payment};
use crate::random::Random;
use crate::resilience::cooldown;
use crate::select::{self, Chosen, Limits, Query, Refusal, RefusalKind, Trace};
use crate::{Error, config};

/// Everything that choosing needs beside the catalog.
pub struct Balancer {
    pub settings: select::Settings,
    pub meter: Arc<dyn Meter>,
    pub clock: Clock,
    pub queue: Arc<Queue>,
    pub cooldown: Arc<cooldown::Settings>,
}

/// A deployment that was chosen, and the share that was taken.
pub struct Choice {
    pub deployment: Arc<Deployment>,
    /// `None` where nothing is counted: a probe's.
    pub hold: Option<Hold>,
}

impl Default for Balancer {
    /// LiteLLM's defaults, on a meter of its own.
    fn default() -> Self {
        let limits = queue::Limits { waiting_max: 0, timeout: Duration::ZERO };
        Self {
            settings: select::Settings::default(),
            meter: Arc::new(crate::meter::Memory::default()),
            clock: Clock::System,
            queue: Arc::new(Queue::new(limits)),
            cooldown: Arc::default(),
        }
    }
}

impl Balancer {
    pub fn new(config: &config::Config, meter: Arc<dyn Meter>, clock: Clock) -> Self {
        let router = &config.router_settings;
        let limits = queue::Limits {
            waiting_max: usize::try_from(router.max_queued_requests).unwrap_or(usize::MAX),
            timeout: Duration::try_from_secs_f64(router.queue_timeout).unwrap_or(Duration::MAX),
        };
        let cooldown = Arc::new(cooldown::Settings::new(router));
        Self { settings: select::Settings::new(config), meter, clock, queue: Arc::new(Queue::new(limits)), cooldown }
    }

    /// Chooses and takes; waits its turn where only parallel calls stand in the way.
    ///
    /// # Errors
    /// [`Error::NoDeployment`] where nothing is left.
    pub async fn take(
        &self,
        group: &Arc<Group>,
        query: &Query<'_>,
        priority: i64,
        (random, trace): (&mut Random, &mut Trace),
    ) -> Result<Choice, Error> {
        let mut turn = self.turn(group, priority);
        loop {
            if let Some(turn) = &mut turn
                && turn.wait().await.is_err()
            {
                return Err(refused(Refusal::parallel(&group.name)));
            }
            let refusal = match self.try_take(group, query, (random, trace)).await {
                Ok(choice) => return Ok(choice),
                Err(refusal) if refusal.kind == RefusalKind::Parallel => refusal,
                Err(refusal) => return Err(refused(refusal)),
            };
            // A place in the queue is kept until the call is served or gives up.
            match &turn {
                Some(turn) => turn.pass(),
                None => turn = Some(self.queue.enter(&group.name, priority).ok_or_else(|| refused(refusal))?),
            }
        }
    }

    /// The place in the queue of a call that others come before: all of them are asked to try, and it after them.
    /// `None` where there are none, and where there is no place: who waits does not wait for everything.
    fn turn(&self, group: &Group, priority: i64) -> Option<queue::Turn> {
        let has_others = group.traits.has_parallel_limits && self.queue.is_waited_for(&group.name, priority);
        let turn = has_others.then(|| self.queue.enter(&group.name, priority)).flatten()?;
        self.queue.wake(&group.name);
        Some(turn)
    }

    /// Takes the only deployment of a group that was named by its id: it is asked whatever its state, and counted,
    /// unless `is_probe`.
    ///
    /// # Errors
    /// [`Error::NoDeployment`] where it is switched off.
    pub async fn take_one(&self, group: &Arc<Group>, siblings: usize, is_probe: bool) -> Result<Choice, Error> {
        let Some(deployment) = group.deployments.first() else { return Err(refused(Refusal::paused(&group.name))) };
        let deployment = Arc::clone(deployment);
        if is_probe {
            return Ok(Choice { deployment, hold: None });
        }
        if deployment.routing.is_blocked {
            return Err(refused(Refusal::paused(&group.name)));
        }
        let claim = Claim::unlimited(deployment.routing.handle, self.clock.now());
        let taken = self.meter.take(claim).await.map_err(|_| refused(Refusal::parallel(&group.name)))?;
        let holder = Holder {
            group: Arc::clone(group),
            deployment: Arc::clone(&deployment),
            is_sole: siblings == 1,
            input_tokens: None,
            measuring: None,
        };
        Ok(Choice { deployment, hold: Some(Hold::new(self, holder, taken)) })
    }

    /// Whether anybody has to know how many tokens a request of so many bytes has: a limit or a budget of tokens, or a
    /// context window that it might not fit into (no token is shorter than a byte).
    pub fn needs_tokens(&self, group: &Group, bytes: u64) -> bool {
        let traits = &group.traits;
        let (strategy, _) = group.strategy.unwrap_or((self.settings.strategy, self.settings.args));
        let counts = traits.has_token_limits && select::limits(&self.settings, group, strategy) == Limits::All;
        let measures = self.settings.pre_call_checks && traits.smallest_window.is_some_and(|least| bytes > least);
        counts || traits.has_budgets || measures
    }

    async fn try_take(
        &self,
        group: &Arc<Group>,
        query: &Query<'_>,
        (random, trace): (&mut Random, &mut Trace),
    ) -> Result<Choice, Refusal> {
        let (mut full, mut was_busy) = (query.full.to_vec(), false);
        loop {
            let query = Query { now: self.clock.now(), full: &full, ..query.clone() };
            let chosen = self.choose(group, &query, (random, trace));
            // What is left of a group whose other deployments are busy is worth waiting for.
            let chosen = chosen.map_err(|refusal| if was_busy { Refusal::parallel(&group.name) } else { refusal })?;
            let deployment = &group.deployments[chosen.place];
            let claim = self.claim(group, &query, &chosen);
            match self.meter.take(claim).await {
                Ok(taken) => {
                    let deployment = Arc::clone(deployment);
                    let (strategy, args) = group.strategy.unwrap_or((self.settings.strategy, self.settings.args));
                    let measuring = (strategy == Strategy::LatencyBased).then_some(args);
                    let holder = Holder {
                        group: Arc::clone(group),
                        deployment: Arc::clone(&deployment),
                        is_sole: group.deployments.len() == 1,
                        input_tokens: query.input_tokens,
                        measuring,
                    };
                    return Ok(Choice { deployment, hold: Some(Hold::new(self, holder, taken)) });
                }
                Err(reason) => {
                    info!(
                        deployment = deployment.id.as_str(),
                        ?reason,
                        "another call was quicker at {}",
                        deployment.id
                    );
                    was_busy |= reason == Full::Parallel;
                    full.push(group.seats[chosen.place].handle);
                }
            }
        }
    }

    /// Chooses, and takes nothing.
    ///
    /// # Errors
    /// Where nothing is left.
    pub fn choose(
        &self,
        group: &Group,
        query: &Query<'_>,
        (random, trace): (&mut Random, &mut Trace),
    ) -> Result<Chosen, Refusal> {
        let is_calm = self.meter.is_calm();
        let mut outcome = None;
        self.meter.view(&mut |view| {
            outcome = Some(select::choose(&self.settings, group, query, (view, is_calm), (&mut *random, &mut *trace)));
        });
        // A meter that shows nothing knows of no deployment.
        outcome.unwrap_or_else(|| Err(Refusal::parallel(&group.name)))
    }

    fn claim(&self, group: &Group, query: &Query<'_>, chosen: &Chosen) -> Claim {
        let (seat, routing) = (&group.seats[chosen.place], &group.deployments[chosen.place].routing);
        let output_tokens = query.tokens.saturating_sub(query.input_tokens.unwrap_or(0));
        let amount_picousd = match routing.budgets.is_empty() {
            true => 0,
            false => routing.price.cost_picousd(query.input_tokens.unwrap_or(0), output_tokens),
        };
        let payments = routing.budgets_of(&query.wish.tags).map(|budget| Payment {
            purse: budget.purse,
            limit_picousd: budget.limit_picousd,
            amount_picousd,
            period: budget.period,
        });
        Claim {
            handle: seat.handle,
            now: query.now,
            requests_max: if chosen.limits == Limits::None { u32::MAX } else { seat.requests_max },
            tokens_max: if chosen.limits == Limits::All { seat.tokens_max } else { u64::MAX },
            // A call that wants more than a whole minute has gets the whole minute.
            tokens: query.tokens.min(seat.tokens_max),
            parallel_max: seat.parallel_max,
            despite_rest: chosen.despite_rest,
            payments: payments.collect(),
        }
    }

    /// How many of the group do not rest, and how many of those are not among `tried`.
    pub fn healthy(&self, group: &Group, tried: &[Handle]) -> (usize, usize) {
        if self.meter.is_calm() {
            let tried = group.seats.iter().filter(|seat| tried.contains(&seat.handle)).count();
            return (group.seats.len(), group.seats.len() - tried);
        }
        let (now, mut healthy, mut untried) = (self.clock.now(), 0, 0);
        self.meter.view(&mut |view| {
            for seat in group.seats.iter().filter(|seat| view.state(seat.handle).rest(now).is_none()) {
                healthy += 1;
                untried += usize::from(!tried.contains(&seat.handle));
            }
        });
        (healthy, untried)
    }
}

fn refused(refusal: Refusal) -> Error {
    Error::NoDeployment(Box::new(refusal))
}

#[cfg(test)]
mod tests;
