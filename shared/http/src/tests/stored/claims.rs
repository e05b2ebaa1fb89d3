//! What stored models promise beyond LiteLLM: secrets stay secret, instances follow each other, calls keep what they have.

use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_core::clock::{Clock, Moment};
use tollgate_core::directory::{Columns, Directory, Memory, Query, schema};

use super::stage::{Document, Stage};

const CONFIG: &str = r#"{
  "model_list": [
    {"model_name": "file", "litellm_params": {"model": "openai/gpt-4o", "api_key": "sk-file"}, "model_info": {"id": "id-file"}},
    {"model_name": "lent", "litellm_params": {"model": "openai/gpt-4o", "litellm_credential_name": "shared"}, "model_info": {"id": "id-lent"}}
  ],
  "general_settings": {"master_key": "sk-oracle-master", "store_model_in_db": true},
  "litellm_settings": {"num_retries": 0}
}"#;

pub fn run(claim: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(claim);
}

pub fn directory() -> (Arc<Memory>, Clock) {
    let clock = Clock::manual(Moment(1_795_627_800_123_000));
    (Arc::new(Memory::new(clock.clone())), clock)
}

pub async fn instance((directory, clock): &(Arc<Memory>, Clock), salt: &str) -> Stage {
    let document = Document(CONFIG.to_owned(), vec![("SET".to_owned(), "of-the-environment".to_owned())]);
    Stage::over(Arc::clone(directory), clock.clone(), document, salt).await
}

pub fn model(name: &str, id: &str, key: &str) -> Value {
    json!({
        "model_name": name,
        "litellm_params": { "model": "openai/gpt-4o", "api_key": key },
        "model_info": { "id": id },
    })
}

fn shows(stage: &Stage, id: &str) -> Option<String> {
    let deployment = stage.app.catalog.get().by_id(id)?;
    let shown = deployment.headers.get("authorization")?.to_str().ok()?;
    Some(shown.to_owned())
}

#[test]
fn a_stored_model_is_served_by_every_instance_and_after_a_restart() {
    run(async {
        let shared = directory();
        let (one, other) = (instance(&shared, "salt").await, instance(&shared, "salt").await);
        let (status, answer) = one.admin("POST", "/model/new", model("new", "id-new", "sk-new-secret")).await;
        assert_eq!(status, 200, "{answer}");
        assert!(!answer.to_string().contains("sk-new-secret"), "{answer}");
        assert_eq!(shows(&one, "id-new").as_deref(), Some("Bearer sk-new-secret"));
        assert_eq!(shows(&other, "id-new"), None);
        other.app.stored.reload(&other.app).await.expect("a directory");
        assert_eq!(shows(&other, "id-new").as_deref(), Some("Bearer sk-new-secret"));
        assert_eq!(shows(&instance(&shared, "salt").await, "id-new").as_deref(), Some("Bearer sk-new-secret"));
    });
}

#[test]
fn places_of_deployments_in_the_meter_outlive_a_reload_and_calls_keep_their_catalog() {
    run(async {
        let stage = instance(&directory(), "salt").await;
        let before = stage.app.catalog.get();
        stage.admin("POST", "/model/new", model("new", "id-new", "k")).await;
        let after = stage.app.catalog.get();
        let handle = |catalog: &tollgate_core::Catalog| catalog.by_id("id-file").map(|found| found.routing.handle);
        assert_eq!(handle(&before), handle(&after));
        assert!(before.by_id("id-new").is_none() && after.by_id("id-new").is_some());
    });
}

#[test]
fn a_wrong_salt_is_told_by_name_and_serves_nothing_of_what_it_cannot_open() {
    run(async {
        let shared = directory();
        let right = instance(&shared, "salt").await;
        right.admin("POST", "/model/new", model("new", "id-new", "sk-new-secret")).await;
        let wrong = instance(&shared, "another").await;
        assert!(wrong.app.catalog.get().by_id("id-new").is_none());
        assert!(wrong.app.catalog.get().by_id("id-file").is_some());
        let faults = wrong.app.stored.faults();
        let told =
            faults.iter().any(|fault| fault.contains("model `new` (id-new)") && fault.contains("LITELLM_SALT_KEY"));
        assert!(told, "{faults:?}");
    });
}

#[test]
fn a_model_of_the_file_may_name_a_credential_that_is_stored() {
    run(async {
        let stage = instance(&directory(), "salt").await;
        assert_eq!(shows(&stage, "id-lent"), None);
        let credential = json!({
            "credential_name": "shared",
            "credential_values": { "api_key": "sk-lent-secret" },
            "credential_info": {},
        });
        let (status, answer) = stage.admin("POST", "/credentials", credential).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(shows(&stage, "id-lent").as_deref(), Some("Bearer sk-lent-secret"));
        let (_, shown) = stage.admin("GET", "/credentials", Value::Null).await;
        assert!(!shown.to_string().contains("sk-lent-secret"), "{shown}");
    });
}

#[test]
fn references_to_the_environment_are_an_admins_and_no_teams() {
    run(async {
        let stage = instance(&directory(), "salt").await;
        stage.admin("POST", "/model/new", model("mine", "id-mine", "os.environ/SET")).await;
        assert_eq!(shows(&stage, "id-mine").as_deref(), Some("Bearer of-the-environment"));
        let (status, answer) = stage.admin("POST", "/team/new", json!({ "team_id": "team-1" })).await;
        assert_eq!(status, 200, "{answer}");
        let mut theirs = model("theirs", "id-theirs", "os.environ/SET");
        theirs["model_info"]["team_id"] = "team-1".into();
        let (status, answer) = stage.admin("POST", "/model/new", theirs).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(shows(&stage, "id-theirs").as_deref(), Some("Bearer os.environ/SET"));
    });
}

#[test]
fn every_change_is_in_the_audit_log_without_its_secrets() {
    run(async {
        let stage = instance(&directory(), "salt").await;
        stage.admin("POST", "/model/new", model("new", "id-new", "sk-new-secret")).await;
        let patch = json!({ "litellm_params": { "rpm": 5 } });
        assert_eq!(stage.admin("PATCH", "/model/id-new/update", patch).await.0, 200);
        let settings = json!({ "environment_variables": { "PASSWORD": "hunter2-hunter2" }, "general_settings": { "max_parallel_requests": 3 } });
        let (status, answer) = stage.admin("POST", "/config/update", settings).await;
        assert_eq!(
            (status, &answer["in_force_after_restart"]),
            (200, &json!(["general_settings.max_parallel_requests"]))
        );
        assert_eq!(stage.admin("POST", "/model/delete", json!({ "id": "id-new" })).await.0, 200);
        let (status, log) = stage.admin("GET", "/audit?page_size=100&sort_order=asc", Value::Null).await;
        assert_eq!((status, &log["total"], &log["total_pages"]), (200, &json!(5), &json!(1)));
        let text = log.to_string();
        assert!(!text.contains("sk-new-secret") && !text.contains("hunter2"), "{text}");
        let id = log["audit_logs"][0]["id"].as_str().expect("an id");
        let (status, entry) = stage.admin("GET", &format!("/audit/{id}"), Value::Null).await;
        assert_eq!((status, &entry), (200, &log["audit_logs"][0]));
        assert_eq!(stage.admin("GET", "/audit/no-such", Value::Null).await.0, 404);
        let rows = stage.directory.find(&Query::of(&schema::CONFIG).is("param_name", "environment_variables")).await;
        let rows = rows.expect("rows");
        let stored = rows[0].object("param_value").and_then(|values| values.text("PASSWORD")).expect("a value");
        assert!(!stored.contains("hunter2"), "{stored}");
    });
}

#[test]
fn stored_settings_change_deployments_and_prices_at_once() {
    run(async {
        let stage = instance(&directory(), "salt").await;
        let settings = json!({ "router_settings": { "model_group_alias": { "other-name": "file" } } });
        assert_eq!(stage.admin("POST", "/config/update", settings).await.0, 200);
        assert!(stage.app.catalog.get().holds("other-name"));
        assert_eq!(stage.admin("PATCH", "/config/cost_discount_config", json!({ "openai": 1.5 })).await.0, 400);
        assert_eq!(stage.admin("PATCH", "/config/cost_discount_config", json!({ "openai": 0.5 })).await.0, 200);
        let (_, shown) = stage.admin("GET", "/config/cost_discount_config", Value::Null).await;
        assert_eq!(shown, json!({ "values": { "openai": 0.5 } }));
        let owned = json!({ "litellm_settings": { "num_retries": 3 } });
        assert_eq!(stage.admin("POST", "/config/update", owned).await.0, 400);
    });
}
