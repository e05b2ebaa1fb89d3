//! How times and rows are shown.

use super::*;

#[test]
fn times_have_the_forms_of_litellm() {
    let check = |micros: u64, want: [&str; 3]| {
        let shown = [Times::Zulu, Times::Offset, Times::Bare].map(|times| moment(Moment(micros), times));
        assert_eq!(shown, want);
    };
    check(
        1_769_860_800_123_000,
        ["2026-01-31T12:00:00.123000Z", "2026-01-31T12:00:00.123000+00:00", "2026-01-31T12:00:00.123"],
    );
    check(1_769_860_800_000_000, ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00"]);
}

#[test]
fn a_row_is_shown_whole() {
    let columns = [("budget_id", "b"), ("created_at", "x")];
    let budget_row: Row = columns.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let shown = budget(Some(&budget_row), Times::Zulu);
    assert_eq!(shown["max_budget"], Value::Null);
    assert_eq!((&shown["created_at"], &shown["budget_id"]), (&"x".into(), &"b".into()));
    assert!(shown.get("organization_membership").is_some_and(Value::is_null));
    assert_eq!(budget(None, Times::Zulu), Value::Null);
}
