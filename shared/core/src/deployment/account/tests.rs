use super::*;

#[test]
fn older_addresses_of_cloudflare_become_current() {
    assert_eq!(current("https://x/accounts/a/ai/run/".to_owned()), "https://x/accounts/a/ai/v1");
    assert_eq!(current("https://x/accounts/a/ai/v1".to_owned()), "https://x/accounts/a/ai/v1");
}

#[test]
fn an_account_cannot_lead_to_another_host() {
    assert!(is_plain("my_org-acct1"));
    assert!(!is_plain("evil.example/") && !is_plain("a@b") && !is_plain("a#"));
}

#[test]
fn keys_of_snowflake_tell_their_kind() {
    assert_eq!(snowflake_key("pat/abc").0, "abc");
    assert_eq!(snowflake_key("pat/abc").1.1, "PROGRAMMATIC_ACCESS_TOKEN");
    assert_eq!(snowflake_key("jwt").1.1, "KEYPAIR_JWT");
}
