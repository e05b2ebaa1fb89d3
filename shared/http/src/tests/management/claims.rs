//! What holds of keys and users whatever LiteLLM answers: money, grace, teams, and what is written down.

use std::time::Duration;

use serde_json::{Value, json};
use tollgate_core::directory::{Change, Columns, Directory, Query, Row, schema};
use tollgate_testkit::scenes::{Names, Scene};

use super::Stage;

impl Stage {
    fn with(settings: &Value) -> Self {
        let config = json!({ "general_settings": { "master_key": super::MASTER_KEY }, "litellm_settings": settings });
        Self::of(&Scene { name: "claims".to_owned(), config, steps: Vec::new() })
    }

    fn new() -> Self {
        Self::with(&json!({}))
    }

    /// Asks, a moment after the last time.
    fn call(&self, by: &str, path: &str, body: &Value) -> (u16, Value) {
        self.clock.advance(Duration::from_millis(5));
        let method = if body.is_null() { "GET" } else { "POST" };
        let step = json!({ "method": method, "path": path, "by": by, "body": body });
        runtime().block_on(self.ask(&step, &Names::default()))
    }

    /// The new key that a request is answered.
    fn key(&self, by: &str, path: &str, body: &Value) -> String {
        let (status, answer) = self.call(by, path, body);
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer["key"].as_str().expect("a key").to_owned()
    }

    fn user(&self, id: &str) -> String {
        self.key("admin", "/user/new", &json!({ "user_id": id, "user_role": "internal_user" }))
    }

    fn rows(&self, table: &'static tollgate_core::directory::Table) -> Vec<Row> {
        runtime().block_on(self.directory.find(&Query::of(table))).expect("rows")
    }

    fn write(&self, changes: Vec<Change>) {
        runtime().block_on(self.gateway.app.governance.write(changes)).expect("a write");
    }

    /// A team with one admin and one member.
    fn team(&self, id: &str, permissions: &Value) {
        let members = json!([{ "role": "admin", "user_id": "lead" }, { "role": "user", "user_id": "member" }]);
        let team = json!({
            "team_id": id,
            "organization_id": "org",
            "members_with_roles": members,
            "team_member_permissions": permissions,
        });
        self.write(vec![Change::Insert(&schema::TEAMS, team.as_object().cloned().unwrap_or_default())]);
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

#[test]
fn every_change_is_written_down_without_its_secret() {
    let stage = Stage::new();
    let first = stage.key("admin", "/key/generate", &json!({ "key_alias": "a" }));
    for path in ["/key/update", "/key/block", "/key/unblock"] {
        assert_eq!(stage.call("admin", path, &json!({ "key": first })).0, 200, "{path}");
    }
    let second = stage.key("admin", "/key/regenerate", &json!({ "key": first }));
    assert_eq!(stage.call("admin", "/key/delete", &json!({ "keys": [second] })).0, 200);
    let third = stage.user("someone");
    assert_eq!(stage.call("admin", "/user/delete", &json!({ "user_ids": ["someone"] })).0, 200);
    let mut log = stage.rows(&schema::AUDIT_LOGS);
    log.sort_by(|left, right| left.text("updated_at").cmp(&right.text("updated_at")));
    let mut actions: Vec<&str> = log.iter().filter_map(|entry| entry.text("action")).collect();
    // What is written together has one time.
    actions[6..].sort_unstable();
    let wanted = [
        "created",
        "updated",
        "blocked",
        "unblocked",
        "rotated",
        "deleted",
        "created",
        "created",
        "deleted",
        "deleted",
    ];
    assert_eq!(actions, wanted);
    assert!(log.iter().all(|entry| entry.text("changed_by") == Some("default_user_id")));
    let everything: String = [&schema::AUDIT_LOGS, &schema::KEYS, &schema::DELETED_KEYS, &schema::USERS]
        .into_iter()
        .map(|table| Value::from(stage.rows(table).into_iter().map(Value::Object).collect::<Vec<_>>()).to_string())
        .collect();
    for key in [first, second, third] {
        assert!(!everything.contains(&key), "the text of a key is kept");
    }
}

#[test]
fn numbers_that_are_none_are_refused_everywhere() {
    let stage = Stage::new();
    let key = stage.key("admin", "/key/generate", &json!({ "max_budget": 1 }));
    stage.user("someone");
    for number in ["nan", "inf", "-inf", "NaN", "Infinity"] {
        for (path, body) in [
            ("/key/generate", json!({ "max_budget": number })),
            ("/key/generate", json!({ "soft_budget": number })),
            ("/key/generate", json!({ "spend": number })),
            ("/key/generate", json!({ "budget_limits": [{ "budget_duration": "1d", "max_budget": number }] })),
            ("/key/generate", json!({ "model_max_budget": { "m": { "budget_limit": number } } })),
            ("/key/update", json!({ "key": key, "max_budget": number })),
            ("/key/update", json!({ "key": key, "temp_budget_increase": number, "temp_budget_expiry": "2030-01-01" })),
            ("/user/new", json!({ "max_budget": number })),
            ("/user/update", json!({ "user_id": "someone", "spend": number })),
            (&format!("/key/{key}/reset_spend"), json!({ "reset_to": number })),
        ] {
            let (status, answer) = stage.call("admin", path, &body);
            assert!(status >= 400, "{path} {body}: {answer}");
        }
    }
    assert_eq!(stage.rows(&schema::KEYS).len(), 2);
    assert!(stage.rows(&schema::KEYS).iter().all(|row| row.number("max_budget").is_none_or(|budget| budget == 1.0)));
}

#[test]
fn a_replaced_key_is_valid_for_its_grace_and_no_longer() {
    let stage = Stage::new();
    let user = json!({ "key_alias": "a", "user_id": "u", "max_budget": 9, "spend": 2 });
    let first = stage.key("admin", "/key/generate", &user);
    let second = stage.key("admin", "/key/regenerate", &json!({ "key": first, "grace_period": "1h" }));
    let third = stage.key("admin", &format!("/key/{second}/regenerate"), &json!({ "grace_period": "2h" }));
    let own = |key: &str| stage.call(key, "/key/info", &Value::Null);
    for key in [&first, &second, &third] {
        let (status, answer) = own(key);
        assert_eq!((status, &answer["info"]["spend"], &answer["info"]["max_budget"]), (200, &json!(2.0), &json!(9.0)));
    }
    stage.clock.advance(Duration::from_secs(3_700));
    assert_eq!([own(&first).0, own(&second).0, own(&third).0], [401, 200, 200]);
    stage.clock.advance(Duration::from_secs(3_700));
    assert_eq!([own(&first).0, own(&second).0, own(&third).0], [401, 401, 200]);
}

#[test]
fn a_deleted_key_takes_the_keys_it_replaced_with_it() {
    let stage = Stage::new();
    let first = stage.key("admin", "/key/generate", &json!({ "user_id": "u" }));
    let second = stage.key("admin", "/key/regenerate", &json!({ "key": first, "grace_period": "1h" }));
    assert_eq!(stage.call(&first, "/key/info", &Value::Null).0, 200);
    assert_eq!(stage.call("admin", "/key/delete", &json!({ "keys": [second] })).0, 200);
    stage.clock.advance(Duration::from_secs(61));
    assert_eq!(stage.call(&first, "/key/info", &Value::Null).0, 401);
}

#[test]
fn nobody_raises_the_budget_of_their_own_key() {
    let stage = Stage::new();
    let user = stage.user("worker");
    let own = stage.key("admin", "/key/generate", &json!({ "user_id": "worker", "max_budget": 1 }));
    for change in [
        json!({ "max_budget": 2 }),
        json!({ "max_budget": null }),
        json!({ "spend": 0 }),
        json!({ "soft_budget": 9 }),
        json!({ "budget_limits": null }),
        json!({ "temp_budget_increase": 5, "temp_budget_expiry": "2030-01-01" }),
        json!({ "metadata": { "temp_budget_increase": 5, "temp_budget_expiry": "2030-01-01" } }),
        json!({ "permissions": { "get_spend_routes": true } }),
        json!({ "allowed_routes": ["*"] }),
        json!({ "user_id": "default_user_id" }),
        json!({ "user_id": null }),
    ] {
        let mut body = change.clone();
        body["key"] = own.as_str().into();
        let (status, answer) = stage.call(&user, "/key/update", &body);
        assert_eq!(status, 403, "{change}: {answer}");
    }
    assert_eq!(stage.call(&user, "/key/generate", &json!({ "key_type": "management" })).0, 403);
    assert_eq!(stage.call(&own, "/key/generate", &json!({ "max_budget": 2 })).0, 400);
}

#[test]
fn members_do_with_a_teams_keys_what_the_team_lets_them() {
    let stage = Stage::new();
    let (lead, member, stranger) = (stage.user("lead"), stage.user("member"), stage.user("stranger"));
    stage.team("closed", &json!([]));
    stage.team("open", &json!(["/key/generate", "/key/update", "/key/list"]));
    let check = |by: &str, path: &str, body: Value, want: u16| {
        let (status, answer) = stage.call(by, path, &body);
        assert_eq!(status, want, "{path} {body}: {answer}");
        answer["key"].as_str().unwrap_or_default().to_owned()
    };
    check(&member, "/key/generate", json!({ "team_id": "closed" }), 401);
    check(&stranger, "/key/generate", json!({ "team_id": "open" }), 400);
    let own = check(&member, "/key/generate", json!({ "team_id": "open" }), 200);
    let leads = check(&lead, "/key/generate", json!({ "team_id": "closed" }), 200);
    check(&member, "/key/update", json!({ "key": own, "models": ["m"] }), 200);
    check(&member, "/key/update", json!({ "key": leads, "models": ["m"] }), 403);
    check(&stranger, "/key/update", json!({ "key": own, "models": ["m"] }), 403);
    check(&lead, "/key/block", json!({ "key": own }), 200);
    check(&member, "/key/unblock", json!({ "key": own }), 403);
    check(&stranger, "/key/delete", json!({ "keys": [own] }), 403);
    check(&lead, &format!("/key/{leads}/reset_spend"), json!({ "reset_to": 0 }), 200);
    check(&member, &format!("/key/{leads}/reset_spend"), json!({ "reset_to": 0 }), 403);
    let account = check("admin", "/key/service-account/generate", json!({ "team_id": "open", "key_alias": "r" }), 200);
    check(&account, "/key/generate", json!({}), 401);
}

#[test]
fn admins_of_an_organization_block_its_teams_keys() {
    let stage = Stage::new();
    let admin = stage.user("boss");
    stage.team("team", &json!([]));
    let key = stage.key("admin", "/key/generate", &json!({ "team_id": "team" }));
    assert_eq!(stage.call(&admin, "/key/block", &json!({ "key": key })).0, 403);
    let place = json!({ "user_id": "boss", "organization_id": "org", "user_role": "org_admin" });
    let place = place.as_object().cloned().unwrap_or_default();
    stage.write(vec![Change::Insert(&schema::ORGANIZATION_MEMBERSHIPS, place)]);
    assert_eq!(stage.call(&admin, "/key/block", &json!({ "key": key })).0, 200);
}

#[test]
fn defaults_and_bounds_are_the_operators() {
    let stage = Stage::with(&json!({
        "default_key_generate_params": { "max_budget": 5, "tpm_limit": 7 },
        "upperbound_key_generate_params": { "max_budget": 10, "duration": "1d" },
        "default_internal_user_params": { "user_role": "internal_user", "models": ["m"], "max_budget": 3 },
        "max_internal_user_budget": 4,
    }));
    let (_, answer) = stage.call("admin", "/key/generate", &json!({}));
    assert_eq!((&answer["max_budget"], &answer["tpm_limit"]), (&json!(5.0), &json!(7)));
    assert_eq!(answer["expires"], "2026-11-26T19:30:00.128000Z");
    assert_eq!(stage.call("admin", "/key/generate", &json!({ "max_budget": 11 })).0, 400);
    assert_eq!(stage.call("admin", "/key/generate", &json!({ "duration": "2d" })).0, 400);
    let (_, user) = stage.call("admin", "/user/new", &json!({ "user_id": "a" }));
    assert_eq!(
        (&user["user_role"], &user["models"], &user["max_budget"]),
        (&json!("internal_user"), &json!(["m"]), &json!(3.0))
    );
    let (_, admin) = stage.call("admin", "/user/new", &json!({ "user_id": "b", "user_role": "proxy_admin" }));
    assert_eq!((&admin["models"], &admin["max_budget"]), (&json!([]), &Value::Null));
}

#[test]
fn whatever_a_stranger_sends_changes_no_key() {
    let stage = Stage::new();
    let stranger = stage.user("stranger");
    let victim =
        stage.key("admin", "/key/generate", &json!({ "user_id": "victim", "key_alias": "v", "max_budget": 1 }));
    let before = (stage.rows(&schema::KEYS), stage.rows(&schema::USERS), stage.rows(&schema::AUDIT_LOGS));
    let values = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e308),
        json!(""),
        json!("'; DROP TABLE \"LiteLLM_VerificationToken\"; --"),
        json!("../../etc/passwd"),
        json!([]),
        json!([null, { "a": [] }]),
        json!({ "$ne": null }),
        json!({ "token": "x", "__proto__": { "user_role": "proxy_admin" } }),
    ];
    let fields = [
        "max_budget",
        "user_id",
        "team_id",
        "token",
        "metadata",
        "models",
        "blocked",
        "duration",
        "key_alias",
        "spend",
    ];
    for field in fields {
        for value in &values {
            for (path, mut body) in [
                ("/key/update", json!({ "key": victim })),
                ("/key/regenerate", json!({ "key": victim })),
                ("/key/delete", json!({ "keys": [victim] })),
                ("/key/block", json!({ "key": victim })),
                ("/key/bulk_update", json!({ "keys": [{ "key": victim }] })),
                ("/user/update", json!({ "user_id": "victim" })),
                ("/user/delete", json!({ "user_ids": ["victim"] })),
            ] {
                body[field] = value.clone();
                let (status, answer) = stage.call(&stranger, path, &body);
                assert!((400..500).contains(&status), "{path} {body}: {status} {answer}");
            }
        }
    }
    assert_eq!((stage.rows(&schema::KEYS), stage.rows(&schema::USERS), stage.rows(&schema::AUDIT_LOGS)), before);
}
