//! What LiteLLM has left, a provider that notes whose secrets it is shown, and a gateway between.

use crate::harness::gateway::Gateway;
use crate::harness::http::{Connection, Message};
use crate::harness::process::{Process, binary, checkout, free_port};
use crate::harness::provider::{Provider, send_completion};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;
use tollgate_testkit::postgres::{self, Server};

/// What a call of the provider's costs: 3 tokens at 0.001 USD, 4 at 0.002.
pub const CALL_USD: f64 = 0.011;

pub struct Ground {
    /// What a dump cannot tell.
    pub told: Value,
    url: String,
    provider: Provider,
    shown: Arc<Mutex<Vec<String>>>,
    folder: TempDir,
}

impl Ground {
    /// A database of its own with LiteLLM's tables and rows; nothing of the gateway's is in it yet.
    pub fn new() -> Self {
        let recorded = checkout().join("tests/recorded");
        let url = postgres::server().litellm_database();
        postgres::server().load(Server::name_in(&url), &recorded.join("litellm_database.sql"));
        let told = fs::read_to_string(recorded.join("litellm_database.json")).expect("the recording");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&shown);
        let provider = Provider::start(move |request: &Message, connection: &mut Connection| {
            let secret = request.head.header("authorization").unwrap_or_default();
            own.lock().unwrap_or_else(PoisonError::into_inner).push(secret.to_owned());
            send_completion(connection, "as ever")
        });
        let folder = tempfile::tempdir().expect("a folder");
        Self { told: serde_json::from_str(&told).expect("JSON"), url, provider, shown, folder }
    }

    pub fn start(&self) -> Gateway {
        self.start_with_salt(self.text("salt"))
    }

    pub fn start_with_salt(&self, salt: &str) -> Gateway {
        let base = format!("http://127.0.0.1:{}/v1", self.provider.port);
        let data = self.folder.path().display().to_string();
        let environment = [
            ("DATABASE_URL", self.url.as_str()),
            ("LITELLM_SALT_KEY", salt),
            ("PROVIDER_BASE", base.as_str()),
            // Where models go that name no address.
            ("OPENAI_BASE_URL", base.as_str()),
            ("TOLLGATE_DATA_DIR", data.as_str()),
        ];
        Gateway::start_at(free_port(), &self.config(), &environment)
    }

    /// `tollgate migrate` with these arguments: what it prints.
    pub fn migrate(&self, arguments: &[&str]) -> String {
        let path = self.folder.path().join("migrate.yaml");
        fs::write(&path, self.config()).expect("the configuration is written");
        let mut command = Command::new(binary("tollgate"));
        command.arg("migrate").arg("--config").arg(&path).args(arguments).env("DATABASE_URL", &self.url);
        let Output { status, stdout, stderr } = command.output().expect("the gateway runs");
        assert!(status.success(), "migrate {arguments:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8_lossy(&stdout).into_owned()
    }

    /// A text of what was told.
    pub fn text(&self, name: &str) -> &str {
        self.told[name].as_str().unwrap_or_else(|| panic!("`{name}` was not recorded"))
    }

    /// A key in plain, by what it is for.
    pub fn key(&self, name: &str) -> &str {
        match name {
            "master" => self.text("master_key"),
            name => self.told["keys"][name].as_str().unwrap_or_else(|| panic!("there is no key `{name}`")),
        }
    }

    /// Whose secret the provider was shown last.
    pub fn shown_last(&self) -> String {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).last().cloned().unwrap_or_default()
    }

    pub fn calls(&self) -> usize {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What psql prints of a query's rows.
    pub fn sql(&self, query: &str) -> String {
        postgres::server().psql(Server::name_in(&self.url), query)
    }

    pub fn number(&self, query: &str) -> f64 {
        self.sql(query).trim().parse().unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// LiteLLM's tables and their rows.
    pub fn dump(&self) -> String {
        postgres::server().dump(Server::name_in(&self.url), "\"LiteLLM_\"*")
    }

    fn config(&self) -> String {
        let model = |name: &str| {
            format!(
                "  - model_name: {name}
    litellm_params: {{model: openai/gpt-4o, api_base: 'http://127.0.0.1:{port}/v1', api_key: sk-provider,
                     input_cost_per_token: 0.001, output_cost_per_token: 0.002}}
    model_info: {{id: id-{name}}}\n",
                port = self.provider.port
            )
        };
        format!(
            "model_list:\n{}{}litellm_settings: {{num_retries: 0}}
router_settings: {{num_retries: 0, disable_cooldowns: true}}
general_settings: {{master_key: {}, store_model_in_db: true, proxy_batch_write_at: 1}}\n",
            model("chat"),
            model("other-chat"),
            self.text("master_key"),
        )
    }
}

/// One request on a connection of its own.
pub fn ask(gateway: &Gateway, (method, path): (&str, &str), key: &str, body: &Value) -> Message {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut connection = gateway.connect();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let asked = |connection: &mut Connection| -> io::Result<Message> {
        connection.write(request.as_bytes())?;
        connection.read_response()
    };
    asked(&mut connection).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}

/// A chat with `more` beside its model and its message.
pub fn chat(gateway: &Gateway, key: &str, model: &str, more: &Value) -> Message {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    ask(gateway, ("POST", "/v1/chat/completions"), key, &body)
}

/// Ends a gateway in good order: everything is written then.
pub fn leave(mut gateway: Gateway) {
    gateway.process.terminate();
    let (status, _) = Process::wait_for_end(&mut gateway.process);
    assert!(status.success(), "{status}: {}", gateway.process.log());
}
