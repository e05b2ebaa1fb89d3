//! The process's environment and its files, as the configuration asks for them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tollgate_core::config::{Environment, ReadError};

use crate::Failure;

/// The real environment: files of this machine, variables of this process.
pub struct Files;

impl Environment for Files {
    fn read(&self, path: &str, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => ReadError::Missing,
            _ => ReadError::Failed(error.to_string()),
        };
        let file = File::open(Path::new(path)).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        if bytes > bytes_max {
            return Err(ReadError::TooLarge { bytes });
        }
        let mut content = Vec::new();
        // A pipe has no length beforehand: one byte more than permitted tells that it is too long.
        file.take(bytes_max.saturating_add(1)).read_to_end(&mut content).map_err(failed)?;
        Ok(content)
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).is_file()
    }

    fn variable(&self, name: &str) -> Option<String> {
        variable(name)
    }
}

/// A variable's text; `None` where it is not set or no UTF-8.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Whether the variable says yes, in the words LiteLLM accepts.
pub fn is_set(name: &str) -> bool {
    variable(name).is_some_and(|text| matches!(text.trim().to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on"))
}

/// A variable that holds a number that is not negative.
///
/// # Errors
/// When it holds something else.
pub fn number(name: &str) -> Result<Option<f64>, Failure> {
    let Some(text) = variable(name).filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    match text.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(Some(number)),
        _ => Err(Failure::new(2, format!("the variable {name} holds `{text}`: give a number that is not negative"))),
    }
}
