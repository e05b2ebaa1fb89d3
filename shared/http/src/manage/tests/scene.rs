//! Plays a recorded scene over a directory in memory, and compares every answer and every row.
//!
//! Keys and users are put into the directory where the scene makes them.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::{Map, Value, json};
use tollgate_core::clock::Clock;
use tollgate_core::config::{Environment, Mode, ReadError, load};
use tollgate_core::deployment::Deployment;
use tollgate_core::directory::{Change, Columns, Directory, Filter, Memory, Query, Row, Table, moment_of, schema};
use tollgate_core::govern::{Governance, Ports, Settings, hash_of};
use tollgate_core::{Catalog, Gatekeeper, Secret};

use super::differences::{Difference, difference};
use super::pattern::{Bindings, START};
use crate::Gateway;

const MASTER: &str = "sk-oracle-master";
/// Tables that scenes look into.
const TABLES: &[&Table] = &[
    &schema::BUDGETS,
    &schema::TEAMS,
    &schema::DELETED_TEAMS,
    &schema::USERS,
    &schema::KEYS,
    &schema::TEAM_MEMBERSHIPS,
    &schema::MODEL_ALIASES,
    &schema::ORGANIZATIONS,
    &schema::ORGANIZATION_MEMBERSHIPS,
    &schema::CUSTOMERS,
    &schema::TAGS,
];

/// The configuration of the recording, as far as management looks at it.
struct Document;

impl Environment for Document {
    fn read(&self, _: &str, _: u64) -> Result<Vec<u8>, ReadError> {
        Ok(b"model_list: [{model_name: chat, litellm_params: {model: openai/gpt-4o, api_key: own}}]".to_vec())
    }

    fn exists(&self, _: &str) -> bool {
        true
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

fn catalog() -> Catalog {
    let config = load("config.yaml", &Document, Mode::Boot).unwrap_or_else(|refusal| panic!("{refusal}")).config;
    let mut catalog = Catalog::default();
    let deployment = Deployment::new(&config, &config.models[0], &|_| None);
    catalog.add(deployment.unwrap_or_else(|error| panic!("{error}")));
    catalog
}

struct Stage {
    gateway: Gateway,
    directory: Arc<Memory>,
    clock: Clock,
    bindings: Bindings,
    keys: usize,
}

/// Plays the scene of this name.
pub fn replay(name: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(play(name));
}

async fn play(name: &str) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/recorded/management.json");
    let recorded: Value = serde_json::from_slice(&std::fs::read(file).expect("the recording")).expect("JSON");
    let scenes = recorded["scenes"].as_array().expect("scenes");
    let scene = scenes.iter().find(|scene| scene["name"] == name).expect("the scene");
    let mut stage = Stage::new();
    let (mut faults, mut played) = (Vec::new(), 0);
    for (number, step) in scene["steps"].as_array().expect("steps").iter().enumerate() {
        stage.clock.advance(Duration::from_millis(1));
        match stage.step(name, step).await {
            Ok(true) => played += 1,
            Ok(false) => {}
            Err(fault) => {
                let what = step.get("query").cloned().unwrap_or_else(|| step["body"].clone());
                let fault = format!("{number} {} {} {what}\n  {fault}", step["method"], step["path"]);
                faults.push(fault);
            }
        }
    }
    assert!(faults.is_empty(), "{} of {name}:\n{}", faults.len(), faults.join("\n"));
    assert!(played > 10, "only {played} steps were played");
}

impl Stage {
    fn new() -> Self {
        let clock = Clock::manual(moment_of(START).expect("a time"));
        let directory = Arc::new(Memory::new(clock.clone()));
        let shared: Arc<dyn Directory> = Arc::<Memory>::clone(&directory);
        let app = tollgate_core::App {
            gatekeeper: Gatekeeper::MasterKey { key: Secret::new(MASTER.to_owned()), header: None },
            governance: Governance::new(Ports::alone(shared), clock.clone(), Settings::default()),
            catalog: catalog().into(),
            limits: tollgate_core::Limits { request_bytes_max: 1_000_000, ..crate::tests::app().limits },
            ..crate::tests::app()
        };
        Self { gateway: Gateway::new(Arc::new(app)), directory, clock, bindings: Bindings::default(), keys: 0 }
    }

    /// Plays one step; `false` where it is about something else.
    async fn step(&mut self, scene: &str, step: &Value) -> Result<bool, String> {
        if let Some(statement) = step["sql"].as_str() {
            self.run(statement).await;
            return Ok(false);
        }
        let expected = match difference(scene, step) {
            Some(Difference::Unplayed) => return Ok(false),
            Some(Difference::Answer(status, answer)) => Some((status, answer)),
            None => None,
        };
        if let Some(table) = step["rows"].as_str() {
            self.rows(table, step).await?;
            return Ok(true);
        }
        let path = step["path"].as_str().unwrap_or_default();
        if matches!(path, "/user/new" | "/key/generate") {
            self.make(path, step).await;
            return Ok(false);
        }
        let (status, answer) = self.ask(step).await;
        let (wanted, recorded) = match expected {
            Some((status, recorded)) => (status, self.bindings.fill_value(&recorded)),
            None => (step["status"].as_u64().unwrap_or_default(), step["answer"].clone()),
        };
        if u64::from(status) != wanted {
            return Err(format!("{status} for {wanted}: {answer} for {recorded}"));
        }
        if recorded == "<anything>" {
            return Ok(true);
        }
        match (&recorded, &answer) {
            (Value::Array(recorded), Value::Array(items)) if path.contains("list") || path.contains("/budget/info") => {
                self.bindings.meets_in_any_order(recorded, items, "")?;
            }
            _ => self.bindings.meets(&recorded, &answer, "")?,
        }
        Ok(true)
    }

    async fn ask(&self, step: &Value) -> (u16, Value) {
        let key = match step["by"].as_str() {
            Some("admin") => MASTER.to_owned(),
            other => self.bindings.fill(other.unwrap_or_default()),
        };
        let body = match &step["body"] {
            Value::Null => String::new(),
            body => self.bindings.fill_value(body).to_string(),
        };
        let request = Request::builder()
            .method(step["method"].as_str().expect("a method"))
            .uri(self.bindings.fill(step["path"].as_str().expect("a path")).replace(' ', "%20"))
            .header("authorization", format!("Bearer {key}"))
            .body(Full::from(body))
            .expect("a request");
        let (head, body) = self.gateway.answer(request).await.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let mut answer: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if let Some(faults) = answer.get_mut("detail").and_then(Value::as_array_mut) {
            for fault in faults {
                fault.as_object_mut().map(|fault| fault.shift_remove("input"));
            }
        }
        (head.status.as_u16(), answer)
    }

    /// What a scene does to the database by itself: budgets are made older.
    async fn run(&self, statement: &str) {
        let expected = "UPDATE \"LiteLLM_BudgetTable\" SET created_at = '2020-01-01' WHERE budget_id NOT IN ('one')";
        assert_eq!(statement, expected, "a statement that is not known");
        let mut columns = Row::new();
        columns.insert("created_at".to_owned(), "2020-01-01T00:00:00.000Z".into());
        let filter = Filter::IsNot("budget_id", "one".into());
        let change = Change::Update(&schema::BUDGETS, vec![filter], columns);
        self.directory.write(vec![change]).await.expect("a write");
    }

    /// Makes the key, and the user, that a step makes by routes of another area.
    async fn make(&mut self, path: &str, step: &Value) {
        if step["status"] != 200 {
            return;
        }
        let body = self.bindings.fill_value(&step["body"]);
        let field = |name: &str| body.get(name).cloned().unwrap_or(Value::Null);
        let mut changes = Vec::new();
        if path == "/user/new" {
            let mut user = Row::new();
            for name in ["user_id", "user_role", "user_email", "organization_id"] {
                user.insert(name.to_owned(), field(name));
            }
            changes.push(Change::Insert(&schema::USERS, user));
            for organization in body["organizations"].as_array().into_iter().flatten() {
                let mut membership = Row::new();
                membership.insert("user_id".to_owned(), field("user_id"));
                membership.insert("organization_id".to_owned(), organization.clone());
                membership.insert("user_role".to_owned(), "internal_user".into());
                changes.push(Change::Insert(&schema::ORGANIZATION_MEMBERSHIPS, membership));
            }
        }
        if let Some(name) = step["answer"]["key"].as_str() {
            self.keys += 1;
            let key = format!("sk-{:0>22}", self.keys);
            self.bindings.bind(name, &key);
            let mut row = Map::new();
            for name in ["user_id", "team_id", "key_alias", "organization_id", "budget_id"] {
                row.insert(name.to_owned(), field(name));
            }
            row.insert("token".to_owned(), hash_of(&key).into());
            row.insert("key_name".to_owned(), format!("sk-...{}", &key[key.len() - 4..]).into());
            row.insert("key_type".to_owned(), "default".into());
            row.insert("created_by".to_owned(), "default_user_id".into());
            row.insert("updated_by".to_owned(), "default_user_id".into());
            row.insert("allowed_routes".to_owned(), body.get("allowed_routes").cloned().unwrap_or_else(|| json!([])));
            changes.push(Change::Insert(&schema::KEYS, row));
        }
        self.directory.write(changes).await.expect("a write");
    }

    /// Compares rows, whose order is the database's.
    async fn rows(&mut self, table: &str, step: &Value) -> Result<(), String> {
        let table = TABLES.iter().find(|known| known.name == table).ok_or_else(|| format!("no table {table}"))?;
        let recorded = step["found"].as_array().expect("rows");
        let mut rows = self.directory.find(&Query::of(table)).await.expect("rows");
        let query = step["query"].as_str().expect("a query");
        if let Some((_, condition)) = query.split_once("WHERE ").filter(|(_, rest)| !rest.starts_with("true")) {
            let mut words = condition.split('\'');
            let column = words.next().unwrap_or_default().trim_end_matches(" = ");
            let value = words.next().unwrap_or_default();
            rows.retain(|row| row.text(column) == Some(value));
        }
        let names: Vec<&String> =
            recorded.first().and_then(Value::as_object).map(|row| row.keys().collect()).unwrap_or_default();
        for row in &mut rows {
            if !names.is_empty() {
                row.retain(|name, _| names.contains(&name));
            }
        }
        let rows: Vec<Value> = rows.into_iter().map(Value::Object).collect();
        self.bindings.meets_in_any_order(recorded, &rows, table.name)
    }
}
