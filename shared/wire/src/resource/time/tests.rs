//! Points in time against Python's `datetime`.

use super::{seconds_of, seconds_of_http_date};

#[test]
fn what_providers_write_is_read() {
    let check = |text: &str, want: Option<i64>| assert_eq!(seconds_of(text), want, "{text}");
    check("1970-01-01T00:00:00Z", Some(0));
    check("2024-08-20T18:37:24.100435Z", Some(1_724_179_044));
    check("2024-08-20T20:37:24+02:00", Some(1_724_179_044));
    check("2024-08-20T15:07:24-0330", Some(1_724_179_044));
    check("2024-02-29 00:00:00", Some(1_709_164_800));
    check("2025-01-01T00:00:05", Some(1_735_689_605));
    check("1969-12-31T23:59:59Z", Some(-1));
}

#[test]
fn what_is_no_time_is_none() {
    for text in ["", "x", "2024-08-20", "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00X", "ää"]
    {
        assert_eq!(seconds_of(text), None, "{text}");
    }
    assert_eq!(seconds_of("2024-01-01Tä0:00:00Z"), None);
}

#[test]
fn dates_of_http_are_read() {
    let check = |text: &str, want: Option<i64>| assert_eq!(seconds_of_http_date(text), want, "{text}");
    check("Wed, 21 Oct 2015 07:28:00 GMT", Some(1_445_412_480));
    check("Wed, 21 Okt 2015 07:28:00 GMT", None);
    check("", None);
}
