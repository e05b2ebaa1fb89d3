//! The database stays LiteLLM's: nothing of it is changed by being used, and what is added LiteLLM can read.

use super::ground::{Ground, ask, chat, leave};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn migrating_adds_tables_of_its_own_and_touches_nothing_else() {
    let ground = Ground::new();
    let before = ground.dump();
    assert!(before.contains("INSERT INTO public.\"LiteLLM_VerificationToken\""), "the dump is empty");
    let told = ground.migrate(&["--dry-run"]);
    assert_eq!(ground.sql("SELECT COUNT(*) FROM pg_tables WHERE tablename LIKE 'Tollgate_%'").trim(), "0");
    // What functions read of LiteLLM's stands within their bodies, indented.
    let verbs = ["CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE", "TRUNCATE"];
    let statements: Vec<&str> =
        told.lines().filter(|line| verbs.iter().any(|verb| line.to_uppercase().starts_with(verb))).collect();
    assert!(statements.len() > 8, "{told}");
    for statement in &statements {
        let is_own = statement.to_lowercase().contains("tollgate_") && !statement.contains("LiteLLM_");
        assert!(is_own, "{statement}");
    }
    assert_eq!(ground.migrate(&[]), told, "what is told is what is done");
    assert_eq!(ground.migrate(&["--dry-run"]).trim(), "-- nothing is missing");
    assert_eq!(ground.dump(), before);
}

/// What LiteLLM's client demands of a row: no null in what may not be null and in lists, and JSON of the same kind.
type Shapes = BTreeMap<String, BTreeSet<String>>;

const COLUMNS: &str = "SELECT table_name, column_name, data_type FROM information_schema.columns \
    WHERE table_name LIKE 'LiteLLM\\_%' AND (data_type IN ('jsonb', 'ARRAY') OR is_nullable = 'NO') ORDER BY 1, 2";

/// What each column of LiteLLM's tables holds: kinds of JSON, or whether anything is there.
fn shapes(ground: &Ground) -> Shapes {
    let mut parts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in ground.sql(COLUMNS).lines() {
        let cells: Vec<&str> = line.split('|').collect();
        let [table, column, kind] = cells.as_slice() else { panic!("{line}") };
        // What may be null may be so in JSON, too.
        let (shown, rows) = if *kind == "jsonb" {
            (format!("jsonb_typeof(\"{column}\")"), format!("\"{column}\" IS NOT NULL"))
        } else {
            (format!("CASE WHEN \"{column}\" IS NULL THEN 'nothing' ELSE 'something' END"), "TRUE".to_owned())
        };
        let part = format!("SELECT DISTINCT '{table}.{column}', {shown} FROM \"{table}\" WHERE {rows}");
        parts.entry((*table).to_owned()).or_default().push(part);
    }
    assert!(parts.len() > 60, "only {} tables", parts.len());
    let mut shapes = Shapes::new();
    for parts in parts.values() {
        for line in ground.sql(&parts.join(" UNION ALL ")).lines() {
            let (column, shape) = line.split_once('|').expect("two cells");
            shapes.entry(column.to_owned()).or_default().insert(shape.to_owned());
        }
    }
    shapes
}

/// One of everything that the management API makes, and some calls.
fn write(ground: &Ground) {
    let gateway = ground.start();
    let master = ground.key("master");
    for (path, body) in [
        ("/organization/new", json!({"organization_id": "o", "organization_alias": "O", "max_budget": 5})),
        ("/team/new", json!({"team_id": "t", "organization_id": "o", "max_budget": 5, "models": []})),
        ("/user/new", json!({"user_id": "u", "user_role": "internal_user", "max_budget": 5})),
        (
            "/team/member_add",
            json!({"team_id": "t", "member": {"role": "user", "user_id": "u"}, "max_budget_in_team": 2}),
        ),
        (
            "/organization/member_add",
            json!({"organization_id": "o", "member": {"role": "internal_user", "user_id": "u"}}),
        ),
        (
            "/key/generate",
            json!({"key": "sk-of-everything-0123456789", "key_alias": "k", "team_id": "t", "user_id": "u"}),
        ),
        ("/key/update", json!({"key": "sk-of-everything-0123456789", "max_budget": 7, "metadata": {"a": 1}})),
        ("/customer/new", json!({"user_id": "c", "max_budget": 5})),
        ("/tag/new", json!({"name": "g", "max_budget": 5})),
        ("/budget/new", json!({"budget_id": "b", "max_budget": 5})),
        ("/credentials", json!({"credential_name": "s", "credential_values": {"api_key": "x"}, "credential_info": {}})),
        ("/model/new", json!({"model_name": "m", "litellm_params": {"model": "openai/gpt-4o", "api_key": "x"}})),
        ("/key/generate", json!({"key": "sk-to-be-deleted-0123456789", "key_alias": "gone"})),
        ("/key/delete", json!({"keys": ["sk-to-be-deleted-0123456789"]})),
    ] {
        let answer = ask(&gateway, ("POST", path), master, &body);
        assert_eq!(answer.head.status(), 200, "{path}: {}", answer.text());
    }
    for more in [Value::Null, json!({"user": "c", "metadata": {"tags": ["g"]}}), json!({"user": "never-seen"})] {
        let answer = chat(&gateway, "sk-of-everything-0123456789", "chat", &more);
        assert_eq!(answer.head.status(), 200, "{more}: {}", answer.text());
    }
    leave(gateway);
}

#[test]
fn what_is_written_litellm_can_read() {
    let ground = Ground::new();
    let known = shapes(&ground);
    write(&ground);
    let mut wrong = Vec::new();
    for (column, shapes) in shapes(&ground) {
        let Some(known) = known.get(&column) else { continue };
        wrong.extend(shapes.difference(known).map(|shape| format!("{column}: {shape}, not {known:?}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
