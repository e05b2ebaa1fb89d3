//! A group of deployments in a catalog of its own, with a meter and a clock that only its test moves.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tollgate_wire::Usage;

use crate::Catalog;
use crate::balance::{Balancer, Choice};
use crate::breaker::Breaker;
use crate::catalog::{Found, Group};
use crate::clock::{Clock, Moment};
use crate::config::tests::fake::served;
use crate::deployment::Deployment;
use crate::meter::{Claim, Ending, Handle, Memory, Meter, Sample, Settlement, Taken};
use crate::random::Random;
use crate::select::{Chosen, Query, Refusal, RefusalKind, Stage, Trace};

/// The first moment of a minute.
pub const START: Moment = Moment(28_000_000 * 60_000_000);
/// Whatever is drawn from it: these tests name what chance may not touch.
pub const SEED: u64 = 7;

/// The group `g`, whose deployments are called `a`, `b`, `c` and so on.
pub struct Fixture {
    pub clock: Clock,
    pub meter: Arc<Memory>,
    pub balancer: Arc<Balancer>,
    pub group: Arc<Group>,
}

impl Fixture {
    /// A deployment is written as its `litellm_params`, and its `model_info` behind a `|`; `router` is all of
    /// `router_settings`, and whole sections may follow it behind a line break.
    pub fn new(deployments: &[&str], router: &str) -> Self {
        let entry = |(place, text): (usize, &&str)| {
            let (params, info) = text.split_once('|').unwrap_or((text, ""));
            let id = letter(place);
            let model = if params.contains("model:") { "" } else { "model: openai/m, " };
            format!(
                "  - {{model_name: g, litellm_params: {{{model}api_key: k, {params}}}, model_info: {{id: {id}, {info}}}}}\n"
            )
        };
        let entries: String = deployments.iter().enumerate().map(entry).collect();
        let (router, sections) = router.split_once('\n').unwrap_or((router, ""));
        let config = served(&format!("model_list:\n{entries}router_settings: {{{router}}}\n{sections}\n")).config;
        let (clock, meter) = (Clock::manual(START), Arc::new(Memory::default()));
        let counters: Arc<dyn Meter> = Arc::<Memory>::clone(&meter);
        let mut catalog = Catalog::new(Arc::clone(&counters));
        for entry in &config.models {
            catalog.add(Deployment::new(&config, entry, &|_| None).unwrap());
        }
        let Some(Found::Group(group)) = catalog.resolve("g", None).unwrap() else { panic!("no group") };
        let balancer = Arc::new(Balancer::new(&config, counters, clock.clone()));
        Self { clock, meter, balancer, group }
    }

    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub fn handle(&self, id: char) -> Handle {
        self.group.seats[place(id)].handle
    }

    /// What a call that asks for nothing looks like.
    pub fn query(&self) -> Query<'static> {
        Query { now: self.now(), ..Query::default() }
    }

    /// Chooses with this seed, and takes nothing.
    pub fn choose_by(&self, seed: u64, query: &Query<'_>, trace: &mut Trace) -> Result<Chosen, Refusal> {
        self.balancer.choose(&self.group, query, (&mut Random::new(seed), trace))
    }

    /// The id of what is chosen; `-` where nothing is.
    pub fn chosen(&self, query: &Query<'_>) -> char {
        self.choose_by(SEED, query, &mut Trace::default()).map_or('-', |chosen| letter(chosen.place))
    }

    /// Chooses and takes, as an attempt does; nothing may have to be waited for.
    pub fn take(&self, query: &Query<'_>) -> Result<Choice, Refusal> {
        let mut random = Random::new(SEED);
        let mut trace = Trace::default();
        let taking = self.balancer.take(&self.group, query, 0, (&mut random, &mut trace));
        match taking.now_or_never().unwrap_or_else(|| panic!("it has to wait")) {
            Ok(choice) => Ok(choice),
            Err(crate::Error::NoDeployment(refusal)) => Err(*refusal),
            Err(error) => panic!("{error}"),
        }
    }

    /// A call at this deployment whose share is taken and not settled.
    pub fn begin(&self, id: char, tokens: u64) -> Taken {
        let claim = Claim { tokens, ..Claim::unlimited(self.handle(id), self.now()) };
        self.meter.take(claim).now_or_never().unwrap().unwrap_or_else(|full| panic!("{id} is full: {full:?}"))
    }

    pub fn end(&self, taken: Taken, ending: Ending, sample: Option<Sample>) {
        let now = self.now();
        self.meter.settle(Settlement { taken, now, tokens: None, cost_picousd: None, ending, sample });
    }

    /// So many calls at this deployment, each of so many tokens, that have ended.
    pub fn used(&self, id: char, requests: u64, tokens: u64) {
        for _ in 0..requests {
            self.end(self.begin(id, tokens), Ending::Served, None);
        }
    }

    /// The deployment fails, and rests for so long.
    pub fn rest(&self, id: char, seconds: u64) {
        self.end(self.begin(id, 0), Ending::Failed(Some(breaker(seconds))), None);
    }
}

/// What `query` leaves of the group, and the filters that took the others out; or why nothing is left. Whoever keeps no
/// record may take the quick way, and is led to the same.
pub fn check(fixture: &Fixture, query: &Query<'_>, expected: Result<&str, RefusalKind>, by: &[Stage]) {
    let mut trace = Trace::detailed();
    let outcome = fixture.choose_by(SEED, query, &mut trace);
    let removed = &trace.details().unwrap().removed;
    let is_removed = |place: &usize| removed.iter().any(|removed| removed.place == *place);
    let left: String = (0..fixture.group.seats.len()).filter(|place| !is_removed(place)).map(letter).collect();
    let mut stages: Vec<Stage> = removed.iter().map(|removed| removed.stage).collect();
    stages.dedup();
    match (&outcome, expected) {
        (Ok(chosen), Ok(expected)) => {
            assert_eq!(left, expected, "{removed:?}");
            assert!(expected.contains(letter(chosen.place)), "{chosen:?} is not among {expected}");
        }
        (Err(refusal), Err(kind)) => assert_eq!(refusal.kind, kind, "{refusal}"),
        (outcome, expected) => panic!("{outcome:?} in place of {expected:?}: {removed:?}"),
    }
    assert_eq!(stages, by, "{removed:?}");
    for seed in 0..20 {
        let quickly = fixture.choose_by(seed, query, &mut Trace::default());
        let slowly = fixture.choose_by(seed, query, &mut Trace::detailed());
        assert_eq!(quickly, slowly, "seed {seed}");
    }
}

/// The id of the deployment at this place.
pub fn letter(place: usize) -> char {
    char::from(b'a' + u8::try_from(place).unwrap())
}

pub fn place(id: char) -> usize {
    usize::from(u8::try_from(id).unwrap() - b'a')
}

/// Out at once, for so long.
pub fn breaker(seconds: u64) -> Breaker {
    Breaker {
        at_once: true,
        share: None,
        all_of: None,
        in_a_row: None,
        allowed: None,
        cooldown: Duration::from_secs(seconds),
    }
}

pub fn usage(prompt_tokens: u64, completion_tokens: u64) -> Usage {
    Usage { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens, ..Usage::default() }
}
