//! The id of a deployment, as LiteLLM computes it from the same YAML.
//!
//! SHA-256 over the group and every key and value of `litellm_params`, references resolved, in the
//! order they are written. Source: `Router.generate_model_id` of LiteLLM 1.106.2.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::node::{Entry, Value};
use super::python;

/// The id in hex.
pub(super) fn model_id(group: &str, params: &[Entry]) -> String {
    let mut hash = Sha256::new();
    hash.update(group);
    for entry in params {
        hash.update(python::text(&entry.key.value));
        hash.update(match &entry.value.value {
            map @ Value::Map(_) => python::json(map),
            other => python::text(other),
        });
    }
    let mut id = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}
