//! What no recording shows: where LiteLLM fails, and what it sells.

use serde_json::{Value, json};
use tollgate_core::govern::Settings;

use super::scene::Stage;

/// Who asks, what, and what must come of it: a status, a place in the answer, and what stands there.
pub type Step = (&'static str, &'static str, &'static str, Value, u16, &'static str, Value);

/// Plays the steps one after the other.
pub fn check(settings: Settings, steps: &[Step]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut stage = Stage::new(settings);
        for (number, (by, method, path, body, status, place, expected)) in steps.iter().enumerate() {
            let made = body["key_alias"].as_str().map(|alias| format!("<key:{alias}>")).unwrap_or_default();
            let (found, answer) = stage.say(by, (method, path, body.clone()), &made).await;
            assert_eq!(found, *status, "{number} {method} {path}: {answer}");
            let value = answer.pointer(place).unwrap_or(&Value::Null);
            assert_eq!(value, expected, "{number} {method} {path}: {place} of {answer}");
        }
    });
}

#[test]
fn blocked_customers_are_admitted_again() {
    let named = |id: &str| json!({ "user_ids": [id] });
    check(
        Settings::default(),
        &[
            ("admin", "POST", "/customer/new", json!({ "user_id": "c" }), 200, "/blocked", json!(false)),
            ("admin", "POST", "/customer/block", named("c"), 200, "/blocked_users/0/blocked", json!(true)),
            ("admin", "POST", "/customer/block", named("d"), 200, "/blocked_users/0/user_id", json!("d")),
            ("admin", "POST", "/customer/unblock", named("c"), 200, "/blocked_users", json!(["d"])),
            ("admin", "GET", "/customer/info?end_user_id=c", Value::Null, 200, "/blocked", json!(false)),
            ("admin", "GET", "/end_user/info?end_user_id=d", Value::Null, 200, "/blocked", json!(true)),
        ],
    );
}

#[test]
fn a_deleted_budget_is_linked_nowhere() {
    let customer = json!({ "user_id": "c", "budget_id": "b" });
    check(
        Settings::default(),
        &[
            budget(),
            ("admin", "POST", "/customer/new", customer, 200, "/budget_id", json!("b")),
            ("admin", "POST", "/budget/delete", json!({ "id": "b" }), 200, "/max_budget", json!(1.0)),
            ("admin", "GET", "/customer/info?end_user_id=c", Value::Null, 200, "/budget_id", json!(null)),
        ],
    );
}

fn budget() -> Step {
    ("admin", "POST", "/budget/new", json!({ "budget_id": "b", "max_budget": 1 }), 200, "/budget_id", json!("b"))
}

#[test]
fn the_budget_of_an_organization_is_not_deleted_under_it() {
    let organization = json!({ "organization_alias": "o", "budget_id": "b" });
    check(
        Settings::default(),
        &[
            budget(),
            ("admin", "POST", "/organization/new", organization, 200, "/budget_id", json!("b")),
            ("admin", "POST", "/budget/delete", json!({ "id": "b" }), 400, "/nothing", json!(null)),
            ("admin", "GET", "/budget/list", Value::Null, 200, "/0/budget_id", json!("b")),
        ],
    );
}

#[test]
fn metadata_is_merged_by_a_patch_and_a_null_in_it_deletes() {
    let team = json!({ "team_id": "t", "metadata": { "a": 1, "b": { "c": 2, "d": 3 } } });
    let patch = json!({ "metadata": { "a": null, "b": { "c": 4 }, "team_member_budget_id": "forged" } });
    check(
        Settings::default(),
        &[
            ("admin", "POST", "/team/new", team, 200, "/team_id", json!("t")),
            ("admin", "PATCH", "/team/t", patch, 200, "/metadata", json!({ "b": { "c": 4, "d": 3 } })),
            ("admin", "PATCH", "/team/t", json!({ "team_id": "other" }), 400, "/error/code", json!("400")),
        ],
    );
}

/// A user, and a team that it is the admin of.
pub fn team_with_lead() -> Vec<Step> {
    let lead = json!({ "user_id": "lead", "user_role": "internal_user", "key_alias": "lead" });
    let members = json!([{ "role": "admin", "user_id": "lead" }]);
    let team = json!({ "team_id": "t", "max_budget": 10, "models": ["chat"], "members_with_roles": members });
    vec![
        ("admin", "POST", "/user/new", lead, 200, "/user_id", json!("lead")),
        ("admin", "POST", "/team/new", team, 200, "/max_budget", json!(10.0)),
    ]
}

#[test]
fn a_teams_admin_changes_what_the_operator_lets_and_raises_no_budget() {
    let settings = Settings { team_admin_fields: vec!["max_budget".to_owned()], ..Settings::default() };
    let set = |columns: Value| {
        let mut body = json!({ "team_id": "t" });
        body.as_object_mut().expect("a map").extend(columns.as_object().expect("a map").clone());
        body
    };
    let mut steps = team_with_lead();
    steps.extend([
        ("<key:lead>", "POST", "/team/update", set(json!({ "max_budget": 5 })), 200, "/data/max_budget", json!(5.0)),
        ("<key:lead>", "POST", "/team/update", set(json!({ "max_budget": 6 })), 403, "/error/code", json!("403")),
        ("<key:lead>", "POST", "/team/update", set(json!({ "max_budget": null })), 403, "/error/code", json!("403")),
        ("<key:lead>", "POST", "/team/update", set(json!({ "models": [] })), 403, "/error/code", json!("403")),
        ("<key:lead>", "PATCH", "/team/t", set(json!({ "blocked": true })), 403, "/error/code", json!("403")),
        ("<key:lead>", "GET", "/team/info?team_id=t", Value::Null, 200, "/team_info/max_budget", json!(5.0)),
    ]);
    check(settings, &steps);
}

#[test]
fn projects_have_no_more_than_their_team() {
    let mut steps = team_with_lead();
    let project = |columns: Value| {
        let mut body = json!({ "team_id": "t", "project_id": "p" });
        body.as_object_mut().expect("a map").extend(columns.as_object().expect("a map").clone());
        body
    };
    let key = json!({ "key_alias": "of p", "team_id": "t", "project_id": "p" });
    steps.extend([
        ("admin", "POST", "/project/new", project(json!({ "models": ["other"] })), 400, "/nothing", json!(null)),
        ("admin", "POST", "/project/new", project(json!({ "max_budget": 11 })), 400, "/nothing", json!(null)),
        ("<key:lead>", "POST", "/project/new", project(json!({})), 403, "/nothing", json!(null)),
        (
            "admin",
            "POST",
            "/project/new",
            project(json!({ "max_budget": 3, "tags": ["x"] })),
            200,
            "/litellm_budget_table/max_budget",
            json!(3.0),
        ),
        (
            "admin",
            "POST",
            "/project/update",
            json!({ "project_id": "p", "metadata": { "a": 1 } }),
            200,
            "/metadata",
            json!({ "tags": ["x"], "a": 1 }),
        ),
        ("<key:lead>", "GET", "/project/list", Value::Null, 200, "/0/project_id", json!("p")),
        ("admin", "POST", "/key/generate", key, 200, "/project_id", json!("p")),
        ("admin", "DELETE", "/project/delete", json!({ "project_ids": ["p"] }), 400, "/nothing", json!(null)),
    ]);
    check(Settings::default(), &steps);
}

#[test]
fn a_group_and_its_teams_list_each_other() {
    let group = json!({ "access_group_name": "g", "access_model_names": ["chat"], "assigned_team_ids": ["t"] });
    let forget = json!({ "team_id": "t", "access_group_ids": [] });
    let mut steps = team_with_lead();
    steps.extend([
        (
            "admin",
            "POST",
            "/v1/access_group",
            json!({ "access_group_name": "x", "assigned_team_ids": ["no"] }),
            400,
            "/detail",
            json!("Unknown team ids: no"),
        ),
        ("admin", "POST", "/v1/access_group", group.clone(), 201, "/assigned_teams/0/id", json!("t")),
        ("admin", "POST", "/v1/access_group", group, 409, "/detail", json!("Access group 'g' already exists")),
        ("admin", "GET", "/team/info?team_id=t", Value::Null, 200, "/team_info/access_group_models", json!(["chat"])),
        ("admin", "POST", "/team/update", forget, 200, "/data/access_group_ids", json!([])),
        ("admin", "GET", "/v1/access_group", Value::Null, 200, "/0/assigned_team_ids", json!([])),
        ("<key:lead>", "GET", "/v1/access_group", Value::Null, 401, "/error/code", json!("401")),
    ]);
    check(Settings::default(), &steps);
}

#[test]
fn a_member_has_its_own_budget_until_it_is_set_back() {
    let team =
        json!({ "team_id": "t", "team_member_budget": 3, "members_with_roles": [{ "role": "user", "user_id": "m" }] });
    let own = json!({ "team_id": "t", "user_id": "m", "max_budget_in_team": 7 });
    let source = "/team_memberships/1/budget_source";
    check(
        Settings::default(),
        &[
            ("admin", "POST", "/team/new", team, 200, "/team_id", json!("t")),
            ("admin", "GET", "/team/info?team_id=t", Value::Null, 200, source, json!("team_default")),
            ("admin", "POST", "/team/member_update", own, 200, "/max_budget_in_team", json!(7.0)),
            ("admin", "GET", "/team/info?team_id=t", Value::Null, 200, source, json!("custom")),
            ("admin", "POST", "/team/t/member/m/reset_spend", json!({ "reset_to": 1 }), 400, "/nothing", json!(null)),
            ("admin", "POST", "/team/t/member/m/reset_spend", json!({ "reset_to": 0 }), 200, "/spend", json!(0.0)),
            ("admin", "POST", "/team/t/member/m/reset_budget", json!({}), 200, "/budget_source", json!("team_default")),
            ("admin", "GET", "/team/info?team_id=t", Value::Null, 200, source, json!("team_default")),
            ("admin", "POST", "/team/t/member/no/reset_budget", json!({}), 404, "/nothing", json!(null)),
        ],
    );
}
