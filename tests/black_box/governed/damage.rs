//! A journal that was damaged while nobody was there: what is whole in it is charged, and the next process starts.

use super::books::{self, Row};
use super::caller::{self, Caller, Seen};
use super::ground::{Ground, key};
use super::till::Manner;
use crate::harness::store::Kind;
use crate::harness::wait_until;
use serde_json::json;
use std::fs;
use std::path::PathBuf;

const CALLS: usize = 6;

/// What happens to the file in which the calls' last records stand, one in a line.
type Damage = fn(Vec<u8>) -> Vec<u8>;

/// The only file of the only journal.
fn file(ground: &Ground) -> PathBuf {
    let [folder] = ground.store.journals().try_into().expect("one journal");
    let files = fs::read_dir(folder).expect("the journal").flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|ending| ending == "log")).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

/// Damages the journal of some calls that have ended and were not drained; the rows of the next process.
fn check(damage: Damage) -> Vec<Row> {
    let ground = Ground::new(Kind::Sqlite, Manner::default(), "proxy_batch_write_at: 86400");
    let mut gateway = ground.start();
    let payer = key(&gateway, &json!({}));
    let mut caller = Caller::of(gateway.port);
    for number in 0..CALLS {
        let seen = caller.ask(&payer.key, &caller::body(&format!("call-{number}"), number % 2 == 1));
        assert_eq!(seen, Seen::Whole);
    }
    gateway.process.kill();
    let path = file(&ground);
    fs::write(&path, damage(fs::read(&path).expect("the file"))).expect("the damage is done");
    let mut gateway = ground.start();
    wait_until("the journal is drained", || ground.store.journals().len() == 1);
    gateway.process.terminate();
    gateway.process.wait_for_end();
    let rows = books::rows(&ground.store);
    books::totals_agree(&ground.store, &rows);
    let sales = ground.till.sales();
    for row in rows.iter().filter(|row| row.outcome.is_empty()) {
        assert_eq!(row.spend_usd, sales[&row.customer][0].picousd() as f64 / 1e12, "{row:?}");
    }
    for row in rows.iter().filter(|row| !row.outcome.is_empty()) {
        let most = caller::most_picousd(&caller::body(&row.customer, row.customer.ends_with(['1', '3', '5'])));
        assert_eq!((row.outcome.as_str(), row.spend_usd), ("lapsed", most as f64 / 1e12), "{row:?}");
    }
    rows
}

/// How many were charged at what they used, and how many at what they could have cost.
fn tally(rows: &[Row]) -> (usize, usize) {
    let served = rows.iter().filter(|row| row.outcome.is_empty()).count();
    (served, rows.len() - served)
}

/// Where the last line begins.
fn last_line(bytes: &[u8]) -> usize {
    let end = bytes.len() - 1;
    bytes[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1)
}

#[test]
fn a_call_whose_end_was_torn_is_charged_what_it_could_cost() {
    let rows = check(|mut bytes| {
        let begin = last_line(&bytes);
        bytes.truncate(begin + (bytes.len() - begin) / 2);
        bytes
    });
    assert_eq!(tally(&rows), (CALLS - 1, 1));
}

#[test]
fn a_damaged_byte_costs_one_record() {
    let rows = check(|mut bytes| {
        // Within the end of the first call: its beginning is the first line.
        let second = bytes.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
        bytes[second + 200] ^= 0x20;
        bytes
    });
    assert_eq!(tally(&rows), (CALLS - 1, 1));
}

#[test]
fn rubbish_at_the_end_costs_nothing() {
    let rubbish: [Damage; 4] = [
        |bytes| [bytes, vec![0; 4_096]].concat(),
        |bytes| [bytes, b"0000".to_vec()].concat(),
        |bytes| [bytes, vec![0xff; 300_000]].concat(),
        |bytes| [bytes, b"\n\n\n".to_vec()].concat(),
    ];
    for damage in rubbish {
        assert_eq!(tally(&check(damage)), (CALLS, 0));
    }
}
