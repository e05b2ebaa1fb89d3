use super::*;

fn check(key: &str, permits_weakness: bool, want: &str) {
    let configured = Configured { master_key: Some(Secret::new(key.to_owned())), header: None, permits_weakness };
    let got = match gatekeeper(configured) {
        Ok((Gatekeeper::Open, warning)) => format!("open, warned {}", warning.is_some()),
        Ok((Gatekeeper::MasterKey { .. }, warning)) => format!("key, warned {}", warning.is_some()),
        Err(failure) => {
            assert!(failure.to_string().contains(&format!("export {VARIABLE}=\"sk-$(openssl rand -hex 32)\"")));
            format!("refused {}", failure.code())
        }
    };
    assert_eq!(got, want, "{key:?}");
}

#[test]
fn weak_keys_are_refused_unless_permitted() {
    for key in ["", "  ", "sk-1234", " sk-1234 "] {
        check(key, false, "refused 3");
    }
    check("sk-1234", true, "key, warned true");
    check("", true, "open, warned true");
    check("sk-long-and-secret", false, "key, warned false");
}
