//! Every key works as it did: what it may call, what it is refused, and which stored secrets serve it.

use super::ground::{Ground, ask, chat};
use crate::harness::gateway::Gateway;
use crate::harness::wait_until;
use serde_json::{Value, json};

/// A key by what it is for, what it asks, and what it gets.
type Case = (&'static str, &'static str, fn() -> Value, u16, &'static str);

fn nothing() -> Value {
    Value::Null
}

/// The budgets are held against what LiteLLM has counted: each of the poor has made one call of 0.02 USD there.
const CASES: &[Case] = &[
    ("plain", "chat", nothing, 200, "as ever"),
    ("plain", "other-chat", nothing, 200, "as ever"),
    ("plain", "no-such", nothing, 400, "Invalid model name"),
    ("written last", "chat", nothing, 200, "as ever"),
    ("only chat", "chat", nothing, 200, "as ever"),
    ("only chat", "other-chat", nothing, 403, "key_model_access_denied"),
    ("access group", "stored-nacl", nothing, 200, "as ever"),
    ("access group", "stored-gcm", nothing, 200, "as ever"),
    ("access group", "chat", nothing, 403, "key_model_access_denied"),
    ("aliased", "fast", nothing, 200, "as ever"),
    ("blocked", "chat", nothing, 401, "Key is blocked"),
    ("expired", "chat", nothing, 401, "Expired Key"),
    ("long lived", "chat", nothing, 200, "as ever"),
    ("models only", "chat", nothing, 403, "Only allowed to call routes: ['/v1/models']"),
    ("once a minute", "chat", nothing, 200, "as ever"),
    ("once a minute", "chat", nothing, 429, "Limit type: requests"),
    ("spent", "chat", nothing, 422, "Key=spent (sk-...xxxx) Current cost: 0.04"),
    ("shared budget", "chat", nothing, 422, "Key=shared-budget"),
    ("poor user", "chat", nothing, 422, "User=poor-user over budget. Spend=0.02"),
    ("member", "chat", nothing, 422, "TeamMember=member:team Current cost: 0.02"),
    ("poor team", "chat", nothing, 422, "Team=poor-team Current cost: 0.02"),
    ("poor organization", "chat", nothing, 422, "Organization=poor-organization Current cost: 0.02"),
    ("plain", "chat", || json!({"user": "customer"}), 200, "as ever"),
    ("plain", "chat", || json!({"user": "poor-customer"}), 422, "End User=poor-customer over budget. Spend=0.02"),
    ("plain", "chat", || json!({"user": "blocked-customer"}), 401, "blocked-customer"),
    ("plain", "chat", || json!({"metadata": {"tags": ["tag"]}}), 200, "as ever"),
    ("plain", "chat", || json!({"metadata": {"tags": ["poor-tag"]}}), 422, "Tag=poor-tag Current cost: 0.02"),
    ("team", "chat", nothing, 200, "as ever"),
    ("team", "other-chat", nothing, 403, "other-chat"),
    ("blocked team", "chat", nothing, 401, "Team=blocked-team is blocked"),
    ("proxy_admin", "chat", nothing, 200, "as ever"),
    ("proxy_admin_viewer", "chat", nothing, 403, "role= proxy_admin_viewer"),
    ("internal_user", "chat", nothing, 200, "as ever"),
    ("internal_user_viewer", "chat", nothing, 200, "as ever"),
    ("one call left", "chat", nothing, 200, "as ever"),
    ("one call left", "chat", nothing, 422, "Key=one-call-left"),
];

fn check(ground: &Ground, gateway: &Gateway, (name, model, more, status, text): Case) -> Option<String> {
    let answer = chat(gateway, ground.key(name), model, &more());
    // The end of a key's name is the key's own.
    let text = text.replace("xxxx", &ground.key(name)[ground.key(name).len() - 4..]);
    let is_so = answer.head.status() == status && answer.text().contains(&text);
    (!is_so).then(|| format!("{name} {model} {}: {} {}", more(), answer.head.status(), answer.text()))
}

#[test]
fn every_key_works_as_it_did() {
    let ground = Ground::new();
    let gateway = ground.start();
    let wrong: Vec<String> = CASES.iter().filter_map(|case| check(&ground, &gateway, *case)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let models = ask(&gateway, ("GET", "/v1/models"), ground.key("models only"), &Value::Null);
    assert_eq!(models.head.status(), 200, "{}", models.text());
}

#[test]
fn a_budget_whose_time_is_over_begins_anew() {
    let ground = Ground::new();
    let spent = || ground.number("SELECT spend FROM \"LiteLLM_VerificationToken\" WHERE key_alias = 'due'");
    assert!(spent() > 0.03, "it has spent too much there");
    let gateway = ground.start();
    wait_until("the budget begins anew", || spent() < 0.01);
    let answer = chat(&gateway, ground.key("due"), "chat", &Value::Null);
    assert_eq!(answer.head.status(), 200, "{}", answer.text());
}

#[test]
fn roles_are_what_they_were() {
    let ground = Ground::new();
    let gateway = ground.start();
    let status =
        |name: &str, method, path, body: Value| ask(&gateway, (method, path), ground.key(name), &body).head.status();
    for (name, reads, writes) in [
        ("master", 200, 200),
        ("proxy_admin", 200, 200),
        ("proxy_admin_viewer", 200, 403),
        ("internal_user", 401, 401),
        ("internal_user_viewer", 401, 401),
        ("plain", 401, 401),
    ] {
        assert_eq!(status(name, "GET", "/budget/list", Value::Null), reads, "{name} reads");
        let body = json!({"budget_id": format!("of-{name}"), "max_budget": 1});
        assert_eq!(status(name, "POST", "/budget/new", body), writes, "{name} writes");
    }
    let of_the_team = ask(&gateway, ("GET", "/team/info?team_id=team"), ground.key("internal_user"), &Value::Null);
    assert_eq!(of_the_team.json()["team_info"]["metadata"]["cost"], "centre", "{}", of_the_team.text());
}

/// The secrets of both forms are opened, whether a model has its own or names a credential.
#[test]
fn stored_models_are_served_with_their_secrets() {
    let ground = Ground::new();
    let gateway = ground.start();
    for form in ["nacl", "gcm"] {
        for (key, model, secret) in [
            ("plain", format!("stored-{form}"), format!("sk-model-{form}")),
            ("plain", format!("by-credential-{form}"), format!("sk-credential-{form}")),
            ("team", format!("of-the-team-{form}"), format!("sk-team-model-{form}")),
        ] {
            let answer = chat(&gateway, ground.key(key), &model, &Value::Null);
            assert_eq!(answer.head.status(), 200, "{model}: {}", answer.text());
            assert_eq!(ground.shown_last(), format!("Bearer {secret}"), "{model}");
        }
        let others = chat(&gateway, ground.key("written last"), &format!("of-the-team-{form}"), &Value::Null);
        assert!(others.head.status() >= 400, "{}", others.text());
    }
    let field = "/config/field/info?field_name=max_parallel_requests";
    let found = ask(&gateway, ("GET", field), ground.key("master"), &Value::Null);
    assert_eq!(found.json()["field_value"], 5000, "{}", found.text());
}

#[test]
fn a_wrong_salt_is_named_at_the_start_and_nothing_of_it_is_used() {
    let ground = Ground::new();
    let gateway = ground.start_with_salt("sk-another-salt");
    // Lines are written a moment late.
    wait_until("the salt is named", || gateway.process.log().contains("0 stored models are served"));
    let log = gateway.process.log();
    for what in
        ["model `stored-nacl`", "model `stored-gcm`", "credential `credential-nacl`", "variable `STORED_VARIABLE`"]
    {
        let line = log.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("nothing on {what}:\n{log}"));
        assert!(line.contains("LITELLM_SALT_KEY does not match"), "{line}");
    }
    let before = ground.calls();
    for model in ["stored-nacl", "stored-gcm", "by-credential-nacl", "by-credential-gcm"] {
        let answer = chat(&gateway, ground.key("plain"), model, &Value::Null);
        assert!(answer.head.status() >= 400, "{model}: {}", answer.text());
    }
    assert_eq!(ground.calls(), before, "a model whose secrets do not open was served");
    assert_eq!(chat(&gateway, ground.key("plain"), "chat", &Value::Null).head.status(), 200);
}
