//! What the tests of keys and spend stand on: a store, a provider with a ledger, a gateway between, and its keys.

use super::till::{Manner, Till};
use crate::harness::gateway::{Gateway, KEY};
use crate::harness::process::free_port;
use crate::harness::store::{Kind, Store};
use serde_json::{Value, json};

/// What a token of the model `chat` costs, in 1e-12 USD.
pub const INPUT_PICOUSD: u64 = 1_500_000;
pub const OUTPUT_PICOUSD: u64 = 6_000_000;

/// Of each gateway to its database: many run at the same time, and one server has room for 200.
const CONNECTIONS: u32 = 6;

pub struct Ground {
    pub store: Store,
    pub till: Till,
    config: String,
    environment: Vec<(&'static str, String)>,
}

/// Who pays: a key, its team and its user.
#[derive(Clone, Debug)]
pub struct Payer {
    pub key: String,
    /// The key's hash, as it stands in the records.
    pub hash: String,
}

impl Ground {
    /// `settings`: more of `general_settings`, as YAML's inline pairs.
    pub fn new(kind: Kind, manner: Manner, settings: &str) -> Self {
        let (store, till) = (Store::new(kind), Till::start(manner));
        let config = format!(
            "model_list:
  - model_name: chat
    litellm_params: {{model: openai/gpt-4o, api_base: 'http://127.0.0.1:{port}/v1', api_key: sk-scripted,
                     input_cost_per_token: 0.0000015, output_cost_per_token: 0.000006}}
litellm_settings: {{num_retries: 0}}
router_settings: {{num_retries: 0, disable_cooldowns: true}}
general_settings: {{master_key: {KEY}, database_connection_pool_limit: {CONNECTIONS}, {settings}}}
",
            port = till.port,
        );
        let environment = store.environment();
        Self { store, till, config, environment }
    }

    /// More of the gateways' environment.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    pub fn start(&self) -> Gateway {
        self.start_at(free_port())
    }

    pub fn start_at(&self, port: u16) -> Gateway {
        let environment: Vec<(&str, &str)> =
            self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Gateway::start_at(port, &self.config, &environment)
    }
}

/// One call of the management API, which must succeed.
pub fn manage(gateway: &Gateway, path: &str, body: &Value) -> Value {
    let answer = gateway.post(path, body);
    assert_eq!(answer.head.status(), 200, "POST {path} {body}: {}", answer.text());
    answer.json()
}

/// A new key with these settings.
pub fn key(gateway: &Gateway, settings: &Value) -> Payer {
    let made = manage(gateway, "/key/generate", settings);
    let text = |name: &str| made[name].as_str().unwrap_or_else(|| panic!("no `{name}`: {made}")).to_owned();
    Payer { key: text("key"), hash: text("token") }
}

/// A team, a user, and some keys: of both, of the user alone, of nobody.
pub fn payers(gateway: &Gateway) -> Vec<Payer> {
    manage(gateway, "/team/new", &json!({"team_id": "team-crash", "max_budget": 1_000_000}));
    manage(gateway, "/user/new", &json!({"user_id": "user-crash", "auto_create_key": false}));
    let member = json!({"team_id": "team-crash", "member": {"role": "user", "user_id": "user-crash"}});
    manage(gateway, "/team/member_add", &member);
    [
        json!({"team_id": "team-crash", "user_id": "user-crash", "max_budget": 1_000_000}),
        json!({"team_id": "team-crash"}),
        json!({"user_id": "user-crash", "max_budget": 1_000_000, "budget_duration": "30d"}),
        json!({}),
    ]
    .iter()
    .map(|settings| key(gateway, settings))
    .collect()
}
