//! Admit: may this caller make this call now?
//!
//! Who is blocked, which model may be asked for, and whether every budget and limit has room: taken in one round trip,
//! before anything is sent. What is admitted has a [`Bill`]. Knows no provider and no HTTP.

use std::sync::Arc;
use std::time::Duration;

use super::caller::{MASTER_KEY, MASTER_USER};
use super::limits::{self, Claim, Kind, Rates, Scope};
use super::{Caller, Governance, Profile, access, told, windows};
use crate::bill::Bill;
use crate::catalog::{Catalog, Group};
use crate::config::JournalFull;
use crate::denial::Denial;
use crate::directory::{Columns, Row, schema};
use crate::jwt::JwtError;
use crate::ledger::{Payer, Spend};
use crate::price::Job;
use crate::quota::{Draw, Edge, Home, Level, Measure, Money, NamedTable, Refused, Request, Reservation, accounts};
use crate::{Error, ledger};

/// A reservation of a call that never ends lapses after this.
const RESERVATION_MAX: Duration = Duration::from_hours(2);
/// How often a call that waits for room looks again, where nobody tells it: room may have been made elsewhere.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Tokens of an answer that nobody has limited.
const LIKELY_OUTPUT_TOKENS: u64 = 1024;

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
    pub job: Job,
    pub estimate: Estimate,
    /// Whether it is a copy of another call, which the gateway makes by itself: it is paid for, and held against no
    /// limit.
    pub is_silent: bool,
}

/// The most that a call can use.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Estimate {
    /// `None`: nobody knows the price.
    pub cost_picousd: Option<u64>,
    /// Whether the model says of itself that it costs nothing: then no budget stands in the way.
    pub is_free: bool,
    /// What limits of tokens take for the question.
    pub likely_input_tokens: u64,
    /// What the client allows the answer to have, where it says.
    pub output_tokens: Option<u64>,
}

impl Governance {
    /// Admits the call, or says why not.
    ///
    /// # Errors
    /// LiteLLM's refusals: 401 for who is blocked, 403 for models, 422 for budgets, 429 for limits, 503 where nothing can
    /// be reserved or journalled.
    pub(crate) async fn admit(&self, catalog: &Catalog, caller: &Caller, visit: Visit<'_>) -> Result<Bill, Error> {
        let customer = self.customer(&visit).await?;
        let (mut claims, mut paid_from) = (Vec::new(), Vec::new());
        if let Some(profile) = caller.profile() {
            check_team(profile)?;
            if let Some(model) = visit.model.filter(|_| !visit.is_silent) {
                self.check_scopes(caller, model)?;
                let asked = (model, visit.dispatched);
                self.check_model((catalog, visit.group), profile, customer.as_deref(), asked).await?;
            }
            claims.extend(profile.claims.iter().cloned());
            model_rates(profile, &visit, &self.settings, &mut claims);
            for (claim, window) in windows::of_call(profile, visit.model, &self.settings.calendar, self.clock.now()) {
                claims.push(claim);
                paid_from.push(window);
            }
        }
        if visit.estimate.is_free {
            claims.retain(|claim| !matches!(claim.draw.measure, Measure::Money(_)));
        }
        self.customer_claims(&visit, customer.as_deref(), &mut claims).await?;
        let tags = tags_of(caller, &visit);
        for tag in &tags {
            self.tag_claims(tag, &mut claims).await?;
        }
        self.proxy_claims(&mut claims).await?;
        if self.settings.needs_customer && visit.customer.is_none() && visit.model.is_some() {
            let sentence = format!("'user' param not passed in. 'enforce_user_param'={}", "True");
            return Err(Denial::unauthenticated(&sentence).into());
        }
        if visit.is_silent {
            claims = unlimited(claims);
        }
        let mut spend = Box::new(self.spend(caller, &visit, tags));
        spend.payer.windows = paid_from;
        self.open((caller, &visit), claims, spend).await
    }

    /// What the scopes of the caller's token allow.
    fn check_scopes(&self, caller: &Caller, model: &str) -> Result<(), Error> {
        let (Some(identity), Some(jwt)) = (caller.identity(), &self.doors.jwt) else { return Ok(()) };
        let denial = |error: JwtError| Denial::new(403, "key_model_access_denied", error.to_string()).about("model");
        identity.may_use(jwt.settings(), model).map_err(|error| denial(error).into())
    }

    /// Reserves, and notes that the call is about to be made.
    async fn open(
        &self,
        (caller, visit): (&Caller, &Visit<'_>),
        claims: Vec<Claim>,
        mut spend: Box<Spend>,
    ) -> Result<Bill, Error> {
        let is_limited = claims
            .iter()
            .any(|claim| matches!(&claim.draw.measure, Measure::Money(money) if money.limit_picousd.is_some()));
        if is_limited && visit.estimate.cost_picousd.is_none() && visit.model.is_some() {
            self.judge_unpriced(visit.model.unwrap_or_default())?;
        }
        let estimate = &visit.estimate;
        let request = Request {
            id: spend.id.as_str().into(),
            now: self.clock.now(),
            expires: self.clock.now() + RESERVATION_MAX,
            draws: claims.iter().map(|claim| claim.draw.clone()).collect(),
            record: self.quota.keeps_records().then(|| Arc::new((*spend).clone())),
            cost_picousd: estimate.cost_picousd.unwrap_or(0),
            input_tokens: estimate.likely_input_tokens,
            output_tokens: estimate.output_tokens.unwrap_or_else(|| likely_output(&claims, estimate)),
            enforcement: self.settings.enforcement,
        };
        let reservation = self.reserve(request, &claims).await?;
        let told = told::before(caller, &claims, &reservation.levels);
        let key_level = reservation.levels.first().filter(|_| caller.profile().is_some());
        let key_picousd = key_level.map_or(0, |level| level.used.saturating_sub(level.held));
        spend.cost_picousd = reservation.cost_picousd;
        spend.tokens.prompt = estimate.likely_input_tokens;
        let bill = Bill {
            quota: Arc::clone(&self.quota),
            journal: Arc::clone(&self.journal),
            clock: self.clock.clone(),
            reservation: Some(reservation),
            spend,
            deployment: None,
            prices: Arc::clone(&self.prices),
            job: visit.job.clone(),
            fixed_picousd: None,
            beside_picousd: 0,
            key_picousd,
            told,
            input_tokens: estimate.likely_input_tokens,
        };
        match self.journal.begin(&bill.spend).await {
            Ok(()) => Ok(bill),
            // Its end finds no room, either, which the journal says aloud.
            Err(_) if self.settings.journal_full == JournalFull::Degrade => Ok(bill),
            Err(fault) => Err(unjournalled(bill, &fault)),
        }
    }

    /// Takes from every account; waits a stated time where only calls under way stand in the way.
    async fn reserve(&self, request: Request, claims: &[Claim]) -> Result<Reservation, Error> {
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

    fn judge_unpriced(&self, model: &str) -> Result<(), Error> {
        if self.settings.refuses_unpriced {
            let sentence = format!(
                "Model {model} has no price, and a budget applies to this call: set input_cost_per_token and \
                 output_cost_per_token in its litellm_params, or general_settings.unpriced_model_under_budget: allow"
            );
            return Err(Denial::new(403, "model_cost_map_missing", sentence).about("model").into());
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

    async fn customer_claims(
        &self,
        visit: &Visit<'_>,
        row: Option<&Row>,
        claims: &mut Vec<Claim>,
    ) -> Result<(), Error> {
        let Some(id) = visit.customer.as_deref().filter(|_| self.has_rows()) else { return Ok(()) };
        let own = row.and_then(|row| row.text("budget_id")).map(str::to_owned);
        let budget = match own.or_else(|| self.settings.customer_budget_id.clone()) {
            Some(budget) => self.named(&schema::BUDGETS, &budget).await?,
            None => None,
        };
        let limit =
            budget.as_ref().and_then(|budget| budget.number("max_budget")).or(self.settings.customer_budget_usd);
        let resets_at = budget.as_ref().and_then(|budget| budget.moment("budget_reset_at"));
        let draw = money(
            accounts::customer(id),
            limit,
            Edge::Exceeded,
            Home::Row { table: NamedTable(&schema::CUSTOMERS), key: vec![id.to_owned()] },
            row,
        );
        claims.push(Claim { draw, scope: Scope { kind: Kind::Customer, name: id.to_owned(), resets_at } });
        Rates::of(budget.as_deref()).claim(Kind::Customer, id, &self.settings, claims);
        Ok(())
    }

    async fn tag_claims(&self, tag: &str, claims: &mut Vec<Claim>) -> Result<(), Error> {
        if !self.has_rows() {
            return Ok(());
        }
        let Some(row) = self.named(&schema::TAGS, tag).await? else { return Ok(()) };
        let budget = match row.text("budget_id") {
            Some(budget) => self.named(&schema::BUDGETS, budget).await?,
            None => None,
        };
        let limit = budget.as_ref().and_then(|budget| budget.number("max_budget"));
        let resets_at = budget.as_ref().and_then(|budget| budget.moment("budget_reset_at"));
        let home = Home::Row { table: NamedTable(&schema::TAGS), key: vec![tag.to_owned()] };
        let draw = money(accounts::tag(tag), limit, Edge::Exceeded, home, Some(&row));
        claims.push(Claim { draw, scope: Scope { kind: Kind::Tag, name: tag.to_owned(), resets_at } });
        Rates::of(budget.as_deref()).claim(Kind::Tag, tag, &self.settings, claims);
        Ok(())
    }

    /// What holds for all calls together.
    async fn proxy_claims(&self, claims: &mut Vec<Claim>) -> Result<(), Error> {
        if let Some(limit) = self.settings.global_parallel_max {
            let (account, measure) = ("rate:global:parallel".into(), Measure::Parallel { limit });
            let scope = Scope { kind: Kind::Proxy, name: "proxy".to_owned(), resets_at: None };
            claims.push(Claim { draw: Draw { account, measure }, scope });
        }
        let Some(limit) = self.settings.proxy_budget_usd else { return Ok(()) };
        let row = if self.has_rows() { self.named(&schema::USERS, accounts::PROXY).await? } else { None };
        let resets_at = row.as_ref().and_then(|row| row.moment("budget_reset_at"));
        let home = Home::Row { table: NamedTable(&schema::USERS), key: vec![accounts::PROXY.to_owned()] };
        let draw = money(accounts::user(accounts::PROXY), Some(limit), Edge::Exceeded, home, row.as_deref());
        claims.push(Claim { draw, scope: Scope { kind: Kind::Proxy, name: "proxy".to_owned(), resets_at } });
        Ok(())
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

fn money(account: String, limit: Option<f64>, edge: Edge, home: Home, row: Option<&Row>) -> Draw {
    let seed_picousd = limits::picousd(row.and_then(|row| row.number("spend"))).unwrap_or(0);
    let measure = Measure::Money(Money { limit_picousd: limits::picousd(limit), edge, home, seed_picousd });
    Draw { account: account.into(), measure }
}

/// Limits of the key and its team on this model.
fn model_rates(profile: &Profile, visit: &Visit<'_>, settings: &super::Settings, claims: &mut Vec<Claim>) {
    let Some(model) = visit.model else { return };
    let of = |row: Option<&Row>| {
        let metadata = row.and_then(|row| row.object("metadata"));
        Rates {
            requests: limits::of_model(metadata, "model_rpm_limit", model),
            tokens: limits::of_model(metadata, "model_tpm_limit", model),
            parallel: None,
        }
    };
    of(Some(&profile.key)).claim(Kind::KeyModel, &format!("{}:{model}", profile.hash), settings, claims);
    if let Some(team) = profile.team_id() {
        of(profile.team.as_ref()).claim(Kind::TeamModel, &format!("{team}:{model}"), settings, claims);
    }
}

fn check_team(profile: &Profile) -> Result<(), Error> {
    let Some(team) = profile.team.as_ref().filter(|team| team.flag("blocked") == Some(true)) else { return Ok(()) };
    let id = team.text("team_id").unwrap_or_default();
    let sentence = format!("Team={id} is blocked. Update via `/team/unblock` if you're an admin.");
    Err(Denial::unauthenticated(&sentence).into())
}

/// LiteLLM's estimate of an answer that nobody has limited: as long as the question, at least 1,024 tokens, or a quarter
/// of the smallest limit that applies.
fn likely_output(claims: &[Claim], estimate: &Estimate) -> u64 {
    let limits = claims.iter().filter_map(|claim| match claim.draw.measure {
        Measure::Tokens { limit, .. } => Some(limit),
        _ => None,
    });
    let least = limits.min().map_or(LIKELY_OUTPUT_TOKENS, |limit| LIKELY_OUTPUT_TOKENS.min((limit / 4).max(1)));
    least.max(estimate.likely_input_tokens)
}

/// The same accounts of money, whatever is left in them.
fn unlimited(claims: Vec<Claim>) -> Vec<Claim> {
    let lift = |mut claim: Claim| match &mut claim.draw.measure {
        Measure::Money(money) => {
            money.limit_picousd = None;
            Some(claim)
        }
        _ => None,
    };
    claims.into_iter().filter_map(lift).collect()
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
