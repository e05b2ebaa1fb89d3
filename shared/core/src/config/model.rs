//! A deployment: one entry of `model_list`, and the credentials it may borrow.
//!
//! Holds what was read. Decides nothing.

use std::fmt;

use super::node::{Entry, Node, Span, Value};
use super::{ModelInfo, Params};
use crate::Secret;

/// One deployment: a model at a provider, served under the name of its group.
#[derive(Clone, Debug)]
pub struct Model {
    /// `model_name`: what a client asks for; several deployments may share it.
    pub group: String,
    /// `model_info.id`, else the hash LiteLLM computes for the same YAML.
    pub id: String,
    pub params: Params,
    pub info: ModelInfo,
    /// Tokens a minute: of the entry, else of `litellm_params`, else of `model_info`.
    pub tpm: Option<u64>,
    /// Requests a minute, looked for in the same order.
    pub rpm: Option<u64>,
    pub place: Span,
    /// The credential that it names and the file does not have: it may be stored.
    pub borrows: Option<Borrowing>,
}

/// A name of a credential, and what the model that names it says itself.
#[derive(Clone)]
pub struct Borrowing {
    pub(super) name: String,
    pub(super) own: Vec<Entry>,
}

impl fmt::Debug for Borrowing {
    /// Without `own`, which may hold keys.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Borrowing").field(&self.name).finish()
    }
}

impl Model {
    /// An entry that says nothing but the provider: key and address are the environment's.
    pub fn of_provider(provider: &str) -> Self {
        let params = Params { model: format!("{provider}/environment"), ..Params::default() };
        let (group, id) = ("environment".to_owned(), format!("environment/{provider}"));
        let place = Span::start_of("environment");
        Self { group, id, params, info: ModelInfo::default(), tpm: None, rpm: None, place, borrows: None }
    }
}

/// An entry of `credential_list`.
#[derive(Clone)]
pub struct Credential {
    pub name: String,
    /// `litellm_params` that a deployment naming it has unless it sets them itself.
    pub values: Vec<(String, Secret)>,
    pub(super) source: Vec<(String, Node)>,
}

impl fmt::Debug for Credential {
    /// Without `source`, which holds the same values in the clear.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Credential");
        debug.field("name", &self.name).field("values", &self.values).finish_non_exhaustive()
    }
}

pub(super) fn read_credentials(list: Option<&Node>) -> Vec<Credential> {
    let mut credentials = Vec::new();
    for item in list.map(Node::items).unwrap_or_default() {
        let Some(name) = item.get("credential_name").and_then(Node::as_text) else { continue };
        let none = Node { value: Value::Null, span: item.span.clone() };
        credentials.push(credential(name, item.get("credential_values").unwrap_or(&none)));
    }
    credentials
}

/// A credential of these values.
pub(super) fn credential(name: &str, values: &Node) -> Credential {
    let entries = values.entries().iter();
    let source: Vec<_> = entries.filter_map(|entry| Some((entry.name()?.to_owned(), entry.value.clone()))).collect();
    let values = source.iter().map(|(key, value)| (key.clone(), secret(value))).collect();
    Credential { name: name.to_owned(), values, source }
}

impl Credential {
    /// The parameters with those of the credential that they do not set themselves.
    pub(super) fn lend(&self, own: &[Entry]) -> Vec<Entry> {
        let mut entries = own.to_vec();
        for (key, value) in &self.source {
            if own.iter().all(|entry| entry.name() != Some(key)) {
                let key = Node { value: Value::Text(key.clone()), span: value.span.clone() };
                entries.push(Entry { key, value: value.clone() });
            }
        }
        entries
    }
}

/// A value as a secret: a scalar as its text, anything larger as JSON.
pub(super) fn secret(node: &Node) -> Secret {
    Secret::new(node.as_scalar_text().unwrap_or_else(|| node.to_json().to_string()))
}
