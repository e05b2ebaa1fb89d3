//! An outage, from its first call to its last, over accounts that fail as they are told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::quota::{Edge, Home, Measure, Money, NamedTable};

/// Accounts that cannot be reached while the switch is on.
struct Distant {
    accounts: Memory,
    is_away: Arc<AtomicBool>,
}

impl Quota for Distant {
    fn reserve(&self, request: Request) -> BoxFuture<'_, Result<Reservation, Refused>> {
        if self.is_away.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Err(Refused::Unknown("no answer".to_owned()))));
        }
        self.accounts.reserve(request)
    }

    fn settle(&self, reservation: Reservation, used: Used) {
        self.accounts.settle(reservation, used);
    }

    fn committed(&self, records: &[&Spend]) {
        self.accounts.committed(records);
    }

    fn levels<'a>(&'a self, draws: &'a [Draw], now: Moment) -> BoxFuture<'a, Vec<Level>> {
        self.accounts.levels(draws, now)
    }

    fn rewritten(&self, account: &str, spent_picousd: u64) {
        self.accounts.rewritten(account, spent_picousd);
    }

    fn freed(&self) -> BoxFuture<'_, ()> {
        self.accounts.freed()
    }
}

fn quota() -> (Enduring, Arc<AtomicBool>) {
    let switch = Arc::new(AtomicBool::new(false));
    let (distant, own) = (Distant { accounts: Memory::default(), is_away: Arc::clone(&switch) }, Arc::clone(&switch));
    (Enduring::new(Arc::new(distant), Box::new(move || own.load(Ordering::SeqCst))), switch)
}

/// A call that costs 10 of a budget of 100, of which 70 were spent when that was last known.
fn request(id: &str, enforcement: Enforcement) -> Request {
    let home = Home::Row { table: NamedTable(&crate::directory::schema::KEYS), key: vec!["k".to_owned()] };
    let money = Money { limit_picousd: Some(100), edge: Edge::Reached, home: home.into(), seed_picousd: 70 };
    let draws = vec![Draw { account: "spend:key:k".into(), measure: Measure::Money(money) }];
    let now = Moment(1_000_000);
    let (cost_picousd, expires) = (10, now + Duration::from_secs(60));
    let (input_tokens, output_tokens, record) = (1, 1, None);
    Request { id: id.into(), now, expires, draws, cost_picousd, input_tokens, output_tokens, enforcement, record }
}

async fn take(quota: &Enduring, id: &str) -> Result<u64, Refused> {
    let reservation = quota.reserve(request(id, Enforcement::Shrink)).await?;
    let used = reservation.levels[0].used;
    quota.settle(reservation, Used { cost_picousd: 10, ..Used::default() });
    Ok(used)
}

#[tokio::test]
async fn a_budget_goes_on_from_what_was_known_and_ends_where_it_ends() {
    let (quota, switch) = quota();
    switch.store(true, Ordering::SeqCst);
    for (id, used) in [("a", 80), ("b", 90), ("c", 100)] {
        assert_eq!(take(&quota, id).await, Ok(used));
    }
    assert!(matches!(take(&quota, "d").await, Err(Refused::Full { place: 0, .. })));
}

#[tokio::test]
async fn a_strict_budget_is_not_counted_alone() {
    let (quota, switch) = quota();
    switch.store(true, Ordering::SeqCst);
    let refused = quota.reserve(request("a", Enforcement::Strict)).await;
    assert!(matches!(refused, Err(Refused::Unknown(_))), "{refused:?}");
}

#[tokio::test]
async fn a_call_is_settled_where_it_was_let_in() {
    let (quota, switch) = quota();
    switch.store(true, Ordering::SeqCst);
    let own = quota.reserve(request("own", Enforcement::Shrink)).await.expect("room");
    switch.store(false, Ordering::SeqCst);
    // The shared accounts know nothing of it, and must not be told.
    assert_eq!(take(&quota, "shared").await, Ok(80));
    quota.settle(own, Used { cost_picousd: 10, ..Used::default() });
    assert_eq!(take(&quota, "next").await, Ok(90));
    assert!(quota.outage().open.is_empty());
}

#[tokio::test]
async fn every_outage_begins_with_what_is_known_then() {
    let (quota, switch) = quota();
    for _ in 0..2 {
        switch.store(true, Ordering::SeqCst);
        assert_eq!(take(&quota, "away").await, Ok(80));
        switch.store(false, Ordering::SeqCst);
        take(&quota, "back").await.expect("room");
    }
}
