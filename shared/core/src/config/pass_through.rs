//! `general_settings.pass_through_endpoints`: routes that hand requests on to addresses of the operator's.
//!
//! Reads what the tables have checked already. Whether a path is free, and where it leads, others decide.

use super::load::Surroundings;
use super::model::secret;
use super::node::{Node, Span};
use super::params::Fields;
use crate::Secret;

const REFERENCE: &str = "os.environ/";

/// One route of the operator's.
#[derive(Clone, Debug)]
pub struct PassThroughEndpoint {
    pub path: String,
    /// The address that requests go to.
    pub target: String,
    /// Sent with every request; the names are as written.
    pub headers: Vec<(String, Secret)>,
    /// Part of every query unless the target or the caller says otherwise.
    pub default_query_params: Vec<(String, String)>,
    /// Whether what stands behind the path in a request is put behind the target.
    pub include_subpath: bool,
    /// Whether a key is wanted: true where nothing is said.
    pub auth: bool,
    /// `langfuse`: the key is the name of HTTP's basic scheme.
    pub custom_auth_parser: Option<String>,
    pub forward_headers: bool,
    pub merge_query_params: bool,
    /// In capitals; all that can be passed on where nothing is said.
    pub methods: Vec<String>,
    /// US dollars.
    pub cost_per_request: Option<f64>,
    pub timeout_seconds: Option<f64>,
    pub place: Span,
}

/// `default_vertex_config`: the Google project that pass-through requests belong to.
#[derive(Clone, Debug, Default)]
pub struct VertexConfig {
    pub project: Option<String>,
    pub location: Option<String>,
    /// JSON, or the path of a file that holds it.
    pub credentials: Option<Secret>,
}

pub(super) fn vertex(node: &Node) -> VertexConfig {
    let fields = Fields::of(Some(node));
    VertexConfig {
        project: fields.text("vertex_project"),
        location: fields.text("vertex_location"),
        credentials: fields.get("vertex_credentials").map(secret),
    }
}

pub(super) fn read(list: Option<&Node>, surroundings: &Surroundings<'_>) -> Vec<PassThroughEndpoint> {
    list.map(Node::items).unwrap_or_default().iter().map(|node| endpoint(node, surroundings)).collect()
}

fn endpoint(node: &Node, surroundings: &Surroundings<'_>) -> PassThroughEndpoint {
    let fields = Fields::of(Some(node));
    let headers = fields.pairs("headers").into_iter();
    PassThroughEndpoint {
        path: fields.text("path").unwrap_or_default(),
        target: fields.text("target").unwrap_or_default(),
        headers: headers.map(|(name, value)| (name, Secret::new(filled_in(value, surroundings)))).collect(),
        default_query_params: fields.pairs("default_query_params"),
        include_subpath: fields.flag("include_subpath"),
        auth: fields.get("auth").and_then(Node::as_flag).unwrap_or(true),
        custom_auth_parser: fields.text("custom_auth_parser"),
        forward_headers: fields.flag("forward_headers"),
        merge_query_params: fields.flag("merge_query_params"),
        methods: fields.texts("methods").iter().map(|method| method.to_ascii_uppercase()).collect(),
        cost_per_request: fields.number("cost_per_request"),
        timeout_seconds: fields.number("timeout"),
        place: node.span.clone(),
    }
}

/// The value with the variable that it names inside, as in `Bearer os.environ/NAME`; one that is not set stays as it
/// is, as with LiteLLM.
fn filled_in(value: String, surroundings: &Surroundings<'_>) -> String {
    let Some((before, name)) = value.split_once(REFERENCE) else { return value };
    match surroundings.variable(name) {
        Some(variable) => format!("{before}{variable}"),
        None => value,
    }
}
