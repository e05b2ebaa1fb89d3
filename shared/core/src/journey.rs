//! The journey of a call: from deployment to deployment and from group to group, until one has answered.
//!
//! Retries within a group, then its fallbacks, as LiteLLM does. Every attempt chooses, takes, asks and settles; there is
//! one answer, and one error: that of the group that was asked for. Decides by `resilience` and `select`, asks by
//! `dispatch`.

mod attempt;
mod fall_back;
mod hedge;
pub mod mirror;
mod target;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use tollgate_wire::failure::{Failure, FailureClass};
use tollgate_wire::json::Object;
use tracing::info;

pub(crate) use attempt::Attempt;
pub use hedge::Hedging;
pub use mirror::Mirrors;
pub(crate) use target::Target;

use crate::call::{Call, ReplyBody, ServedBy};
use crate::catalog::{Catalog, Found, Group};
use crate::controls::Controls;
use crate::meter::Handle;
use crate::random::Random;
use crate::record::Record;
use crate::resilience::{Fault, fallback, retry};
use crate::responses::Continued;
use crate::select::{Pinning, Trace};
use crate::upload::Held;
use crate::{App, Error};

/// What a client asks, read once: every attempt is made from it.
pub(crate) struct Ask<'a> {
    pub call: &'a Call,
    pub body: AskBody<'a>,
    /// The model as the client named it.
    pub named: Option<String>,
    pub controls: Controls,
    pub timeouts: crate::call::Timeouts,
    pub continued: Option<Continued>,
    /// Tokens of the question, once somebody has had to know.
    pub counted: OnceLock<u64>,
}

pub(crate) enum AskBody<'a> {
    Json { bytes: &'a Bytes, object: Object<'a> },
    Upload(Held),
}

/// How far a call has come.
pub(crate) struct Journey<'a> {
    pub app: &'a App,
    /// As it was when the call began.
    catalog: Arc<Catalog>,
    pub ask: &'a Ask<'a>,
    pub record: Option<Record>,
    pub served_by: ServedBy,
    /// Whether the provider had begun a stream in whose first events the last attempt failed.
    pub begun: bool,
    asked: fallback::Asked,
    random: Random,
}

pub(crate) type Served = Result<(HeaderValue, ReplyBody), Error>;

impl<'a> Journey<'a> {
    /// `record`: the call's line of the log, where it has one of its own.
    pub fn new(app: &'a App, ask: &'a Ask<'a>, record: Option<Record>) -> Self {
        let random = Random::new(ask.call.seed.unwrap_or_else(Random::seed));
        let served_by = ServedBy { unheeded: ask.unheeded(), ..ServedBy::default() };
        let asked = fallback::Asked::default();
        let catalog = app.catalog.get();
        Self { app, catalog, ask, record, served_by, begun: false, asked, random }
    }

    /// Goes all the way.
    pub async fn go(&mut self) -> Served {
        let name = self.ask.named.clone().unwrap_or_else(|| "None".to_owned());
        let target = Target { name, params: None, order: None };
        self.with_fallbacks(target, 0).await
    }

    /// Asks the group until it has answered, or another attempt would not help.
    async fn with_retries(&mut self, target: &Target) -> Result<(HeaderValue, ReplyBody), (Error, Option<Fault>)> {
        (self.served_by.retries, self.served_by.retries_max) = (0, None);
        let found = self.resolve(&target.name).map_err(|error| {
            let fault = Fault::of(&error, &HeaderMap::new());
            (error, fault)
        })?;
        let mut round = Round::new(target, found);
        if let Some(error) = self.mocked_rate_limit(target) {
            let fault = Fault::of(&error, &HeaderMap::new());
            self.after_failure(&mut round, error, fault, None).await?;
        }
        loop {
            let (error, fault, handle) = match self.attempt(&mut round).await {
                Ok(served) => return Ok(served),
                Err(failed) => failed,
            };
            self.after_failure(&mut round, error, fault, handle).await?;
        }
    }

    /// Waits for the next attempt; hands the error on where there is none.
    async fn after_failure(
        &mut self,
        round: &mut Round<'_>,
        error: Error,
        fault: Option<Fault>,
        handle: Option<Handle>,
    ) -> Result<(), (Error, Option<Fault>)> {
        let Some(known) = fault else { return Err((error, None)) };
        if let Some(handle) = handle {
            round.note(handle, &known);
        }
        let decision = self.decide(round, &known);
        if !self.ask.can_repeat() || self.ask.call.pinned.is_some() || !decision.goes_on(round.made) {
            return Err((error, fault));
        }
        round.fixed = decision.retries_max;
        self.served_by.retries_max = decision.retries_max;
        info!(
            call_id = self.ask.call.id.as_str(),
            group = round.found.group().name.as_str(),
            deployment = self.served_by.deployment.as_ref().map_or("", |deployment| deployment.id.as_str()),
            status = known.status,
            wait_ms = decision.wait.as_millis() as u64,
            // The provider's words may hold anything, the prompt among it.
            "attempt failed with {} ({}), the next one follows",
            known.status,
            known.class.name(),
        );
        tokio::time::sleep(decision.wait).await;
        round.made += 1;
        Ok(())
    }

    fn decide(&mut self, round: &mut Round<'_>, fault: &Fault) -> retry::Decision {
        let (settings, lists) = (&self.app.resilience.retry, self.lists());
        let group = Arc::clone(round.found.group());
        let (healthy, mut untried) = self.app.balancer.healthy(&group, &round.failed);
        if untried == 0 && round.made > 0 {
            // All have failed once: after a wait, all may be asked again.
            round.failed.clear();
        }
        if group.deployments.len() == 1 {
            untried = 0;
        }
        let standing = retry::Standing {
            group: &round.target.name,
            asked: self.ask.controls.retries,
            deployments: group.deployments.len(),
            healthy,
            untried,
            made: round.made,
            has_context_fallbacks: lists.context_window.is_some(),
            has_policy_fallbacks: lists.content_policy.is_some(),
            asks_all: self.app.resilience.asks_all,
        };
        let deployment = self.served_by.deployment.clone();
        retry::decide(settings, deployment.as_deref(), fault, &standing, (round.fixed, &mut self.random))
    }

    fn lists(&self) -> fallback::Lists<'a> {
        let lists = fallback::Lists::new(&self.app.resilience.fallback, &self.ask.controls.fallback);
        lists.of(self.ask.named.as_deref())
    }

    /// What the name stands for; a pinned deployment, or the maker of the response that is gone on from, is asked alone.
    pub(crate) fn resolve(&mut self, name: &str) -> Result<Found, Error> {
        if let Some(record) = &mut self.record
            && record.model.is_empty()
        {
            record.model = self.ask.named.clone().unwrap_or_default();
        }
        let catalog = &self.catalog;
        let maker = self.ask.continued.as_ref().and_then(|continued| continued.deployment.as_ref());
        let pinned = self.ask.call.pinned.as_ref().or(maker).filter(|_| self.served_by.fallbacks == 0);
        if let Some(pinned) = pinned {
            return Ok(Found::One(catalog.of_one(pinned)));
        }
        let team = self.ask.controls.wish.team_id.as_deref();
        if let Some(found) = catalog.resolve(name, team)? {
            return Ok(found);
        }
        if self.served_by.fallbacks > 0 {
            let sentence = format!("You passed in model={name}. There are no healthy deployments for this model");
            return Err(Failure::new(FailureClass::BadRequest, &sentence).into());
        }
        Err(Error::UnknownModel { operation: self.ask.call.operation, model: name.to_owned() })
    }

    fn mocked_rate_limit(&self, target: &Target) -> Option<Error> {
        self.ask.controls.mocks_rate_limit.then(|| {
            let sentence =
                format!("This is a mock exception for model={}, to trigger a rate limit error.", target.name);
            Failure::new(FailureClass::RateLimit, &sentence).into()
        })
    }
}

/// The attempts at one group.
pub(crate) struct Round<'a> {
    pub target: &'a Target,
    pub found: Found,
    /// Retries made so far.
    pub made: u64,
    /// How many there are, since the first failure.
    fixed: Option<u64>,
    pub failed: Vec<Handle>,
    pub refused: Vec<Handle>,
    pub pinning: Option<Pinning>,
    pub trace: Trace,
}

impl<'a> Round<'a> {
    fn new(target: &'a Target, found: Found) -> Self {
        Self {
            target,
            found,
            made: 0,
            fixed: None,
            failed: Vec::new(),
            refused: Vec::new(),
            pinning: None,
            trace: Trace::default(),
        }
    }

    fn group(&self) -> &Arc<Group> {
        self.found.group()
    }

    /// A deployment has failed: it is asked after the others, or not at all where it would refuse again.
    fn note(&mut self, handle: Handle, fault: &Fault) {
        let list = if crate::resilience::is_passing(fault.status) { &mut self.failed } else { &mut self.refused };
        if !list.contains(&handle) {
            list.push(handle);
        }
    }
}
