//! What loading a configuration has to say, and where: notices, and the refusal made of them.
//!
//! Decides how a notice reads. Knows no key and no rule.

use std::fmt;

use serde::Serialize;

use super::node::Span;

/// How much a notice weighs: an error refuses the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Information,
    Warning,
    Error,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The file cannot be read, is no YAML, or exceeds a limit.
    Unreadable,
    /// A key LiteLLM knows and Tollgate does not act on yet.
    NotYet,
    /// A key of `litellm_params` that nobody knows: it goes to the provider, as with LiteLLM.
    PassedToProvider,
    /// Any other key that nobody knows, or one that resembles a known key.
    UnknownKey,
    /// A value whose type the key cannot have.
    WrongType,
    /// A value of the right type that is not one of those allowed.
    WrongValue,
    /// The same key twice in one map: the last one counts.
    DuplicateKey,
    /// Python code named by a dotted path, which cannot run here.
    PythonCode,
    /// `os.environ/NAME` where the variable is not set: the value is null.
    UnsetVariable,
    /// A variable that `environment_variables` may not set.
    RefusedVariable,
    /// An entry of `model_list` that cannot be used and is left out.
    SkippedModel,
    /// `litellm_credential_name` names no entry of `credential_list`.
    UnknownCredential,
    /// A file named by `include` that is missing, includes itself, or is found elsewhere.
    Include,
}

/// One thing to know about the configuration, at its place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Notice {
    pub severity: Severity,
    pub kind: Kind,
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The key it is about, with its sections: `model_list[2].litellm_params.api_bse`.
    pub path: String,
    pub message: String,
    /// The valid key or value that comes closest.
    pub nearest: Option<String>,
    /// How often the same was found at later places, which are not listed.
    pub repeated: usize,
}

impl Notice {
    pub(super) fn new(severity: Severity, kind: Kind, span: &Span, message: String) -> Self {
        Self {
            severity,
            kind,
            file: span.file.to_string(),
            line: span.line,
            column: span.column,
            path: String::new(),
            message,
            nearest: None,
            repeated: 0,
        }
    }

    pub(super) fn error(kind: Kind, span: &Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, kind, span, message.into())
    }

    /// An error that ends the reading of a document.
    pub(super) fn refusal(kind: Kind, span: &Span, message: impl Into<String>) -> Box<Self> {
        Box::new(Self::error(kind, span, message))
    }

    pub(super) fn warning(kind: Kind, span: &Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, kind, span, message.into())
    }

    pub(super) fn at(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    pub(super) fn near(mut self, nearest: Option<&str>) -> Self {
        self.nearest = nearest.map(str::to_owned);
        self
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        if let Some(nearest) = &self.nearest {
            write!(formatter, "; did you mean `{nearest}`?")?;
        }
        match self.repeated {
            0 => Ok(()),
            1 => write!(formatter, " (and 1 more place)"),
            count => write!(formatter, " (and {count} more places)"),
        }
    }
}

/// A configuration that cannot be used: at least one notice is an error, and none has been lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub notices: Vec<Notice>,
}

impl Refusal {
    /// The notices that refuse it.
    pub fn errors(&self) -> impl Iterator<Item = &Notice> {
        self.notices.iter().filter(|notice| notice.severity == Severity::Error)
    }
}

impl From<Box<Notice>> for Refusal {
    fn from(notice: Box<Notice>) -> Self {
        Self { notices: vec![*notice] }
    }
}

impl fmt::Display for Refusal {
    /// One line for each error.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, notice) in self.errors().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{notice}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}
