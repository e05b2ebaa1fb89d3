//! Host: the outside world. Files, environment, provider connections, logs; builds the [`App`].
//!
//! The only crate that reads the environment.
//!
//! [`App`]: tollgate_core::App

mod address;
mod build;
mod certificates;
pub mod database;
pub mod doors;
mod environment;
mod fetch;
pub mod journal;
pub mod logs;
mod master_key;
mod prepare;
mod records;
mod sign;
mod upstream;

use std::fmt;

pub use build::Built;
pub use environment::{Files, number};
pub use master_key::from_environment as master_key;
pub use prepare::{Overrides, Prepared, prepare};
pub use records::{Beside, Home};

/// Why the process cannot go on: a text for a person, and the code to end with.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    pub const fn new(code: u8, text: String) -> Self {
        Self { code, text }
    }

    /// The process's exit code.
    pub const fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}
