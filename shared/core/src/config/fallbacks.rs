//! What a call is given to instead when its model group fails.
//!
//! Reads what the tables have checked already. Decides neither when nor which.

use serde_json::{Map, Value as Json};

use super::node::{Node, Value};
use super::params::Fields;

/// The group that stands for every other one.
const ANY_GROUP: &str = "*";

/// A fallback: the name of a model group, or parameters for the call, among them mostly `model`.
#[derive(Clone, Debug, PartialEq)]
pub struct FallbackTarget {
    pub model: Option<String>,
    /// The other parameters, in the order written.
    pub params: Map<String, Json>,
}

/// `fallbacks: [{a: [b, c]}, {"*": [d]}]`, in the order written; `*` is any group that has none of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fallbacks(pub Vec<(String, Vec<FallbackTarget>)>);

impl Fallbacks {
    /// `name` of the router's section, else of LiteLLM's; an empty list counts as none, as it does there.
    pub(super) fn read(router: &Fields<'_>, litellm: &Fields<'_>, name: &str) -> Option<Self> {
        let mut fallbacks = Self::default();
        for item in list(router, litellm, name)? {
            for entry in item.entries() {
                let Some(group) = entry.name() else { continue };
                fallbacks.0.push((group.to_owned(), targets(entry.value.items())));
            }
        }
        Some(fallbacks)
    }

    /// The same with `default_fallbacks` behind it, for any group.
    pub(super) fn with_defaults(own: Option<Self>, router: &Fields<'_>, litellm: &Fields<'_>) -> Option<Self> {
        let Some(defaults) = list(router, litellm, "default_fallbacks") else { return own };
        let mut fallbacks = own.unwrap_or_default();
        fallbacks.0.push((ANY_GROUP.to_owned(), targets(defaults)));
        Some(fallbacks)
    }
}

fn list<'a>(router: &Fields<'a>, litellm: &Fields<'a>, name: &str) -> Option<&'a [Node]> {
    let of = |fields: &Fields<'a>| fields.get(name).map(Node::items).filter(|items| !items.is_empty());
    of(router).or_else(|| of(litellm))
}

fn targets(items: &[Node]) -> Vec<FallbackTarget> {
    items.iter().filter_map(target).collect()
}

fn target(item: &Node) -> Option<FallbackTarget> {
    match &item.value {
        Value::Text(name) => Some(FallbackTarget { model: Some(name.clone()), params: Map::new() }),
        Value::Map(_) => {
            let mut params = item.to_json_map();
            let model = params.shift_remove("model").and_then(|model| model.as_str().map(str::to_owned));
            Some(FallbackTarget { model, params })
        }
        _ => None,
    }
}
