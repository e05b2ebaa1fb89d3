//! Loading: from the name of a document to a typed configuration and what there is to say about it.
//!
//! Decides the order of the steps and what refuses a configuration. Reads files and the environment
//! only through [`Environment`].

use super::general_settings::GeneralSettings;
use super::litellm_settings::LitellmSettings;
use super::model::{self, Credential, Model};
use super::node::Node;
use super::notice::{Kind, Notice, Refusal, Severity};
use super::pass_through::{self, VertexConfig};
use super::router_settings::RouterSettings;
use super::search_tool::SearchTool;
use super::stored::Sections;
use super::yaml::Reader;
use super::{accounts, include, inspect, model_list, reference, search_tool};
use crate::Secret;

/// Where documents and variables come from. The host answers, for core reads neither.
pub trait Environment {
    /// The bytes of the file at `path`; a file of more than `bytes_max` bytes need not be read.
    ///
    /// # Errors
    /// Why there are no bytes.
    fn read(&self, path: &str, bytes_max: u64) -> Result<Vec<u8>, ReadError>;

    /// Whether there is a file at `path`.
    fn exists(&self, path: &str) -> bool;

    /// The value of a variable, or of the secret that stands for it.
    fn variable(&self, name: &str) -> Option<String>;
}

/// Why a file has no bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    Missing,
    TooLarge {
        bytes: u64,
    },
    /// The reason, lowercase and without a full stop.
    Failed(String),
}

/// What the configuration is loaded for, and so what refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To serve: an unknown key is a warning, unless `general_settings.strict_config` is true.
    Boot,
    /// To serve under `--strict`: an unknown key is an error.
    BootStrict,
    /// `tollgate check`: an unknown key is an error, a variable that is not set here is none.
    Check,
    /// `tollgate check --strict`: every warning is an error.
    CheckStrict,
}

/// A configuration that can be served.
#[derive(Clone, Debug)]
pub struct Config {
    pub models: Vec<Model>,
    pub litellm_settings: LitellmSettings,
    pub router_settings: RouterSettings,
    pub general_settings: GeneralSettings,
    /// What `general_settings` and `litellm_settings` say of keys, budgets and limits.
    pub governance: crate::govern::Settings,
    /// What the process environment is to hold besides; references in the document saw it already.
    pub environment_variables: Vec<(String, Secret)>,
    /// `credential_list`; deployments that name one have it merged in already.
    pub credentials: Vec<Credential>,
    pub default_vertex_config: Option<VertexConfig>,
    /// `files_settings`: accounts for files and batches, one a provider.
    pub files_settings: Vec<Model>,
    /// `finetune_settings`: the same for fine-tuning.
    pub finetune_settings: Vec<Model>,
    pub search_tools: Vec<SearchTool>,
    /// What the document says beside its models, for what is stored to be added to.
    pub sections: Sections,
}

/// A configuration and everything to know about it, in the order of its lines.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    pub notices: Vec<Notice>,
}

/// Loads the document `name` with all it includes.
///
/// # Errors
/// Every notice, where at least one of them is an error: the file cannot be read, a value has the
/// wrong type, or a key is unknown and `mode` or the document is strict.
pub fn load(name: &str, environment: &dyn Environment, mode: Mode) -> Result<Loaded, Refusal> {
    let mut reader = Reader::new();
    let mut document = include::assemble(name, environment, &mut reader)?;
    let mut notices = reader.notices;
    let environment_variables = reference::resolve(&mut document, environment, &mut notices);
    notices.extend(inspect::inspect(&document, unknown_key_severity(&document, mode)));
    if notices.iter().all(|notice| notice.severity != Severity::Error) {
        let surroundings = Surroundings { environment, own: &environment_variables };
        let config = build(&document, &surroundings, &mut notices);
        let config = Config { environment_variables, ..config };
        return conclude(config, notices, mode);
    }
    notices.sort_by(by_place);
    Err(Refusal { notices })
}

/// The environment as it is once `environment_variables` is applied.
pub(super) struct Surroundings<'a> {
    environment: &'a dyn Environment,
    own: &'a [(String, Secret)],
}

impl<'a> Surroundings<'a> {
    pub const fn new(environment: &'a dyn Environment, own: &'a [(String, Secret)]) -> Self {
        Self { environment, own }
    }

    pub fn variable(&self, name: &str) -> Option<String> {
        let own = self.own.iter().rfind(|(own, _)| own == name).map(|(_, value)| value.expose().to_owned());
        own.or_else(|| self.environment.variable(name))
    }
}

pub(super) fn build(document: &Node, surroundings: &Surroundings<'_>, notices: &mut Vec<Notice>) -> Config {
    let credentials = model::read_credentials(document.get("credential_list"));
    Config {
        models: model_list::build(document.get("model_list"), &credentials, surroundings, notices),
        litellm_settings: LitellmSettings::read(document.get("litellm_settings"), surroundings),
        router_settings: RouterSettings::read(document),
        general_settings: GeneralSettings::read(document.get("general_settings"), surroundings),
        governance: crate::govern::Settings::read(document, surroundings),
        environment_variables: Vec::new(),
        credentials,
        default_vertex_config: document.get("default_vertex_config").map(pass_through::vertex),
        files_settings: accounts::read("files_settings", document.get("files_settings")),
        finetune_settings: accounts::read("finetune_settings", document.get("finetune_settings")),
        search_tools: search_tool::read(document.get("search_tools")),
        sections: Sections::of(document),
    }
}

fn conclude(config: Config, mut notices: Vec<Notice>, mode: Mode) -> Result<Loaded, Refusal> {
    if mode == Mode::CheckStrict {
        for notice in notices.iter_mut().filter(|notice| notice.severity == Severity::Warning) {
            notice.severity = Severity::Error;
        }
    }
    notices.sort_by(by_place);
    if notices.iter().any(|notice| notice.severity == Severity::Error) {
        return Err(Refusal { notices });
    }
    Ok(Loaded { config, notices })
}

fn by_place(one: &Notice, other: &Notice) -> std::cmp::Ordering {
    (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column))
}

fn unknown_key_severity(document: &Node, mode: Mode) -> Severity {
    let strict_config = document.get("general_settings").and_then(|settings| settings.get("strict_config"));
    let document_is_strict = strict_config.and_then(Node::as_flag) == Some(true);
    match mode {
        Mode::Boot if !document_is_strict => Severity::Warning,
        _ => Severity::Error,
    }
}

impl Notice {
    /// A deployment is left out.
    pub(super) fn skipped(place: &super::node::Span, group: &str, reason: &str) -> Self {
        let message = format!("deployment of `{group}` is left out: {reason}");
        Self::warning(Kind::SkippedModel, place, message)
    }
}
