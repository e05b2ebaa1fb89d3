//! The outcome of `tollgate check`, as text and as JSON.
//!
//! Decides how an outcome reads and whether it passes. Prints nothing itself.

use std::fmt;

use serde::Serialize;

use super::load::{Environment, Mode, load};
use super::node::Span;
use super::notice::{Kind, Notice, Severity};

/// Whether a configuration may be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    Errors,
}

/// What a check found. As JSON: `{"file", "verdict", "models", "errors", "warnings", "notices": […]}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub file: String,
    pub verdict: Verdict,
    /// Deployments that would be served; 0 where there are errors.
    pub models: usize,
    pub errors: usize,
    pub warnings: usize,
    /// In the order of their lines, file by file.
    pub notices: Vec<Notice>,
}

/// Checks the document `name` without serving it; `mode` is [`Mode::Check`] or [`Mode::CheckStrict`].
pub fn check(name: &str, environment: &dyn Environment, mode: Mode) -> Report {
    match load(name, environment, mode) {
        Ok(loaded) => Report::new(name, Verdict::Ok, loaded.config.models.len(), loaded.notices),
        Err(refusal) => Report::new(name, Verdict::Errors, 0, refusal.notices),
    }
}

impl Report {
    /// Refuses the configuration for something that is wrong at `place` without being wrong in itself.
    pub fn refuse(&mut self, place: &Span, path: &str, message: String) {
        self.notices.push(Notice::error(Kind::WrongValue, place, message).at(path));
        self.errors += 1;
        (self.verdict, self.models) = (Verdict::Errors, 0);
    }

    fn new(file: &str, verdict: Verdict, models: usize, notices: Vec<Notice>) -> Self {
        let count = |severity| notices.iter().filter(|notice| notice.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        Self { file: file.to_owned(), verdict, models, errors, warnings, notices }
    }
}

impl fmt::Display for Report {
    /// A line for each notice, then the verdict.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for notice in &self.notices {
            let weight = match notice.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Information => "note",
            };
            writeln!(formatter, "{weight}: {notice}")?;
        }
        let Self { file, models, errors, warnings, .. } = self;
        match self.verdict {
            Verdict::Ok => write!(formatter, "{file}: ok, {models} deployments, {warnings} warnings"),
            Verdict::Errors => write!(formatter, "{file}: refused, {errors} errors, {warnings} warnings"),
        }
    }
}
