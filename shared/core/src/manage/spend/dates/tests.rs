use super::*;

#[test]
fn days_are_written_in_one_way() {
    let cases = [
        ("2026-01-31", true),
        ("2026-02-29", false),
        ("2028-02-29", true),
        ("2026-1-31", false),
        ("20260131", false),
        ("2026-01-31T00:00:00", false),
        ("2026-01-31 00:00:00", false),
        ("x", false),
        ("", false),
    ];
    for (text, is_day) in cases {
        assert_eq!(day(text).is_some(), is_day, "{text}");
    }
}

#[test]
fn times_are_days_or_days_with_a_time() {
    let cases = [
        ("1970-01-02", Some(86_400_000_000)),
        ("1970-01-02 00:00:01", Some(86_401_000_000)),
        ("1970-01-02 24:00:00", None),
        ("1970-01-02T00:00:01", None),
        ("yesterday", None),
    ];
    for (text, micros) in cases {
        assert_eq!(time(text), micros.map(Moment), "{text}");
    }
}

#[test]
fn the_last_day_of_a_span_is_part_of_it() {
    let days = Days::parse("2026-02-27", "2026-02-28").expect("days");
    let [from, below] = days.filters();
    assert_eq!(from, Filter::From("date", "2026-02-27".into()));
    assert_eq!(below, Filter::Below("date", "2026-03-01".into()));
    assert_eq!(days.of_records()[1], Filter::Below("startTime", "2026-03-01T00:00:00.000Z".into()));
    assert_eq!(days.count(), 1);
}

#[test]
fn charts_name_days_shortly() {
    assert_eq!(short("2026-11-05"), "Nov 05");
    assert_eq!(short("never"), "never");
}
