//! A client that leaves in the middle of a stream: what it was sent is charged, and marked.

use super::books;
use super::caller;
use super::ground::{Ground, INPUT_PICOUSD, OUTPUT_PICOUSD, key};
use super::till::Manner;
use crate::harness::events::Events;
use crate::harness::store::Kind;
use crate::harness::wait_until;
use serde_json::json;

/// Pieces that the client waits for, of many more.
const PIECES: u64 = 5;

fn check(kind: Kind) {
    let manner = Manner { wait_ms: 20..21, pieces: 500..501, ..Manner::default() };
    let ground = Ground::new(kind, manner, "proxy_batch_write_at: 0.2");
    let gateway = ground.start();
    let payer = key(&gateway, &json!({"max_budget": 1}));
    let mut connection = gateway.connect();
    let body = caller::body("leaver", true);
    connection.post("/v1/chat/completions", &payer.key, &body).expect("the gateway takes the request");
    assert_eq!(connection.read_response_head().expect("the gateway answers").status(), 200);
    let mut events = Events::default();
    for _ in 0..PIECES {
        events.skip_to(&mut connection, "piece");
    }
    connection.close();
    wait_until("its row is written", || !books::rows(&ground.store).is_empty());
    let rows = books::rows(&ground.store);
    let [row] = rows.as_slice() else { panic!("one row: {rows:?}") };
    assert_eq!((row.outcome.as_str(), row.customer.as_str()), ("client_left", "leaver"), "{row:?}");
    // What was on its way to the client when it left was sent, too.
    assert!((PIECES..PIECES + 20).contains(&row.completion_tokens) && row.prompt_tokens > 0, "{row:?}");
    let picousd = row.prompt_tokens * INPUT_PICOUSD + row.completion_tokens * OUTPUT_PICOUSD;
    assert_eq!(row.spend_usd, picousd as f64 / 1e12, "{row:?}");
    drop(gateway);
    books::totals_agree(&ground.store, &rows);
}

#[test]
fn what_a_client_was_sent_that_leaves_is_charged_and_marked() {
    check(Kind::Sqlite);
    check(Kind::Postgres);
}
