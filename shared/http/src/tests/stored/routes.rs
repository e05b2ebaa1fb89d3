//! Routes whose settings are stored, and who may use them: callbacks of teams, groups of models, addresses and the rest.

mod budgets;
mod callbacks;
mod groups;
mod settings;

use serde_json::{Value, json};
use tollgate_core::directory::{Change, Table};
use tollgate_testkit::scenes::Names;

use super::claims::{directory, instance};
use super::stage::Stage;

/// What is not sent, and what is not looked at.
const NONE: Value = Value::Null;

/// Who asks, what, and what must come of it: a status, a place in the answer, and what stands there.
type Step<'a> = (&'a str, &'a str, Value, u16, &'a str, Value);

async fn check(stage: &Stage, names: &Names, steps: &[Step<'_>]) {
    for (number, (by, what, body, status, place, expected)) in steps.iter().enumerate() {
        stage.clock.advance(std::time::Duration::from_millis(1));
        let (method, path) = what.split_once(' ').expect("a method and a path");
        let step = json!({ "method": method, "path": path, "by": by, "body": body });
        let (found, answer) = stage.ask(&step, names).await;
        assert_eq!(found, *status, "{number} {by} {what}: {answer}");
        let value = answer.pointer(place).unwrap_or(&Value::Null);
        assert_eq!(value, expected, "{number} {by} {what}: {place} of {answer}");
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

async fn put(stage: &Stage, table: &'static Table, row: Value) {
    let row = row.as_object().cloned().expect("a row");
    stage.app.governance.write(vec![Change::Put(table, row)]).await.expect("a write");
}
