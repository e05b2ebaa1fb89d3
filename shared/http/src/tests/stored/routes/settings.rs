//! Addresses, the cache, resting models, tokens that stand for keys, and forms that look for users and teams.

use serde_json::{Value, json};
use tollgate_core::govern::hash_of;
use tollgate_testkit::scenes::Names;

use super::super::claims::{directory, instance, model, run};
use super::{NONE, Step, check, peopled};

#[test]
fn addresses_are_let_in_and_kept_out_on_every_instance() {
    run(async {
        let shared = directory();
        let (one, other) = (instance(&shared, "salt").await, instance(&shared, "salt").await);
        let ip = |ip: &str| json!({ "ip": ip });
        let (add, list) = ("POST /add/allowed_ip", "GET /get/allowed_ips");
        let added = json!("IP 10.0.0.1 address added successfully");
        let absent = json!("IP address not found");
        check(
            &one,
            &Names::default(),
            &[
                ("admin", list, NONE, 200, "/data", NONE),
                ("admin", "POST /delete/allowed_ip", ip("10.0.0.1"), 404, "/detail", absent),
                ("admin", add, ip("here"), 400, "/nothing", NONE),
                ("admin", add, json!({}), 422, "/detail/0/loc", json!(["body", "ip"])),
                ("admin", add, ip("10.0.0.1"), 200, "/message", added),
                // Whoever asks here is none of those.
                (
                    "admin",
                    list,
                    NONE,
                    403,
                    "/error/message",
                    json!("Access forbidden: IP address 127.0.0.1 not allowed."),
                ),
            ],
        )
        .await;
        assert_eq!(other.admin("GET", "/get/allowed_ips", NONE).await, (200, json!({ "data": ["10.0.0.1"] })));
        other.app.stored.reload(&other.app).await.expect("a directory");
        assert_eq!(other.admin("GET", "/get/allowed_ips", NONE).await.0, 403);
    });
}

#[test]
fn what_changes_settings_is_an_admins_and_a_viewer_may_look() {
    run(async {
        let (stage, names) = peopled().await;
        let mut steps: Vec<Step<'_>> = Vec::new();
        for what in [
            "POST /add/allowed_ip",
            "POST /delete/allowed_ip",
            "POST /cache/flushall",
            "POST /cache/delete",
            "POST /model/block",
            "POST /model/unblock",
            "POST /access_group/new",
            "PUT /access_group/g/update",
            "PUT /access_group/g/budget",
            "POST /jwt/key/mapping/new",
            "POST /jwt/key/mapping/delete",
        ] {
            steps.push(("<key:proxy_admin_viewer>", what, json!({}), 403, "/nothing", NONE));
            for by in ["<key:internal_user>", "<key:internal_user_viewer>", "<key:lead>"] {
                steps.push((by, what, json!({}), 401, "/nothing", NONE));
            }
        }
        for what in ["GET /get/allowed_ips", "GET /callbacks/list", "GET /team/filter/ui", "GET /jwt/key/mapping/list"]
        {
            steps.push(("<key:proxy_admin_viewer>", what, NONE, 200, "/nothing", NONE));
            steps.push(("<key:internal_user>", what, NONE, 401, "/nothing", NONE));
        }
        check(&stage, &names, &steps).await;
    });
}

#[test]
fn what_is_not_there_says_so() {
    run(async {
        let (stage, names) = peopled().await;
        let unhealthy = json!("Service Unhealthy (503: Cache not initialized. litellm.cache is None)");
        let failed = json!("Cache Delete Failed(503: Cache not initialized. litellm.cache is None)");
        let nobody = json!({ "success": [], "failure": [], "success_and_failure": [] });
        check(
            &stage,
            &names,
            &[
                ("admin", "GET /cache/ping", NONE, 503, "/error/type", json!("cache_ping_error")),
                ("admin", "POST /cache/delete", json!({ "keys": [] }), 500, "/detail", failed),
                ("admin", "POST /cache/flushall", NONE, 503, "/detail", unhealthy.clone()),
                ("admin", "GET /cache/redis/info", NONE, 503, "/detail", unhealthy),
                ("admin", "GET /callbacks/list", NONE, 200, "", nobody),
            ],
        )
        .await;
    });
}

#[test]
fn a_stored_model_rests_and_serves_again() {
    run(async {
        let (stage, names) = peopled().await;
        stage.admin("POST", "/model/new", model("one", "id-1", "k")).await;
        let of = |id: &str| json!({ "model_id": id });
        let (block, unblock) = ("POST /model/block", "POST /model/unblock");
        let absent = json!("Model no not found on proxy.");
        check(
            &stage,
            &names,
            &[
                ("admin", block, of("id-1"), 200, "/blocked", json!(true)),
                ("admin", unblock, of("id-1"), 200, "/blocked", json!(false)),
                ("admin", block, of("no"), 404, "/error/message", absent),
                ("admin", block, of("id-file"), 400, "/error/type", json!("validation_error")),
                ("admin", block, json!({}), 422, "/detail/0/loc", json!(["body", "model_id"])),
            ],
        )
        .await;
    });
}

#[test]
fn users_and_teams_are_found_by_parts_of_their_names() {
    run(async {
        let (stage, names) = peopled().await;
        let lead = json!([{ "user_id": "lead", "user_email": "lead@example.com" }]);
        let most = json!("less_than_equal");
        check(
            &stage,
            &names,
            &[
                ("<key:internal_user>", "GET /user/filter/ui?search=LEAD", NONE, 200, "", lead),
                ("admin", "GET /user/filter/ui?user_email=nobody", NONE, 200, "", json!([])),
                ("admin", "GET /user/filter/ui?page_size=101", NONE, 422, "/detail/0/type", most),
                ("admin", "GET /team/filter/ui?team_id=T", NONE, 200, "/0/team_id", json!("t")),
                ("admin", "GET /team/filter/ui?team_alias=none", NONE, 200, "", json!([])),
            ],
        )
        .await;
    });
}

#[test]
fn tokens_stand_for_a_key_that_is_there() {
    run(async {
        let (stage, mut names) = peopled().await;
        stage.admin("POST", "/key/generate", json!({ "key": "sk-chosen-by-the-test" })).await;
        let new = "POST /jwt/key/mapping/new";
        let of = |member: &str, value: &str| json!({ "jwt_claim_name": "sub", "jwt_claim_value": "one", "description": "d", member: value });
        let hash = hash_of("sk-chosen-by-the-test");
        let same = json!("A mapping for claim 'sub' = 'one' already exists for issuer 'None'.");
        let unknown = json!("The provided key does not match an existing virtual key.");
        check(
            &stage,
            &names,
            &[
                ("admin", new, json!({}), 422, "/detail/0/loc", json!(["body", "jwt_claim_name"])),
                ("admin", new, of("description", "none"), 400, "/nothing", NONE),
                ("admin", new, of("token", "sk-chosen-by-the-test"), 400, "/nothing", NONE),
                ("admin", new, of("key", "sk-no-such-key"), 400, "/detail", unknown),
                ("admin", new, of("key", "sk-chosen-by-the-test"), 200, "/is_active", json!(true)),
                ("admin", new, of("token", &hash), 409, "/detail", same),
                ("admin", "GET /jwt/key/mapping/list", NONE, 200, "/total_count", json!(1)),
                ("admin", "GET /jwt/key/mapping/list", NONE, 200, "/mappings/0/jwt_issuer", NONE),
            ],
        )
        .await;
        let (_, listed) = stage.admin("GET", "/jwt/key/mapping/list", NONE).await;
        assert!(!listed.to_string().contains(&hash), "{listed}");
        names.bind("<uuid:1>", listed["mappings"][0]["id"].as_str().expect("an id"));
        let id = |more: Value| {
            let mut body = json!({ "id": "<uuid:1>" });
            body.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
            body
        };
        let (update, absent) = ("POST /jwt/key/mapping/update", json!("Mapping not found"));
        check(
            &stage,
            &names,
            &[
                ("admin", update, id(json!({ "is_active": false })), 200, "/is_active", json!(false)),
                ("admin", update, json!({ "id": "no" }), 404, "/detail", absent.clone()),
                ("admin", "GET /jwt/key/mapping/info?id=<uuid:1>", NONE, 200, "/is_active", json!(false)),
                ("admin", "POST /jwt/key/mapping/delete", id(json!({})), 200, "/status", json!("success")),
                ("admin", "POST /jwt/key/mapping/delete", id(json!({})), 404, "/detail", absent),
            ],
        )
        .await;
    });
}
