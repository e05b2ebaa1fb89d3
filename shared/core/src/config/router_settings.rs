//! `router_settings`: how a deployment is chosen and retried.
//!
//! Reads what the tables have checked already.

use super::node::Node;
use super::params::Fields;

/// What another name for a model group stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupAlias {
    pub alias: String,
    /// The group meant by it.
    pub model: String,
    /// Whether lists of models leave the alias out.
    pub hidden: bool,
}

/// Settings of the router. Durations are in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouterSettings {
    pub num_retries: Option<u64>,
    pub timeout_seconds: Option<f64>,
    pub stream_timeout_seconds: Option<f64>,
    pub model_group_alias: Vec<GroupAlias>,
}

impl RouterSettings {
    pub(super) fn read(node: Option<&Node>) -> Self {
        let fields = Fields::of(node);
        let aliases = fields.get("model_group_alias").map(Node::entries).unwrap_or_default();
        Self {
            num_retries: fields.count("num_retries"),
            timeout_seconds: fields.number("timeout"),
            stream_timeout_seconds: fields.number("stream_timeout"),
            model_group_alias: aliases.iter().filter_map(|entry| alias(entry.name()?, &entry.value)).collect(),
        }
    }
}

/// A string names the group; a map names it as `model` and may hide the alias.
fn alias(name: &str, node: &Node) -> Option<GroupAlias> {
    let fields = Fields::of(Some(node));
    let model = node.as_text().map(str::to_owned).or_else(|| fields.text("model"))?;
    Some(GroupAlias { alias: name.to_owned(), model, hidden: fields.flag("hidden") })
}
