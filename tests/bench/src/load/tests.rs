use super::Findings;
use std::time::Duration;

#[test]
fn findings_add_up_and_keep_the_first_error() {
    let mut all = Findings::default();
    let mut one = Findings::default();
    one.count(Ok(5), Duration::from_millis(10));
    one.count(Err("first".into()), Duration::ZERO);
    let mut two = Findings::default();
    two.count(Ok(7), Duration::from_millis(30));
    two.count(Err("second".into()), Duration::ZERO);
    all.add(one);
    all.add(two);
    let json = all.into_json(Duration::from_millis(50));
    let expected = serde_json::json!({
        "requests": 2, "chunks": 12, "errors": 2, "first_error": "first",
        "elapsed_ms": 50.0, "p50_ms": 10.0, "p99_ms": 30.0,
    });
    assert_eq!(json, expected);
}
