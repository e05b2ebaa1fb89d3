use super::{Limit, Row};

fn check(bare: f64, gateway: f64, limit: Limit, passes: Option<bool>, verdict: &str) {
    let row = Row { name: "row", bare, gateway, limit };
    assert_eq!(row.passes(), passes);
    assert_eq!(row.verdict(), verdict);
}

#[test]
fn a_row_is_judged_by_its_own_kind_of_limit() {
    check(10.0, 16.0, Limit::Ratio(1.6), Some(true), "PASS (at most 1.60 x)");
    check(10.0, 16.1, Limit::Ratio(1.6), Some(false), "FAIL (at most 1.60 x)");
    check(1.0, 14.9, Limit::Value(15.0), Some(true), "PASS (below 15)");
    check(1.0, 15.0, Limit::Value(15.0), Some(false), "FAIL (below 15)");
    check(1.0, 9.0, Limit::None, None, "");
}

#[test]
fn a_number_that_is_missing_does_not_pass() {
    check(0.0, 0.0, Limit::Ratio(1.6), Some(false), "FAIL (at most 1.60 x)");
}
