use serde_json::json;

use super::*;
use crate::clock::{Clock, Moment};
use crate::directory::Memory;
use crate::govern::{Ports, Settings};

fn governance() -> Governance {
    let clock = Clock::manual(Moment(1_795_627_800_000_000));
    Governance::new(Ports::alone(Arc::new(Memory::new(clock.clone()))), clock, Settings::default())
}

fn claim(value: &str, issuer: Option<&str>) -> Identity {
    let virtual_key = VirtualKeyClaim {
        field: "sub".to_owned(),
        value: value.to_owned(),
        issuer: issuer.map(str::to_owned),
        unregistered: UnregisteredClient::Reject,
    };
    Identity { virtual_key: Some(virtual_key), ..Identity::default() }
}

#[tokio::test]
async fn a_mapping_of_one_issuer_is_none_for_another() {
    let governance = governance();
    let mapping = |issuer: &str, value: &str, token: &str, is_active: bool| {
        let row = json!({
            "jwt_issuer": issuer,
            "jwt_claim_name": "sub",
            "jwt_claim_value": value,
            "token": token,
            "is_active": is_active,
        });
        Change::Insert(&schema::JWT_KEYS, row.as_object().cloned().unwrap())
    };
    let changes = vec![
        mapping("https://one", "a", "of-one", true),
        mapping("", "a", "of-all", true),
        mapping("https://one", "b", "of-one", true),
        mapping("", "c", "resting", false),
    ];
    governance.write(changes).await.unwrap();
    for (value, issuer, expected) in [
        ("a", Some("https://one"), Some("of-one")),
        ("a", Some("https://two"), Some("of-all")),
        ("a", None, Some("of-all")),
        ("b", Some("https://one"), Some("of-one")),
        ("b", Some("https://two"), None),
        ("b", None, None),
        ("c", None, None),
    ] {
        let found = governance.known(&claim(value, issuer)).await.unwrap();
        assert_eq!(found.as_deref(), expected, "{value} of {issuer:?}");
    }
}

#[test]
fn a_token_whose_claim_is_nobodys_is_refused_where_the_operator_says_so() {
    let refused = check_registered(claim("a", None).virtual_key.as_ref().unwrap()).unwrap_err();
    assert_eq!(refused.to_string(), "JWT Key Mapping: No registered mapping for sub='a'. Access denied.");
    let mut other = claim("a", None).virtual_key.unwrap();
    other.unregistered = UnregisteredClient::FallbackTeamMapping;
    assert!(check_registered(&other).is_ok());
}
