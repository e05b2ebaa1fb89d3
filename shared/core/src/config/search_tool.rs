//! `search_tools`: providers of web searches under names of the operator's.
//!
//! Reads what the tables have checked already.

use super::node::Node;
use super::params::Fields;
use crate::Secret;

/// One entry.
#[derive(Clone, Debug)]
pub struct SearchTool {
    pub name: String,
    /// `search_provider`.
    pub provider: String,
    pub api_key: Option<Secret>,
    pub api_base: Option<String>,
}

/// The entries that have a name and a provider.
pub(super) fn read(list: Option<&Node>) -> Vec<SearchTool> {
    let items = list.map(Node::items).unwrap_or_default();
    items.iter().filter_map(tool).collect()
}

fn tool(item: &Node) -> Option<SearchTool> {
    let params = Fields::of(item.get("litellm_params"));
    Some(SearchTool {
        name: item.get("search_tool_name").and_then(Node::as_text)?.to_owned(),
        provider: params.text("search_provider")?,
        api_key: params.text("api_key").map(Secret::new),
        api_base: params.text("api_base"),
    })
}
