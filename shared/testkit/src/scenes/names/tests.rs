//! Names stand for what is new in every run.

use serde_json::json;

use super::*;

/// Wednesday, 25 November 2026, 17:30.
const NOW: Moment = Moment(1_795_627_800_000_000);

fn names() -> Names {
    Names { now: NOW, ..Names::default() }
}

#[test]
fn a_key_is_bound_with_its_hash_and_its_end() {
    let mut names = names();
    let key = "sk-abcdefghijklmnopqrstuv";
    let got = json!({ "key": key, "key_name": "sk-...stuv", "token": hash_of(key) });
    let wanted = json!({ "key": "<key:1>", "key_name": "sk-...<name:1>", "token": "<hash:1>" });
    assert_eq!(names.compare(&wanted, &got), Ok(()));
    assert_eq!(names.fill("/key/info?key=<hash:1>"), format!("/key/info?key={}", hash_of(key)));
    let other = json!({ "key": key, "key_name": "sk-...wxyz", "token": hash_of(key) });
    assert!(names.compare(&wanted, &other).is_err());
}

#[test]
fn times_are_as_far_from_now_as_recorded() {
    for (wanted, got, reads) in [
        ("<now:T6Z>", "2026-11-25T17:30:01.000100Z", true),
        ("<now:T6Z>", "2026-11-25T17:30:01.000100+00:00", false),
        ("<now:T6Z>", "2026-11-25T17:40:01.000100Z", false),
        ("<now+3600:T6+00:00>", "2026-11-25T18:30:01.000100+00:00", true),
        ("<midnight+1:T0Z>", "2026-11-26T00:00:00Z", true),
        ("<midnight+1:T0Z>", "2026-11-26T00:00:01Z", false),
        ("<month+1:T0Z>", "2026-12-01T00:00:00Z", true),
        ("<hour+1:T3Z>", "2026-11-25T18:00:00Z", true),
        ("<hour+1:T3Z>", "2026-11-25T17:45:00Z", false),
        ("<later:T3Z>", "2026-11-25T17:45:00Z", true),
        ("<later:T3Z>", "2026-11-25T17:15:00Z", false),
        ("<monday+1:T0Z>", "2026-11-30T00:00:00Z", true),
        ("Limit <uuid:1>!", "Limit 01234567-89ab-cdef-0123-456789abcdef!", true),
        ("a <script> of none", "a <script> of none", true),
    ] {
        assert_eq!(names().reads(wanted, got), reads, "{wanted} {got}");
    }
}

#[test]
fn every_difference_is_told() {
    for (wanted, got, told) in [
        (json!({ "a": 1 }), json!({ "a": 1.0 }), None),
        (json!({ "a": 1 }), json!({}), Some("/a: nothing, not 1")),
        (json!({}), json!({ "a": 1 }), Some("/a: 1, not there")),
        (json!([1, 2]), json!([1, 3]), Some("/1: 3, not 2")),
        (json!([1]), json!([1, 3]), Some(": [1,3], not [1]")),
    ] {
        assert_eq!(names().compare(&wanted, &got).err().as_deref(), told);
    }
}
