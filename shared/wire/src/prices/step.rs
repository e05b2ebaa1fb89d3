//! One step of a `tiered_pricing` table: the rates of calls of a certain size.

use super::field;
use super::{Key, Unit, find};
use crate::money::ExactUsd;

/// What the bounds of a step are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Band {
    /// More than the first and at most the second.
    PromptTokens,
    /// From the first to the second.
    SearchResults,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub band: Band,
    pub from: u64,
    pub to: u64,
    pub(super) rates: Vec<(Key, ExactUsd)>,
}

impl Step {
    /// Reads `T0-256000;i=5e-8;o=4e-7`.
    pub(super) fn parse(word: &str) -> Option<Self> {
        let band = if word.starts_with('T') { Band::PromptTokens } else { Band::SearchResults };
        let mut parts = word[1..].split(';');
        let (from, to) = parts.next()?.split_once('-')?;
        let rates = parts.filter_map(field::rate).collect();
        Some(Self { band, from: from.parse().ok()?, to: to.parse().ok()?, rates })
    }

    pub fn rate(&self, unit: Unit) -> Option<ExactUsd> {
        find(&self.rates, Key::of(unit))
    }
}
