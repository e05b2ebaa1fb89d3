//! Paths into claims, as LiteLLM writes them: `a.b`, where `a\.b` is one name with a dot.
//!
//! Lists are not entered: where a claim is one, who asks takes what it needs.

use serde_json::{Map, Value};

/// Names of objects within objects; the first is a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath(Vec<String>);

impl ClaimPath {
    /// `None` where nothing is named. A `metadata.` in front is not part of the path, as with LiteLLM.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let text = text.strip_prefix("metadata.").unwrap_or(text);
        let escaped = text.replace("\\.", "\0");
        Some(Self(escaped.split('.').map(|name| name.replace('\0', ".")).collect()))
    }

    /// What is there; null is a value.
    pub fn find<'a>(&self, claims: &'a Map<String, Value>) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().try_fold(claims.get(first)?, |value, name| value.as_object()?.get(name))
    }
}
