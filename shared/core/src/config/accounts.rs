//! `files_settings` and `finetune_settings`: accounts for what belongs to no model.
//!
//! Reads what the tables have checked already. Each entry becomes a deployment without a model, so that addresses,
//! keys and headers are worked out in one place.

use super::model::Model;
use super::node::Node;
use super::schema::LITELLM_PARAMS;
use super::{ModelInfo, Params};

/// The entries of `list`, in their order; one that names no provider can serve nobody.
pub(super) fn read(name: &'static str, list: Option<&Node>) -> Vec<Model> {
    let index = LITELLM_PARAMS.index();
    let mut accounts = Vec::new();
    for item in list.map(Node::items).unwrap_or_default() {
        let params = Params::read(item.entries(), &index);
        let Some(provider) = params.custom_llm_provider.clone() else { continue };
        // The model is never sent: it only stands for the provider.
        let params = Params { model: format!("{provider}/{name}"), ..params };
        let (group, id) = (name.to_owned(), format!("{name}/{provider}"));
        let place = item.span.clone();
        accounts.push(Model {
            group,
            id,
            params,
            info: ModelInfo::default(),
            tpm: None,
            rpm: None,
            place,
            borrows: None,
        });
    }
    accounts
}
