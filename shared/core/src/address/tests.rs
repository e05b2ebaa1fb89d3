use super::*;

fn network(text: &str) -> Network {
    Network::parse(text).unwrap_or_else(|| panic!("no network: {text}"))
}

#[test]
fn a_range_holds_what_begins_like_it() {
    let cases = [
        ("10.0.0.1", "10.0.0.1", true),
        ("10.0.0.1", "10.0.0.2", false),
        ("10.0.0.0/8", "10.255.255.255", true),
        ("10.0.0.0/8", "11.0.0.0", false),
        ("10.1.2.3/8", "10.9.9.9", true),
        ("192.168.1.128/25", "192.168.1.127", false),
        ("192.168.1.128/25", "192.168.1.200", true),
        ("0.0.0.0/0", "203.0.113.9", true),
        ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "2001:db8::1", true),
        ("::/0", "203.0.113.9", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::", false),
        ("2001:db8::1", "2001:0db8:0:0::1", true),
        ("::1/128", "::1", true),
        // An address of IPv4 stays one, however it is written.
        ("10.0.0.0/8", "::ffff:10.1.2.3", true),
        ("::ffff:10.0.0.1", "10.0.0.1", true),
        ("::ffff:10.0.0.0/104", "10.1.2.3", true),
        ("::ffff:10.0.0.0/104", "11.1.2.3", false),
        (" 10.0.0.1 ", "10.0.0.1", true),
    ];
    for (range, address, expected) in cases {
        assert_eq!(network(range).contains(address.parse().unwrap()), expected, "{address} in {range}");
    }
}

#[test]
fn what_is_no_range_is_none() {
    let texts = [
        "",
        "x",
        "10.0.0",
        "10.0.0.256",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/8/8",
        "::/129",
        "::ffff:10.0.0.0/95",
        "localhost",
        "10.0.0.*",
        "10.0.0.1:80",
        "010.0.0.1",
        "10.0.0.0/255.0.0.0",
    ];
    for text in texts {
        assert_eq!(Network::parse(text), None, "{text}");
    }
}

fn headers(lines: &[&str]) -> HeaderMap {
    lines.iter().map(|line| (FORWARDED.clone(), line.parse().unwrap())).collect()
}

/// Whom the rule sees, the proxies being trusted.
fn check_client(trusted: &[&str], peer: &str, lines: &[&str], expected: Option<&str>) {
    let trusted_proxies = trusted.iter().map(|text| network(text)).collect();
    let rule = AddressRule { allowed: None, uses_forwarded_for: true, trusted_proxies };
    let client = rule.client(peer.parse().ok(), &headers(lines));
    assert_eq!(client, expected.map(|text| text.parse().unwrap()), "{trusted:?} {peer} {lines:?}");
    let unread = AddressRule { uses_forwarded_for: false, ..rule };
    assert_eq!(unread.client(peer.parse().ok(), &headers(lines)), peer.parse().ok(), "the header is not asked for");
}

#[test]
fn the_nearest_proxys_word_is_taken_where_none_is_named() {
    check_client(&[], "10.0.0.9", &[], Some("10.0.0.9"));
    check_client(&[], "10.0.0.9", &["203.0.113.5"], Some("203.0.113.5"));
    check_client(&[], "10.0.0.9", &["1.1.1.1, 203.0.113.5"], Some("203.0.113.5"));
    check_client(&[], "10.0.0.9", &["1.1.1.1", "203.0.113.5"], Some("203.0.113.5"));
    check_client(&[], "10.0.0.9", &["203.0.113.5:4711"], Some("203.0.113.5"));
    check_client(&[], "10.0.0.9", &["[2001:db8::1]:4711"], Some("2001:db8::1"));
    check_client(&[], "10.0.0.9", &["[2001:db8::1]"], Some("2001:db8::1"));
    check_client(&[], "10.0.0.9", &["::ffff:203.0.113.5"], Some("203.0.113.5"));
    // Nobody can tell, so nobody is let in.
    check_client(&[], "10.0.0.9", &["203.0.113.5, unknown"], None);
    check_client(&[], "10.0.0.9", &[""], None);
}

#[test]
fn only_trusted_proxies_are_believed() {
    let inner = &["10.0.0.0/8"];
    check_client(inner, "10.0.0.9", &["203.0.113.5"], Some("203.0.113.5"));
    check_client(inner, "10.0.0.9", &["1.1.1.1, 203.0.113.5, 10.0.0.8"], Some("203.0.113.5"));
    check_client(inner, "198.51.100.7", &["10.0.0.1"], Some("198.51.100.7"));
    check_client(inner, "10.0.0.9", &["10.0.0.7, 10.0.0.8"], Some("10.0.0.9"));
    check_client(inner, "10.0.0.9", &["1.1.1.1, x, 10.0.0.8"], Some("10.0.0.9"));
    let long = vec!["10.0.0.8"; 1000].join(",");
    check_client(inner, "10.0.0.9", &["1.1.1.1", &long], Some("10.0.0.9"));
}

#[test]
fn a_caller_from_elsewhere_is_refused_in_litellms_words() {
    let rule = |allowed: Option<&[&str]>| AddressRule {
        allowed: allowed.map(|texts| texts.iter().map(|text| network(text)).collect()),
        ..AddressRule::default()
    };
    let check = |allowed: Option<&[&str]>, peer: Option<&str>, refusal: Option<&str>| {
        let outcome = rule(allowed).admit(peer.map(|peer| peer.parse().unwrap()), &HeaderMap::new());
        assert_eq!(outcome.err().map(|error| error.to_string()), refusal.map(str::to_owned), "{allowed:?} {peer:?}");
    };
    check(None, Some("203.0.113.5"), None);
    check(None, None, None);
    check(Some(&["127.0.0.1", "10.0.0.0/8"]), Some("10.9.9.9"), None);
    check(Some(&["127.0.0.1"]), Some("::ffff:127.0.0.1"), None);
    let refusal = "Access forbidden: IP address 203.0.113.5 not allowed.";
    check(Some(&["127.0.0.1"]), Some("203.0.113.5"), Some(refusal));
    check(Some(&[]), Some("203.0.113.5"), Some(refusal));
    check(Some(&["0.0.0.0/0"]), None, Some("Access forbidden: IP address  not allowed."));
}
