//! What a database holds of the configuration, on top of what the file says: models, credentials, settings, variables.
//!
//! Reads JSON as the file's sections are read. What the file says of a key stands. Knows no database and no cipher.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::load::{Environment, Surroundings};
use super::model::{Borrowing, Credential, Model};
use super::node::{Entry, Node, Span, Value};
use super::notice::{Kind, Notice};
use super::schema::LITELLM_PARAMS;
use super::{Config, Params, model, model_list, reference};
use crate::Secret;
use crate::seal::SecretObject;

/// A stored model.
#[derive(Clone, Debug)]
pub struct StoredModel {
    pub id: String,
    /// `model_name`.
    pub group: String,
    /// `litellm_params`.
    pub params: SecretObject,
    /// `model_info`.
    pub info: Map<String, Json>,
    pub is_blocked: bool,
}

/// A stored credential.
#[derive(Clone, Debug)]
pub struct StoredCredential {
    pub name: String,
    pub values: SecretObject,
}

/// Everything that is stored.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    pub models: Vec<StoredModel>,
    pub credentials: Vec<StoredCredential>,
    /// `general_settings`, `litellm_settings` and `router_settings`.
    pub sections: Vec<(String, Map<String, Json>)>,
    pub variables: Vec<(String, Secret)>,
}

/// The sections of a document that may be added to. `Debug` shows no value: they hold keys.
#[derive(Clone)]
pub struct Sections(Arc<Node>);

/// The sections that are no part of [`Sections`]: what they hold has been read for good.
const READ: &[&str] = &["model_list", "credential_list", "environment_variables"];

impl fmt::Debug for Sections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.entries().iter().filter_map(Entry::name)).finish()
    }
}

impl Sections {
    pub(super) fn of(document: &Node) -> Self {
        let is_kept = |entry: &&Entry| entry.name().is_none_or(|name| !READ.contains(&name));
        let entries = document.entries().iter().filter(is_kept).cloned().collect();
        Self(Arc::new(Node { value: Value::Map(entries), span: document.span.clone() }))
    }

    /// What the file says of a key of a section.
    pub fn value(&self, section: &str, key: &str) -> Option<Json> {
        Some(self.0.get(section)?.entry(key)?.value.to_json())
    }

    /// The document with what is stored under keys that it does not have.
    fn with(&self, sections: &[(String, Map<String, Json>)]) -> Node {
        let mut document = (*self.0).clone();
        for (name, values) in sections {
            let Value::Map(entries) = &mut document.value else { return document };
            let own = entries.iter_mut().find(|entry| entry.name() == Some(name));
            match own.map(|entry| &mut entry.value.value) {
                Some(Value::Map(own)) => {
                    let is_new = |key: &str| own.iter().all(|entry| entry.name() != Some(key));
                    let new: Vec<Entry> =
                        values.iter().filter(|(key, _)| is_new(key)).map(|(key, value)| entry(key, value)).collect();
                    own.extend(new);
                }
                Some(other) if *other != Value::Null => {}
                Some(other) => *other = node(&Json::Object(values.clone())).value,
                None => entries.push(entry(name, &Json::Object(values.clone()))),
            }
        }
        document
    }
}

impl Config {
    /// The configuration with what is stored, and what there is to say about that.
    pub fn with(&self, stored: &Stored, environment: &dyn Environment) -> (Self, Vec<Notice>) {
        let mut notices = Vec::new();
        let variables = self.variables_with(stored, &mut notices);
        let surroundings = Surroundings::new(environment, &variables);
        let mut sections = self.sections.with(&stored.sections);
        // References of the file have been replaced already; here are those of what is stored.
        reference::replace(&mut sections, environment, &variables, &mut notices);
        let built = super::load::build(&sections, &surroundings, &mut notices);
        let credentials = self.credentials_with(stored);
        let mut models: Vec<Model> = self.models.iter().map(|model| lent(model, &credentials)).collect();
        for stored in &stored.models {
            let mut list = document_of(stored);
            // A team's own admin may make its models: they are told nothing of the operator's environment.
            if stored.info.get("team_id").is_none_or(Json::is_null) {
                reference::replace(&mut list, environment, &variables, &mut notices);
            }
            models.extend(model_list::build(Some(&list), &credentials, &surroundings, &mut notices));
        }
        // What the command line has said above the file stays.
        let has_timeout = |(name, values): &(String, Map<String, Json>)| {
            name == "litellm_settings" && values.contains_key("request_timeout")
        };
        let own_timeout = self.sections.value("litellm_settings", "request_timeout").is_some();
        let mut litellm_settings = built.litellm_settings.clone();
        litellm_settings.drop_params |= self.litellm_settings.drop_params;
        if own_timeout || !stored.sections.iter().any(has_timeout) {
            litellm_settings.request_timeout_seconds = self.litellm_settings.request_timeout_seconds;
        }
        let config = Self {
            litellm_settings,
            models,
            credentials,
            environment_variables: variables,
            default_vertex_config: self.default_vertex_config.clone(),
            ..built
        };
        (Self { sections: self.sections.clone(), ..config }, notices)
    }

    fn variables_with(&self, stored: &Stored, notices: &mut Vec<Notice>) -> Vec<(String, Secret)> {
        let mut variables = Vec::new();
        for (name, value) in &stored.variables {
            if reference::is_refused(name) {
                let message = format!("the stored variable `{name}` cannot be set by a configuration: delete it");
                notices.push(Notice::warning(Kind::RefusedVariable, &span("environment_variables"), message));
                continue;
            }
            variables.push((name.clone(), value.clone()));
        }
        // The last of a name counts: the file's.
        variables.extend(self.environment_variables.iter().cloned());
        variables
    }

    fn credentials_with(&self, stored: &Stored) -> Vec<Credential> {
        let mut credentials = self.credentials.clone();
        for stored in &stored.credentials {
            if credentials.iter().all(|own| own.name != stored.name) {
                let values = node(&Json::Object(stored.values.expose().clone()));
                credentials.push(model::credential(&stored.name, &values));
            }
        }
        credentials
    }
}

/// A model of the file that names a credential which only the database has.
fn lent(model: &Model, credentials: &[Credential]) -> Model {
    let Some(Borrowing { name, own }) = &model.borrows else { return model.clone() };
    let Some(credential) = credentials.iter().find(|credential| credential.name == *name) else { return model.clone() };
    let entries = credential.lend(own);
    let mut read = Params::read(&entries, &LITELLM_PARAMS.index());
    read.tell_only(own);
    let params = Params { tpm: model.params.tpm, rpm: model.params.rpm, ..read };
    Model { params, ..model.clone() }
}

/// A `model_list` of the one model.
fn document_of(stored: &StoredModel) -> Node {
    let mut info = stored.info.clone();
    info.insert("id".to_owned(), stored.id.clone().into());
    info.insert("db_model".to_owned(), true.into());
    if stored.is_blocked {
        info.insert("blocked".to_owned(), true.into());
    }
    let entry = Value::Map(vec![
        entry("model_name", &stored.group.clone().into()),
        entry("litellm_params", &Json::Object(stored.params.expose().clone())),
        entry("model_info", &Json::Object(info)),
    ]);
    let span = span(&format!("stored model {}", stored.id));
    Node { value: Value::List(vec![Node { value: entry, span: span.clone() }]), span }
}

fn span(what: &str) -> Span {
    Span { file: what.into(), line: 0, column: 0 }
}

fn entry(name: &str, value: &Json) -> Entry {
    Entry { key: Node { value: Value::Text(name.to_owned()), span: span("the database") }, value: node(value) }
}

/// JSON as the document would hold it.
fn node(json: &Json) -> Node {
    let value = match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Value::Integer(whole.into()),
            (None, Some(whole)) => Value::Integer(whole.into()),
            (None, None) => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(node).collect()),
        Json::Object(members) => Value::Map(members.iter().map(|(name, value)| entry(name, value)).collect()),
    };
    Node { value, span: span("the database") }
}
