//! `model_list`: which entries become deployments, under which id.
//!
//! An entry that cannot be used is left out and named, as LiteLLM does. Knows no provider.

use super::load::Surroundings;
use super::model::{Borrowing, Credential, Model};
use super::model_id::model_id;
use super::node::{Entry, Node};
use super::notice::{Kind, Notice};
use super::provider;
use super::schema::{Index, LITELLM_PARAMS};
use super::{ModelInfo, Params};

/// The variable that names the environment of this process, for `supported_environments`.
const ENVIRONMENT_VARIABLE: &str = "LITELLM_ENVIRONMENT";

pub(super) fn build(
    list: Option<&Node>,
    credentials: &[Credential],
    surroundings: &Surroundings<'_>,
    notices: &mut Vec<Notice>,
) -> Vec<Model> {
    let builder = Builder {
        index: LITELLM_PARAMS.index(),
        credentials,
        environment: surroundings.variable(ENVIRONMENT_VARIABLE),
    };
    let mut models = Vec::new();
    for (number, entry) in list.map(Node::items).unwrap_or_default().iter().enumerate() {
        let path = format!("model_list[{number}]");
        match builder.models(entry, &path, notices) {
            Ok(built) => {
                built.iter().for_each(|model| provider::inspect(model, &path, notices));
                models.extend(built);
            }
            Err(notice) => notices.push(notice.at(path)),
        }
    }
    models
}

struct Builder<'a> {
    index: Index,
    credentials: &'a [Credential],
    environment: Option<String>,
}

impl Builder<'_> {
    /// The deployments of one entry: one, or one for each organization where a list of them is given.
    fn models(&self, entry: &Node, path: &str, notices: &mut Vec<Notice>) -> Result<Vec<Model>, Box<Notice>> {
        let group = required(entry, "model_name", "a model without a name")?;
        let params_node = entry
            .get("litellm_params")
            .ok_or_else(|| Box::new(Notice::skipped(&entry.span, group, "add `litellm_params`")))?;
        required(params_node, "model", group)?;
        let info = ModelInfo::read(entry.get("model_info"));
        if let Some(reason) = self.inactive(&info) {
            return Err(Box::new(Notice::skipped(&entry.span, group, &reason)));
        }
        let own = params_node.entries();
        let id = info.id.clone().unwrap_or_else(|| model_id(group, own));
        let (entries, borrows) = self.with_credential(own, path, notices);
        let mut params = Params::read(&entries, &self.index);
        params.tell_only(own);
        let limit = |node: Option<&Node>, name| node.and_then(|node| node.get(name)).and_then(count);
        let declared = |name| limit(Some(entry), name).or_else(|| limit(Some(params_node), name));
        let tpm = declared("tpm").or_else(|| limit(entry.get("model_info"), "tpm"));
        let rpm = declared("rpm").or_else(|| limit(entry.get("model_info"), "rpm"));
        // LiteLLM copies the limits of the entry into its parameters, where the weighted shuffle looks.
        params.tpm = params.tpm.or_else(|| limit(Some(entry), "tpm"));
        params.rpm = params.rpm.or_else(|| limit(Some(entry), "rpm"));
        let (group, place) = (group.to_owned(), entry.span.clone());
        let model = Model { group, id, params, info, tpm, rpm, place, borrows };
        Ok(for_each_organization(model, params_node.get("organization")))
    }

    fn inactive(&self, info: &ModelInfo) -> Option<String> {
        if info.supported_environments.is_empty() {
            return None;
        }
        let listed = info.supported_environments.join(", ");
        match &self.environment {
            None => Some(format!("it is for {listed}; set `{ENVIRONMENT_VARIABLE}`")),
            Some(current) if info.supported_environments.contains(current) => None,
            Some(current) => Some(format!("it is for {listed}, and `{ENVIRONMENT_VARIABLE}` is `{current}`")),
        }
    }

    /// The parameters with those of the named credential that the deployment does not set itself.
    fn with_credential(&self, own: &[Entry], path: &str, notices: &mut Vec<Notice>) -> (Vec<Entry>, Option<Borrowing>) {
        let named = own.iter().find(|entry| entry.name() == Some("litellm_credential_name"));
        let Some((entry, name)) = named.and_then(|entry| Some((entry, entry.value.as_text()?))) else {
            return (own.to_vec(), None);
        };
        let Some(credential) = self.credentials.iter().find(|credential| credential.name == name) else {
            let message = format!("`{name}` is no credential of `credential_list`; add it there");
            let notice = Notice::warning(Kind::UnknownCredential, &entry.value.span, message);
            notices.push(notice.at(format!("{path}.litellm_params.litellm_credential_name")));
            return (own.to_vec(), Some(Borrowing { name: name.to_owned(), own: own.to_vec() }));
        };
        (credential.lend(own), None)
    }
}

fn required<'a>(node: &'a Node, name: &str, group: &str) -> Result<&'a str, Box<Notice>> {
    let text = node.get(name).and_then(Node::as_text).filter(|text| !text.is_empty());
    text.ok_or_else(|| Box::new(Notice::skipped(&node.span, group, &format!("it has no `{name}`; add one"))))
}

fn count(node: &Node) -> Option<u64> {
    node.as_integer().and_then(|number| u64::try_from(number).ok())
}

fn for_each_organization(model: Model, organization: Option<&Node>) -> Vec<Model> {
    let organizations = organization.map(Node::items).unwrap_or_default();
    if organizations.is_empty() {
        return vec![model];
    }
    let mut models = Vec::new();
    for name in organizations.iter().filter_map(Node::as_text) {
        let mut copy = model.clone();
        copy.params.organization = Some(name.to_owned());
        models.push(copy);
    }
    models
}
