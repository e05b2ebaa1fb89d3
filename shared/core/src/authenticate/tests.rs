use super::*;

const KEY: &str = "sk-oracle-master";

/// Without a database the master key is the only one.
fn admitted(gatekeeper: &Gatekeeper, headers: &HeaderMap) -> Result<(), Error> {
    let presented = gatekeeper.presented(Door::Plain, headers)?;
    if gatekeeper.is_master(&presented) { Ok(()) } else { Err(Error::UnknownKey) }
}

fn check(headers: &[(&'static str, &str)], want: &str) {
    let gatekeeper = Gatekeeper::MasterKey { key: Secret::new(KEY.to_owned()), header: None };
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().expect("a header value"));
    }
    let got = admitted(&gatekeeper, &map).map_or_else(|error| error.to_string(), |_| "ok".to_owned());
    assert_eq!(got, want, "{headers:?}");
}

const MISSING: &str = "No api key passed in.";
const MALFORMED: &str = "Malformed API Key passed in. Ensure Key has `Bearer ` prefix.";
const UNKNOWN: &str = "No connected db.";

#[test]
fn every_header_of_litellm_is_accepted() {
    for name in ["x-litellm-api-key", "api-key", "x-api-key", "x-goog-api-key", "ocp-apim-subscription-key"] {
        check(&[(name, KEY)], "ok");
        check(&[(name, "sk-other")], UNKNOWN);
        check(&[(name, "")], MISSING);
    }
    check(&[("x-litellm-api-key", "Bearer sk-oracle-master")], "ok");
    check(&[("api-key", "Bearer sk-oracle-master")], UNKNOWN);
}

#[test]
fn authorization_needs_a_scheme() {
    check(&[("authorization", "Bearer sk-oracle-master")], "ok");
    check(&[("authorization", "bearer sk-oracle-master")], "ok");
    check(&[("authorization", "Basic sk-oracle-master")], "ok");
    check(&[("authorization", "BEARER sk-oracle-master")], MALFORMED);
    check(&[("authorization", "sk-oracle-master")], MALFORMED);
    check(&[("authorization", "Bearer")], MALFORMED);
    check(&[("authorization", "Bearer  sk-oracle-master")], UNKNOWN);
    check(&[], MISSING);
}

#[test]
fn the_first_header_wins() {
    check(&[("x-litellm-api-key", "sk-other"), ("authorization", "Bearer sk-oracle-master")], UNKNOWN);
    check(&[("x-litellm-api-key", ""), ("authorization", "Bearer sk-oracle-master")], "ok");
    check(&[("authorization", "nonsense"), ("x-api-key", KEY)], MALFORMED);
    check(&[("authorization", ""), ("x-api-key", KEY)], "ok");
    check(&[("api-key", KEY), ("x-api-key", "sk-other")], "ok");
}

#[test]
fn what_is_ambiguous_is_refused() {
    check(&[("authorization", "Bearer sk-oracle-master"), ("authorization", "Bearer sk-oracle-master")], UNKNOWN);
}

#[test]
fn a_configured_header_is_the_only_one() {
    let gatekeeper =
        Gatekeeper::MasterKey { key: Secret::new(KEY.to_owned()), header: Some(HeaderName::from_static("x-my-key")) };
    let mut headers = HeaderMap::new();
    headers.insert("authorization", "Bearer sk-oracle-master".parse().expect("a value"));
    assert!(matches!(admitted(&gatekeeper, &headers), Err(Error::MissingKey)));
    headers.insert("x-my-key", "Bearer sk-oracle-master".parse().expect("a value"));
    assert!(admitted(&gatekeeper, &headers).is_ok());
}
