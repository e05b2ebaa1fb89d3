//! The scenes of LiteLLM's management API, played against the gateway over a directory in memory.
//!
//! What is answered otherwise on purpose stands in `differences`; anything else that differs fails.

mod claims;
mod differences;
mod rows;

use std::sync::Arc;

use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tollgate_core::clock::{Clock, Moment};
use tollgate_core::config::{self, Environment, Mode, ReadError};
use tollgate_core::directory::{Directory, Memory};
use tollgate_core::govern::{Governance, Ports};
use tollgate_core::{Gatekeeper, Limits, Secret};
use tollgate_testkit::scenes::{Names, Scene, text, title};

use super::app;
use crate::Gateway;
use crate::routes::{self, Found};

const RECORDING: &str = include_str!("../../../../tests/recorded/management.json");
const MASTER_KEY: &str = "sk-oracle-master";
/// Wednesday, 25 November 2026, 19:30:00.123: the evening of the recording, because names tell Mondays from midnights.
const START: Moment = Moment(1_795_635_000_123_000);
/// Between two steps: rows are sorted by when they were made.
const STEP_US: u64 = 7_000;

/// A gateway with a scene's configuration, and the records behind it.
struct Stage {
    gateway: Gateway,
    directory: Arc<Memory>,
    clock: Clock,
}

/// A document and nothing else.
struct Document(String);

impl Environment for Document {
    fn read(&self, _: &str, _: u64) -> Result<Vec<u8>, ReadError> {
        Ok(self.0.clone().into_bytes())
    }

    fn exists(&self, _: &str) -> bool {
        true
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

impl Stage {
    fn of(scene: &Scene) -> Self {
        let document = Document(scene.config.to_string().replace("PROVIDER", "127.0.0.1:9"));
        let loaded = config::load("config.yaml", &document, Mode::Boot);
        let config = loaded.unwrap_or_else(|refusal| panic!("{}: {refusal}", scene.name)).config;
        let clock = Clock::manual(START);
        let directory = Arc::new(Memory::new(clock.clone()));
        let settings = config.governance;
        let governance =
            Governance::new(Ports::alone(Arc::clone(&directory) as Arc<dyn Directory>), clock.clone(), settings);
        let base = app();
        let app = tollgate_core::App {
            gatekeeper: Gatekeeper::MasterKey { key: Secret::new(MASTER_KEY.to_owned()), header: None },
            governance,
            limits: Limits { request_bytes_max: 1_000_000, ..base.limits },
            ..base
        };
        Self { gateway: Gateway::new(Arc::new(app)), directory, clock }
    }

    async fn ask(&self, step: &Value, names: &Names) -> (u16, Value) {
        let by = match step["by"].as_str() {
            Some("admin") => Some(MASTER_KEY.to_owned()),
            Some(key) => Some(names.fill(key)),
            None => None,
        };
        let uri = names.fill(text(step, "path"));
        let mut request = Request::builder().method(text(step, "method")).uri(&uri);
        if let Some(by) = by {
            request = request.header("authorization", format!("Bearer {by}"));
        }
        let body = match (&step["raw"], &step["body"]) {
            (Value::String(raw), _) => raw.clone(),
            (_, Value::Null) => String::new(),
            (_, body) => names.filled(body).to_string(),
        };
        let request = request.body(Full::from(body)).unwrap_or_else(|error| panic!("{uri}: {error}"));
        let (head, body) = self.gateway.answer(request).await.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        (head.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

/// Everything in which a scene differs from what was recorded: the step, and what is different.
async fn play(scene: &Scene) -> Vec<(String, String)> {
    let stage = Stage::of(scene);
    let mut names = Names::default();
    let mut found = Vec::new();
    for (number, step) in scene.steps.iter().enumerate() {
        stage.clock.advance(std::time::Duration::from_micros(STEP_US));
        names.now = stage.clock.now();
        let difference = match step["method"].as_str() {
            None => rows::step(&stage, step, &mut names).await,
            Some(_) if is_call(step) => Ok(()),
            Some(_) if !is_served(step) => rows::stand_in(&stage, step).await,
            Some(_) => compare(&stage, step, &mut names).await,
        };
        if let Err(difference) = difference {
            found.push((format!("{} #{number}: {}", scene.name, title(step)), difference));
        }
    }
    found
}

/// Calls of models need a provider, which there is none of here; those that are refused need none.
fn is_call(step: &Value) -> bool {
    text(step, "path").starts_with("/v1/chat/") && step["status"] == 200
}

fn is_served(step: &Value) -> bool {
    let (method, path) = (text(step, "method"), text(step, "path"));
    let path = path.split('?').next().unwrap_or_default().replace(['<', '>'], "");
    let method = method.parse().expect("a method");
    !matches!(routes::find(&method, &path), Found::Nothing)
}

async fn compare(stage: &Stage, step: &Value, names: &mut Names) -> Result<(), String> {
    let (status, answer) = stage.ask(step, names).await;
    if step["status"] != status {
        return Err(format!("{status}, not {}: {answer}", step["status"]));
    }
    names.compare(&step["answer"], &answer)
}

#[test]
fn keys_and_users_are_answered_as_by_litellm() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let scenes = Scene::all(RECORDING, &["keys", "users"]).expect("a recording");
    assert!(scenes.len() >= 20, "only {} scenes", scenes.len());
    let found: Vec<(String, String)> = scenes.iter().flat_map(|scene| runtime.block_on(play(scene))).collect();
    let unexplained: Vec<String> = found
        .iter()
        .filter(|(step, difference)| !differences::explains(step, difference))
        .map(|(step, difference)| format!("{step}\n    {difference}"))
        .collect();
    assert!(unexplained.is_empty(), "{} steps differ:\n{}", unexplained.len(), unexplained.join("\n"));
    let stale = differences::stale(&found);
    assert!(stale.is_empty(), "differences that are none any more: {stale:?}");
}
