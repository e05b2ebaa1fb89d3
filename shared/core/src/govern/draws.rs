//! Draws: which accounts one call draws on beyond those that every call of its key does.
//!
//! Of its model, its customer, its tags, and everybody together. Reads rows; counts nothing.

use std::sync::Arc;

use super::admit::{TokenEstimate, Visit};
use super::limits::{self, Claim, Kind, Rates, Scope};
use super::{Governance, Profile, Settings, unavailable};
use crate::Error;
use crate::directory::{Columns, Row, schema};
use crate::quota::{Draw, Edge, Home, Measure, Money, NamedTable, Window, accounts};

/// Tokens of an answer that nobody has limited.
const LIKELY_OUTPUT_TOKENS: u64 = 1024;

impl Governance {
    /// Those of the request's customer.
    pub(super) async fn customer_claims(
        &self,
        visit: &Visit<'_>,
        row: Option<&Row>,
        (claims, paid_from): (&mut Vec<Arc<Claim>>, &mut Vec<Window>),
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
        claims
            .push(Claim::new(draw, Scope { kind: Kind::Customer, name: id.to_owned(), resets_at, soft_picousd: None }));
        Rates::of(budget.as_deref()).claim(Kind::Customer, id, &self.settings, claims);
        if let Some(budget) = budget.as_deref().filter(|budget| budget.object("model_max_budget").is_some()) {
            let windows = self.customer_windows((id, budget), visit.model, self.clock.now()).await;
            for (claim, window) in windows.map_err(|fault| unavailable(&fault))? {
                claims.push(claim);
                paid_from.push(window);
            }
        }
        Ok(())
    }

    /// Those of a tag that the directory knows.
    pub(super) async fn tag_claims(&self, tag: &str, claims: &mut Vec<Arc<Claim>>) -> Result<(), Error> {
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
        claims.push(Claim::new(draw, Scope { kind: Kind::Tag, name: tag.to_owned(), resets_at, soft_picousd: None }));
        Rates::of(budget.as_deref()).claim(Kind::Tag, tag, &self.settings, claims);
        Ok(())
    }

    /// What holds for all calls together.
    pub(super) async fn proxy_claims(&self, claims: &mut Vec<Arc<Claim>>) -> Result<(), Error> {
        if let Some(limit) = self.settings.global_parallel_max {
            let (account, measure) = ("rate:global:parallel".into(), Measure::Parallel { limit });
            let scope = Scope { kind: Kind::Proxy, name: "proxy".to_owned(), resets_at: None, soft_picousd: None };
            claims.push(Claim::new(Draw { account, measure }, scope));
        }
        let Some(limit) = self.settings.proxy_budget.as_ref().map(|budget| budget.max_usd) else { return Ok(()) };
        let row = if self.has_rows() { self.named(&schema::USERS, accounts::PROXY).await? } else { None };
        let resets_at = row.as_ref().and_then(|row| row.moment("budget_reset_at"));
        let home = Home::Row { table: NamedTable(&schema::USERS), key: vec![accounts::PROXY.to_owned()] };
        let draw = money(accounts::user(accounts::PROXY), Some(limit), Edge::Exceeded, home, row.as_deref());
        claims.push(Claim::new(
            draw,
            Scope { kind: Kind::Proxy, name: "proxy".to_owned(), resets_at, soft_picousd: None },
        ));
        Ok(())
    }
}

/// Limits on this model, and on the key's calls with each of these tags.
pub(super) fn of_call(
    profile: &Profile,
    (visit, tags): (&Visit<'_>, &[String]),
    settings: &Settings,
    claims: &mut Vec<Arc<Claim>>,
) {
    for tag in tags {
        let requests = limits::of_model(profile.key.object("metadata"), "tag_rpm_limit", tag);
        let rates = Rates { requests, ..Rates::default() };
        rates.claim(Kind::KeyTag, &format!("{}:{tag}", profile.hash), settings, claims);
    }
    let Some(model) = visit.model else { return };
    let of_key = Rates {
        requests: key_limit(profile, ("model_rpm_limit", "rpm_limit"), model),
        tokens: key_limit(profile, ("model_tpm_limit", "tpm_limit"), model),
        parallel: None,
    };
    of_key.claim(Kind::KeyModel, &format!("{}:{model}", profile.hash), settings, claims);
    let others = [
        (Kind::TeamModel, profile.team_id(), profile.team.as_ref()),
        (Kind::OrganizationModel, limits::organization_id(profile), profile.organization.as_ref()),
        (Kind::ProjectModel, profile.key.text("project_id"), profile.project.as_ref()),
    ];
    for (kind, id, row) in others {
        let (Some(id), Some(row)) = (id, row) else { continue };
        let limit = |name| {
            // Projects have columns for these, too.
            limits::of_model(row.object("metadata"), name, model).or_else(|| limits::of_model(Some(row), name, model))
        };
        let (requests, tokens) = (limit("model_rpm_limit"), limit("model_tpm_limit"));
        let rates = Rates { requests, tokens, parallel: None };
        rates.claim(kind, &format!("{id}:{model}"), settings, claims);
    }
}

/// The key's own limit on the model: of its metadata, else of the model's budget, else each key's by its team's.
fn key_limit(profile: &Profile, (in_metadata, in_budget): (&str, &str), model: &str) -> Option<u64> {
    let metadata = profile.key.object("metadata");
    if metadata.is_some_and(|metadata| metadata.object(in_metadata).is_some_and(|limits| !limits.is_empty())) {
        return limits::of_model(metadata, in_metadata, model);
    }
    let budgets = profile.key.object("model_max_budget");
    let limit = |budget: &serde_json::Value| budget.get(in_budget).and_then(serde_json::Value::as_u64);
    if budgets.is_some_and(|budgets| budgets.values().any(|budget| limit(budget).is_some())) {
        return budgets?.get(model).and_then(limit);
    }
    limits::of_model(profile.team.as_ref()?.object("metadata"), in_metadata, model)
}

/// LiteLLM's estimate of an answer that nobody has limited: as long as the question, at least 1,024 tokens, or a quarter
/// of the smallest limit that applies.
pub(super) fn likely_output(claims: &[Arc<Claim>], tokens: TokenEstimate) -> u64 {
    let limits = claims.iter().filter_map(|claim| match claim.draw.measure {
        Measure::Tokens { limit, .. } => Some(limit),
        _ => None,
    });
    let least = limits.min().map_or(LIKELY_OUTPUT_TOKENS, |limit| LIKELY_OUTPUT_TOKENS.min((limit / 4).max(1)));
    least.max(tokens.input)
}

/// The same accounts of money, whatever is left in them.
pub(super) fn unlimited(claims: &[Arc<Claim>]) -> Vec<Arc<Claim>> {
    let lift = |claim: &Arc<Claim>| match &claim.draw.measure {
        Measure::Money(money) => {
            let measure = Measure::Money(Money { limit_picousd: None, ..money.clone() });
            Some(Claim::new(Draw { account: Arc::clone(&claim.draw.account), measure }, claim.scope.clone()))
        }
        _ => None,
    };
    claims.iter().filter_map(lift).collect()
}

pub(super) fn money(account: String, limit: Option<f64>, edge: Edge, home: Home, row: Option<&Row>) -> Draw {
    let seed_picousd = limits::picousd(row.and_then(|row| row.number("spend"))).unwrap_or(0);
    let measure =
        Measure::Money(Money { limit_picousd: limits::picousd(limit), edge, home: Arc::new(home), seed_picousd });
    Draw { account: account.into(), measure }
}
