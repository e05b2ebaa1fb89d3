//! The strategies: which of the deployments that may serve a call does?
//!
//! LiteLLM's `router_strategy`, but that the last permitted request of a minute is used. Each is a function of what the
//! meter shows; ties are broken as LiteLLM breaks them.

use super::refusal::Refusal;
use super::sieve::Sieve;
use super::{Settings, Stage, Why, filter};
use crate::catalog::{draw, weighed};
use crate::config::{Strategy, StrategyArgs};
use crate::deployment::MEASURES;
use crate::random::Random;

/// How to choose.
pub struct Ask<'a> {
    pub strategy: Strategy,
    pub args: StrategyArgs,
    pub limits: super::Limits,
    pub settings: &'a Settings,
}

/// Chooses among what the filters have left.
///
/// # Errors
/// Where the minute's limits are used up everywhere, or as many calls are under way as may be.
pub fn run(ask: &Ask<'_>, sieve: &mut Sieve<'_>, random: &mut Random) -> Result<usize, Refusal> {
    limits(ask, sieve)?;
    filter::parallel(sieve)?;
    let chosen = match ask.strategy {
        Strategy::SimpleShuffle => shuffle(sieve, random),
        Strategy::LeastBusy => least_busy(sieve),
        Strategy::UsageBased => least_used(sieve, random),
        Strategy::LatencyBased => fastest(&ask.args, sieve, random),
        Strategy::CostBased => cheapest(sieve),
    };
    let nothing = || Refusal::nothing(ask.settings, sieve.group, sieve.view, sieve.query.now);
    chosen.ok_or_else(nothing)
}

/// Takes out what has no room for one more request, or for these tokens.
fn limits(ask: &Ask<'_>, sieve: &mut Sieve<'_>) -> Result<(), Refusal> {
    let (view, query) = (sieve.view, sieve.query);
    // A refusal tells of those as well that another call was quicker at.
    let before = if ask.limits == super::Limits::None { Vec::new() } else { sieve.left.clone() };
    if !query.full.is_empty() {
        sieve.drop_where(Stage::Limits, |seat, _| query.full.contains(&seat.handle).then_some(Why::FilledUp));
    }
    if ask.limits == super::Limits::None {
        return Ok(());
    }
    sieve.drop_where(Stage::Limits, |seat, _| {
        let state = view.state(seat.handle);
        let (used, limit) = (state.requests(query.now), seat.requests_max);
        if used >= limit {
            return Some(Why::Requests { used, limit });
        }
        if ask.limits == super::Limits::Requests {
            return None;
        }
        let (used, limit) = (state.tokens(query.now), seat.tokens_max);
        let wanted = query.tokens.min(limit);
        (used.saturating_add(wanted) > limit).then_some(Why::Tokens { used, wanted, limit })
    });
    if sieve.left.is_empty() { Err(Refusal::limits(ask, sieve, &before)) } else { Ok(()) }
}

/// At random by the first measure of which any has a share, else evenly.
fn shuffle(sieve: &mut Sieve<'_>, random: &mut Random) -> Option<usize> {
    let mut sums = [const { Vec::new() }; MEASURES];
    for (sums, measure) in sums.iter_mut().zip(0..) {
        let mut sum = 0.0;
        sums.extend(sieve.seats().map(|(_, seat)| {
            sum += seat.shares[measure];
            sum
        }));
    }
    if sieve.trace.is_detailed() {
        let shares = shares(&sums, sieve.left.len());
        for (place, share) in sieve.left.iter().zip(shares) {
            sieve.trace.score(*place as usize, share);
        }
    }
    let at = draw(&sums, sieve.left.len(), random.fraction())?;
    sieve.left.get(at).map(|place| *place as usize)
}

/// What each has of all calls.
fn shares(sums: &[Vec<f64>; MEASURES], count: usize) -> Vec<f64> {
    let Some(sums) = weighed(sums) else { return vec![1.0 / count as f64; count] };
    let total = sums.last().copied().unwrap_or_default();
    let before = std::iter::once(&0.0).chain(sums);
    sums.iter().zip(before).map(|(sum, before)| (sum - before) / total).collect()
}

/// The fewest calls under way; the first of several.
fn least_busy(sieve: &mut Sieve<'_>) -> Option<usize> {
    lowest(sieve, |sieve, place| f64::from(sieve.view.state(sieve.group.seats[place].handle).in_flight))
}

/// The lowest price of a token in and a token out; the first of several.
fn cheapest(sieve: &mut Sieve<'_>) -> Option<usize> {
    lowest(sieve, |sieve, place| sieve.group.deployments[place].routing.price.sum_usd())
}

fn lowest(sieve: &mut Sieve<'_>, score: impl Fn(&Sieve<'_>, usize) -> f64) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for at in 0..sieve.left.len() {
        let place = sieve.left[at] as usize;
        let own = score(sieve, place);
        sieve.trace.score(place, own);
        if best.is_none_or(|(_, lowest)| own < lowest) {
            best = Some((place, own));
        }
    }
    best.map(|(place, _)| place)
}

/// The fewest tokens this minute; one of several at random.
fn least_used(sieve: &mut Sieve<'_>, random: &mut Random) -> Option<usize> {
    let (mut best, mut ties, mut fewest) = (None, 0, u64::MAX);
    for at in 0..sieve.left.len() {
        let place = sieve.left[at] as usize;
        let used = sieve.view.state(sieve.group.seats[place].handle).tokens(sieve.query.now);
        sieve.trace.score(place, used as f64);
        if used < fewest || best.is_none() {
            (best, ties, fewest) = (Some(place), 1, used);
        } else if used == fewest {
            // Each of the ties is kept with the same chance, whatever their number.
            ties += 1;
            if random.below(ties) == 0 {
                best = Some(place);
            }
        }
    }
    best
}

/// The fastest, or one at random of those that are nearly as fast. What was not asked of late goes first.
fn fastest(args: &StrategyArgs, sieve: &mut Sieve<'_>, random: &mut Random) -> Option<usize> {
    let mut seconds = Vec::with_capacity(sieve.left.len());
    for at in 0..sieve.left.len() {
        let place = sieve.left[at] as usize;
        let state = sieve.view.state(sieve.group.seats[place].handle);
        let first = state.first_seconds(sieve.query.now).filter(|_| sieve.query.is_streamed);
        let own = first.or(state.latency_seconds(sieve.query.now)).unwrap_or(0.0);
        sieve.trace.score(place, own);
        seconds.push((place, own));
    }
    let lowest = seconds.iter().map(|(_, own)| *own).min_by(f64::total_cmp)?;
    let limit = lowest + args.lowest_latency_buffer * lowest;
    seconds.retain(|(_, own)| *own <= limit);
    seconds.get(random.below(seconds.len())).map(|(place, _)| *place)
}
