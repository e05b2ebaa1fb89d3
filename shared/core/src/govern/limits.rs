//! Limits: which accounts a key's calls draw on, and what is said when one is full.
//!
//! Worked out once for each look-up of a key, in the order in which LiteLLM checks: budgets first, then rates. Counts
//! nothing itself.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use serde_json::Value;
use tollgate_wire::python;

pub use super::kind::Kind;
use super::{Profile, Settings};
use crate::clock::Moment;
use crate::denial::Denial;
use crate::directory::{Columns, Row, Table, schema};
use crate::quota::{Draw, Edge, Home, Level, Measure, Money, NamedTable, TokenKind, accounts};

const PICOUSD_A_USD: f64 = 1e12;

/// An account that calls draw on, and whose it is.
#[derive(Clone, Debug)]
pub struct Claim {
    pub draw: Draw,
    pub scope: Scope,
    /// The headers that say what is left, and of how much: of what is no money.
    pub told: Option<(HeaderName, HeaderName)>,
}

impl Claim {
    pub fn new(draw: Draw, scope: Scope) -> Arc<Self> {
        let told = unit_of(&draw.measure).and_then(|unit| {
            let descriptor = scope.kind.descriptor();
            let name = |what: &str| HeaderName::try_from(format!("x-ratelimit-{descriptor}-{what}-{unit}")).ok();
            Some((name("remaining")?, name("limit")?))
        });
        Arc::new(Self { draw, scope, told })
    }
}

/// Whose account it is, as a refusal names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub kind: Kind,
    /// The id, or what is shown in its place.
    pub name: String,
    /// The row whose `budget_reset_at` says when the budget begins anew, and when that is.
    pub resets_at: Option<Moment>,
    /// When the operator is told, and nobody is refused.
    pub soft_picousd: Option<u64>,
}

/// Dollars as picodollars; what is no limit (absent, infinite, not a number) is none.
pub fn picousd(usd: Option<f64>) -> Option<u64> {
    let usd = usd.filter(|usd| usd.is_finite())?;
    Some((usd.max(0.0) * PICOUSD_A_USD).round() as u64)
}

pub fn usd(picousd: u64) -> f64 {
    picousd as f64 / PICOUSD_A_USD
}

/// What a row that has a budget of its own says of it.
struct Purse<'a> {
    table: &'static Table,
    key: Vec<String>,
    row: &'a Row,
    limit_usd: Option<f64>,
    resets_at: Option<Moment>,
    soft_usd: Option<f64>,
}

impl Purse<'_> {
    fn claim(self, kind: Kind, account: String, name: String, edge: Edge) -> Arc<Claim> {
        let money = Money {
            limit_picousd: picousd(self.limit_usd),
            edge,
            home: Arc::new(Home::Row { table: NamedTable(self.table), key: self.key }),
            seed_picousd: picousd(self.row.number("spend")).unwrap_or(0),
        };
        let draw = Draw { account: account.into(), measure: Measure::Money(money) };
        Claim::new(draw, Scope { kind, name, resets_at: self.resets_at, soft_picousd: picousd(self.soft_usd) })
    }
}

/// A budget that is a row of its own, and the row that is linked to it.
fn linked(row: &Row, budget: Option<&Row>) -> (Option<f64>, Option<Moment>) {
    let own = row.number("max_budget");
    match (own, budget) {
        (None, Some(budget)) => (raised(budget, budget.number("max_budget")), budget.moment("budget_reset_at")),
        _ => (own, row.moment("budget_reset_at")),
    }
}

/// The limit with the temporary increase that the budget has, if any; whether it is over is checked at the call.
fn raised(budget: &Row, limit: Option<f64>) -> Option<f64> {
    limit.map(|limit| limit + budget.number("temp_budget_increase").unwrap_or(0.0))
}

/// Every account that each call of the key draws on.
pub fn claims(profile: &Profile, settings: &Settings, now: Moment) -> Vec<Arc<Claim>> {
    let mut claims = Vec::with_capacity(12);
    budgets(profile, settings, now, &mut claims);
    rates(profile, settings, &mut claims);
    claims
}

fn budgets(profile: &Profile, settings: &Settings, now: Moment, claims: &mut Vec<Arc<Claim>>) {
    let (limit_usd, resets_at) = linked(&profile.key, profile.key_budget.as_ref());
    let soft_usd = profile.key_budget.as_ref().and_then(|budget| budget.number("soft_budget"));
    let limit_usd = limit_usd.map(|limit| limit + temporary_increase(&profile.key, now));
    let purse = Purse {
        table: &schema::KEYS,
        key: vec![profile.hash.clone()],
        row: &profile.key,
        limit_usd,
        resets_at,
        soft_usd,
    };
    claims.push(purse.claim(Kind::Key, accounts::key(&profile.hash), key_name(profile), Edge::Reached));
    if let (Some(team), Some(id)) = (&profile.team, profile.team_id()) {
        let (limit_usd, resets_at) = (team.number("max_budget"), team.moment("budget_reset_at"));
        let soft_usd = team.number("soft_budget");
        let purse =
            Purse { table: &schema::TEAMS, key: vec![id.to_owned()], row: team, limit_usd, resets_at, soft_usd };
        claims.push(purse.claim(Kind::Team, accounts::team(id), id.to_owned(), Edge::Exceeded));
    }
    if let (Some(organization), Some(id)) = (&profile.organization, organization_id(profile)) {
        let (limit_usd, resets_at) = linked(organization, profile.organization_budget.as_ref());
        let purse = Purse {
            table: &schema::ORGANIZATIONS,
            key: vec![id.to_owned()],
            row: organization,
            limit_usd,
            resets_at,
            soft_usd: None,
        };
        claims.push(purse.claim(Kind::Organization, accounts::organization(id), id.to_owned(), Edge::Reached));
    }
    if let (Some(project), Some(id)) = (&profile.project, profile.key.text("project_id")) {
        let (limit_usd, resets_at) = linked(project, profile.project_budget.as_ref());
        let purse = Purse {
            table: &schema::PROJECTS,
            key: vec![id.to_owned()],
            row: project,
            limit_usd,
            resets_at,
            soft_usd: None,
        };
        claims.push(purse.claim(Kind::Project, accounts::project(id), id.to_owned(), Edge::Reached));
    }
    if let (Some(user), Some(id)) = (&profile.user, profile.user_id()) {
        let applies = profile.team.is_none() || settings.user_budget_on_team_keys;
        let (limit_usd, resets_at) = (user.number("max_budget").filter(|_| applies), user.moment("budget_reset_at"));
        let purse =
            Purse { table: &schema::USERS, key: vec![id.to_owned()], row: user, limit_usd, resets_at, soft_usd: None };
        claims.push(purse.claim(Kind::User, accounts::user(id), id.to_owned(), Edge::Reached));
    }
    if let (Some(membership), Some(user), Some(team)) = (&profile.membership, profile.user_id(), profile.team_id()) {
        let (limit_usd, resets_at) = linked(membership, profile.membership_budget.as_ref());
        // LiteLLM: a member's budget of 0 is none.
        let limit_usd = limit_usd.filter(|limit| *limit > 0.0);
        let key = vec![user.to_owned(), team.to_owned()];
        let purse =
            Purse { table: &schema::TEAM_MEMBERSHIPS, key, row: membership, limit_usd, resets_at, soft_usd: None };
        claims.push(purse.claim(
            Kind::Member,
            accounts::team_member(user, team),
            format!("{user}:{team}"),
            Edge::Reached,
        ));
    }
}

/// What `temp_budget_increase` adds until `temp_budget_expiry`, both in the key's metadata.
fn temporary_increase(key: &Row, now: Moment) -> f64 {
    let Some(metadata) = key.object("metadata") else { return 0.0 };
    let is_valid = metadata.moment("temp_budget_expiry").is_some_and(|expiry| expiry > now);
    metadata.number("temp_budget_increase").filter(|_| is_valid).unwrap_or(0.0)
}

pub fn organization_id(profile: &Profile) -> Option<&str> {
    let own = profile.key.text("organization_id");
    own.or_else(|| profile.team.as_ref()?.text("organization_id"))
}

/// The key as budget refusals name it: `alias (sk-...abcd)`.
fn key_name(profile: &Profile) -> String {
    let shown = profile.key.text("key_name").unwrap_or(&profile.hash);
    match profile.key.text("key_alias") {
        Some(alias) => format!("{alias} ({shown})"),
        None => shown.to_owned(),
    }
}

fn rates(profile: &Profile, settings: &Settings, claims: &mut Vec<Arc<Claim>>) {
    let key = &profile.key;
    let budget = profile.key_budget.as_ref();
    let limit = |name: &str| count(Some(key), name).or_else(|| count(budget, name));
    let parallel = limit("max_parallel_requests").or(settings.call_parallel_max);
    let own = Rates { requests: limit("rpm_limit"), tokens: limit("tpm_limit"), parallel };
    own.claim(Kind::Key, &profile.hash, settings, claims);
    if let Some(id) = profile.user_id() {
        Rates::of(profile.user.as_ref()).claim(Kind::User, id, settings, claims);
    }
    if let Some(id) = profile.team_id() {
        Rates::of(profile.team.as_ref()).claim(Kind::Team, id, settings, claims);
    }
    if let (Some(user), Some(team)) = (profile.user_id(), profile.team_id()) {
        let name = format!("{team}:{user}");
        Rates::of(profile.membership_budget.as_ref()).claim(Kind::Member, &name, settings, claims);
    }
    if let Some(id) = organization_id(profile) {
        Rates::of(profile.organization_budget.as_ref()).claim(Kind::Organization, id, settings, claims);
    }
}

/// Limits of one scope.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rates {
    pub requests: Option<u64>,
    pub tokens: Option<u64>,
    pub parallel: Option<u64>,
}

impl Rates {
    pub fn of(row: Option<&Row>) -> Self {
        Self {
            requests: count(row, "rpm_limit"),
            tokens: count(row, "tpm_limit"),
            parallel: count(row, "max_parallel_requests"),
        }
    }

    pub fn claim(self, kind: Kind, id: &str, settings: &Settings, claims: &mut Vec<Arc<Claim>>) {
        let window = settings.rate_window;
        let mut push = |unit: &str, measure: Measure| {
            let account: Arc<str> = format!("rate:{}:{id}:{unit}", kind.descriptor()).into();
            let scope = Scope { kind, name: id.to_owned(), resets_at: None, soft_picousd: None };
            claims.push(Claim::new(Draw { account, measure }, scope));
        };
        if let Some(limit) = self.parallel {
            push("parallel", Measure::Parallel { limit });
        }
        if let Some(limit) = self.requests {
            push("requests", Measure::Requests { limit, window });
        }
        if let Some(limit) = self.tokens {
            push("tokens", Measure::Tokens { limit, window, kind: settings.token_kind });
        }
    }
}

fn count(row: Option<&Row>, name: &str) -> Option<u64> {
    row?.get(name).and_then(Value::as_u64)
}

/// The limit on a model in a map from models to numbers: `model_rpm_limit` and the like.
pub fn of_model(metadata: Option<&Row>, name: &str, model: &str) -> Option<u64> {
    metadata?.object(name)?.get(model).and_then(Value::as_u64)
}

impl Claim {
    /// What is said to a call that finds this account full.
    pub fn refusal(&self, level: Level, budget_status: u16, now: Moment) -> Denial {
        let denial = match &self.draw.measure {
            Measure::Money(money) => self.over_budget(money, level, budget_status, now),
            Measure::Requests { limit, window } => self.over_rate("requests", (*limit, *window), level, now),
            Measure::Tokens { limit, window, .. } => self.over_rate("tokens", (*limit, *window), level, now),
            Measure::Parallel { limit } => {
                self.over_rate("max_parallel_requests", (*limit, Duration::from_secs(1)), level, now)
            }
        };
        Denial { full: Some(self.scope.kind), ..denial }
    }

    fn over_budget(&self, money: &Money, level: Level, status: u16, now: Moment) -> Denial {
        let (spent, limit) = (usd(level.used), usd(money.limit_picousd.unwrap_or(0)));
        let (cost, max) = (python::float(spent), python::float(limit));
        let (kind, name) = (self.scope.kind, &self.scope.name);
        let entity =
            |entity: &str| format!("Budget has been exceeded! {entity}={name} Current cost: {cost}, Max budget: {max}");
        let mut sentence = match kind {
            Kind::Key => entity("Key"),
            Kind::Team => entity("Team"),
            Kind::Member => entity("TeamMember"),
            Kind::Organization => entity("Organization"),
            Kind::Project => entity("Project"),
            Kind::Tag => entity("Tag"),
            Kind::AccessGroup => entity("Model access group"),
            Kind::User => format!("ExceededBudget: User={name} over budget. Spend={cost}, Budget={max}"),
            // Where nothing is left and nothing is over, it is LiteLLM's reservation that refuses.
            Kind::Customer if level.used <= money.limit_picousd.unwrap_or(0) => entity("EndUser"),
            Kind::Customer => format!("ExceededBudget: End User={name} over budget. Spend={cost}, Budget={max}"),
            Kind::Proxy => format!("Budget has been exceeded! Current cost: {cost}, Max budget: {max}"),
            Kind::KeyWindow => window_sentence("Key", &money.home, spent, limit),
            Kind::TeamWindow => window_sentence(&format!("Team={name}"), &money.home, spent, limit),
            Kind::KeyModel | Kind::TeamModel | Kind::UserModel | Kind::CustomerModel => name.clone(),
            Kind::Model | Kind::Priority | Kind::OrganizationModel | Kind::ProjectModel => entity("Model"),
            Kind::KeyTag => entity("Tag"),
        };
        if level.held > 0 && level.used.saturating_sub(level.held) < money.limit_picousd.unwrap_or(0) {
            sentence.push_str(&format!(" ({} of it is held by calls under way)", python::float(usd(level.held))));
        }
        let denial = Denial::new(status, "budget_exceeded", sentence);
        match self.scope.resets_at.or(level.resets_at).filter(|at| *at > now) {
            Some(at) => denial.with_header("reset_at", clock_text(at)),
            None => denial,
        }
    }

    fn over_rate(&self, unit: &str, (limit, window): (u64, Duration), level: Level, now: Moment) -> Denial {
        let resets_at = level.resets_at.filter(|at| *at > now).unwrap_or(now + window);
        let left = resets_at.since(now).as_secs_f64().ceil().max(1.0) as u64;
        let reset = clock_text(resets_at);
        let sentence = format!(
            "Rate limit exceeded for {}: {}. Limit type: {unit}. Current limit: {limit}, Remaining: {}. Limit resets \
             at: {reset}",
            self.scope.kind.descriptor(),
            self.scope.name,
            limit.saturating_sub(level.used),
        );
        Denial::new(429, "throttling_error", sentence)
            .with_header("retry-after", left.to_string())
            .with_header("rate_limit_type", unit)
            .with_header("reset_at", reset)
    }
}

fn window_sentence(entity: &str, home: &Home, spent: f64, limit: f64) -> String {
    let duration = match home {
        Home::Window(window) => window.duration.as_str(),
        Home::Row { .. } => "",
    };
    format!("ExceededBudget: {entity} over {duration} budget. Spend=${spent:.4}, Limit=${limit:.2}")
}

/// LiteLLM's way to write when a limit begins anew: `2026-01-31 12:00:00 UTC`.
fn clock_text(at: Moment) -> String {
    let text = crate::directory::moment_text(at);
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{date} {} UTC", time.split('.').next().unwrap_or_default())
}

/// The kind of tokens, as `x-ratelimit-…` names it.
pub const fn unit_of(measure: &Measure) -> Option<&'static str> {
    match measure {
        Measure::Money(_) => None,
        Measure::Requests { .. } => Some("requests"),
        Measure::Tokens { kind: TokenKind::Total | TokenKind::Input | TokenKind::Output, .. } => Some("tokens"),
        Measure::Parallel { .. } => Some("max_parallel_requests"),
    }
}
