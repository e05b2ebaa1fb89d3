//! Accounts: whose key and address a call about a resource goes out with.
//!
//! A model's deployment where one is named, else the configuration's settings for the family, else any deployment of
//! the provider, else what the environment says. Reads no environment itself.

use std::sync::Arc;

use tracing::warn;

use super::foreign::Foreign;
use super::{Family, ResourceCall};
use crate::config::{Config, Model};
use crate::deployment::{Deployment, Variables};
use crate::{App, Error};

/// Accounts that belong to no model, each a deployment that has none.
#[derive(Default)]
pub struct Accounts {
    /// `files_settings`.
    pub files: Vec<Arc<Deployment>>,
    /// `finetune_settings`.
    pub fine_tuning: Vec<Arc<Deployment>>,
    /// One for each provider whose key the environment holds.
    pub environment: Vec<Arc<Deployment>>,
}

impl Accounts {
    /// Every account of the configuration and of the environment; one that cannot be used is named in the log.
    pub fn new(config: &Config, variables: Variables<'_>) -> Self {
        let build = |entry: &Model| match Deployment::new(config, entry, variables) {
            Ok(account) => Some(Arc::new(account)),
            Err(error) => {
                let Model { group, place, .. } = entry;
                warn!("{}:{}: an account of `{group}` is left out: {error}", place.file, place.line);
                None
            }
        };
        let of_environment = |provider: &&str| {
            let account = Deployment::new(config, &Model::of_provider(provider), variables).ok()?;
            account.missing_key.is_none().then(|| Arc::new(account))
        };
        Self {
            files: config.files_settings.iter().filter_map(build).collect(),
            fine_tuning: config.finetune_settings.iter().filter_map(build).collect(),
            environment: ENVIRONMENT_PROVIDERS.iter().filter_map(of_environment).collect(),
        }
    }
}

/// What the body, and the ids in it, say of the account.
pub(super) struct Wanted {
    pub model: Option<String>,
    pub provider: Option<String>,
    pub kind: Family,
}

/// Providers that the environment alone may describe: key, address and version are variables.
const ENVIRONMENT_PROVIDERS: [&str; 3] = ["openai", "azure", "anthropic"];
/// Providers whose resources are OpenAI's, so that calls are relayed.
const OPENAI: [&str; 5] = ["openai", "azure", "hosted_vllm", "litellm_proxy", "custom_openai"];

/// Whether the provider's resources are OpenAI's.
pub(super) fn speaks_openai(provider: &str) -> bool {
    OPENAI.contains(&provider)
}

/// Whether resources of the family can be asked for at the provider.
fn is_served(provider: &str, family: Family) -> bool {
    speaks_openai(provider) || Foreign::of(provider, family).is_some()
}

/// The account, and the model that it was found by.
///
/// # Errors
/// When no deployment has the model's name, the provider's resources are not OpenAI's, or no key is known.
pub(super) fn find(app: &App, call: &ResourceCall, wanted: Wanted) -> Result<(Arc<Deployment>, Option<String>), Error> {
    let parameter = |name: &str| call.query.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let model = wanted.model.or_else(|| parameter("model")).or_else(|| call.header_model.clone());
    let model = model.or_else(|| Some(parameter("target_model_names")?.split(',').next()?.trim().to_owned()));
    let (account, model) = match model {
        Some(model) => (of_model(app, call, &model)?, Some(model)),
        None => {
            let provider = call.path_provider.clone().or_else(|| call.header_provider.clone());
            let provider = provider.or_else(|| parameter("custom_llm_provider")).or_else(|| parameter("provider"));
            let provider = provider.or(wanted.provider).unwrap_or_else(|| "openai".to_owned());
            (of_provider(app, wanted.kind, &provider)?, None)
        }
    };
    if !is_served(account.provider, call.action.row().family) {
        return Err(unserved(account.provider));
    }
    match &account.missing_key {
        Some(names) => Err(Error::NoProviderKey { provider: account.provider, variables: names.clone() }),
        None => Ok((account, model)),
    }
}

fn of_model(app: &App, call: &ResourceCall, model: &str) -> Result<Arc<Deployment>, Error> {
    app.catalog.get().first(model)?.ok_or_else(|| {
        let context = match call.action.row().call_type {
            "acreate_file" => "file upload",
            "acreate_batch" => "batch creation",
            "avideo_generation" => "video generation",
            "alist_batches" => "batch listing",
            "aretrieve_batch" | "acancel_batch" => "batch retrieval (batch created with model)",
            _ => "file operation",
        };
        let message = format!(
            "{context}: Invalid model name passed in model={model}. Call `/v1/models` to view available models for your key."
        );
        Error::Invalid { param: None, message }
    })
}

fn of_provider(app: &App, family: Family, provider: &str) -> Result<Arc<Deployment>, Error> {
    let Some(known) = tollgate_wire::provider::find(provider) else {
        return Err(Error::Invalid { param: None, message: format!("'{provider}' is not a valid LlmProviders") });
    };
    if !is_served(known.name, family) {
        return Err(unserved(known.name));
    }
    let accounts = &app.accounts;
    let settings = match family {
        Family::Files | Family::Batches => accounts.files.as_slice(),
        Family::FineTuning => accounts.fine_tuning.as_slice(),
        Family::VectorStores | Family::Videos | Family::Responses => &[],
    };
    let of_provider = |account: &&Arc<Deployment>| account.provider == provider;
    let usable = |account: &&Arc<Deployment>| of_provider(account) && account.missing_key.is_none();
    let environment = accounts.environment.iter().find(usable);
    // A vector store is made by no model, so LiteLLM looks into the environment only.
    let first = if family == Family::VectorStores { environment } else { settings.iter().find(of_provider) };
    let catalog = app.catalog.get();
    let deployed = || catalog.deployments().find(usable);
    let found = first.or_else(deployed).or(environment);
    let none = || Error::NoProviderKey { provider: known.name, variables: known.key_variables.join(" or ") };
    found.cloned().ok_or_else(none)
}

fn unserved(provider: &str) -> Error {
    let message = format!(
        "the files, batches, vector stores and videos of provider `{provider}` are not served: use openai or azure, or its pass-through route"
    );
    Error::Invalid { param: None, message }
}
