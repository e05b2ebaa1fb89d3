use super::*;

#[test]
fn durations_have_three_decimals() {
    for (microseconds, want) in [(0, "0.000"), (7, "0.007"), (1_050, "1.050"), (12_345_678, "12345.678")] {
        assert_eq!(milliseconds(Duration::from_micros(microseconds)), want);
    }
}

#[test]
fn a_providers_headers_are_prefixed_and_its_cookies_kept_back() {
    let mut provider = HeaderMap::new();
    for name in ["content-type", "x-ratelimit-remaining-requests", "x-vendor", "set-cookie"] {
        provider.insert(name, HeaderValue::from_static("v"));
    }
    let check = |outcome, plain: bool| {
        let mut headers = HeaderMap::new();
        copy_provider_headers(&mut headers, &provider, outcome);
        for name in ["llm_provider-content-type", "llm_provider-x-vendor"] {
            assert!(headers.contains_key(name), "{name}");
        }
        assert!(!headers.contains_key("llm_provider-set-cookie") && !headers.contains_key("set-cookie"));
        assert_eq!(headers.contains_key("x-ratelimit-remaining-requests"), plain);
    };
    check(Outcome::Served, true);
    check(Outcome::Failed, false);
}
