//! What may be told of a deployment: the entries of `/v1/models` and `/model/info`. No key, no header.

use serde_json::{Map, Value, json};
use tollgate_wire::models::{self, Facts};
use tollgate_wire::prepare::Rules;

use super::Deployment;

impl Deployment {
    /// What `/v1/models` says of the model beyond its name.
    pub fn facts(&self) -> Map<String, Value> {
        let mut facts = Map::new();
        let Some(known) = self.known() else { return facts };
        if !known.mode.is_empty() {
            facts.insert("mode".to_owned(), known.mode.into());
        }
        for (name, value) in
            [("max_input_tokens", known.max_input_tokens()), ("max_output_tokens", known.max_output_tokens())]
        {
            if let Some(value) = value {
                facts.insert(name.to_owned(), value.into());
            }
        }
        facts
    }

    fn known(&self) -> Option<Facts<'static>> {
        facts(&self.rules, self.provider, &self.model)
    }

    /// The entry of `/model/info`: no key, no header.
    pub fn describe(&self) -> Value {
        let mut info = Map::new();
        info.insert("id".to_owned(), self.id.clone().into());
        info.insert("db_model".to_owned(), false.into());
        info.extend(self.facts());
        if let Some(known) = self.known() {
            info.insert("key".to_owned(), known.key.into());
            info.insert("litellm_provider".to_owned(), known.provider.into());
            info.insert("input_cost_per_token".to_owned(), known.input_cost_per_token_usd().into());
            info.insert("output_cost_per_token".to_owned(), known.output_cost_per_token_usd().into());
        }
        info.extend(self.info.clone());
        json!({
            "model_name": self.group,
            "litellm_params": { "model": self.named, "api_base": self.api_base },
            "model_info": info,
        })
    }
}

/// What the model map knows: of the base model, where one is named.
pub(super) fn facts(rules: &Rules, provider: &str, model: &str) -> Option<Facts<'static>> {
    let base = rules.settings.base_model.as_deref();
    base.and_then(|model| models::lookup(provider, model)).or_else(|| models::describe(provider, model))
}
