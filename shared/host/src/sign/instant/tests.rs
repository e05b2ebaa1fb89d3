use super::*;

#[test]
fn moments_are_written_and_read() {
    let check = |second: u64, written: &str, read: &str| {
        let moment = UNIX_EPOCH + Duration::from_secs(second);
        assert_eq!(compact(moment), written);
        assert_eq!(parse(read), Some(moment), "{read}");
    };
    check(0, "19700101T000000Z", "1970-01-01T00:00:00Z");
    check(1_440_938_160, "20150830T123600Z", "2015-08-30T12:36:00Z");
    check(1_709_164_800, "20240229T000000Z", "2024-02-29T01:30:00.123456+01:30");
    check(4_070_908_800, "20990101T000000Z", "2098-12-31T23:00:00-01:00");
    check(951_868_799, "20000229T235959Z", "2000-02-29 23:59:59Z");
}

#[test]
fn what_is_no_moment_is_none() {
    for text in [
        "",
        "2024",
        "2024-02-29",
        "2024-02-29T01:30:00",
        "2024-13-01T00:00:00Z",
        "2024-02-29x01:30:00Z",
        "1969-12-31T00:00:00Z",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
}
