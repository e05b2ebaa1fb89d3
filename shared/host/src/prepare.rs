//! Before anything runs: the configuration is read, checked, and turned into what the server needs.

use serde_json::{Map, json};
use tollgate_core::Secret;
use tollgate_core::config::{Config, Environment, Mode, PassThroughEndpoint, ReadError, load};
use tollgate_core::govern::reset::ProxyBudget;
use tollgate_core::seal::Sealer;

use crate::build::Built;
use crate::database::Database;
use crate::environment::{Files, is_set, variable};
use crate::logs::{Level, Shape};
use crate::{Failure, Home, build, doors};

/// What the command line says above the configuration.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub model: Option<String>,
    pub alias: Option<String>,
    pub api_base: Option<String>,
    pub api_version: Option<String>,
    pub temperature: Option<f64>,
    pub max_tokens: Option<u64>,
    pub drop_params: bool,
    pub request_timeout_seconds: Option<f64>,
    pub strict: bool,
    /// US dollars for everything together, where the configuration sets no `max_budget`.
    pub max_budget_usd: Option<f64>,
    pub iam_token_db_auth: bool,
    pub azure_postgresql_auth: bool,
}

/// A configuration that may be served, and what there is to say about it.
pub struct Prepared {
    pub log_shape: Shape,
    pub log_level: Level,
    /// One line each, for the log.
    pub notices: Vec<String>,
    config: Config,
}

impl Prepared {
    /// The operator's own routes: whoever serves them says whether their paths are free.
    pub fn pass_through_endpoints(&self) -> &[PassThroughEndpoint] {
        &self.config.general_settings.pass_through_endpoints
    }

    /// Connects to nothing yet, but has everything to do so. Needs a runtime around it.
    ///
    /// # Errors
    /// When the master key is refused, or certificates cannot be read.
    pub fn build(self, home: Home) -> Result<Built, Failure> {
        build::build(&self.config, home)
    }

    /// The same for whoever serves nobody: no key guards it, so none has to be set.
    ///
    /// # Errors
    /// When certificates cannot be read.
    pub fn build_unserved(mut self) -> Result<Built, Failure> {
        self.config.general_settings.dangerously_permit_weak_or_unset_master_key = true;
        build::build(&self.config, Home::Nowhere)
    }

    /// The database that the configuration or the environment names; connects to nothing yet. Needs a runtime around
    /// it.
    ///
    /// # Errors
    /// When its address cannot be used.
    pub fn database(&self) -> Result<Option<Database>, Failure> {
        build::database(&self.config)
    }

    /// What opens stored secrets now, and what is to: by `LITELLM_SALT_KEY`, else the master key, and by
    /// `LITELLM_SALT_KEY_NEW`.
    ///
    /// # Errors
    /// When either key is missing, or both are the same.
    pub fn salts(&self) -> Result<(Sealer, Sealer), Failure> {
        let lacking = |name: &str| Failure::new(2, format!("nothing to seal with: set {name}"));
        let old = doors::salt(&self.config).ok_or_else(|| lacking("LITELLM_SALT_KEY"))?;
        let new = variable("LITELLM_SALT_KEY_NEW").filter(|key| !key.is_empty()).map(Secret::new);
        let new = new.ok_or_else(|| lacking("LITELLM_SALT_KEY_NEW"))?;
        if old.expose() == new.expose() {
            return Err(Failure::new(2, "LITELLM_SALT_KEY_NEW is LITELLM_SALT_KEY: set it to another key".to_owned()));
        }
        let algorithm = self.config.general_settings.encryption_algorithm;
        Ok((Sealer::new(&old, algorithm), Sealer::new(&new, algorithm)))
    }
}

/// Reads the configuration at `path`; without one, the model of the command line is all there is.
///
/// # Errors
/// When the configuration is refused: every reason, a line each.
pub fn prepare(path: Option<&str>, overrides: &Overrides) -> Result<Prepared, Failure> {
    let mode = if overrides.strict { Mode::BootStrict } else { Mode::Boot };
    let loaded = match (path, &overrides.model) {
        (Some(path), _) => load(path, &Files, mode),
        (None, Some(model)) => load(COMMAND_LINE, &one_model(model, overrides), mode),
        (None, None) => {
            let text = "no configuration: give --config FILE, set CONFIG_FILE_PATH, or serve one model with --model PROVIDER/MODEL";
            return Err(Failure::new(2, text.to_owned()));
        }
    };
    let loaded = loaded.map_err(|refusal| Failure::new(1, refusal.to_string()))?;
    let mut notices: Vec<String> = loaded.notices.iter().map(ToString::to_string).collect();
    if let (Some(path), Some(model)) = (path, &overrides.model) {
        notices.push(format!("--model {model} is not served: {path} says which models are"));
    }
    let mut config = loaded.config;
    apply(&mut config, overrides);
    let json = config.litellm_settings.json_logs || is_set("JSON_LOGS");
    let log_level = match variable("LITELLM_LOG").filter(|text| !text.is_empty()) {
        Some(text) => text.parse().map_err(|error| Failure::new(2, format!("LITELLM_LOG: {error}")))?,
        None if config.litellm_settings.set_verbose => Level::Debug,
        None => Level::Info,
    };
    Ok(Prepared { log_shape: if json { Shape::Json } else { Shape::Plain }, log_level, notices, config })
}

fn apply(config: &mut Config, overrides: &Overrides) {
    config.litellm_settings.drop_params |= overrides.drop_params;
    if let Some(seconds) = overrides.request_timeout_seconds {
        config.litellm_settings.request_timeout_seconds = seconds;
    }
    if let Some(max_usd) = overrides.max_budget_usd {
        config.governance.proxy_budget.get_or_insert(ProxyBudget { max_usd, duration: None });
    }
    config.general_settings.database.iam_token_db_auth = overrides.iam_token_db_auth;
    config.general_settings.database.azure_postgresql_auth = overrides.azure_postgresql_auth;
}

/// The configuration that `--model` and its companions stand for, as a document like any other.
fn one_model(model: &str, overrides: &Overrides) -> Document {
    let mut params = Map::new();
    params.insert("model".to_owned(), model.into());
    let texts = [("api_base", &overrides.api_base), ("api_version", &overrides.api_version)];
    for (name, value) in texts {
        params.extend(value.clone().map(|value| (name.to_owned(), value.into())));
    }
    params.extend(overrides.temperature.map(|value| ("temperature".to_owned(), value.into())));
    params.extend(overrides.max_tokens.map(|value| ("max_tokens".to_owned(), value.into())));
    let group = overrides.alias.as_deref().unwrap_or(model);
    // JSON is YAML.
    Document(json!({ "model_list": [{ "model_name": group, "litellm_params": params }] }).to_string())
}

const COMMAND_LINE: &str = "command line";

/// One document in memory, and the real environment around it.
struct Document(String);

impl Environment for Document {
    fn read(&self, path: &str, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        if path == COMMAND_LINE { Ok(self.0.clone().into_bytes()) } else { Files.read(path, bytes_max) }
    }

    fn exists(&self, path: &str) -> bool {
        path == COMMAND_LINE || Files.exists(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        Files.variable(name)
    }
}
