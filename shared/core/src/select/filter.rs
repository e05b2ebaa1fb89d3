//! The filters: which deployments of a group may serve this call at all?
//!
//! In LiteLLM's order, but for affinity: a deployment that may not serve the call is not made to by a pin.

use super::refusal::Refusal;
use super::sieve::Sieve;
use super::tags::{self, Asked, Tags};
use super::{Query, Settings, Stage, Why};
use crate::catalog::Group;

/// Whether no filter can take anything out: the call asks for nothing, and no deployment is special.
pub fn none_applies(settings: &Settings, group: &Group, query: &Query<'_>) -> bool {
    let traits = &group.traits;
    let is_plain = !traits.has_order && !traits.has_blocked && !traits.has_budgets && !traits.has_teams;
    let is_free = !traits.has_parallel_limits && query.order.is_none() && query.pins.is_empty();
    let is_first = query.failed.is_empty() && query.refused.is_empty() && query.full.is_empty();
    let asks = query.wish.web_search || settings.pre_call_checks || filters_tags(settings, group);
    is_plain && is_free && is_first && !asks
}

/// Runs them all.
///
/// # Errors
/// With the reason, as soon as nothing is left for one that LiteLLM names; else when nothing is left in the end.
pub fn run(settings: &Settings, sieve: &mut Sieve<'_>) -> Result<(), Refusal> {
    access(sieve);
    web_search(sieve);
    health(settings, sieve);
    cooldown(settings, sieve);
    blocked(sieve);
    budget(sieve)?;
    if settings.pre_call_checks && sieve.query.wish.is_countable {
        context_window(sieve)?;
        region(sieve);
        response_format(sieve);
    }
    tags(settings, sieve)?;
    affinity(sieve);
    order(sieve);
    earlier_attempts(sieve);
    if sieve.left.is_empty() {
        return Err(Refusal::nothing(settings, sieve.group, sieve.view, sieve.query.now));
    }
    Ok(())
}

/// Deployments of a team are for that team.
fn access(sieve: &mut Sieve<'_>) {
    if !sieve.group.traits.has_teams {
        return;
    }
    let team = sieve.query.wish.team_id.as_deref();
    // Whoever has no team is the operator, and may reach a group that is a team's throughout.
    let is_teams_own = sieve.group.deployments.iter().all(|deployment| deployment.routing.team_id.is_some());
    sieve.drop_where(Stage::Access, |_, deployment| {
        let owner = deployment.routing.team_id.as_deref();
        let is_open = owner.is_none() || owner == team || (team.is_none() && is_teams_own);
        (!is_open).then_some(Why::OtherTeam)
    });
}

fn web_search(sieve: &mut Sieve<'_>) {
    if !sieve.query.wish.web_search {
        return;
    }
    sieve.drop_where(Stage::WebSearch, |_, deployment| {
        (deployment.routing.web_search == Some(false)).then_some(Why::NoWebSearch)
    });
}

/// What is down is not asked, unless all of them are.
fn health(settings: &Settings, sieve: &mut Sieve<'_>) {
    if !settings.health_routing {
        return;
    }
    let (view, now) = (sieve.view, sieve.query.now);
    sieve.drop_unless_all(Stage::Health, |seat, deployment| {
        let is_unhealthy = view.state(seat.handle).is_unhealthy(now);
        (is_unhealthy && deployment.routing.health.is_routed_by).then_some(Why::Unhealthy)
    });
}

/// What rests is not asked. What may have recovered is asked by one call at a time, while others can serve.
fn cooldown(settings: &Settings, sieve: &mut Sieve<'_>) {
    let (view, now) = (sieve.view, sieve.query.now);
    let all_rest = sieve.seats().all(|(_, seat)| view.state(seat.handle).rest(now).is_some());
    if all_rest && settings.rests_yield {
        sieve.despite_rest = true;
        return;
    }
    sieve.drop_where(Stage::Cooldown, |seat, _| view.state(seat.handle).rest(now).map(Why::Resting));
    let is_probed = |sieve: &Sieve<'_>| sieve.seats().any(|(_, seat)| view.state(seat.handle).is_probed(now));
    if !is_probed(sieve) {
        return;
    }
    sieve.drop_unless_all(Stage::Cooldown, |seat, _| view.state(seat.handle).is_probed(now).then_some(Why::Probing));
    sieve.despite_rest = is_probed(sieve);
}

fn blocked(sieve: &mut Sieve<'_>) {
    if sieve.group.traits.has_blocked {
        sieve.drop_where(Stage::Blocked, |_, deployment| deployment.routing.is_blocked.then_some(Why::Blocked));
    }
}

fn budget(sieve: &mut Sieve<'_>) -> Result<(), Refusal> {
    if !sieve.group.traits.has_budgets || sieve.left.is_empty() {
        return Ok(());
    }
    let (view, now, wish) = (sieve.view, sieve.query.now, sieve.query.wish);
    sieve.drop_where(Stage::Budget, |_, deployment| {
        deployment.routing.budgets_of(&wish.tags).find_map(|budget| {
            let spent_picousd = view.purse(budget.purse).spent_picousd(now);
            let limit_picousd = budget.limit_picousd;
            (spent_picousd >= limit_picousd).then_some(Why::Spent { spent_picousd, limit_picousd })
        })
    });
    if sieve.left.is_empty() { Err(Refusal::budget(sieve)) } else { Ok(()) }
}

fn context_window(sieve: &mut Sieve<'_>) -> Result<(), Refusal> {
    let Some(tokens) = sieve.query.input_tokens.filter(|_| sieve.group.traits.smallest_window.is_some()) else {
        return Ok(());
    };
    let before = sieve.left.clone();
    sieve.drop_where(Stage::ContextWindow, |_, deployment| {
        let tokens_max = deployment.routing.max_input_tokens?;
        (tokens > tokens_max).then_some(Why::WindowTooSmall { tokens, tokens_max })
    });
    let too_small = sieve.left.is_empty() && !before.is_empty();
    if too_small { Err(Refusal::context_window(sieve.group, &before, tokens)) } else { Ok(()) }
}

fn region(sieve: &mut Sieve<'_>) {
    let Some(region) = sieve.query.wish.region.as_deref() else { return };
    sieve.drop_where(Stage::Region, |_, deployment| {
        (deployment.routing.region.as_deref() != Some(region)).then_some(Why::Region)
    });
}

fn response_format(sieve: &mut Sieve<'_>) {
    if !sieve.query.wish.response_format {
        return;
    }
    sieve.drop_where(Stage::ResponseFormat, |_, deployment| {
        (!deployment.takes_response_format()).then_some(Why::NoResponseFormat)
    });
}

/// Whether tags count: the group's own word, else the router's.
fn filters_tags(settings: &Settings, group: &Group) -> bool {
    group.traits.tag_filtering.unwrap_or(settings.tags.is_on)
}

fn tags(settings: &Settings, sieve: &mut Sieve<'_>) -> Result<(), Refusal> {
    if !filters_tags(settings, sieve.group) || sieve.left.is_empty() {
        return Ok(());
    }
    let wish = sieve.query.wish;
    let all: Vec<&Tags> = sieve.group.deployments.iter().map(|deployment| &deployment.routing.tags).collect();
    let asked = Asked { tags: Some(&wish.tags), user_agent: wish.user_agent.as_deref(), inherited: None };
    let kept = tags::filter(&settings.tags, &all, &sieve.left, &asked);
    let kept = kept.map_err(|_| Refusal::tags(&sieve.group.name, &wish.tags))?;
    let mut staying = kept.iter().peekable();
    for place in &sieve.left {
        if staying.next_if_eq(&place).is_none() {
            sieve.trace.remove(*place as usize, Stage::Tags, Why::Tags);
        }
    }
    sieve.left = kept;
    Ok(())
}

/// What served the key, the session or the prompt before serves it again, the most particular pin first.
fn affinity(sieve: &mut Sieve<'_>) {
    let query = sieve.query;
    let has_failed = |handle| query.failed.contains(&handle) || query.refused.contains(&handle);
    let pinned = query.pins.iter().find_map(|pin| {
        let found = sieve.seats().find(|(place, _)| sieve.group.deployments[*place].id == pin.id);
        found.filter(|(_, seat)| !has_failed(seat.handle)).map(|(place, _)| place)
    });
    let (Some(pinned), None) = (pinned, query.order) else { return };
    let handle = sieve.group.seats[pinned].handle;
    sieve.drop_where(Stage::Affinity, |seat, _| (seat.handle != handle).then_some(Why::NotPinned));
}

/// The lowest order that is left, or the one that is asked for.
fn order(sieve: &mut Sieve<'_>) {
    if !sieve.group.traits.has_order {
        return;
    }
    let lowest = sieve.seats().filter_map(|(_, seat)| seat.order).min();
    let Some(wanted) = sieve.query.order.or(lowest) else { return };
    sieve.drop_where(Stage::Order, |seat, _| (seat.order != Some(wanted)).then_some(Why::LaterOrder(seat.order)));
}

/// Deployments that have not failed this call go before those that have.
fn earlier_attempts(sieve: &mut Sieve<'_>) {
    let query = sieve.query;
    if !query.refused.is_empty() {
        sieve.drop_unless_all(Stage::Refused, |seat, _| query.refused.contains(&seat.handle).then_some(Why::Refused));
    }
    if !query.failed.is_empty() {
        sieve.drop_unless_all(Stage::Failed, |seat, _| query.failed.contains(&seat.handle).then_some(Why::Failed));
    }
}

/// What has no room for one more call at the same time; after the limits of the minute, which are not worth a wait.
///
/// # Errors
/// Where nothing is left.
pub fn parallel(sieve: &mut Sieve<'_>) -> Result<(), Refusal> {
    if !sieve.group.traits.has_parallel_limits || sieve.left.is_empty() {
        return Ok(());
    }
    let view = sieve.view;
    sieve.drop_where(Stage::Parallel, |seat, _| {
        let (used, limit) = (view.state(seat.handle).in_flight, seat.parallel_max);
        (used >= limit).then_some(Why::Parallel { used, limit })
    });
    if sieve.left.is_empty() { Err(Refusal::parallel(&sieve.group.name)) } else { Ok(()) }
}
