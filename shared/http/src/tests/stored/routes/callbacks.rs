//! Callbacks of teams: who may manage them, and that their secrets stay secret.

use serde_json::{Value, json};
use tollgate_core::directory::{Directory, Query, schema};

use super::super::claims::run;
use super::super::stage::Stage;
use super::{NONE, Step, check, peopled};

const LEAD: &str = "<key:lead>";
const ADD: &str = "POST /team/t/callback";
const LIST: &str = "GET /team/t/callback";

fn langfuse(secret: &str) -> Value {
    json!({
        "callback_name": "langfuse",
        "callback_type": "success",
        "callback_vars": { "langfuse_secret_key": secret, "langfuse_host": "https://one.example" },
    })
}

fn named(name: &str, vars: Value) -> Value {
    json!({ "callback_name": name, "callback_vars": vars })
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
        let both = named("gcs", json!({ "gcs_bucket_name": "b" }));
        let same = json!({
            "callback_name": "langfuse",
            "callback_type": "failure",
            "callback_vars": { "langfuse_secret": "sk-lf-secret", "langfuse_host": "https://one.example" },
        });
        let shown = json!({
            "langfuse_secret_key": "***REDACTED***",
            "langfuse_host": "https://one.example",
            "langfuse_secret": "***REDACTED***",
            "gcs_bucket_name": "b",
        });
        let names_of = json!(["langfuse", "gcs"]);
        let absent = json!("callback_name = gcs is not registered for team_id = t.");
        let (disable, remove, error) = ("POST /team/t/disable_logging", "DELETE /team/t/callback/gcs", "/detail/error");
        check(
            &stage,
            &names,
            &[
                (LEAD, ADD, langfuse("sk-lf-secret"), 200, "/data/team_id", json!("t")),
                ("admin", ADD, langfuse("other"), 400, "/error/param", json!("callback_name")),
                (LEAD, ADD, same, 200, "/status", json!("success")),
                (LEAD, ADD, both, 200, "/status", json!("success")),
                (LEAD, LIST, NONE, 200, "/data/success_callbacks", names_of.clone()),
                (LEAD, LIST, NONE, 200, "/data/failure_callbacks", names_of),
                (LEAD, LIST, NONE, 200, "/data/callback_vars", shown),
                (LEAD, remove, NONE, 200, "/data/success_callbacks", json!(["langfuse"])),
                ("admin", remove, NONE, 404, error, absent),
                (LEAD, disable, NONE, 401, "/error/code", json!("401")),
                ("admin", disable, NONE, 200, "/data/success_callbacks", json!([])),
                ("admin", LIST, NONE, 200, "/data/callback_vars", json!({})),
                ("admin", "POST /team/no/disable_logging", NONE, 404, error, json!("Team id = no does not exist.")),
            ],
        )
        .await;
        let stored = everything(&stage).await;
        assert!(!stored.contains("sk-lf-secret"), "{stored}");
    });
}

#[test]
fn secrets_of_a_team_are_led_nowhere_else_by_who_may_not_read_them() {
    run(async {
        let (stage, names) = peopled().await;
        let host = json!({ "langfuse_host": "https://two.example" });
        let refused = "Langfuse is already configured by another callback entry on this team. Remove that entry before \
                       setting langfuse_host here.";
        check(
            &stage,
            &names,
            &[
                (LEAD, ADD, langfuse("sk-lf-secret"), 200, "/status", json!("success")),
                (LEAD, ADD, named("langfuse_otel", host.clone()), 400, "/detail", json!(refused)),
                (LEAD, ADD, langfuse("other"), 400, "/nothing", NONE),
                ("admin", ADD, named("langfuse_otel", host), 200, "/status", json!("success")),
            ],
        )
        .await;
    });
}

#[test]
fn callbacks_are_refused_to_strangers_who_learn_of_no_team() {
    run(async {
        let (stage, names) = peopled().await;
        let (denied, absent) = (json!("You do not have access to this team"), json!("Team id = no does not exist."));
        let mut steps: Vec<Step<'_>> = Vec::new();
        for by in ["<key:proxy_admin_viewer>", "<key:internal_user>", "<key:internal_user_viewer>"] {
            steps.push((by, LIST, NONE, 403, "/nothing", NONE));
            steps.push((by, ADD, langfuse("x"), 403, "/nothing", NONE));
            steps.push((by, "DELETE /team/t/callback/x", NONE, 403, "/nothing", NONE));
        }
        steps.extend([
            ("<key:internal_user>", "GET /team/no/callback", NONE, 403, "/detail", denied),
            ("admin", "GET /team/no/callback", NONE, 404, "/detail/error", absent.clone()),
            ("admin", "POST /team/no/callback", langfuse("x"), 400, "/detail/error", absent),
        ]);
        check(&stage, &names, &steps).await;
    });
}

#[test]
fn what_is_no_callback_is_refused_in_litellms_words() {
    run(async {
        let (stage, names) = peopled().await;
        let (fault, error) = ("/detail/0/type", "/detail/error");
        let scope = json!("langfuse_span_scope applies to the langfuse_otel callback only, not 'x'");
        let relic = json!("Per-team New Relic routing requires the proxy to run with LITELLM_OTEL_V2=true.");
        let of = |name: &str, variable: &str, value: &str| named(name, json!({ variable: value }));
        check(
            &stage,
            &names,
            &[
                ("admin", ADD, json!({}), 422, "/detail/0/loc", json!(["body", "callback_name"])),
                ("admin", ADD, of("x", "no_such", "1"), 422, fault, json!("value_error")),
                ("admin", ADD, of("x", "langfuse_host", "os.environ/HOME"), 422, fault, json!("value_error")),
                ("admin", ADD, of("x", "langfuse_environment", "UP"), 422, fault, json!("value_error")),
                ("admin", ADD, named("x", json!([])), 422, fault, json!("dict_type")),
                ("admin", ADD, named("x", NONE), 422, fault, json!("dict_type")),
                ("admin", ADD, json!({ "callback_name": 1, "callback_vars": {} }), 422, fault, json!("string_type")),
                ("admin", ADD, of("x", "langfuse_span_scope", "full"), 400, error, scope),
                ("admin", ADD, of("arize", "arize_error_sampling_rate", "2"), 400, "/nothing", NONE),
                ("admin", ADD, of("arize", "arize_otlp_protocol", "grpc"), 400, "/nothing", NONE),
                ("admin", ADD, of("newrelic", "newrelic_api_key", "k"), 400, error, relic),
            ],
        )
        .await;
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
        let mut other = key.clone();
        other["new_key"] = "sk-chosen-by-the-test-2".into();
        let team = |id: &str| json!({ "team_id": id, "metadata": metadata });
        let host = "/metadata/logging/0/callback_vars/langfuse_host";
        let one = json!("https://one.example");
        check(
            &stage,
            &names,
            &[
                ("admin", "POST /key/generate", key.clone(), 200, host, one.clone()),
                ("admin", "POST /key/update", key, 200, "/nothing", NONE),
                ("admin", "POST /key/regenerate", other, 200, "/nothing", NONE),
                ("admin", "POST /team/update", team("t"), 200, "/team_id", json!("t")),
                ("admin", "PATCH /team/t", team("t"), 200, host, one.clone()),
                ("admin", "POST /team/new", team("u"), 200, host, one),
                ("admin", "POST /team/delete", json!({ "team_ids": ["u"] }), 200, "/nothing", NONE),
            ],
        )
        .await;
        let stored = everything(&stage).await;
        assert!(!stored.contains("sk-lf-secret"), "{stored}");
        assert!(stored.contains("litellm_enc::") && stored.contains("langsmith_project\":\"p\""), "{stored}");
        let rows = stage.directory.find(&Query::of(&schema::AUDIT_LOGS)).await.expect("rows");
        assert!(!json!(rows).to_string().contains("litellm_enc::"), "{rows:?}");
    });
}

#[test]
fn a_sealed_secret_opens_and_is_not_sealed_twice() {
    run(async {
        let (stage, _) = peopled().await;
        let metadata = json!({ "logging": [langfuse("sk-lf-secret")] });
        stage.admin("POST", "/team/update", json!({ "team_id": "t", "metadata": metadata })).await;
        let (_, team) = stage.admin("GET", "/team/info?team_id=t", NONE).await;
        let metadata = team["team_info"]["metadata"].clone();
        let sealed = metadata["logging"][0]["callback_vars"]["langfuse_secret_key"].as_str().expect("a text");
        let opened = stage.app.stored.sealer().expect("a key").open_variable(sealed).expect("the secret");
        assert!(sealed.starts_with("litellm_enc::"));
        assert_eq!(opened.expose(), "sk-lf-secret");
        stage.admin("POST", "/team/update", json!({ "team_id": "t", "metadata": metadata })).await;
        let (_, again) = stage.admin("GET", "/team/info?team_id=t", NONE).await;
        assert_eq!(again["team_info"]["metadata"], metadata);
    });
}
