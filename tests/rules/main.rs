//! The rules of the house that a machine can check: who may depend on whom, and how long things may be.

#![cfg(test)]

mod dependencies;
mod lengths;
mod packages;
mod statements;

use std::path::{Path, PathBuf};

/// The checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the checkout").to_path_buf()
}
