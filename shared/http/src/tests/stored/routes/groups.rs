//! Access groups of models: they stand in the models, and share a budget.

use serde_json::{Value, json};

use super::super::claims::{model, run};
use super::{NONE, check, peopled};

const NEW: &str = "POST /access_group/new";
const INFO: &str = "GET /access_group/g/info";
const BUDGET: &str = "/access_group/g/budget";

fn group(names: Value) -> Value {
    json!({ "access_group": "g", "model_names": names })
}

#[test]
fn groups_of_models_stand_in_the_models() {
    run(async {
        let (stage, names) = peopled().await;
        for (name, id) in [("one", "id-1"), ("one", "id-2"), ("two", "id-3")] {
            stage.admin("POST", "/model/new", model(name, id, "k")).await;
        }
        let ids = |ids: Value| json!({ "model_ids": ids });
        let (update, delete, list) =
            ("PUT /access_group/g/update", "DELETE /access_group/g/delete", "GET /access_group/list");
        let (error, first) = ("/detail/error", "/access_groups/0");
        let nothing = json!("Either model_names or model_ids must be provided and non-empty");
        let of_file = json!(
            "Can't find model 'file' in Database. Access group management is only supported for database models."
        );
        let no_id = json!("Deployment with model_id 'no' not found in Database.");
        let nameless = json!({ "model_names": ["one"] });
        check(
            &stage,
            &names,
            &[
                ("admin", NEW, group(json!(["no"])), 400, error, json!("Model(s) not found: no")),
                ("admin", NEW, group(json!([])), 400, error, nothing),
                ("admin", NEW, group(json!(["file"])), 400, error, of_file),
                ("admin", NEW, nameless, 422, "/detail/0/loc", json!(["body", "access_group"])),
                ("admin", NEW, group(json!(["one"])), 200, "/models_updated", json!(2)),
                ("admin", NEW, group(json!(["one"])), 409, "/nothing", NONE),
                ("admin", INFO, NONE, 200, "/model_names", json!(["one"])),
                ("admin", update, ids(json!(["id-2", "id-3"])), 200, "/models_updated", json!(2)),
                ("admin", update, ids(json!(["no"])), 400, error, no_id),
                ("admin", list, NONE, 200, &format!("{first}/model_names"), json!(["one", "two"])),
                ("admin", list, NONE, 200, &format!("{first}/deployment_count"), json!(2)),
                ("<key:internal_user>", list, NONE, 401, "/nothing", NONE),
                ("<key:proxy_admin_viewer>", INFO, NONE, 200, "/spend", json!(0.0)),
                ("admin", delete, NONE, 200, "/models_updated", json!(2)),
                ("admin", delete, NONE, 404, error, json!("Access group 'g' not found")),
                ("admin", INFO, NONE, 404, "/nothing", NONE),
            ],
        )
        .await;
    });
}

#[test]
fn a_group_of_models_has_one_budget() {
    run(async {
        let (stage, names) = peopled().await;
        stage.admin("POST", "/model/new", model("one", "id-1", "k")).await;
        let (read, set, delete) = (&*format!("GET {BUDGET}"), &*format!("PUT {BUDGET}"), &*format!("DELETE {BUDGET}"));
        let fault = "/detail/0/type";
        let least = json!("greater_than_equal");
        let daily = json!({ "max_budget": 5, "budget_duration": "1d" });
        check(
            &stage,
            &names,
            &[
                ("admin", set, json!({ "max_budget": 5 }), 404, "/nothing", NONE),
                ("admin", NEW, group(json!(["one"])), 200, "/models_updated", json!(1)),
                ("admin", read, NONE, 200, "/budget", NONE),
                ("admin", set, json!({}), 400, "/nothing", NONE),
                ("admin", set, json!({ "tpm_limit": 1 }), 422, fault, json!("extra_forbidden")),
                ("admin", set, json!({ "max_budget": -1 }), 422, fault, least.clone()),
                ("admin", set, json!({ "max_budget": "nan" }), 422, fault, least),
                ("admin", set, json!({ "budget_duration": "x" }), 400, "/nothing", NONE),
                ("admin", set, json!({ "budget_id": "no" }), 500, "/nothing", NONE),
                ("admin", set, daily, 200, "/budget/max_budget", json!(5.0)),
                ("admin", set, json!({ "max_budget": 7 }), 200, "/budget/budget_duration", json!("1d")),
                ("admin", INFO, NONE, 200, "/budget/max_budget", json!(7.0)),
                ("<key:proxy_admin_viewer>", delete, NONE, 403, "/nothing", NONE),
                ("admin", delete, NONE, 200, "/budget_deleted", json!(true)),
                ("admin", delete, NONE, 200, "/budget_deleted", json!(false)),
            ],
        )
        .await;
    });
}
