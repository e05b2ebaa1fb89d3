//! What LiteLLM answered after three calls, over rows like those that it had written.

mod differences;
mod likeness;
mod seed;
mod stage;

use serde_json::{Value, json};

use self::differences::difference;
use self::likeness::unlike;
use self::stage::{MASTER, Stage};

fn steps() -> Vec<Value> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/recorded/management.json");
    let recorded: Value = serde_json::from_slice(&std::fs::read(file).expect("the recording")).expect("JSON");
    let scenes = recorded["scenes"].as_array().expect("scenes");
    let scene = scenes.iter().find(|scene| scene["name"] == "spent: reports").expect("the scene");
    scene["steps"].as_array().expect("steps").clone()
}

fn is_spend(path: &str) -> bool {
    let own = ["/spend/", "/global/", "/cost/", "/provider/budgets"];
    own.iter().any(|start| path.starts_with(start)) || path.contains("/daily/activity")
}

#[test]
fn reports_are_as_recorded() {
    let steps = steps();
    let stage = Stage::new(&steps);
    let (mut faults, mut played) = (Vec::new(), 0);
    for (number, step) in steps.iter().enumerate() {
        let path = step["path"].as_str().unwrap_or_default();
        if path == "/key/generate" && step["answer"]["key"] == "<key:2>" {
            stage.add(seed::second_key(&steps));
        }
        if !is_spend(path) {
            continue;
        }
        if let Some(reason) = difference(number) {
            assert!(!reason.is_empty());
            continue;
        }
        let (status, answer) = stage.ask_recorded(step);
        played += 1;
        let wanted = seed::concrete(&step["answer"]);
        let fault = match status == step["status"] {
            true => unlike(&wanted, &answer, "answer"),
            false => Some(format!("status {status}: {answer}")),
        };
        faults.extend(fault.map(|fault| format!("{number} {} {path}\n  {fault}", step["method"])));
    }
    assert!(faults.is_empty(), "{} of {played}:\n{}", faults.len(), faults.join("\n"));
    assert!(played > 40, "only {played} steps were played");
}

#[test]
fn after_a_reset_keys_and_teams_have_spent_nothing() {
    let stage = Stage::new(&steps());
    let (status, _) = stage.ask("POST", "/global/spend/reset", MASTER, &json!({}));
    assert_eq!(status, 200);
    let (_, keys) = stage.ask("GET", "/spend/keys", MASTER, &Value::Null);
    for key in keys.as_array().expect("keys") {
        assert_eq!(key["spend"], 0.0, "{key}");
    }
    assert_eq!(keys[0]["total_spend"], 0.02000016, "what was spent in all stays");
}

/// Path, status, and a part of the answer.
const CASES: &[(&str, u16, &str)] = &[
    (
        "/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&page_size=1",
        200,
        r#""total":3,"page":1,"page_size":1,"total_pages":3"#,
    ),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&page_size=1&page=4", 200, r#""data":[]"#),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&page=0", 422, "greater_than_equal"),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&page_size=1001", 422, "less_than_equal"),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&sort_by=metadata", 400, "Invalid sort_by: metadata"),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&sort_order=up", 400, "Invalid sort_order: up"),
    (
        "/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&sort_by=spend&page_size=1",
        200,
        r#""request_id":"chatcmpl-1""#,
    ),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&min_spend=0.01", 200, r#""total":1,"#),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&max_spend=0", 200, r#""total":1,"#),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&min_spend=x", 422, "float_parsing"),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&key_alias=gov", 200, r#""total":3,"#),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&key_alias=Gov", 200, r#""total":0,"#),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&end_user=customer-1", 200, r#""total":1,"#),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&model_group=embed", 200, r#""total":1,"#),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&user_id=nobody", 200, r#""total":0,"#),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&search=team-1", 200, r#""total":3,"#),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&cache_hit_filter=hit", 200, r#""total":0,"#),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&cache_hit_filter=x", 400, "Invalid cache_hit_filter"),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&span_type=llm", 200, r#""total":3,"#),
    ("/spend/logs/v2?start_date=2026-11-25&end_date=2026-11-26&error_code=500", 400, "status_filter=failure"),
    ("/spend/logs/v2?start_date=2026-11-24&end_date=2026-11-25", 200, r#""total":0,"#),
    ("/spend/logs/ui?start_date=2026-11-25&end_date=2026-11-26", 400, "Expected: 'YYYY-MM-DD HH:MM:SS'"),
    ("/spend/logs/ui?request_id=chatcmpl-1", 200, r#""session_total_count":1"#),
    ("/spend/logs/ui/chatcmpl-1", 200, r#"{"messages":{},"response":{},"proxy_server_request":{}}"#),
    ("/spend/logs/ui/no-such", 200, "null"),
    ("/spend/logs/session/ui", 422, "session_id"),
    (
        "/spend/logs?request_id=chatcmpl-1&start_date=2026-11-25&end_date=2026-11-26",
        200,
        r#""request_id":"chatcmpl-1""#,
    ),
    ("/spend/users?user_id=no-such", 200, "[null]"),
    ("/global/spend/keys?limit=0", 422, "Limit must be greater than 0"),
    ("/global/spend/provider", 400, "Please provide start_date and end_date"),
    ("/global/activity?start_date=x&end_date=y", 400, "valid YYYY-MM-DD dates"),
    (
        "/global/spend/report?start_date=2026-11-25&end_date=2026-11-25&group_by=customer",
        200,
        r#""customer":"customer-1""#,
    ),
    (
        "/global/spend/report?start_date=2026-11-25&end_date=2026-11-25&group_by=api_key",
        200,
        r#""total_cost":0.02000016"#,
    ),
    ("/global/spend/report?start_date=2026-11-25&end_date=2026-11-25&group_by=x", 422, "literal_error"),
    (
        "/global/spend/report?start_date=2026-11-25&end_date=2026-11-25&team_id=team-1&customer_id=customer-1",
        200,
        r#""total_spend":0.02,"customer":"customer-1""#,
    ),
    ("/team/spend/report?start_date=2026-11-25&end_date=2026-11-25&team_id=team-1", 200, r#""total_input_tokens":26"#),
    ("/team/spend/report?start_date=2026-11-25&end_date=2026-11-25", 400, "No team_id associated with this API key"),
    ("/user/spend/report?start_date=2026-11-26&end_date=2026-11-25", 400, "start_date must be on or before end_date"),
    ("/user/spend/report?start_date=2020-11-26&end_date=2026-11-25", 400, "maximum is 366 days"),
    (
        "/organization/spend/report?start_date=2026-11-25&end_date=2026-11-25&organization_id=org-1",
        200,
        r#""team_id":"team-1""#,
    ),
    ("/team/spend/by_user?start_date=2026-11-25&end_date=2026-11-25&team_ids=team-1", 200, r#""failed_requests":1"#),
    ("/team/spend/by_user?start_date=2026-11-25&end_date=2026-11-25", 400, "Please provide team_ids"),
    (
        "/team/daily/activity/aggregated?start_date=2026-11-25&end_date=2026-11-25",
        200,
        r#""entity_total_api_keys":{"team-1":1}"#,
    ),
    ("/team/daily/activity?start_date=2026-11-25&end_date=2026-11-25&page=0", 400, "page and page_size must be >= 1"),
    ("/team/daily/activity?start_date=2026-11-25&end_date=2026-11-25&exclude_team_ids=team-1", 200, r#""results":[]"#),
    ("/user/daily/activity/aggregated?start_date=2020-11-25&end_date=2026-11-25", 400, "at most 366 days"),
    ("/tag/daily/activity?start_date=2026-11-25&end_date=2026-11-25&tags=other", 200, r#""results":[]"#),
    ("/end_user/daily/activity?start_date=2026-11-25&end_date=2026-11-25", 200, r#""alias":"Customer""#),
];

#[test]
fn an_admin_asks() {
    let stage = Stage::new(&steps());
    for (path, wanted, part) in CASES {
        let (status, answer) = stage.ask("GET", path, MASTER, &Value::Null);
        assert_eq!(status, *wanted, "{path}: {answer}");
        assert!(answer.to_string().contains(part), "{path}: {answer}");
    }
}

#[test]
fn others_see_their_own() {
    let stage = Stage::with_others(&steps());
    let span = "start_date=2026-11-25&end_date=2026-11-26";
    let cases = [
        (seed::OTHER, format!("/spend/logs/v2?{span}"), 200, r#""total":0,"#),
        (seed::OTHER, format!("/spend/logs/v2?{span}&user_id=user-1"), 200, r#""total":0,"#),
        (seed::OTHER, format!("/spend/logs/v2?{span}&team_id=team-1"), 403, "Not authorized to view team spend"),
        (seed::LEADER, format!("/spend/logs/v2?{span}&team_id=team-1"), 200, r#""total":3,"#),
        (seed::LEADER, format!("/spend/logs/v2?{span}"), 200, r#""total":3,"#),
        (seed::OTHER, "/spend/logs/ui/chatcmpl-1".to_owned(), 403, "Not authorized to view spend log"),
        (seed::LEADER, "/spend/logs/ui/chatcmpl-1".to_owned(), 200, "messages"),
        (seed::OTHER, "/spend/logs?user_id=user-1".to_owned(), 200, "[]"),
        (seed::OTHER, "/spend/users?user_id=user-1".to_owned(), 403, "another user"),
        (seed::OTHER, "/spend/tags".to_owned(), 200, "[]"),
        (seed::OTHER, format!("/user/daily/activity?{span}&user_id=user-1"), 403, "only view their own"),
        (seed::OTHER, format!("/user/daily/activity?{span}"), 200, r#""results":[]"#),
        (seed::OTHER, format!("/team/daily/activity?{span}&team_ids=team-1"), 404, "does not belong to Team= team-1"),
        (seed::LEADER, format!("/team/daily/activity?{span}"), 200, r#""total_api_requests":3"#),
        (seed::LEADER, format!("/team/spend/by_user?{span}&team_ids=team-1"), 200, r#""user_id":"user-1""#),
        (seed::OTHER, format!("/tag/daily/activity?{span}"), 200, r#""results":[]"#),
        (seed::OTHER, format!("/organization/daily/activity?{span}&organization_ids=org-1"), 403, "not org_admin"),
        (seed::OTHER, format!("/organization/spend/report?{span}&organization_id=org-1"), 403, "do not have access"),
        (seed::OTHER, format!("/user/spend/report?{span}&internal_user_id=user-1"), 403, "other than your own"),
        (seed::OTHER, format!("/key/spend/report?{span}"), 200, "[]"),
        (seed::OTHER, format!("/customer/daily/activity?{span}"), 401, "Only proxy admin"),
        (seed::OTHER, "/global/spend/keys".to_owned(), 401, "Only proxy admin"),
        (seed::OTHER, "/provider/budgets".to_owned(), 401, "Only proxy admin"),
        (seed::OTHER, format!("/global/activity?{span}"), 200, r#""sum_api_requests":0"#),
    ];
    for (key, path, wanted, part) in cases {
        let (status, answer) = stage.ask("GET", &path, key, &Value::Null);
        assert_eq!(status, wanted, "{path}: {answer}");
        assert!(answer.to_string().contains(part), "{path}: {answer}");
    }
}
