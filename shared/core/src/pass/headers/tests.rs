use super::*;

const KEY: &str = "sk-gateway-1";

fn map(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(*name, value.parse().expect("a header value"));
    }
    map
}

fn shown(headers: &HeaderMap) -> String {
    let pairs: Vec<String> =
        headers.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap_or("?"))).collect();
    pairs.join(" ")
}

fn check(forwards: Forwards, sent: &[(&'static str, &str)], want: &str) {
    let headers = map(sent);
    let own = HeaderName::from_static("x-own-key");
    let caller = Caller { headers: &headers, key: Some(KEY), key_header: Some(&own) };
    assert_eq!(shown(&up(caller, forwards)), want, "{sent:?}");
}

#[test]
fn the_gateways_key_never_goes_up() {
    for name in ["authorization", "x-api-key", "x-litellm-api-key", "api-key", "x-goog-api-key", "x-anything"] {
        check(Forwards::All, &[(name, KEY)], "");
        check(Forwards::All, &[(name, "Bearer sk-gateway-1")], "");
    }
    check(Forwards::All, &[("x-pass-x-anything", KEY)], "");
    check(Forwards::All, &[("x-own-key", "another")], "");
    check(Forwards::All, &[("litellm_user_api_key", "another")], "");
}

#[test]
fn what_belongs_to_a_connection_stays_there() {
    let sent = [
        ("connection", "close, x-hop"),
        ("x-hop", "1"),
        ("te", "trailers"),
        ("upgrade", "h2c"),
        ("host", "h"),
        ("transfer-encoding", "chunked"),
        ("expect", "100-continue"),
        ("content-length", "3"),
        ("cookie", "a=b"),
        ("accept-encoding", "br"),
        ("anthropic-version", "1"),
        ("content-type", "a/b"),
    ];
    check(Forwards::All, &sent, "anthropic-version=1 content-type=a/b");
    check(Forwards::All, &[("connection", "content-type"), ("content-type", "a/b")], "content-type=a/b");
}

#[test]
fn only_what_a_provider_lists_goes_up() {
    let sent =
        [("content-type", "a/b"), ("accept", "*/*"), ("openai-beta", "x"), ("x-goog-upload-offset", "0"), ("x-y", "z")];
    check(Forwards::Only(&[]), &sent, "content-type=a/b accept=*/*");
    check(Forwards::Only(&["openai-beta"]), &sent, "content-type=a/b accept=*/* openai-beta=x");
    check(Forwards::Only(&["x-goog-upload-"]), &sent, "content-type=a/b accept=*/* x-goog-upload-offset=0");
}

#[test]
fn a_prefix_passes_headers_on() {
    check(Forwards::Only(&[]), &[("x-pass-anthropic-beta", "b")], "anthropic-beta=b");
    for name in ["x-pass-authorization", "x-pass-host", "x-pass-x-amz-date", "x-pass-transfer-encoding", "x-pass-"] {
        check(Forwards::All, &[(name, "v")], "");
    }
}

#[test]
fn a_callers_own_credential_is_told_from_the_gateways() {
    let headers = map(&[("x-litellm-api-key", KEY), ("authorization", "Bearer own")]);
    let mut sent = up(Caller { headers: &headers, key: Some(KEY), key_header: None }, Forwards::All);
    assert!(has_credential(&sent));
    drop_credentials(&mut sent);
    assert!(!has_credential(&sent) && sent.is_empty());
}

#[test]
fn providers_headers_come_back_but_for_their_hosts_own() {
    let provider = map(&[
        ("retry-after", "7"),
        ("content-type", "a/b"),
        ("content-length", "3"),
        ("server", "s"),
        ("date", "d"),
        ("set-cookie", "c"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("transfer-encoding", "chunked"),
        ("strict-transport-security", "s"),
        ("alt-svc", "h3"),
        ("x-litellm-call-id", "i"),
        ("location", "/l"),
        ("content-encoding", "gzip"),
        ("x-ratelimit-remaining-tokens", "1"),
    ]);
    let want = "retry-after=7 content-type=a/b content-length=3 location=/l content-encoding=gzip \
                x-ratelimit-remaining-tokens=1";
    assert_eq!(shown(&back(&provider)), want);
}
