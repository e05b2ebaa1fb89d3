//! Admit: may this caller make this call now?
//!
//! Who is blocked, which model may be asked for, and whether every budget and limit has room: taken in one round trip,
//! before anything is sent. What is admitted has a [`Bill`]. Knows no provider and no HTTP.

use std::sync::Arc;
use std::time::Duration;

use super::caller::{MASTER_KEY, MASTER_USER};
use super::limits::{self, Claim};
use super::{Caller, Governance, Profile, access, draws, told, windows};
use crate::bill::Bill;
use crate::catalog::{Catalog, Group};
use crate::config::JournalFull;
use crate::denial::Denial;
use crate::directory::{Columns, Row, schema};
use crate::jwt::JwtError;
use crate::ledger::{Payer, Spend};
use crate::price::Job;
use crate::quota::{Level, Measure, Money, Refused, Request, Reservation};
use crate::{Error, ledger};

/// A reservation of a call that never ends lapses after this.
const RESERVATION_MAX: Duration = Duration::from_hours(2);
/// How often an operator is told of the same soft budget.
const ALERT_EVERY: Duration = Duration::from_hours(24);
/// How often a call that waits for room looks again, where nobody tells it: room may have been made elsewhere.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A call that wants to be made.
#[derive(Default)]
pub(crate) struct Visit<'a> {
    pub call_id: &'a str,
    pub call_type: &'static str,
    pub endpoint: &'a str,
    /// The model as the client named it, and what its key's names make of it.
    pub model: Option<&'a str>,
    pub dispatched: Option<&'a str>,
    pub group: Option<&'a Arc<Group>>,
    pub customer: Option<String>,
    pub tags: Vec<String>,
    pub session: Option<String>,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub metadata: Option<serde_json::Value>,
    /// The request itself, read only where it is kept.
    pub messages: Option<&'a (dyn Fn() -> Option<serde_json::Value> + Sync)>,
    pub job: Job,
    /// What limits of tokens take.
    pub tokens: TokenEstimate,
    /// The most that the call can cost, asked only where a budget applies.
    pub worst: Option<&'a (dyn Fn() -> Worst + Sync)>,
    /// Whether it is a copy of another call, which the gateway makes by itself: it is paid for, and held against no
    /// limit.
    pub is_silent: bool,
}

/// What limits of tokens take for a call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TokenEstimate {
    pub input: u64,
    /// What the client allows the answer to have, where it says.
    pub output: Option<u64>,
}

/// The most that a call can cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Worst {
    /// `None`: nobody knows the price.
    pub picousd: Option<u64>,
    /// Whether the model says of itself that it costs nothing: then no budget stands in the way.
    pub is_free: bool,
}

impl Governance {
    /// Admits the call, or says why not.
    ///
    /// # Errors
    /// LiteLLM's refusals: 401 for who is blocked, 403 for models, 422 for budgets, 429 for limits, 503 where nothing can
    /// be reserved or journalled.
    pub(crate) async fn admit(&self, catalog: &Catalog, caller: &Caller, visit: Visit<'_>) -> Result<Bill, Error> {
        self.check_settings(&visit)?;
        let customer = self.customer(&visit).await?;
        let (mut claims, mut paid_from, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        let tags = tags_of(caller, &visit);
        if let Some(profile) = caller.profile() {
            check_team(profile)?;
            if let Some(model) = visit.model.filter(|_| !visit.is_silent) {
                self.check_scopes(caller, model)?;
                let asked = (model, visit.dispatched);
                self.check_model((catalog, visit.group), profile, customer.as_deref(), asked).await?;
            }
            claims.extend(profile.claims.iter().cloned());
            self.throttle(profile, &mut claims).await;
            draws::of_call(profile, (&visit, &tags), &self.settings, &mut claims);
            if let Some(group) = visit.group {
                self.priority_claims((profile, group), &mut claims, self.clock.now()).await;
            }
            for (claim, window) in windows::of_call(profile, visit.model, &self.settings.calendar, self.clock.now()) {
                claims.push(claim);
                paid_from.push(window);
            }
            groups = self.group_claims(profile, visit.group, &mut claims).await?;
        }
        self.customer_claims(&visit, customer.as_deref(), (&mut claims, &mut paid_from)).await?;
        for tag in &tags {
            self.tag_claims(tag, &mut claims).await?;
        }
        self.proxy_claims(&mut claims).await?;
        if visit.is_silent {
            claims = draws::unlimited(&claims);
        }
        let worst = self.worst(&visit, &mut claims)?;
        let mut spend = Box::new(self.spend(caller, &visit, tags));
        if !self.settings.omits_user_agents {
            spend.payer.tags.extend(agent_tags(visit.user_agent.as_deref()));
        }
        spend.payer.windows = paid_from;
        spend.payer.access_groups = groups;
        self.open((caller, &visit), (claims, worst), spend).await
    }

    /// What the operator asks of every call.
    fn check_settings(&self, visit: &Visit<'_>) -> Result<(), Error> {
        if self.settings.refuses_client_tags && !visit.tags.is_empty() && !visit.is_silent {
            let sentence = "Client-side 'metadata.tags' not allowed in request. 'reject_clientside_metadata_tags'=True. \
                            Tags can only be set via API key metadata.";
            return Err(Denial::new(400, "bad_request_error", sentence).about("metadata.tags").into());
        }
        if self.settings.needs_customer && visit.customer.is_none() && visit.model.is_some() {
            let sentence = "'user' param not passed in. 'enforce_user_param'=True";
            return Err(Denial::unauthenticated(sentence).into());
        }
        let is_unpriced = || visit.worst.is_some_and(|worst| worst().picousd.is_none());
        match visit.model.filter(|_| self.settings.blocks_unpriced && visit.group.is_some()) {
            Some(model) if is_unpriced() => Err(unpriced(model).into()),
            _ => Ok(()),
        }
    }

    /// What the scopes of the caller's token allow.
    fn check_scopes(&self, caller: &Caller, model: &str) -> Result<(), Error> {
        let (Some(identity), Some(jwt)) = (caller.identity(), &self.doors.jwt) else { return Ok(()) };
        let denial = |error: JwtError| Denial::new(403, "key_model_access_denied", error.to_string()).about("model");
        identity.may_use(jwt.settings(), model).map_err(|error| denial(error).into())
    }

    /// The most that the call can cost: what budgets are held against, and what is charged where the process ends before
    /// the call does. Budgets do not apply to what is free.
    fn worst(&self, visit: &Visit<'_>, claims: &mut Vec<Arc<Claim>>) -> Result<u64, Error> {
        let is_limited =
            |claim: &Arc<Claim>| matches!(&claim.draw.measure, Measure::Money(money) if money.limit_picousd.is_some());
        let Some(worst) = visit.worst else { return Ok(0) };
        let (worst, has_budget) = (worst(), claims.iter().any(is_limited));
        if worst.is_free && has_budget {
            claims.retain(|claim| !matches!(claim.draw.measure, Measure::Money(_)));
        }
        match (worst.picousd, visit.model) {
            (None, Some(model)) if has_budget => self.judge_unpriced(model).map(|()| 0),
            (picousd, _) => Ok(picousd.unwrap_or(0)),
        }
    }

    /// Reserves, and notes that the call is about to be made.
    async fn open(
        &self,
        (caller, visit): (&Caller, &Visit<'_>),
        (claims, worst_picousd): (Vec<Arc<Claim>>, u64),
        mut spend: Box<Spend>,
    ) -> Result<Bill, Error> {
        let tokens = visit.tokens;
        // What is charged where nobody ever says how the call ended.
        (spend.cost_picousd, spend.tokens.prompt) = (worst_picousd, tokens.input);
        let request = Request {
            id: spend.id.as_str().into(),
            now: self.clock.now(),
            expires: self.clock.now() + RESERVATION_MAX,
            draws: claims.iter().map(|claim| claim.draw.clone()).collect(),
            record: self.quota.keeps_records().then(|| Arc::new((*spend).clone())),
            cost_picousd: worst_picousd,
            input_tokens: tokens.input,
            output_tokens: tokens.output.unwrap_or_else(|| draws::likely_output(&claims, tokens)),
            enforcement: self.settings.enforcement,
        };
        let reservation = self.reserve(request, &claims).await?;
        self.alert(&claims, &reservation.levels);
        let told = told::before(caller, &claims, &reservation.levels);
        let key_level = reservation.levels.first().filter(|_| caller.profile().is_some());
        let key_picousd = key_level.map_or(0, |level| level.used.saturating_sub(level.held));
        let bill = Bill {
            quota: Arc::clone(&self.quota),
            journal: Arc::clone(&self.journal),
            clock: self.clock.clone(),
            reservation: Some(reservation),
            spend,
            deployment: None,
            named: None,
            prices: Arc::clone(&self.prices),
            job: visit.job.clone(),
            fixed_picousd: None,
            beside_picousd: 0,
            key_picousd,
            told,
            input_tokens: tokens.input,
        };
        match self.journal.begin(&bill.spend).await {
            Ok(()) => Ok(bill),
            // Its end finds no room, either, which the journal says aloud.
            Err(_) if self.settings.journal_full == JournalFull::Degrade => Ok(bill),
            Err(fault) => Err(unjournalled(bill, &fault)),
        }
    }

    /// Takes from every account; waits a stated time where only calls under way stand in the way.
    async fn reserve(&self, request: Request, claims: &[Arc<Claim>]) -> Result<Reservation, Error> {
        let deadline = request.now + self.settings.budget_wait;
        loop {
            let freed = self.quota.freed();
            let now = self.clock.now();
            let (place, level) = match self.quota.reserve(Request { now, ..request.clone() }).await {
                Ok(reservation) => return Ok(reservation),
                Err(Refused::Full { place, level }) => (place, level),
                Err(Refused::Unknown(text)) => return Err(unknown(&text)),
            };
            let Some(claim) = claims.get(place) else { return Err(unknown("a draw that nobody asked for")) };
            if !is_worth_waiting(claim, level) || now >= deadline {
                return Err(claim.refusal(level, self.settings.budget_status, now).into());
            }
            let _ = tokio::time::timeout(LOOK_AGAIN, freed).await;
        }
    }

    /// Says once a day that a soft budget is used up: nobody is refused for it.
    fn alert(&self, claims: &[Arc<Claim>], levels: &[Level]) {
        for (claim, level) in claims.iter().zip(levels) {
            let Some(soft) = claim.scope.soft_picousd.filter(|soft| level.used >= *soft) else { continue };
            let (name, now) = (&*claim.draw.account, self.clock.now());
            if self.alerted.find(name, now, ALERT_EVERY).is_none() {
                let epoch = self.alerted.epoch();
                self.alerted.keep(name.to_owned(), (), now, epoch);
                let (spent_usd, soft_usd) = (limits::usd(level.used), limits::usd(soft));
                tracing::warn!(account = name, spent_usd, soft_usd, "the soft budget of {name} is used up");
            }
        }
    }

    fn judge_unpriced(&self, model: &str) -> Result<(), Error> {
        if self.settings.refuses_unpriced {
            return Err(unpriced(model).into());
        }
        tracing::warn!(model, "{model} has no price: its calls cost nothing, and are held against no budget");
        Ok(())
    }

    async fn customer(&self, visit: &Visit<'_>) -> Result<Option<Arc<Row>>, Error> {
        let Some(id) = visit.customer.as_deref().filter(|_| self.has_rows()) else { return Ok(None) };
        let row = self.named(&schema::CUSTOMERS, id).await?;
        if access::is_blocked(row.as_deref()) {
            let sentence = format!("Customer={id} is blocked. Update via `/customer/unblock` if you're an admin.");
            return Err(Denial::unauthenticated(&sentence).into());
        }
        Ok(row)
    }

    fn spend(&self, caller: &Caller, visit: &Visit<'_>, tags: Vec<String>) -> Spend {
        let now = self.clock.now();
        Spend {
            id: crate::new_id(),
            request_id: visit.call_id.to_owned(),
            call_id: visit.call_id.to_owned(),
            call_type: visit.call_type.to_owned(),
            endpoint: visit.endpoint.to_owned(),
            payer: payer(caller, visit, tags),
            model: visit.model.unwrap_or_default().to_owned(),
            model_group: visit
                .group
                .map(|group| group.name.clone())
                .or(visit.model.map(str::to_owned))
                .unwrap_or_default(),
            started: now,
            ended: now,
            outcome: ledger::Outcome::Lapsed,
            session_id: visit.session.clone(),
            requester_ip: visit.address.clone(),
            user_agent: visit.user_agent.clone(),
            metadata: visit.metadata.clone(),
            messages: visit.messages.as_ref().filter(|_| self.settings.keeps_prompts).and_then(|read| read()),
            ..Spend::default()
        }
    }
}

fn payer(caller: &Caller, visit: &Visit<'_>, tags: Vec<String>) -> Payer {
    let customer_id = visit.customer.clone();
    let Some(profile) = caller.profile() else {
        let user_id = Some(MASTER_USER.to_owned());
        return Payer { key: MASTER_KEY.to_owned(), user_id, customer_id, tags, ..Payer::default() };
    };
    let text = |row: Option<&Row>, name: &str| row.and_then(|row| row.text(name)).map(str::to_owned);
    Payer {
        key: profile.hash.clone(),
        key_alias: text(Some(&profile.key), "key_alias"),
        user_id: text(Some(&profile.key), "user_id"),
        user_email: text(profile.user.as_ref(), "user_email"),
        team_id: text(Some(&profile.key), "team_id"),
        team_alias: text(profile.team.as_ref(), "team_alias"),
        organization_id: limits::organization_id(profile).map(str::to_owned),
        project_id: text(Some(&profile.key), "project_id"),
        agent_id: text(Some(&profile.key), "agent_id"),
        customer_id,
        tags,
        access_groups: Vec::new(),
        windows: Vec::new(),
    }
}

/// The request's tags, and those of the key and its team.
fn tags_of(caller: &Caller, visit: &Visit<'_>) -> Vec<String> {
    let mut tags = visit.tags.clone();
    if let Some(profile) = caller.profile() {
        for tag in &profile.tags {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
    }
    tags
}

/// LiteLLM's tags of the client's program: its name, and with its version.
fn agent_tags(agent: Option<&str>) -> impl Iterator<Item = String> {
    let name = agent.and_then(|agent| agent.split_once('/')).map(|(name, _)| name);
    name.into_iter().chain(agent).map(|text| format!("User-Agent: {text}"))
}

fn check_team(profile: &Profile) -> Result<(), Error> {
    let Some(team) = profile.team.as_ref().filter(|team| team.flag("blocked") == Some(true)) else { return Ok(()) };
    let id = team.text("team_id").unwrap_or_default();
    let sentence = format!("Team={id} is blocked. Update via `/team/unblock` if you're an admin.");
    Err(Denial::unauthenticated(&sentence).into())
}

/// A model whose calls nobody can charge for.
fn unpriced(model: &str) -> Denial {
    let sentence = format!(
        "Model {model} has no price: set input_cost_per_token and output_cost_per_token in its litellm_params, or permit \
         it by litellm_settings.block_requests_for_models_without_pricing: false and \
         general_settings.unpriced_model_under_budget: allow"
    );
    Denial::new(403, "model_cost_map_missing", sentence).about("model")
}

/// Whether the account is full of what calls under way hold, and not of what was spent.
fn is_worth_waiting(claim: &Claim, level: Level) -> bool {
    let Measure::Money(Money { limit_picousd: Some(limit), .. }) = claim.draw.measure else { return false };
    level.held > 0 && level.used.saturating_sub(level.held) < limit
}

fn unknown(text: &str) -> Error {
    tracing::error!("nothing can be reserved: {text}");
    let sentence = "Service Unavailable: budgets and limits cannot be checked: try again";
    Denial::new(503, "no_db_connection", sentence).about("None").with_header("retry-after", "1").into()
}

fn unjournalled(mut bill: Bill, fault: &ledger::JournalFault) -> Error {
    tracing::error!("a call is refused, for its spend could not be kept: {fault}");
    if let Some(reservation) = bill.reservation.take() {
        bill.quota.settle(reservation, crate::quota::Used::default());
    }
    let sentence =
        format!("Service Unavailable: {fault}: try again, or set general_settings.spend_journal_full: degrade");
    Denial::new(503, "no_db_connection", sentence).about("None").with_header("retry-after", "5").into()
}
