//! A key that is taken away stops working, at every instance, within a stated time.

use super::caller::{self, Caller, Seen};
use super::ground::{Ground, key, manage};
use super::till::Manner;
use crate::harness::gateway::Gateway;
use crate::harness::store::Kind;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How soon other instances on PostgreSQL must have heard of it; it takes milliseconds on a machine that is not busy.
const HEARD_WITHIN: Duration = Duration::from_secs(1);

/// How long the key goes on at `elsewhere` after it was taken away `here`.
fn check(here: &Gateway, elsewhere: &Gateway, path: &str, body: impl Fn(&str) -> Value) -> Duration {
    let payer = key(here, &json!({}));
    let mut caller = Caller::of(elsewhere.port);
    let mut ask = || caller.ask(&payer.key, &caller::body("revoked", false));
    // Twice: it is remembered then.
    assert_eq!((ask(), ask()), (Seen::Whole, Seen::Whole), "{path}");
    manage(here, path, &body(&payer.key));
    let since = Instant::now();
    loop {
        let asked = since.elapsed();
        match ask() {
            Seen::Refused(401, _) => return asked,
            Seen::Whole => assert!(asked < HEARD_WITHIN, "{path}: still served after {asked:?}"),
            other => panic!("{path}: {other:?}"),
        }
    }
}

/// How a key is named when it is taken away.
type Naming = fn(&str) -> Value;

fn ways() -> [(&'static str, Naming); 2] {
    [("/key/block", |key| json!({"key": key})), ("/key/delete", |key| json!({"keys": [key]}))]
}

#[test]
fn a_key_stops_at_once_where_it_is_taken_away() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let ground = Ground::new(kind, Manner::default(), "user_api_key_cache_ttl: 3600");
        let gateway = ground.start();
        for (path, body) in ways() {
            // It asks at once: the first answer is a refusal.
            let until = check(&gateway, &gateway, path, body);
            assert!(until < Duration::from_millis(20), "{kind:?} {path}: {until:?}");
        }
    }
}

#[test]
fn a_key_stops_at_other_instances_when_they_hear_of_it() {
    let ground = Ground::new(Kind::Postgres, Manner::default(), "user_api_key_cache_ttl: 3600");
    let (here, elsewhere) = (ground.start(), ground.start());
    let mut longest = Duration::ZERO;
    for (path, body) in ways().into_iter().cycle().take(10) {
        longest = longest.max(check(&here, &elsewhere, path, body));
    }
    eprintln!("the last call was served {longest:?} after the key was taken away");
}
