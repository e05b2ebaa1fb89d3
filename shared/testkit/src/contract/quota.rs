//! The contract of quotas: what budgets and limits rely on, whoever counts.
//!
//! Every case has two users of the same accounts, as two instances of a gateway are. Time is what requests say it is: an
//! adapter that asks its server's clock has to be told not to.

mod limits;
mod money;
mod racing;

use std::sync::Arc;
use std::time::Duration;

use tollgate_core::clock::Moment;
use tollgate_core::directory::schema::KEYS;
use tollgate_core::ledger::{Payer, Spend};
use tollgate_core::quota::{
    Draw, Edge, Enforcement, Home, Level, Measure, Money, NamedTable, Quota, Refused, Request, Reservation, TokenKind,
    Used, Window, accounts,
};
use tollgate_core::upstream::BoxFuture;

/// Two users of the same accounts, which nobody has used yet.
pub struct SharedQuota {
    pub one: Arc<dyn Quota>,
    pub other: Arc<dyn Quota>,
    /// Makes each of them hear what the other has done, settlements that are under way included.
    pub hear: Hear,
    /// Says in the home of a key, or of one of its windows, what was spent; nothing where the accounts have no home of
    /// their own.
    pub write: Write,
    /// Writes these records into the homes of what their payers draw on, and says so to both.
    pub commit: Commit,
}

pub type Hear = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;
pub type Write = Box<dyn Fn(Home, u64) -> BoxFuture<'static, ()> + Send + Sync>;
pub type Commit = Box<dyn Fn(Vec<Spend>) -> BoxFuture<'static, ()> + Send + Sync>;

/// Runs every case over accounts of its own.
pub async fn quota(make: impl AsyncFn() -> SharedQuota) {
    limits::a_call_takes_from_every_account_or_from_none(&make().await).await;
    limits::a_window_begins_with_its_first_call_and_everything_fits_again_after_it(&make().await).await;
    limits::no_window_ever_has_more_than_its_limit(&make().await).await;
    limits::a_place_is_free_again_when_its_call_ends(&make().await).await;
    limits::tokens_are_corrected_in_their_own_window_alone(&make().await).await;
    limits::each_kind_of_tokens_is_counted_alone(&make().await).await;
    limits::whoever_waits_for_room_hears_of_it(&make().await).await;
    money::a_budget_admits_up_to_its_edge(&make().await).await;
    money::a_budget_is_overspent_by_one_call_at_most_however_calls_end(&make().await).await;
    money::an_account_begins_with_what_its_home_says(&make().await).await;
    money::what_is_written_to_its_home_is_counted_once(&make().await).await;
    money::a_reset_counts_at_once_and_leaves_calls_under_way_held(&make().await).await;
    money::a_window_that_is_over_takes_what_it_holds_with_it(&make().await).await;
    money::levels_say_what_is_used_and_held_and_take_nothing(&make().await).await;
    racing::windows_hold_under_a_race(&make().await).await;
    for enforcement in [Enforcement::Shrink, Enforcement::Strict] {
        racing::ten_thousand_calls_race_for_sixteen_budgets(&make().await, enforcement).await;
    }
}

/// The first moment of a minute, and of a day.
const START: Moment = Moment(20_000 * 86_400_000_000);

const MINUTE: Duration = Duration::from_secs(60);

fn at(seconds: u64) -> Moment {
    START + Duration::from_secs(seconds)
}

fn draw(account: impl Into<Arc<str>>, measure: Measure) -> Draw {
    Draw { account: account.into(), measure }
}

/// The budget of a key of which nothing is spent.
fn budget(key: &str, limit_picousd: Option<u64>) -> Draw {
    let home = Arc::new(Home::Row { table: NamedTable(&KEYS), key: vec![key.to_owned()] });
    let money = Money { limit_picousd, edge: Edge::Reached, home, seed_picousd: 0 };
    draw(accounts::key(key), Measure::Money(money))
}

/// Where the account of a budget is kept.
fn home(draw: &Draw) -> Home {
    match &draw.measure {
        Measure::Money(money) => Home::clone(&money.home),
        _ => unreachable!("this is no budget"),
    }
}

/// The same, where the home says that so much is spent.
fn spent(draw: Draw, seed_picousd: u64) -> Draw {
    let Measure::Money(money) = draw.measure else { unreachable!("this is no budget") };
    Draw { account: draw.account, measure: Measure::Money(Money { seed_picousd, ..money }) }
}

/// A budget window of a key.
fn window(key: &str, start: Moment, end: Moment) -> Window {
    Window { entity_type: "key".to_owned(), entity_id: key.to_owned(), duration: "100s".to_owned(), start, end }
}

fn windowed(window: &Window, limit_picousd: u64) -> Draw {
    let (home, edge) = (Arc::new(Home::Window(window.clone())), Edge::Reached);
    let money = Money { limit_picousd: Some(limit_picousd), edge, home, seed_picousd: 0 };
    draw(accounts::window(window), Measure::Money(money))
}

fn requests(name: &str, limit: u64) -> Draw {
    draw(format!("rate:key:{name}:requests"), Measure::Requests { limit, window: MINUTE })
}

fn tokens(name: &str, limit: u64) -> Draw {
    let measure = Measure::Tokens { limit, window: MINUTE, kind: TokenKind::Total };
    draw(format!("rate:key:{name}:tokens"), measure)
}

fn parallel(name: &str, limit: u64) -> Draw {
    draw(format!("rate:key:{name}:parallel"), Measure::Parallel { limit })
}

/// A call that may cost 10 and use 3 tokens for the prompt and 7 for the answer, `seconds` after the start.
fn request(seconds: u64, draws: &[Draw]) -> Request {
    Request {
        id: tollgate_core::new_id().into(),
        now: at(seconds),
        expires: at(seconds) + MINUTE,
        draws: draws.to_vec(),
        cost_picousd: 10,
        input_tokens: 3,
        output_tokens: 7,
        enforcement: Enforcement::Shrink,
        record: None,
    }
}

async fn reserve(quota: &dyn Quota, request: Request) -> Reservation {
    match quota.reserve(request.clone()).await {
        Ok(reservation) => reservation,
        Err(refused) => unreachable!("{request:?} was refused: {refused:?}"),
    }
}

/// The place and the level at which the call is refused.
async fn refused(quota: &dyn Quota, request: Request) -> (usize, Level) {
    match quota.reserve(request.clone()).await {
        Err(Refused::Full { place, level }) => (place, level),
        other => unreachable!("{request:?} should be refused: {other:?}"),
    }
}

async fn level(quota: &dyn Quota, seconds: u64, draw: &Draw) -> Level {
    let levels = quota.levels(std::slice::from_ref(draw), at(seconds)).await;
    levels.first().copied().unwrap_or_default()
}

/// What is used, held back amounts included, and what is held back.
async fn used(quota: &dyn Quota, seconds: u64, draw: &Draw) -> (u64, u64) {
    let level = level(quota, seconds, draw).await;
    (level.used, level.held)
}

const fn costs(cost_picousd: u64) -> Used {
    Used { cost_picousd, input_tokens: 0, output_tokens: 0 }
}

/// What a call of this key has cost, as it is written to its homes.
fn record(reservation_id: &str, key: &str, cost_picousd: u64) -> Spend {
    let payer = Payer { key: key.to_owned(), ..Payer::default() };
    Spend { id: reservation_id.to_owned(), payer, cost_picousd, ..Spend::default() }
}
