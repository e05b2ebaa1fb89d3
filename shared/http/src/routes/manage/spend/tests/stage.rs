//! A gateway over a seeded directory.

use std::sync::Arc;

use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tollgate_core::clock::Clock;
use tollgate_core::config::{Environment, Mode, ReadError, load};
use tollgate_core::deployment::Deployment;
use tollgate_core::directory::{Change, Directory, Memory, moment_of};
use tollgate_core::govern::{Governance, Ports, Settings};
use tollgate_core::{App, Catalog, Gatekeeper, Limits, Secret};

use super::seed::{self, replaced};
use crate::Gateway;

pub const MASTER: &str = "sk-oracle-master";

struct Document;

impl Environment for Document {
    fn read(&self, _: &str, _: u64) -> Result<Vec<u8>, ReadError> {
        let text = "model_list: [{model_name: chat, litellm_params: {model: openai/gpt-4o, api_key: own, \
                    input_cost_per_token: 0.001, output_cost_per_token: 0.002}}]";
        Ok(text.as_bytes().to_vec())
    }

    fn exists(&self, _: &str) -> bool {
        true
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

pub struct Stage {
    gateway: Gateway,
    directory: Arc<Memory>,
    runtime: Runtime,
}

impl Stage {
    pub fn new(steps: &[Value]) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let clock = Clock::manual(moment_of("2026-11-25T18:00:00Z").expect("a time"));
        let directory = Arc::new(Memory::new(clock.clone()));
        runtime.block_on(directory.write(seed::changes(steps))).expect("the seed");
        let config = load("config.yaml", &Document, Mode::Boot).unwrap_or_else(|refusal| panic!("{refusal}")).config;
        let mut catalog = Catalog::default();
        let deployment = Deployment::new(&config, &config.models[0], &|_| None);
        catalog.add(deployment.unwrap_or_else(|error| panic!("{error}")));
        let shared: Arc<dyn Directory> = Arc::<Memory>::clone(&directory);
        let base = crate::tests::app();
        let app = App {
            gatekeeper: Gatekeeper::MasterKey { key: Secret::new(MASTER.to_owned()), header: None },
            governance: Governance::new(Ports::alone(shared), clock, Settings::default()),
            catalog: catalog.into(),
            limits: Limits { request_bytes_max: 1_000_000, ..base.limits },
            ..base
        };
        Self { gateway: Gateway::new(Arc::new(app)), directory, runtime }
    }

    /// The same, with somebody who has nothing to do with any of it.
    pub fn with_others(steps: &[Value]) -> Self {
        let stage = Self::new(steps);
        stage.add(seed::others());
        stage
    }

    pub fn add(&self, changes: Vec<Change>) {
        self.runtime.block_on(self.directory.write(changes)).expect("rows");
    }

    pub fn ask_recorded(&self, step: &Value) -> (u16, Value) {
        let by = match step["by"].as_str().unwrap_or_default() {
            "admin" => MASTER.to_owned(),
            key => replaced(key),
        };
        let path = replaced(step["path"].as_str().unwrap_or_default());
        let body = seed::concrete(step.get("body").unwrap_or(&Value::Null));
        self.ask(step["method"].as_str().unwrap_or("GET"), &path, &by, &body)
    }

    pub fn ask(&self, method: &str, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {key}"));
        let request = request.body(Full::from(body)).expect("a request");
        self.runtime.block_on(async {
            let (head, body) = self.gateway.answer(request).await.into_parts();
            let bytes = body.collect().await.expect("a body").to_bytes();
            (head.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or_default())
        })
    }
}
