//! A gateway with a scene's configuration, whose models may be stored.

use std::net::Ipv4Addr;
use std::sync::Arc;

use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tollgate_core::clock::{Clock, Moment};
use tollgate_core::config::{self, Config, Environment, Mode, ReadError};
use tollgate_core::deployment::Deployment;
use tollgate_core::directory::{Directory, Memory, Query, Row, Table, schema};
use tollgate_core::govern::{Governance, Ports, hash_of};
use tollgate_core::meter::{self, Meter};
use tollgate_core::seal::{Algorithm, Sealer};
use tollgate_core::stored::Storage;
use tollgate_core::{App, Catalog, Gatekeeper, Limits, Secret};
use tollgate_testkit::scenes::{Names, Scene, text};

use super::super::app;
use crate::{Gateway, Peer};

pub const MASTER_KEY: &str = "sk-oracle-master";
/// Wednesday, 25 November 2026, 17:30:00.123: the day of the recording, because names tell Mondays from midnights.
const START: Moment = Moment(1_795_627_800_123_000);
const TABLES: &[&Table] =
    &[&schema::MODELS, &schema::CREDENTIALS, &schema::CONFIG, &schema::TEAMS, &schema::MODEL_ACCESS_GROUP_BUDGETS];

pub struct Stage {
    pub gateway: Gateway,
    pub app: Arc<App>,
    pub directory: Arc<Memory>,
    pub clock: Clock,
}

/// A document, and the variables around it.
#[derive(Clone)]
pub struct Document(pub String, pub Vec<(String, String)>);

impl Environment for Document {
    fn read(&self, _: &str, _: u64) -> Result<Vec<u8>, ReadError> {
        Ok(self.0.clone().into_bytes())
    }

    fn exists(&self, _: &str) -> bool {
        true
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.1.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
    }
}

/// What `host` makes of a configuration, without wildcards.
fn catalog(config: &Config, meter: &Arc<dyn Meter>) -> Catalog {
    let mut catalog = Catalog::new(Arc::clone(meter));
    for entry in &config.models {
        if let Ok(deployment) = Deployment::new(config, entry, &|_| None) {
            catalog.add(deployment);
        }
    }
    for alias in &config.router_settings.model_group_alias {
        catalog.add_alias(alias.clone());
    }
    catalog
}

impl Stage {
    pub async fn of(scene: &Scene) -> Self {
        let is_stored = scene.name != "models: not stored" && scene.name != "configuration: not stored";
        let document = scene.config.to_string();
        let mut variables = Vec::new();
        if is_stored {
            variables.push(("STORE_MODEL_IN_DB".to_owned(), "True".to_owned()));
        }
        let clock = Clock::manual(START);
        let directory = Arc::new(Memory::new(clock.clone()));
        Self::over(directory, clock, Document(document, variables), "sk-salt-for-the-recording").await
    }

    /// An instance over a directory that others may share.
    pub async fn over(directory: Arc<Memory>, clock: Clock, document: Document, salt: &str) -> Self {
        let loaded = config::load("config.yaml", &document, Mode::Boot);
        let config = loaded.unwrap_or_else(|refusal| panic!("{refusal}")).config;
        let ports = Ports::alone(Arc::clone(&directory) as Arc<dyn Directory>);
        let governance = Governance::new(ports, clock.clone(), config.governance.clone());
        let meter: Arc<dyn Meter> = Arc::new(meter::Memory::default());
        let first = catalog(&config, &meter);
        let sealer = Sealer::new(&Secret::new(salt.to_owned()), Algorithm::SecretBox);
        let build = Box::new(move |config: &Config| catalog(config, &meter));
        let base = app();
        let app = Arc::new(App {
            gatekeeper: Gatekeeper::MasterKey { key: Secret::new(MASTER_KEY.to_owned()), header: None },
            governance,
            catalog: first.into(),
            stored: Storage::new(config, Some(sealer), Box::new(document), build),
            limits: Limits { request_bytes_max: 1_000_000, ..base.limits },
            ..base
        });
        app.stored.reload(&app).await.expect("a directory");
        Self { gateway: Gateway::new(Arc::clone(&app)), app, directory, clock }
    }

    pub async fn ask(&self, step: &Value, names: &Names) -> (u16, Value) {
        let by = match step["by"].as_str() {
            Some("admin") => Some(MASTER_KEY.to_owned()),
            Some(key) => Some(names.fill(key)),
            None => None,
        };
        let body = match &step["body"] {
            Value::Null => String::new(),
            body => names.filled(body).to_string(),
        };
        self.send((text(step, "method"), &names.fill(text(step, "path"))), by.as_deref(), body).await
    }

    pub async fn send(&self, (method, uri): (&str, &str), by: Option<&str>, body: String) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(by) = by {
            request = request.header("authorization", format!("Bearer {by}"));
        }
        let mut request = request.body(Full::from(body)).unwrap_or_else(|error| panic!("{uri}: {error}"));
        request.extensions_mut().insert(Peer(Ipv4Addr::LOCALHOST.into()));
        let (head, body) = self.gateway.answer(request).await.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        (head.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub async fn admin(&self, method: &str, uri: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send((method, uri), Some(MASTER_KEY), body).await
    }

    /// Makes what a step of another area makes: users, keys and teams, by the routes of that area.
    pub async fn made_elsewhere(&self, step: &Value, names: &mut Names) -> Result<(), String> {
        let path = text(step, "path");
        if step["status"] != 200 || !matches!(path, "/user/new" | "/key/generate" | "/team/new" | "/team/member_add") {
            return Ok(());
        }
        let (status, answer) = self.ask(step, names).await;
        if status != 200 {
            return Err(format!("{status}: {answer}"));
        }
        if let (Some(name), Some(key)) = (step["answer"]["key"].as_str(), answer["key"].as_str()) {
            names.bind(name, key);
            names.bind(&name.replace("<key", "<hash"), &hash_of(key));
        }
        Ok(())
    }

    /// Compares what a table holds with what was found: the columns that are named, whatever the order of rows.
    pub async fn rows(&self, step: &Value, names: &mut Names) -> Result<(), String> {
        let query = text(step, "query");
        let table = TABLES.iter().find(|table| query.contains(&format!("FROM \"{}\"", table.name)));
        let table = table.unwrap_or_else(|| panic!("no table of {query}"));
        let rows = self.directory.find(&Query::of(table)).await.map_err(|fault| fault.to_string())?;
        for wanted in step["found"].as_array().into_iter().flatten() {
            // A row of LiteLLM's own, and what the query makes up.
            if wanted["param_name"] == "auto_router_tuning_baseline_v3" {
                continue;
            }
            let told = super::told(wanted, &Value::Null);
            let found = rows.iter().any(|row| {
                let row = seen(wanted, row);
                names.clone().compare(&super::told(&told, &row), &super::told(&row, &told)).is_ok()
            });
            if !found {
                return Err(format!("no row like {wanted} in {}", json!(rows)));
            }
        }
        Ok(())
    }
}

/// The columns of a row that the recording has, with `parameter` and `value` for a key of what is sealed.
fn seen(wanted: &Value, row: &Row) -> Value {
    let members = wanted.as_object().expect("a row");
    let of = |name: &String| {
        let sealed = match name.as_str() {
            "parameter" => row.get("litellm_params"),
            "value" => row.get("credential_values"),
            _ => None,
        };
        match sealed {
            Some(sealed) if sealed.get(text(wanted, name)).is_some() => wanted[name.as_str()].clone(),
            Some(_) => Value::Null,
            None => row.get(name).cloned().unwrap_or(Value::Null),
        }
    };
    Value::Object(members.keys().map(|name| (name.clone(), of(name))).collect())
}
