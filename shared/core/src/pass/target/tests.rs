use proptest::prelude::*;

use super::*;

fn check(base: &str, rest: &str, want: &str) {
    let base = Base::parse(base).expect("a base");
    let got = base.below(rest, None).map_or_else(|error| error.to_string(), |uri| uri.to_string());
    assert_eq!(got, want, "{rest} below {base:?}");
}

const OUT: &str =
    "the path leads out of the provider's address: send it without `.`, `..`, `\\` and control characters";

#[test]
fn paths_stay_below_their_base() {
    let base = "https://api.example/root/";
    check(base, "v1/messages", "https://api.example/root/v1/messages");
    check(base, "/v1//messages/", "https://api.example/root/v1/messages/");
    check(base, "", "https://api.example/root");
    check(base, "//", "https://api.example/root");
    check(base, "model/arn%3Aaws%2Fa:0/converse", "https://api.example/root/model/arn%3Aaws%2Fa:0/converse");
    check(base, "v1/...", "https://api.example/root/v1/...");
    check(base, "v1/a..b/.c", "https://api.example/root/v1/a..b/.c");
    check("http://127.0.0.1:1", "", "http://127.0.0.1:1/");
}

#[test]
fn no_path_is_a_host() {
    let base = "https://api.example";
    check(base, "//evil.example/x", "https://api.example/evil.example/x");
    check(base, "@evil.example/x", "https://api.example/@evil.example/x");
    check(base, "http://evil.example/x", "https://api.example/http:/evil.example/x");
    check(base, ":443@evil.example", "https://api.example/:443@evil.example");
    check(base, ".evil.example", "https://api.example/.evil.example");
    check(base, "%40evil.example", "https://api.example/%40evil.example");
}

#[test]
fn ways_out_are_refused_however_encoded() {
    for rest in [
        "..",
        "../x",
        "v1/../../x",
        "v1/..",
        "./x",
        "v1/.",
        "%2e%2e/x",
        "%2E./x",
        ".%2e/x",
        "v1%2f..%2fx",
        "%2e%2e%2fx",
        "..%2fx",
        "%252e%252e/x",
        "%25252e%25252e/x",
        "..;/x",
        "..;a=b/x",
        "%2e%2e;/x",
        "..\\x",
        "%5c..%5cx",
        "a%5cb",
        "x%00",
        "x%0d%0ahost:%20evil",
        "%2525252525252e",
        "a%250ab",
    ] {
        check("https://api.example/root", rest, OUT);
    }
}

#[test]
fn a_base_is_http_with_a_host() {
    for (text, want) in [
        ("api.example", "is no http or https address: write it with its scheme"),
        ("ftp://api.example", "is no http or https address: write it with its scheme"),
        ("/path", "is no http or https address: write it with its scheme"),
        ("https://", "is no address"),
        ("https://user:word@api.example/", "holds a user's name: put it into a header"),
    ] {
        assert_eq!(Base::parse(text), Err(want.to_owned()), "{text}");
    }
}

#[test]
fn queries_are_merged_pair_by_pair() {
    assert_eq!(without(Some("a=1&key=x&%6bey=y&b"), "key").as_deref(), Some("a=1&b"));
    assert_eq!(without(Some("key=x"), "key"), None);
    assert_eq!(with(Some("a=1"), "key", "s k&x"), "a=1&key=s%20k%26x");
    assert_eq!(merged(Some("a=1"), Some("a=2&b=3")).as_deref(), Some("a=1&b=3"));
    assert_eq!(merged(None, None), None);
}

proptest! {
    /// Whatever is asked for, the host stays and the path begins with the base's.
    #[test]
    fn nothing_leads_out(rest in "[ -~]{0,40}") {
        let base = Base::parse("https://api.example/root").expect("a base");
        if let Ok(uri) = base.below(&rest, None) {
            prop_assert_eq!(uri.authority().map(|authority| authority.as_str()), Some("api.example"));
            prop_assert!(uri.path() == "/root" || uri.path().starts_with("/root/"), "{}", uri);
            let mut decoded = uri.path().as_bytes().to_vec();
            for _ in 0..3 {
                prop_assert!(!decoded.split(|byte| *byte == b'/').any(|segment| segment == b".."), "{}", uri);
                decoded = decode(&decoded);
            }
        }
    }
}
