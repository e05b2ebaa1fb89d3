//! Plays a recorded scene over a directory in memory, and compares every answer and every row.
//!
//! Steps of other areas are played, too, where they make the keys and users of the scene.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tollgate_core::clock::Clock;
use tollgate_core::config::{Environment, Mode, ReadError, load};
use tollgate_core::deployment::Deployment;
use tollgate_core::directory::{Change, Columns, Directory, Filter, Memory, Query, Row, Table, moment_of, schema};
use tollgate_core::govern::{Governance, Ports, Settings};
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

/// A gateway over a directory in memory.
pub struct Stage {
    gateway: Gateway,
    directory: Arc<Memory>,
    clock: Clock,
    bindings: Bindings,
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
    let mut stage = Stage::new(Settings::default());
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
    pub fn new(settings: Settings) -> Self {
        let clock = Clock::manual(moment_of(START).expect("a time"));
        let directory = Arc::new(Memory::new(clock.clone()));
        let shared: Arc<dyn Directory> = Arc::<Memory>::clone(&directory);
        let app = tollgate_core::App {
            gatekeeper: Gatekeeper::MasterKey { key: Secret::new(MASTER.to_owned()), header: None },
            governance: Governance::new(Ports::alone(shared), clock.clone(), settings),
            catalog: catalog().into(),
            limits: tollgate_core::Limits { request_bytes_max: 1_000_000, ..crate::tests::app().limits },
            ..crate::tests::app()
        };
        Self { gateway: Gateway::new(Arc::new(app)), directory, clock, bindings: Bindings::default() }
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
            self.prepare(step).await?;
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

    /// Asks something by the key of this name, and binds the key that the answer shows to `made`.
    pub async fn say(&mut self, by: &str, asked: (&str, &str, Value), made: &str) -> (u16, Value) {
        let (method, path, body) = asked;
        let step = serde_json::json!({ "method": method, "path": path, "by": by, "body": body });
        let (status, answer) = self.ask(&step).await;
        if let Some(key) = answer["key"].as_str() {
            self.bindings.bind(made, key);
        }
        (status, answer)
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

    /// Plays a step of another area, whose answer its own tests compare: here it makes the keys and users of the scene.
    async fn prepare(&mut self, step: &Value) -> Result<(), String> {
        let (status, answer) = self.ask(step).await;
        if step["status"] != status {
            return Err(format!("{status} for {}: {answer}", step["status"]));
        }
        if let (Some(name), Some(key)) = (step["answer"]["key"].as_str(), answer["key"].as_str()) {
            self.bindings.bind(name, key);
        }
        Ok(())
    }

    /// Compares rows, whose order is the database's.
    async fn rows(&mut self, table: &str, step: &Value) -> Result<(), String> {
        let table = TABLES.iter().find(|known| known.name == table).ok_or_else(|| format!("no table {table}"))?;
        let recorded = step["found"].as_array().expect("rows");
        let mut rows = self.directory.find(&Query::of(table)).await.expect("rows");
        let query = step["query"].as_str().expect("a query");
        if let Some((_, condition)) = query.split_once("WHERE ").filter(|(_, rest)| !rest.starts_with("true")) {
            let mut words = condition.split('\'');
            let (column, operator) = words.next().unwrap_or_default().trim().split_once(' ').unwrap_or_default();
            let value = words.next().unwrap_or_default();
            rows.retain(|row| match operator {
                "LIKE" => row.text(column).is_some_and(|text| text.starts_with(value.trim_end_matches('%'))),
                _ => row.text(column) == Some(value),
            });
        }
        for row in rows.iter_mut().filter(|_| query.contains("AS has_budget")) {
            let has_budget = row.text("budget_id").is_some();
            row.insert("has_budget".to_owned(), has_budget.into());
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
