//! `model_info` of a deployment.
//!
//! Reads what the tables have checked already.

use std::fmt;

use serde_json::{Map, Value as Json};

use super::node::Node;

/// What is known about a deployment besides how to call it.
#[derive(Clone, Default)]
pub struct ModelInfo {
    pub id: Option<String>,
    /// `chat`, `embedding`, …: which endpoint the model belongs to.
    pub mode: Option<String>,
    pub base_model: Option<String>,
    pub team_id: Option<String>,
    pub access_groups: Vec<String>,
    pub supported_environments: Vec<String>,
    pub input_cost_per_token: Option<f64>,
    pub output_cost_per_token: Option<f64>,
    /// The whole section as it was written, for `GET /model/info`.
    pub raw: Map<String, Json>,
}

impl ModelInfo {
    pub(super) fn read(node: Option<&Node>) -> Self {
        let Some(node) = node else { return Self::default() };
        let text = |name| node.get(name).and_then(Node::as_text).map(str::to_owned);
        let texts = |name| node.get(name).map(Node::texts).unwrap_or_default();
        let number = |name| node.get(name).and_then(Node::as_number);
        Self {
            id: node.get("id").and_then(Node::as_scalar_text),
            mode: text("mode"),
            base_model: text("base_model"),
            team_id: text("team_id"),
            access_groups: texts("access_groups"),
            supported_environments: texts("supported_environments"),
            input_cost_per_token: number("input_cost_per_token"),
            output_cost_per_token: number("output_cost_per_token"),
            raw: node.to_json_map(),
        }
    }
}

impl fmt::Debug for ModelInfo {
    /// Keys only of `raw`: a value may come from a secret variable.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.raw.keys().collect();
        formatter
            .debug_struct("ModelInfo")
            .field("id", &self.id)
            .field("mode", &self.mode)
            .field("raw", &keys)
            .finish_non_exhaustive()
    }
}
