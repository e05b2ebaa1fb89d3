//! The gateway's server as a process. Knows its command line and its liveness route.

use super::http::{Connection, Message};
use super::process::{Process, binary, free_port};
use super::wait_until;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

/// The master key of every gateway under test.
pub const KEY: &str = "sk-black-box-4b1d7c";

/// A server that is ready for requests.
pub struct Gateway {
    pub process: Process,
    pub port: u16,
}

impl Gateway {
    /// Starts the server on this configuration document.
    pub fn start(config: &str) -> Self {
        Self::start_with(config, &[])
    }

    /// Starts it with more in its environment.
    pub fn start_with(config: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_at(free_port(), config, environment)
    }

    /// Starts it on this port. What it keeps is gone with it, unless `environment` says where to keep it.
    pub fn start_at(port: u16, config: &str, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.yaml");
        fs::write(&path, config).expect("the configuration is written");
        let mut command = Command::new(binary("tollgate"));
        command.arg("--config").arg(path).args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        command.current_dir(folder.path());
        let mut process = Process::start(command, folder, environment);
        wait_until("the gateway is alive", || {
            if let Some(status) = process.ended() {
                panic!("the gateway ended with {status}:\n{}", process.log());
            }
            is_alive(port)
        });
        Self { process, port }
    }

    pub fn connect(&self) -> Connection {
        Connection::open(self.port).expect("the gateway takes connections")
    }

    /// One request with the master key on a connection of its own.
    pub fn post(&self, path: &str, body: &Value) -> Message {
        let mut connection = self.connect();
        connection.post(path, KEY, body).expect("the gateway takes the request");
        connection.read_response().expect("the gateway answers")
    }
}

fn is_alive(port: u16) -> bool {
    let Ok(mut connection) = Connection::open(port) else { return false };
    connection.get("/health/liveliness").is_ok()
        && connection.read_response().is_ok_and(|answer| answer.head.status() == 200)
}

/// A configuration with one model, `chat`, at a provider on this port; `parameters` are more lines of its
/// `litellm_params`, written as YAML's inline pairs (`stream_timeout: 1`).
pub fn config(provider_port: u16, parameters: &[&str]) -> String {
    let more: String = parameters.iter().map(|parameter| format!(", {parameter}")).collect();
    format!(
        "model_list:
  - model_name: chat
    litellm_params: {{model: openai/gpt-4o, api_base: 'http://127.0.0.1:{provider_port}/v1', api_key: sk-scripted{more}}}
litellm_settings: {{num_retries: 0}}
router_settings: {{num_retries: 0, disable_cooldowns: true}}
general_settings: {{master_key: {KEY}}}
"
    )
}

/// The body of a chat completion of the model `chat`.
pub fn question() -> Value {
    json!({"model": "chat", "messages": [{"role": "user", "content": "Hi"}]})
}

/// The same as a stream.
pub fn streamed_question() -> Value {
    let mut body = question();
    body["stream"] = true.into();
    body
}
