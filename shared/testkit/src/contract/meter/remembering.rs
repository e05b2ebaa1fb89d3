//! Names have handles, keys have deployments, and jobs have one instance that does them.

use std::collections::HashSet;

use super::{Shared, at};

pub fn handles_are_stable_and_of_one_name_each(shared: &Shared) {
    for meter in [&*shared.one, &*shared.other] {
        let names = ["a", "b", "", "a ", "ä", "A"];
        let (handles, purses) = (names.map(|name| meter.handle(name)), names.map(|name| meter.purse(name)));
        assert_eq!(names.map(|name| meter.handle(name)), handles);
        assert_eq!(names.map(|name| meter.purse(name)), purses);
        for given in [handles, purses] {
            assert_eq!(HashSet::from(given).len(), names.len(), "{given:?}");
        }
    }
}

pub async fn a_deployment_is_remembered_for_its_time(shared: &Shared) {
    let (one, other) = (&*shared.one, &*shared.other);
    assert_eq!(one.recall("k", at(0)).await, None);
    one.remember("k".to_owned(), "a", at(60));
    one.remember("l".to_owned(), "b", at(10));
    (shared.hear)().await;
    for meter in [one, other] {
        assert_eq!(meter.recall("k", at(59)).await.as_deref(), Some("a"));
        assert_eq!(meter.recall("l", at(9)).await.as_deref(), Some("b"));
    }
    other.remember("k".to_owned(), "c", at(30));
    (shared.hear)().await;
    for meter in [one, other] {
        assert_eq!(meter.recall("k", at(29)).await.as_deref(), Some("c"), "the latest counts");
    }
    for meter in [one, other] {
        assert_eq!(meter.recall("k", at(30)).await, None, "for its own time");
        assert_eq!(meter.recall("l", at(30)).await, None);
    }
}

pub async fn a_job_is_leased_to_one(shared: &Shared) {
    let (one, other) = (&*shared.one, &*shared.other);
    assert!(one.lease("check", at(0), at(60)).await);
    assert!(!other.lease("check", at(0), at(60)).await);
    assert!(!one.lease("check", at(59), at(120)).await, "nor twice to the same");
    assert!(other.lease("report", at(0), at(60)).await, "another job is another lease");
    assert!(other.lease("check", at(60), at(120)).await);
    assert!(!one.lease("check", at(119), at(180)).await);
    assert!(one.lease("check", at(120), at(180)).await);
}
