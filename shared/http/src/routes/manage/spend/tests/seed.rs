//! Rows like those that three calls left behind.

use serde_json::{Map, Value, json};
use tollgate_core::directory::{Change, Row, Table, schema};
use tollgate_core::govern::hash_of;

/// The key that was called with, and a second one of the same user.
pub const KEY: &str = "sk-recorded-0000001";
pub const SECOND: &str = "sk-recorded-0000002";
/// A key of a user who has nothing to do with any of it.
pub const OTHER: &str = "sk-other-00000000001";
/// A key of an admin of the team.
pub const LEADER: &str = "sk-leader-0000000001";
const DAY: &str = "2026-11-25";

/// What stands for something that the seed decides; the rest stays.
pub fn concrete(value: &Value) -> Value {
    match value {
        Value::String(text) => replaced(text).into(),
        Value::Array(items) => items.iter().map(concrete).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (replaced(name), concrete(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

pub fn replaced(text: &str) -> String {
    text.replace("<hash:1>", &hash_of(KEY))
        .replace("<hash:2>", &hash_of(SECOND))
        .replace("<key:1>", KEY)
        .replace("<key:2>", SECOND)
        .replace("<date+0>", DAY)
        .replace("<date+1>", "2026-11-26")
        .replace("<midnight+0:T0+00:00>", "2026-11-25T00:00:00+00:00")
        .replace("PROVIDER", "provider")
}

/// A row of what an answer showed.
fn row(table: &'static Table, shown: &Value, place: usize) -> Row {
    let members = shown.as_object().expect("an object");
    let known = members.iter().filter(|(name, value)| table.column(name).is_some() && !value.is_null());
    let kept = |value: &Value| match concrete(value) {
        Value::String(text) if text.starts_with("<now") => format!("{DAY}T12:00:{:02}.000Z", 59 - place).into(),
        Value::String(text) if text == "<ms>" => json!(7),
        other => other,
    };
    known.map(|(name, value)| (name.clone(), kept(value))).collect()
}

fn answer<'a>(steps: &'a [Value], path: &str) -> &'a Value {
    let step = steps.iter().find(|step| step["path"] == path && step["status"] == 200);
    step.map_or(&Value::Null, |step| &step["answer"])
}

fn own_keys(steps: &[Value]) -> &[Value] {
    let step = steps.iter().find(|step| step["path"] == "/spend/keys" && step["by"] == "<key:2>").expect("keys");
    step["answer"].as_array().expect("keys")
}

/// The user's second key, which the recording made after it had asked the master key's questions.
pub fn second_key(steps: &[Value]) -> Vec<Change> {
    vec![Change::Insert(&schema::KEYS, row(&schema::KEYS, &own_keys(steps)[1], 0))]
}

/// A stranger, and an admin of the team.
pub fn others() -> Vec<Change> {
    let mut changes = Vec::new();
    for (user, text) in [("other", OTHER), ("leader", LEADER)] {
        let key = json!({ "token": hash_of(text), "user_id": user });
        changes.push(Change::Insert(&schema::KEYS, row(&schema::KEYS, &key, 0)));
        let teams: &[&str] = if user == "leader" { &["team-1"] } else { &[] };
        let user = json!({ "user_id": user, "user_role": "internal_user", "teams": teams });
        changes.push(Change::Insert(&schema::USERS, row(&schema::USERS, &user, 0)));
    }
    changes
}

pub fn changes(steps: &[Value]) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut insert = |table: &'static Table, row: Row| changes.push(Change::Insert(table, row));
    insert(&schema::KEYS, row(&schema::KEYS, &own_keys(steps)[0], 0));
    for user in answer(steps, "/spend/users").as_array().expect("users") {
        insert(&schema::USERS, row(&schema::USERS, user, 0));
    }
    let member = &answer(steps, "/spend/users?user_id=user-1")[0]["organization_memberships"][0];
    insert(&schema::ORGANIZATION_MEMBERSHIPS, row(&schema::ORGANIZATION_MEMBERSHIPS, member, 0));
    insert(&schema::TEAMS, row(&schema::TEAMS, &team(), 0));
    let organization = json!({
        "organization_id": "org-1", "organization_alias": "Org", "budget_id": "b", "created_by": "x", "updated_by": "x",
    });
    insert(&schema::ORGANIZATIONS, row(&schema::ORGANIZATIONS, &organization, 0));
    insert(&schema::CUSTOMERS, row(&schema::CUSTOMERS, &json!({ "user_id": "customer-1", "alias": "Customer" }), 0));
    let records = answer(steps, "/spend/logs?api_key=<key:1>").as_array().expect("records").clone();
    for (place, record) in records.iter().enumerate() {
        let record = row(&schema::SPEND_LOGS, record, place);
        for (table, daily) in dailies(&record, place) {
            insert(table, daily);
        }
        insert(&schema::SPEND_LOGS, record);
    }
    changes
}

fn team() -> Value {
    json!({
        "team_id": "team-1",
        "team_alias": "Team",
        "organization_id": "org-1",
        "spend": 0.02000016,
        "members_with_roles": [
            { "role": "admin", "user_id": "default_user_id" },
            { "role": "admin", "user_id": "leader" },
            { "role": "user", "user_id": "user-1" },
        ],
    })
}

/// What one call adds to the daily tables.
fn dailies(record: &Row, place: usize) -> Vec<(&'static Table, Row)> {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_failed = text("status") == "failure";
    let endpoint = if text("call_type") == "aembedding" { "/embeddings" } else { "/chat/completions" };
    let base = json!({
        "date": DAY,
        "api_key": text("api_key"),
        "model": text("model"),
        "model_group": text("model_group"),
        "custom_llm_provider": text("custom_llm_provider"),
        "mcp_namespaced_tool_name": "",
        "endpoint": endpoint,
        "prompt_tokens": record["prompt_tokens"],
        "completion_tokens": record["completion_tokens"],
        "spend": record["spend"],
        "api_requests": 1,
        "successful_requests": i32::from(!is_failed),
        "failed_requests": i32::from(is_failed),
        "total_response_time_ms": 7,
        "timed_requests": i32::from(!is_failed),
    });
    // The recorded page of one team row shows the embedding, that of an organization the failure.
    let first = if endpoint == "/embeddings" { 0 } else { place + 1 };
    let mut entities = vec![
        (&schema::DAILY_USER, "user_id", text("user"), place),
        (&schema::DAILY_TEAM, "team_id", text("team_id"), first),
        (&schema::DAILY_ORGANIZATION, "organization_id", text("organization_id"), place),
        (&schema::DAILY_CUSTOMER, "end_user_id", text("end_user"), place),
    ];
    let tags = record["request_tags"].as_array().cloned().unwrap_or_default();
    entities
        .extend(tags.iter().filter_map(Value::as_str).map(|tag| (&schema::DAILY_TAG, "tag", tag.to_owned(), place)));
    let always = ["user_id", "team_id"];
    entities.retain(|(_, column, id, _)| always.contains(column) || !id.is_empty());
    let daily = |(table, column, id, order): (&'static Table, &str, String, usize)| {
        let mut row = base.as_object().cloned().unwrap_or_default();
        row.insert(column.to_owned(), id.into());
        row.insert("id".to_owned(), format!("{order}").into());
        (table, row)
    };
    entities.into_iter().map(daily).collect()
}
