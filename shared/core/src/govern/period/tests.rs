//! Periods end when LiteLLM's do, and everything that may be refused is.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{BadTime, Calendar, length};
use crate::clock::Moment;
use crate::directory::{moment_of, moment_text};

#[derive(serde::Deserialize)]
struct Recorded {
    /// The duration, the zone, the time of day, the moment, the end.
    ends: Vec<[String; 5]>,
    lengths: BTreeMap<String, Option<u64>>,
}

fn recorded() -> Recorded {
    serde_json::from_str(include_str!("ends.json")).unwrap()
}

fn moment(text: &str) -> Moment {
    moment_of(text).unwrap()
}

#[test]
fn periods_end_when_litellms_do() {
    let cases = recorded().ends;
    assert!(cases.len() > 1000, "{}", cases.len());
    for [duration, zone, at, now, expected] in &cases {
        let calendar = Calendar::new(Some(zone), Some(at)).unwrap();
        let end = calendar.next(duration, moment(now));
        let (expected, end) = (moment(expected), moment_text(end));
        // Where LiteLLM's end is over already, it is the second time that the clocks show it.
        if expected > moment(now) || duration.starts_with('0') {
            assert_eq!(end, moment_text(expected), "{duration} in {zone} at {at}, now {now}");
        } else {
            assert!(moment(&end) > moment(now), "{duration} in {zone} at {at}, now {now}: {end}");
        }
    }
}

#[test]
fn lengths_are_litellms() {
    let now = moment("2026-01-31T12:00:00Z");
    for (duration, expected) in recorded().lengths {
        assert_eq!(length(&duration, now).map(|length| length.as_secs()), expected, "{duration}");
    }
    for (duration, days) in [("1mo", 28), ("2mo", 59), ("12mo", 365), ("1month", 28)] {
        assert_eq!(length(duration, now), Some(Duration::from_secs(days * 86_400)), "{duration}");
    }
}

#[test]
fn several_months_end_on_the_first_of_the_last() {
    let cases = [
        ("2mo", "2026-01-31T12:00:00Z", "2026-03-01T00:00:00.000Z"),
        ("3mo", "2026-11-01T00:00:00Z", "2027-02-01T00:00:00.000Z"),
        ("12mo", "2024-02-29T05:00:00Z", "2025-02-01T00:00:00.000Z"),
    ];
    for (duration, now, expected) in cases {
        assert_eq!(moment_text(Calendar::default().next(duration, moment(now))), expected, "{duration}");
        assert!(Calendar::default().check(duration, moment(now)).is_ok(), "{duration}");
    }
}

#[test]
fn what_is_no_duration_is_refused_when_it_is_written() {
    let (calendar, now) = (Calendar::default(), moment("2026-01-31T12:00:00Z"));
    for good in ["1s", "30m", "24h", "7d", "30d", "2w", "1mo", "6mo", "daily", "Weekly", "365d", "1day"] {
        assert!(calendar.check(good, now).is_ok(), "{good}");
    }
    for bad in ["", "0d", "0s", "d", "1", "1y", "-1d", "soon", "99999999999999d", "4000000000d", "4000000000mo"] {
        let refusal = calendar.check(bad, now).unwrap_err().to_string();
        let expected = format!("Invalid budget_duration '{bad}'. Use a format like '1h', '24h', '7d', or '30d'.");
        assert_eq!(refusal, expected);
        assert!(calendar.next(bad, now) >= now, "a row that has it must not be lost: {bad}");
    }
}

#[test]
fn a_time_of_day_is_read_as_litellm_does_or_refused() {
    for (text, hour, minute, second) in [("12:00", 12, 0, 0), ("7:5", 7, 5, 0), ("23:59:59", 23, 59, 59), ("", 0, 0, 0)]
    {
        let at = Calendar::new(None, Some(text)).unwrap().at;
        assert_eq!((at.hour(), at.minute(), at.second()), (hour, minute, second), "{text}");
    }
    for text in ["24:00", "12", "noon", "12:60", "1:2:3:4", "12:", "+1:00", "012:00"] {
        assert_eq!(Calendar::new(None, Some(text)).unwrap_err(), BadTime(text.to_owned()));
    }
}

#[test]
fn a_window_is_the_one_that_was_said_or_the_one_that_is_now() {
    let now = moment("2026-01-31T12:00:00Z");
    let cases = [
        ("1d", Some("2026-02-01T00:00:00Z"), "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("1d", Some("2026-01-31T12:00:00Z"), "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("1d", None, "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("1h", Some("2020-01-01T00:00:00Z"), "2026-01-31T12:00:00Z", "2026-01-31T13:00:00Z"),
        ("7d", Some("2026-02-02T00:00:00Z"), "2026-01-26T00:00:00Z", "2026-02-02T00:00:00Z"),
    ];
    for (duration, reset_at, start, end) in cases {
        let window = Calendar::default().window(duration, reset_at.map(moment), now);
        assert_eq!(window, (moment(start), moment(end)), "{duration} until {reset_at:?}");
    }
}
