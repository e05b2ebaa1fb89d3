//! What was spent of budgets of models, and who spends that of a group of models.

use serde_json::{Value, json};
use tollgate_core::directory::{Directory, Query, schema};
use tollgate_core::govern::hash_of;

use super::super::claims::{model, run};
use super::{NONE, check, peopled, put};

#[test]
fn what_was_spent_of_budgets_of_models_is_told_of_the_present_period() {
    run(async {
        let (stage, names) = peopled().await;
        let budget = json!({ "max_budget": 5, "budget_duration": "1d" });
        let budgets = json!({ "one": budget, "two": budget });
        let of = |name: &str, value: &str| json!({ name: value, "model_max_budget": budgets });
        check(
            &stage,
            &names,
            &[
                ("admin", "POST /team/update", of("team_id", "t"), 200, "/nothing", NONE),
                ("admin", "POST /user/update", of("user_id", "lead"), 200, "/nothing", NONE),
                ("admin", "POST /key/generate", of("key", "sk-chosen-by-the-test"), 200, "/nothing", NONE),
            ],
        )
        .await;
        let hash = hash_of("sk-chosen-by-the-test");
        for (kind, id) in [("team_model", "t"), ("user_model", "lead"), ("key_model", hash.as_str())] {
            for (model, start) in [("one", "2026-11-25T00:00:00.000Z"), ("two", "2026-11-24T00:00:00.000Z")] {
                let row = json!({
                    "entity_type": kind,
                    "entity_id": format!("{id}:{model}"),
                    "window_duration": "1d",
                    "window_start": start,
                    "spend": 1.25,
                });
                put(&stage, &schema::WINDOW_SPEND, row).await;
            }
        }
        let told = |spent: f64| json!({ "current_spend": spent, "budget_limit": 5.0, "time_period": "1d" });
        let usage = json!({ "one": told(1.25), "two": told(0.0) });
        for (path, place) in [
            ("/team/info?team_id=t", "/team_info"),
            ("/user/info?user_id=lead", "/user_info"),
            ("/v2/user/info?user_id=lead", ""),
            (&format!("/key/info?key={hash}"), "/info"),
        ] {
            let (what, place) = (format!("GET {path}"), format!("{place}/model_max_budget_usage"));
            check(&stage, &names, &[("admin", &what, NONE, 200, &place, usage.clone())]).await;
        }
    });
}

#[test]
fn whoever_was_given_a_group_of_models_spends_its_budget() {
    run(async {
        let (stage, mut names) = peopled().await;
        stage.admin("POST", "/model/new", model("one", "id-1", "k")).await;
        for (alias, models) in [("of-group", json!(["g"])), ("of-model", json!(["one"])), ("of-all", json!([]))] {
            let key = json!({ "key_alias": alias, "models": models });
            let (_, answer) = stage.admin("POST", "/key/generate", key).await;
            names.bind(&format!("<key:{alias}>"), answer["key"].as_str().expect("a key"));
        }
        let group = json!({ "access_group": "g", "model_names": ["one"] });
        let budget = json!({ "max_budget": 5 });
        check(
            &stage,
            &names,
            &[
                ("admin", "POST /access_group/new", group, 200, "/models_updated", json!(1)),
                ("admin", "PUT /access_group/g/budget", budget, 200, "/budget/max_budget", json!(5.0)),
            ],
        )
        .await;
        let query = Query::of(&schema::MODEL_ACCESS_GROUP_BUDGETS);
        let mut row = Value::Object(stage.directory.find(&query).await.expect("rows").remove(0));
        row["spend"] = 5.0.into();
        put(&stage, &schema::MODEL_ACCESS_GROUP_BUDGETS, row).await;
        let chat = json!({ "model": "one", "messages": [{ "role": "user", "content": "x" }] });
        let call = |by: &str| json!({ "method": "POST", "path": "/v1/chat/completions", "by": by, "body": chat });
        let (status, answer) = stage.ask(&call("<key:of-group>"), &names).await;
        let sentence = "Budget has been exceeded! Model access group=g Current cost: 5.0, Max budget: 5.0";
        assert_eq!((status, &answer["error"]["message"]), (422, &json!(sentence)));
        for by in ["<key:of-model>", "<key:of-all>"] {
            let (status, answer) = stage.ask(&call(by), &names).await;
            assert_ne!(status, 422, "{by}: {answer}");
        }
    });
}
