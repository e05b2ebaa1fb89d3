//! No room for what calls cost: with the database away and a small journal, calls are refused, or go on unrecorded where
//! the operator says so; loudly either way, and without growing.

use super::books;
use super::caller::{self, Caller, Seen};
use super::ground::{Ground, key};
use super::till::Manner;
use crate::harness::gateway::Gateway;
use crate::harness::link::State;
use crate::harness::store::Kind;
use crate::harness::wait_until;
use serde_json::json;

const CALLS: usize = 600;
/// Calls before that, for which there is room.
const WARM: usize = 30;
/// What the process may grow by while calls are refused, or are made and not recorded.
const GROWTH_BYTES_MAX: u64 = 24 << 20;
const QUICK: Manner = Manner { wait_ms: 0..1, pieces: 1..2, prompt_tokens: 1..400, completion_tokens: 1..500 };

/// What came of the calls after the journal was full.
struct Outcome {
    served: usize,
    refused: usize,
}

fn ask(gateway: &Gateway, key: &str) -> Outcome {
    let (mut caller, mut outcome) = (Caller::of(gateway.port), Outcome { served: 0, refused: 0 });
    for number in 0..CALLS {
        match caller.ask(key, &caller::body(&format!("call-{number}"), number % 2 == 1)) {
            Seen::Whole => outcome.served += 1,
            Seen::Refused(503, text) => {
                assert!(text.contains("spend_journal_size_max_mb"), "{text}");
                outcome.refused += 1;
            }
            other => panic!("{other:?}: {}", gateway.process.log()),
        }
    }
    outcome
}

fn check(full: &str) -> (Outcome, usize) {
    let settings = format!(
        "proxy_batch_write_at: 0.3, spend_journal_size_max_mb: 0.25, spend_journal_full: {full}, database_timeout_seconds: 2"
    );
    let ground = Ground::new(Kind::Postgres, QUICK, &settings);
    let mut gateway = ground.start();
    let payer = key(&gateway, &json!({}));
    let mut caller = Caller::of(gateway.port);
    for number in 0..WARM {
        assert_eq!(caller.ask(&payer.key, &caller::body(&format!("warm-{number}"), false)), Seen::Whole);
    }
    wait_until("the first calls are written", || books::rows(&ground.store).len() == WARM);
    ground.store.link().switch(State::Cut);
    let before = gateway.process.resident_bytes();
    let outcome = ask(&gateway, &payer.key);
    let growth = gateway.process.resident_bytes().saturating_sub(before);
    assert!(growth < GROWTH_BYTES_MAX, "it has grown by {growth} bytes");
    assert!(gateway.process.log().contains("the spend journal is full"), "{}", gateway.process.log());
    ground.store.link().switch(State::Open);
    wait_until("calls are served again", || caller.ask(&payer.key, &caller::body("after", false)) == Seen::Whole);
    gateway.process.terminate();
    gateway.process.wait_for_end();
    let rows = books::rows(&ground.store);
    books::totals_agree(&ground.store, &rows);
    let recorded = rows.iter().filter(|row| row.customer.starts_with("call-") && row.status == "success").count();
    (outcome, recorded)
}

#[test]
fn calls_that_cannot_be_journalled_are_refused() {
    let (outcome, recorded) = check("refuse");
    assert!(outcome.served > 20 && outcome.refused > 20, "{} served, {} refused", outcome.served, outcome.refused);
    assert_eq!(recorded, outcome.served, "every call that was made is recorded");
}

#[test]
fn calls_that_cannot_be_journalled_go_on_where_the_operator_says_so() {
    let (outcome, recorded) = check("degrade");
    assert_eq!((outcome.served, outcome.refused), (CALLS, 0));
    assert!(recorded > 20 && recorded < CALLS, "{recorded} are recorded");
}
