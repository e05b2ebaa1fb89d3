//! Routes whose settings are stored: callbacks of teams, groups of models, addresses, and who may use them.

use serde_json::{Value, json};
use tollgate_core::directory::{Change, Directory, Query, Table, schema};
use tollgate_testkit::scenes::Names;

use super::claims::{directory, instance, model, run};
use super::stage::Stage;

/// Who asks, what, and what must come of it: a status, a place in the answer, and what stands there.
type Step<'a> = (&'a str, &'a str, &'a str, Value, u16, &'a str, Value);

async fn check(stage: &Stage, names: &Names, steps: &[Step<'_>]) {
    for (number, (by, method, path, body, status, place, expected)) in steps.iter().enumerate() {
        stage.clock.advance(std::time::Duration::from_millis(1));
        let step = json!({ "method": method, "path": path, "by": by, "body": body });
        let (found, answer) = stage.ask(&step, names).await;
        assert_eq!(found, *status, "{number} {method} {path}: {answer}");
        let value = answer.pointer(place).unwrap_or(&Value::Null);
        assert_eq!(value, expected, "{number} {method} {path}: {place} of {answer}");
    }
}

/// A stage with a user of each role and a team of one of them; keys by `<key:ROLE>`.
async fn peopled() -> (Stage, Names) {
    let stage = instance(&directory(), "salt").await;
    let mut names = Names::default();
    for role in ["proxy_admin_viewer", "internal_user", "internal_user_viewer", "lead"] {
        let user_role = if role == "lead" { "internal_user" } else { role };
        let user = json!({ "user_id": role, "user_role": user_role, "user_email": format!("{role}@example.com") });
        let (status, answer) = stage.admin("POST", "/user/new", user).await;
        assert_eq!(status, 200, "{answer}");
        names.bind(&format!("<key:{role}>"), answer["key"].as_str().expect("a key"));
    }
    let team = json!({ "team_id": "t", "members_with_roles": [{ "role": "admin", "user_id": "lead" }] });
    let (status, answer) = stage.admin("POST", "/team/new", team).await;
    assert_eq!(status, 200, "{answer}");
    (stage, names)
}

fn langfuse(secret: &str) -> Value {
    json!({
        "callback_name": "langfuse",
        "callback_type": "success",
        "callback_vars": { "langfuse_secret_key": secret, "langfuse_host": "https://one.example" },
    })
}

async fn everything(stage: &Stage) -> String {
    let mut text = String::new();
    for table in [&schema::TEAMS, &schema::KEYS, &schema::USERS, &schema::AUDIT_LOGS, &schema::DELETED_TEAMS] {
        let rows = stage.directory.find(&Query::of(table)).await.expect("rows");
        text.push_str(&json!(rows).to_string());
    }
    text
}

#[test]
fn callbacks_of_a_team_are_its_admins_and_keep_their_secrets() {
    run(async {
        let (stage, names) = peopled().await;
        let both = json!({ "callback_name": "gcs", "callback_vars": { "gcs_bucket_name": "b" } });
        let moved =
            json!({ "callback_name": "langfuse_otel", "callback_vars": { "langfuse_host": "https://two.example" } });
        let same = json!({
            "callback_name": "langfuse",
            "callback_type": "failure",
            "callback_vars": { "langfuse_secret": "sk-lf-secret", "langfuse_host": "https://one.example" },
        });
        let (path, data) = ("/team/t/callback", "/data/callback_vars");
        check(
            &stage,
            &names,
            &[
                ("<key:lead>", "POST", path, langfuse("sk-lf-secret"), 200, "/data/team_id", json!("t")),
                ("<key:lead>", "POST", path, langfuse("other"), 400, "/detail", json!("Langfuse is already configured by another callback entry on this team. Remove that entry before setting langfuse_secret_key here.")),
                ("admin", "POST", path, langfuse("other"), 400, "/error/param", json!("callback_name")),
                ("<key:lead>", "POST", path, moved, 400, "/nothing", json!(null)),
                ("<key:lead>", "POST", path, same, 200, "/status", json!("success")),
                ("<key:lead>", "POST", path, both, 200, "/status", json!("success")),
                ("<key:lead>", "GET", path, Value::Null, 200, "/data/success_callbacks", json!(["langfuse", "gcs"])),
                ("<key:lead>", "GET", path, Value::Null, 200, "/data/failure_callbacks", json!(["langfuse", "gcs"])),
                (
                    "<key:lead>",
                    "GET",
                    path,
                    Value::Null,
                    200,
                    data,
                    json!({
                        "langfuse_secret_key": "***REDACTED***",
                        "langfuse_host": "https://one.example",
                        "langfuse_secret": "***REDACTED***",
                        "gcs_bucket_name": "b",
                    }),
                ),
                ("<key:lead>", "DELETE", "/team/t/callback/gcs", Value::Null, 200, "/data/success_callbacks", json!(["langfuse"])),
                (
                    "admin",
                    "DELETE",
                    "/team/t/callback/gcs",
                    Value::Null,
                    404,
                    "/detail/error",
                    json!("callback_name = gcs is not registered for team_id = t."),
                ),
                ("<key:lead>", "POST", "/team/t/disable_logging", Value::Null, 401, "/error/code", json!("401")),
                ("admin", "POST", "/team/t/disable_logging", Value::Null, 200, "/data/success_callbacks", json!([])),
                ("admin", "GET", path, Value::Null, 200, data, json!({})),
                ("admin", "POST", "/team/no/disable_logging", Value::Null, 404, "/detail/error", json!("Team id = no does not exist.")),
            ],
        )
        .await;
        let stored = everything(&stage).await;
        assert!(!stored.contains("sk-lf-secret"), "{stored}");
    });
}

#[test]
fn callbacks_are_refused_to_strangers_and_what_is_none_to_everybody() {
    run(async {
        let (stage, names) = peopled().await;
        let path = "/team/t/callback";
        let mut steps: Vec<Step<'_>> = Vec::new();
        for by in ["<key:proxy_admin_viewer>", "<key:internal_user>", "<key:internal_user_viewer>"] {
            steps.push((by, "GET", path, Value::Null, 403, "/nothing", json!(null)));
            steps.push((by, "POST", path, langfuse("x"), 403, "/nothing", json!(null)));
            steps.push((by, "DELETE", "/team/t/callback/x", Value::Null, 403, "/nothing", json!(null)));
        }
        let named = |name: &str, vars: Value| json!({ "callback_name": name, "callback_vars": vars });
        let fault = "/detail/0/type";
        steps.extend([
            // Nobody learns from it which teams there are.
            (
                "<key:internal_user>",
                "GET",
                "/team/no/callback",
                Value::Null,
                403,
                "/detail",
                json!("You do not have access to this team"),
            ),
            (
                "admin",
                "GET",
                "/team/no/callback",
                Value::Null,
                404,
                "/detail/error",
                json!("Team id = no does not exist."),
            ),
            (
                "admin",
                "POST",
                "/team/no/callback",
                langfuse("x"),
                400,
                "/detail/error",
                json!("Team id = no does not exist."),
            ),
            ("admin", "POST", path, json!({}), 422, "/detail/0/loc", json!(["body", "callback_name"])),
            ("admin", "POST", path, named("x", json!({ "no_such": 1 })), 422, fault, json!("value_error")),
            (
                "admin",
                "POST",
                path,
                named("x", json!({ "langfuse_host": "os.environ/HOME" })),
                422,
                fault,
                json!("value_error"),
            ),
            ("admin", "POST", path, named("x", json!([])), 422, fault, json!("dict_type")),
            (
                "admin",
                "POST",
                path,
                json!({ "callback_name": 1, "callback_vars": {} }),
                422,
                fault,
                json!("string_type"),
            ),
            (
                "admin",
                "POST",
                path,
                named("x", json!({ "langfuse_span_scope": "full" })),
                400,
                "/detail/error",
                json!("langfuse_span_scope applies to the langfuse_otel callback only, not 'x'"),
            ),
            (
                "admin",
                "POST",
                path,
                named("arize", json!({ "arize_error_sampling_rate": "2" })),
                400,
                "/nothing",
                json!(null),
            ),
            (
                "admin",
                "POST",
                path,
                named("newrelic", json!({ "newrelic_api_key": "k" })),
                400,
                "/detail/error",
                json!("Per-team New Relic routing requires the proxy to run with LITELLM_OTEL_V2=true."),
            ),
        ]);
        check(&stage, &names, &steps).await;
    });
}

#[test]
fn secrets_of_callbacks_are_sealed_wherever_metadata_is_written() {
    run(async {
        let (stage, names) = peopled().await;
        let metadata = json!({
            "logging": [langfuse("sk-lf-secret")],
            "callback_settings": { "callback_vars": { "langsmith_api_key": "sk-lf-secret", "langsmith_project": "p" } },
        });
        let key = json!({ "key": "sk-chosen-by-the-test", "metadata": metadata });
        let updated = json!({ "key": "sk-chosen-by-the-test", "metadata": metadata });
        let team = json!({ "team_id": "t", "metadata": metadata });
        let made = json!({ "team_id": "u", "metadata": metadata });
        let regenerated =
            json!({ "key": "sk-chosen-by-the-test", "metadata": metadata, "new_key": "sk-chosen-by-the-test-2" });
        let host = "/metadata/logging/0/callback_vars/langfuse_host";
        let one = json!("https://one.example");
        check(
            &stage,
            &names,
            &[
                ("admin", "POST", "/key/generate", key, 200, host, one.clone()),
                ("admin", "POST", "/key/update", updated, 200, "/nothing", json!(null)),
                ("admin", "POST", "/key/regenerate", regenerated, 200, "/nothing", json!(null)),
                ("admin", "POST", "/team/update", team.clone(), 200, "/team_id", json!("t")),
                ("admin", "PATCH", "/team/t", team, 200, host, one.clone()),
                ("admin", "POST", "/team/new", made, 200, host, one),
                ("admin", "POST", "/team/delete", json!({ "team_ids": ["u"] }), 200, "/nothing", json!(null)),
            ],
        )
        .await;
        let stored = everything(&stage).await;
        assert!(!stored.contains("sk-lf-secret"), "{stored}");
        assert!(stored.contains("litellm_enc::") && stored.contains("langsmith_project\":\"p\""), "{stored}");
        let (_, team) = stage.admin("GET", "/team/info?team_id=t", Value::Null).await;
        let sealed = &team["team_info"]["metadata"]["logging"][0]["callback_vars"]["langfuse_secret_key"];
        let sealed = sealed.as_str().and_then(|text| text.strip_prefix("litellm_enc::")).expect("a sealed value");
        let opened = stage.app.stored.sealer().expect("a key").open(sealed).expect("the secret");
        assert_eq!(opened.expose(), "sk-lf-secret");
        // What a form sends back is not sealed again.
        let metadata = team["team_info"]["metadata"].clone();
        stage.admin("POST", "/team/update", json!({ "team_id": "t", "metadata": metadata })).await;
        let (_, again) = stage.admin("GET", "/team/info?team_id=t", Value::Null).await;
        assert_eq!(again["team_info"]["metadata"], metadata);
        let rows = stage.directory.find(&Query::of(&schema::AUDIT_LOGS)).await.expect("rows");
        assert!(!json!(rows).to_string().contains("litellm_enc::"), "{rows:?}");
    });
}

#[test]
fn groups_of_models_stand_in_the_models_and_share_a_budget() {
    run(async {
        let (stage, names) = peopled().await;
        stage.admin("POST", "/model/new", model("one", "id-1", "k")).await;
        stage.admin("POST", "/model/new", model("one", "id-2", "k")).await;
        stage.admin("POST", "/model/new", model("two", "id-3", "k")).await;
        let group = |names: Value| json!({ "access_group": "g", "model_names": names });
        let ids = |ids: Value| json!({ "model_ids": ids });
        let (new, update, budget) = ("/access_group/new", "/access_group/g/update", "/access_group/g/budget");
        let error = "/detail/error";
        check(
            &stage,
            &names,
            &[
                ("admin", "POST", new, group(json!(["no"])), 400, error, json!("Model(s) not found: no")),
                ("admin", "POST", new, group(json!([])), 400, error, json!("Either model_names or model_ids must be provided and non-empty")),
                ("admin", "POST", new, group(json!(["file"])), 400, error, json!("Can't find model 'file' in Database. Access group management is only supported for database models.")),
                ("admin", "POST", new, json!({ "model_names": ["one"] }), 422, "/detail/0/loc", json!(["body", "access_group"])),
                ("admin", "POST", new, group(json!(["one"])), 200, "/models_updated", json!(2)),
                ("admin", "POST", new, group(json!(["one"])), 409, "/nothing", json!(null)),
                ("admin", "GET", "/access_group/g/info", Value::Null, 200, "/model_names", json!(["one"])),
                ("admin", "PUT", update, ids(json!(["id-2", "id-3"])), 200, "/models_updated", json!(2)),
                ("admin", "PUT", update, ids(json!(["no"])), 400, error, json!("Deployment with model_id 'no' not found in Database.")),
                ("admin", "GET", "/access_group/list", Value::Null, 200, "/access_groups/0/model_names", json!(["one", "two"])),
                ("admin", "GET", "/access_group/list", Value::Null, 200, "/access_groups/0/deployment_count", json!(2)),
                ("admin", "GET", budget, Value::Null, 200, "/budget", json!(null)),
                ("admin", "PUT", budget, json!({}), 400, "/nothing", json!(null)),
                ("admin", "PUT", budget, json!({ "tpm_limit": 1 }), 422, "/detail/0/type", json!("extra_forbidden")),
                ("admin", "PUT", budget, json!({ "max_budget": -1 }), 422, "/detail/0/type", json!("greater_than_equal")),
                ("admin", "PUT", budget, json!({ "max_budget": "nan" }), 422, "/detail/0/type", json!("greater_than_equal")),
                ("admin", "PUT", budget, json!({ "budget_duration": "x" }), 400, "/nothing", json!(null)),
                ("admin", "PUT", budget, json!({ "max_budget": 5, "budget_duration": "1d" }), 200, "/budget/max_budget", json!(5.0)),
                ("admin", "PUT", budget, json!({ "max_budget": 7 }), 200, "/budget/budget_duration", json!("1d")),
                ("admin", "GET", "/access_group/g/info", Value::Null, 200, "/budget/max_budget", json!(7.0)),
                ("<key:proxy_admin_viewer>", "GET", "/access_group/g/info", Value::Null, 200, "/spend", json!(0.0)),
                ("<key:proxy_admin_viewer>", "DELETE", budget, Value::Null, 403, "/nothing", json!(null)),
                ("<key:internal_user>", "GET", "/access_group/list", Value::Null, 401, "/nothing", json!(null)),
                ("admin", "DELETE", budget, Value::Null, 200, "/budget_deleted", json!(true)),
                ("admin", "DELETE", budget, Value::Null, 200, "/budget_deleted", json!(false)),
                ("admin", "DELETE", "/access_group/g/delete", Value::Null, 200, "/models_updated", json!(2)),
                ("admin", "DELETE", "/access_group/g/delete", Value::Null, 404, error, json!("Access group 'g' not found")),
                ("admin", "GET", "/access_group/g/info", Value::Null, 404, "/nothing", json!(null)),
            ],
        )
        .await;
    });
}

#[test]
fn addresses_are_let_in_and_kept_out_on_every_instance() {
    run(async {
        let shared = directory();
        let (one, other) = (instance(&shared, "salt").await, instance(&shared, "salt").await);
        let names = Names::default();
        let ip = |ip: &str| json!({ "ip": ip });
        check(
            &one,
            &names,
            &[
                ("admin", "GET", "/get/allowed_ips", Value::Null, 200, "/data", json!(null)),
                ("admin", "POST", "/delete/allowed_ip", ip("10.0.0.1"), 404, "/detail", json!("IP address not found")),
                ("admin", "POST", "/add/allowed_ip", ip("here"), 400, "/nothing", json!(null)),
                ("admin", "POST", "/add/allowed_ip", json!({}), 422, "/detail/0/loc", json!(["body", "ip"])),
                (
                    "admin",
                    "POST",
                    "/add/allowed_ip",
                    ip("10.0.0.1"),
                    200,
                    "/message",
                    json!("IP 10.0.0.1 address added successfully"),
                ),
                // Whoever asks here comes from nowhere.
                (
                    "admin",
                    "GET",
                    "/get/allowed_ips",
                    Value::Null,
                    403,
                    "/error/message",
                    json!("Access forbidden: IP address  not allowed."),
                ),
            ],
        )
        .await;
        assert_eq!(other.admin("GET", "/get/allowed_ips", Value::Null).await, (200, json!({ "data": ["10.0.0.1"] })));
        other.app.stored.reload(&other.app).await.expect("a directory");
        assert_eq!(other.admin("GET", "/get/allowed_ips", Value::Null).await.0, 403);
    });
}

#[test]
fn settings_are_admins_and_what_is_not_there_says_so() {
    run(async {
        let (stage, names) = peopled().await;
        let model_id = json!({ "model_id": "id-1" });
        stage.admin("POST", "/model/new", model("one", "id-1", "k")).await;
        let rest = "/model/block";
        let mut steps: Vec<Step<'_>> = vec![
            ("admin", "GET", "/cache/ping", Value::Null, 503, "/error/type", json!("cache_ping_error")),
            (
                "admin",
                "POST",
                "/cache/delete",
                json!({ "keys": [] }),
                500,
                "/detail",
                json!("Cache Delete Failed(503: Cache not initialized. litellm.cache is None)"),
            ),
            (
                "admin",
                "POST",
                "/cache/flushall",
                Value::Null,
                503,
                "/detail",
                json!("Service Unhealthy (503: Cache not initialized. litellm.cache is None)"),
            ),
            (
                "admin",
                "GET",
                "/cache/redis/info",
                Value::Null,
                503,
                "/detail",
                json!("Service Unhealthy (503: Cache not initialized. litellm.cache is None)"),
            ),
            (
                "admin",
                "GET",
                "/callbacks/list",
                Value::Null,
                200,
                "",
                json!({ "success": [], "failure": [], "success_and_failure": [] }),
            ),
            ("admin", "POST", rest, model_id.clone(), 200, "/blocked", json!(true)),
            ("admin", "POST", "/model/unblock", model_id.clone(), 200, "/blocked", json!(false)),
            (
                "admin",
                "POST",
                rest,
                json!({ "model_id": "no" }),
                404,
                "/error/message",
                json!("Model no not found on proxy."),
            ),
            ("admin", "POST", rest, json!({ "model_id": "id-file" }), 400, "/error/type", json!("validation_error")),
            ("admin", "POST", rest, json!({}), 422, "/detail/0/loc", json!(["body", "model_id"])),
            (
                "<key:internal_user>",
                "GET",
                "/user/filter/ui?search=LEAD",
                Value::Null,
                200,
                "",
                json!([{ "user_id": "lead", "user_email": "lead@example.com" }]),
            ),
            ("admin", "GET", "/user/filter/ui?user_email=nobody", Value::Null, 200, "", json!([])),
            (
                "admin",
                "GET",
                "/user/filter/ui?page_size=101",
                Value::Null,
                422,
                "/detail/0/type",
                json!("less_than_equal"),
            ),
            ("admin", "GET", "/team/filter/ui?team_id=T", Value::Null, 200, "/0/team_id", json!("t")),
            ("admin", "GET", "/team/filter/ui?team_alias=none", Value::Null, 200, "", json!([])),
        ];
        let writes = [
            ("/add/allowed_ip", json!({ "ip": "10.0.0.1" })),
            ("/delete/allowed_ip", json!({ "ip": "10.0.0.1" })),
            ("/cache/flushall", Value::Null),
            ("/cache/delete", json!({})),
            (rest, model_id),
            ("/access_group/new", json!({ "access_group": "g", "model_names": ["one"] })),
        ];
        for (path, body) in writes {
            for (by, status) in
                [("proxy_admin_viewer", 403), ("internal_user", 401), ("internal_user_viewer", 401), ("lead", 401)]
            {
                let by: &str = Box::leak(format!("<key:{by}>").into_boxed_str());
                steps.push((by, "POST", path, body.clone(), status, "/nothing", json!(null)));
            }
        }
        for path in ["/get/allowed_ips", "/callbacks/list", "/team/filter/ui"] {
            steps.push(("<key:proxy_admin_viewer>", "GET", path, Value::Null, 200, "/nothing", json!(null)));
            steps.push(("<key:internal_user>", "GET", path, Value::Null, 401, "/nothing", json!(null)));
        }
        check(&stage, &names, &steps).await;
    });
}

async fn insert(stage: &Stage, table: &'static Table, row: Value) {
    let row = row.as_object().cloned().expect("a row");
    stage.app.governance.write(vec![Change::Put(table, row)]).await.expect("a write");
}

#[test]
fn what_was_spent_of_budgets_of_models_is_told_of_the_present_period() {
    run(async {
        let (stage, names) = peopled().await;
        let budgets = json!({ "one": { "max_budget": 5, "budget_duration": "1d" }, "two": { "max_budget": 5, "budget_duration": "1d" } });
        let key = json!({ "key": "sk-chosen-by-the-test", "model_max_budget": budgets });
        check(
            &stage,
            &names,
            &[
                (
                    "admin",
                    "POST",
                    "/team/update",
                    json!({ "team_id": "t", "model_max_budget": budgets }),
                    200,
                    "/nothing",
                    json!(null),
                ),
                (
                    "admin",
                    "POST",
                    "/user/update",
                    json!({ "user_id": "lead", "model_max_budget": budgets }),
                    200,
                    "/nothing",
                    json!(null),
                ),
                ("admin", "POST", "/key/generate", key, 200, "/nothing", json!(null)),
            ],
        )
        .await;
        let hash = tollgate_core::govern::hash_of("sk-chosen-by-the-test");
        for (kind, id) in [("team_model", "t"), ("user_model", "lead"), ("key_model", hash.as_str())] {
            for (model, start) in [("one", "2026-11-25T00:00:00.000Z"), ("two", "2026-11-24T00:00:00.000Z")] {
                let row = json!({
                    "entity_type": kind,
                    "entity_id": format!("{id}:{model}"),
                    "window_duration": "1d",
                    "window_start": start,
                    "spend": 1.25,
                });
                insert(&stage, &schema::WINDOW_SPEND, row).await;
            }
        }
        let of = |model: &str, spent: f64| {
            (model.to_owned(), json!({ "current_spend": spent, "budget_limit": 5.0, "time_period": "1d" }))
        };
        let usage = Value::Object([of("one", 1.25), of("two", 0.0)].into_iter().collect());
        let key = format!("/key/info?key={hash}");
        check(
            &stage,
            &names,
            &[
                (
                    "admin",
                    "GET",
                    "/team/info?team_id=t",
                    Value::Null,
                    200,
                    "/team_info/model_max_budget_usage",
                    usage.clone(),
                ),
                (
                    "admin",
                    "GET",
                    "/user/info?user_id=lead",
                    Value::Null,
                    200,
                    "/user_info/model_max_budget_usage",
                    usage.clone(),
                ),
                (
                    "admin",
                    "GET",
                    "/v2/user/info?user_id=lead",
                    Value::Null,
                    200,
                    "/model_max_budget_usage",
                    usage.clone(),
                ),
                ("admin", "GET", &key, Value::Null, 200, "/info/model_max_budget_usage", usage),
            ],
        )
        .await;
    });
}

#[test]
fn whoever_was_given_a_group_of_models_spends_its_budget() {
    run(async {
        let (stage, mut names) = peopled().await;
        stage.admin("POST", "/model/new", model("one", "id-1", "k")).await;
        for (alias, models) in [("of-group", json!(["g"])), ("of-model", json!(["one"])), ("of-all", json!([]))] {
            let (_, answer) =
                stage.admin("POST", "/key/generate", json!({ "key_alias": alias, "models": models })).await;
            names.bind(&format!("<key:{alias}>"), answer["key"].as_str().expect("a key"));
        }
        let group = json!({ "access_group": "g", "model_names": ["one"] });
        check(
            &stage,
            &names,
            &[
                ("admin", "POST", "/access_group/new", group, 200, "/models_updated", json!(1)),
                (
                    "admin",
                    "PUT",
                    "/access_group/g/budget",
                    json!({ "max_budget": 5 }),
                    200,
                    "/budget/max_budget",
                    json!(5.0),
                ),
            ],
        )
        .await;
        let row = stage.directory.find(&Query::of(&schema::MODEL_ACCESS_GROUP_BUDGETS)).await.expect("rows").remove(0);
        let mut row = Value::Object(row);
        row["spend"] = 5.0.into();
        insert(&stage, &schema::MODEL_ACCESS_GROUP_BUDGETS, row).await;
        let chat = json!({ "model": "one", "messages": [{ "role": "user", "content": "x" }] });
        let call = |by: &str| json!({ "method": "POST", "path": "/v1/chat/completions", "by": by, "body": chat });
        let (status, answer) = stage.ask(&call("<key:of-group>"), &names).await;
        assert_eq!(
            (status, &answer["error"]["message"]),
            (422, &json!("Budget has been exceeded! Model access group=g Current cost: 5.0, Max budget: 5.0"))
        );
        for by in ["<key:of-model>", "<key:of-all>"] {
            let (status, answer) = stage.ask(&call(by), &names).await;
            assert_ne!(status, 422, "{by}: {answer}");
        }
    });
}
