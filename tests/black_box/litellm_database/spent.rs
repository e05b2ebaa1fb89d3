//! What is spent adds up where LiteLLM counts it.

use super::ground::{CALL_USD, Ground, ask, chat, leave};
use crate::harness::gateway::Gateway;
use serde_json::{Value, json};

/// Columns of totals, how much of them one round of calls is, and the row that is meant.
const TOTALS: &[(&str, &str, &str, f64)] = &[
    ("LiteLLM_VerificationToken", "spend", "key_alias = 'plain'", 3.0),
    ("LiteLLM_VerificationToken", "total_spend", "key_alias = 'plain'", 3.0),
    ("LiteLLM_VerificationToken", "spend", "key_alias = 'of-the-team'", 1.0),
    ("LiteLLM_VerificationToken", "spend", "key_alias = 'blocked'", 0.0),
    ("LiteLLM_TeamTable", "spend", "team_id = 'team'", 2.0),
    ("LiteLLM_TeamTable", "spend", "team_id = 'poor-team'", 0.0),
    ("LiteLLM_UserTable", "spend", "user_id = 'user-internal_user'", 1.0),
    ("LiteLLM_UserTable", "spend", "user_id = 'poor-user'", 0.0),
    ("LiteLLM_TeamMembership", "spend", "user_id = 'user-internal_user' AND team_id = 'team'", 1.0),
    ("LiteLLM_TeamMembership", "spend", "user_id = 'member'", 0.0),
    ("LiteLLM_OrganizationTable", "spend", "organization_id = 'organization'", 1.0),
    ("LiteLLM_OrganizationTable", "spend", "organization_id = 'poor-organization'", 0.0),
    ("LiteLLM_EndUserTable", "spend", "user_id = 'customer'", 1.0),
    ("LiteLLM_EndUserTable", "spend", "user_id = 'poor-customer'", 0.0),
    ("LiteLLM_TagTable", "spend", "tag_name = 'tag'", 1.0),
    ("LiteLLM_TagTable", "spend", "tag_name = 'poor-tag'", 0.0),
    ("LiteLLM_SpendLogs", "spend", "TRUE", 6.0),
    ("LiteLLM_SpendLogs", "1", "TRUE", 6.0 / CALL_USD),
    ("LiteLLM_DailyUserSpend", "spend", "TRUE", 6.0),
    ("LiteLLM_DailyTeamSpend", "spend", "team_id = 'team'", 2.0),
    ("LiteLLM_DailyTagSpend", "spend", "tag = 'tag'", 1.0),
    ("LiteLLM_DailyEndUserSpend", "spend", "end_user_id = 'customer'", 1.0),
    ("LiteLLM_DailyOrganizationSpend", "spend", "organization_id = 'organization'", 1.0),
];

const ROUNDS: usize = 3;

fn totals(ground: &Ground) -> Vec<f64> {
    let total = |(table, column, condition, _): &(&str, &str, &str, f64)| {
        ground.number(&format!("SELECT COALESCE(SUM({column}), 0) FROM \"{table}\" WHERE {condition}"))
    };
    TOTALS.iter().map(total).collect()
}

/// A key that the gateway makes among LiteLLM's.
fn new_key(ground: &Ground, gateway: &Gateway, settings: &Value) -> String {
    let made = ask(gateway, ("POST", "/key/generate"), ground.key("master"), settings).json();
    made["key"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

/// Six calls: of keys that LiteLLM has made, and of two that the gateway has.
fn spend(ground: &Ground, gateway: &Gateway, (member, organization): (&str, &str)) {
    for (key, more) in [
        (ground.key("plain"), json!({"user": "customer"})),
        (ground.key("plain"), json!({"metadata": {"tags": ["tag"]}})),
        (ground.key("plain"), Value::Null),
        (ground.key("team"), Value::Null),
        (member, Value::Null),
        (organization, Value::Null),
    ] {
        let answer = chat(gateway, key, "chat", &more);
        assert_eq!(answer.head.status(), 200, "{more}: {}", answer.text());
    }
}

#[test]
fn what_is_spent_adds_up_in_the_same_columns() {
    let ground = Ground::new();
    let gateway = ground.start();
    let member = new_key(&ground, &gateway, &json!({"team_id": "team", "user_id": "user-internal_user"}));
    let team = json!({"team_id": "team-of-organization", "organization_id": "organization"});
    let made = ask(&gateway, ("POST", "/team/new"), ground.key("master"), &team);
    assert_eq!(made.head.status(), 200, "{}", made.text());
    let organization = new_key(&ground, &gateway, &json!({"team_id": "team-of-organization"}));
    let before = totals(&ground);
    for _ in 0..ROUNDS {
        spend(&ground, &gateway, (&member, &organization));
    }
    leave(gateway);
    let after = totals(&ground);
    let wrong: Vec<String> = TOTALS
        .iter()
        .zip(before.iter().zip(&after))
        .filter(|((.., calls), (before, after))| {
            let expected = calls * CALL_USD * ROUNDS as f64;
            (*after - *before - expected).abs() > 1e-9
        })
        .map(|((table, column, condition, calls), (before, after))| {
            format!("{table}.{column} WHERE {condition}: {before} → {after}, {calls} calls a round")
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
