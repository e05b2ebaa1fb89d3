//! The contract of meters: what selection, limits and breakers rely on, whoever counts.
//!
//! Every case has two users of the same counters, as two instances of a gateway are. Time is what claims and settlements
//! say it is: an adapter that asks its server's clock cannot keep this contract.

mod breaking;
mod counting;
mod remembering;

use std::sync::Arc;
use std::time::Duration;

use tollgate_core::breaker::Breaker;
use tollgate_core::clock::Moment;
use tollgate_core::meter::{Claim, Ending, Handle, Meter, Purse, Settlement, State, Taken};
use tollgate_core::upstream::BoxFuture;

/// Two users of the same counters, on which nothing has been counted yet.
pub struct Shared {
    pub one: Arc<dyn Meter>,
    pub other: Arc<dyn Meter>,
    /// Makes each of them hear what the other has done: after this, an adapter over a network may not be behind.
    pub hear: Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
}

/// Runs every case over meters of its own.
pub async fn meter(make: impl AsyncFn() -> Shared) {
    remembering::handles_are_stable_and_of_one_name_each(&make().await);
    counting::a_claim_takes_all_or_nothing(&make().await).await;
    counting::limits_are_used_to_the_last_and_begin_anew_with_the_minute(&make().await).await;
    counting::claims_that_come_at_once_share_one_limit(&make().await).await;
    counting::a_place_is_free_again_however_a_call_ends(&make().await).await;
    counting::tokens_are_corrected_in_their_own_minute_alone(&make().await).await;
    counting::a_purse_holds_back_what_a_call_may_cost_and_pays_what_it_cost(&make().await).await;
    counting::a_purse_begins_anew_and_pays_late_calls_from_what_is_new(&make().await).await;
    counting::measurements_are_averaged_kept_in_number_and_forgotten(&make().await).await;
    breaking::a_rest_is_decided_at_the_failure_and_known_to_all(&make().await).await;
    breaking::failures_of_all_users_are_judged_together(&make().await).await;
    breaking::failures_are_counted_apart_and_for_their_window(&make().await).await;
    breaking::a_rest_is_lengthened_and_never_shortened(&make().await).await;
    breaking::one_call_probes_and_its_answer_opens_to_all(&make().await).await;
    breaking::a_probe_that_fails_rests_again(&make().await).await;
    breaking::a_probe_that_says_nothing_lets_the_next_one_probe(&make().await).await;
    breaking::an_answer_to_what_was_asked_before_the_rest_ends_nothing(&make().await).await;
    breaking::what_a_health_check_found_counts_for_its_time(&make().await).await;
    remembering::a_deployment_is_remembered_for_its_time(&make().await).await;
    remembering::a_job_is_leased_to_one(&make().await).await;
}

/// The first moment of a minute.
const START: Moment = Moment(28_000_000 * 60_000_000);

fn at(seconds: u64) -> Moment {
    START + Duration::from_secs(seconds)
}

/// A claim without limits, `seconds` after the start.
fn claim(handle: Handle, seconds: u64) -> Claim {
    Claim { despite_rest: false, ..Claim::unlimited(handle, at(seconds)) }
}

async fn take(meter: &dyn Meter, claim: Claim) -> Taken {
    match meter.take(claim.clone()).await {
        Ok(taken) => taken,
        Err(full) => unreachable!("{claim:?} was refused: {full:?}"),
    }
}

fn settlement(taken: Taken, seconds: u64, ending: Ending) -> Settlement {
    Settlement { taken, now: at(seconds), tokens: None, cost_picousd: None, ending, sample: None }
}

fn state(meter: &dyn Meter, handle: Handle) -> State {
    let mut state = State::default();
    meter.view(&mut |view| state = view.state(handle));
    state
}

fn purse(meter: &dyn Meter, handle: Handle) -> Purse {
    let mut purse = Purse::default();
    meter.view(&mut |view| purse = view.purse(handle));
    purse
}

/// Out at the first failure, for so long.
fn breaker(seconds: u64) -> Breaker {
    let cooldown = Duration::from_secs(seconds);
    Breaker { at_once: true, share: None, all_of: None, in_a_row: None, allowed: None, cooldown }
}

/// The deployment fails at `seconds`, and rests for so many more.
async fn fail(meter: &dyn Meter, handle: Handle, seconds: u64, rest_seconds: u64) {
    let taken = take(meter, Claim { despite_rest: true, ..claim(handle, seconds) }).await;
    let rest = meter.settle(settlement(taken, seconds, Ending::Failed(Some(breaker(rest_seconds)))));
    assert_eq!(rest, Some(Duration::from_secs(rest_seconds)), "the failure has to say what it brought about");
}
