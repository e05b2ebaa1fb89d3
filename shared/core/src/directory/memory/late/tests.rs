use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::*;

/// A row of this id, which counts when it is made.
fn late(id: &str, made: &Arc<AtomicUsize>) -> Late {
    let made = Arc::clone(made);
    let make = move |id: String, _: Moment| {
        made.fetch_add(1, Ordering::Relaxed);
        Row::from_iter([("request_id".to_owned(), json!(id))])
    };
    Late { id: id.to_owned(), otherwise: format!("{id}-other"), make: Box::new(make) }
}

fn ids(rows: &Rows) -> Vec<&str> {
    rows.values().filter_map(|row| row["request_id"].as_str()).collect()
}

#[test]
fn rows_are_made_when_somebody_looks_and_once() {
    let (made, mut rows, mut late_rows) = (Arc::default(), Rows::new(), LateRows::default());
    for id in ["a", "b"] {
        late_rows.add(late(id, &made), Moment(0), &mut rows);
    }
    assert_eq!((made.load(Ordering::Relaxed), rows.len()), (0, 0));
    late_rows.settle(&mut rows);
    late_rows.settle(&mut rows);
    assert_eq!(made.load(Ordering::Relaxed), 2);
    assert_eq!(ids(&rows), ["a", "b"]);
}

#[test]
fn a_row_whose_id_is_taken_gets_its_other_one() {
    let (made, mut rows, mut late_rows) = (Arc::default(), Rows::new(), LateRows::default());
    late_rows.add(late("a", &made), Moment(0), &mut rows);
    late_rows.add(late("a", &made), Moment(0), &mut rows);
    late_rows.settle(&mut rows);
    late_rows.add(late("a-other", &made), Moment(0), &mut rows);
    late_rows.settle(&mut rows);
    assert_eq!(ids(&rows), ["a", "a-other", "a-other-other"]);
}

#[test]
fn the_newest_rows_alone_are_kept_whether_or_not_they_are_made() {
    let (made, mut rows, mut late_rows) = (Arc::default(), Rows::new(), LateRows::default());
    for number in 0..ROWS_MAX * 2 {
        late_rows.add(late(&format!("{number:06}"), &made), Moment(0), &mut rows);
        if number == ROWS_MAX / 2 {
            late_rows.settle(&mut rows);
        }
    }
    late_rows.settle(&mut rows);
    assert_eq!(rows.len(), ROWS_MAX);
    assert_eq!(ids(&rows).first(), Some(&format!("{ROWS_MAX:06}").as_str()));
    assert!(made.load(Ordering::Relaxed) <= ROWS_MAX * 3 / 2 + 1, "what nobody has seen is never made");
}
