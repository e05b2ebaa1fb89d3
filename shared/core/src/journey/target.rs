//! Where a call is sent: a model group, perhaps with other parameters than the client's.

use serde_json::{Map, Value};
use tollgate_wire::json::{Object, raw};

use crate::config::FallbackTarget;

#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The name that is looked up in the catalog.
    pub name: String,
    /// Parameters that replace those of the client.
    pub params: Option<Map<String, Value>>,
    /// The level of `order` to ask; `None`: the lowest that is left.
    pub order: Option<i64>,
}

impl Target {
    /// A fallback; one without a model goes to the group that has failed.
    pub fn fallback(fallback: &FallbackTarget, failed: &Self) -> Self {
        let name = fallback.model.clone().unwrap_or_else(|| failed.name.clone());
        let params = (!fallback.params.is_empty()).then(|| fallback.params.clone());
        Self { name, params: params.or_else(|| failed.params.clone()), order: None }
    }

    /// The same group, at a later level of its order.
    pub fn at_order(&self, order: i64) -> Self {
        Self { order: Some(order), ..self.clone() }
    }

    /// The client's request with this target's parameters.
    pub fn apply(&self, object: &mut Object<'_>) {
        for (name, value) in self.params.iter().flatten() {
            object.set(name, raw(value));
        }
    }
}
