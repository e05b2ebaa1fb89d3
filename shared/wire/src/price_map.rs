//! The price map: what is known of every model, from the built-in table and from a document that overrides it.
//!
//! A value: whoever owns one replaces it by a newer one to reload. The built-in table is searched in place and costs
//! nothing until then; of a document only what differs is kept, in the same form. Fetches nothing, decides no cost.

mod names;
mod read;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::models::{self, Facts};

pub use names::Wanted;
pub use read::custom;

/// Lines of name and pattern of the built-in rules; what they say is in `models/families.rs`.
static RULES: &str = include_str!("../data/rules.tsv");
const RULES_KEY: &str = "fallback_generalizations";
const SAMPLE_KEY: &str = "sample_spec";

/// What is known of every model.
#[derive(Clone, Debug, Default)]
pub struct PriceMap {
    /// Lines of `data/models.tsv`, in its order, that take the place of the built-in ones.
    own: String,
    rules: Vec<Rule>,
}

/// A rule of the document for models that it does not list: a pattern, and a line without name and provider.
#[derive(Clone, Debug)]
struct Rule {
    pattern: regex_lite::Regex,
    line: String,
}

/// An entry of a document, or of a deployment, that cannot be read; the built-in one stays in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("price map: entry `{entry}` is not used: {why}")]
pub struct Fault {
    pub entry: String,
    pub why: String,
}

/// The document is no price map at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the price map must be a JSON object of models by name")]
pub struct NoMap;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "it lives on the stack for one look-up; a box would be an allocation")]
pub enum Found<'m> {
    Listed(Facts<'m>),
    /// Not listed, but a rule for its family says something; of its prices nothing is known.
    Generalised,
}

impl PriceMap {
    /// The table that is built in, and nothing else.
    pub const fn built_in() -> Self {
        Self { own: String::new(), rules: Vec::new() }
    }

    /// Reads a document in the form of LiteLLM's `model_prices_and_context_window.json`.
    ///
    /// Its entries take the place of the built-in ones of the same name, or are added. What cannot be read comes back
    /// by name.
    pub fn parse(json: &str) -> Result<(Self, Vec<Fault>), NoMap> {
        let entries: BTreeMap<String, &RawValue> = serde_json::from_str(json).map_err(|_| NoMap)?;
        let (mut map, mut faults, mut lines) = (Self::built_in(), Vec::new(), Vec::new());
        for (name, entry) in entries {
            match name.as_str() {
                SAMPLE_KEY => {}
                RULES_KEY => map.take_rules(entry.get(), &mut faults),
                _ => match read::line(&name, entry.get()) {
                    Ok(line) => lines.extend(Some(line).filter(|line| is_new(&name, line))),
                    Err(why) => faults.push(Fault { entry: name, why }),
                },
            }
        }
        lines.sort_by(|left, right| models::compare_ignoring_case(name_of(left), name_of(right)));
        lines.dedup_by(|later, first| name_of(later).eq_ignore_ascii_case(name_of(first)));
        map.own = lines.concat();
        map.own.shrink_to_fit();
        Ok((map, faults))
    }

    fn take_rules(&mut self, json: &str, faults: &mut Vec<Fault>) {
        let (rules, bad) = read::rules(json);
        faults.extend(bad);
        for (name, pattern, line) in rules {
            let is_built_in =
                RULES.lines().any(|rule| rule.split_once('\t').is_some_and(|(_, known)| known == pattern));
            if is_built_in {
                continue;
            }
            match regex_lite::Regex::new(&format!("(?i){pattern}")) {
                Ok(pattern) => self.rules.push(Rule { pattern, line }),
                Err(why) => faults.push(Fault { entry: format!("{RULES_KEY}.{name}"), why: why.to_string() }),
            }
        }
    }

    /// The entry of exactly this name, upper and lower case being one.
    pub fn find(&self, name: &str) -> Option<Facts<'_>> {
        let own = models::find_line(&self.own, name).map(Facts::new);
        own.or_else(|| models::find(name))
    }

    /// All entries whose names begin so; walks the whole map.
    pub(crate) fn with_prefix<'m>(&'m self, prefix: &str) -> impl Iterator<Item = Facts<'m>> {
        let lines = self.own.lines().chain(models::TABLE.lines());
        lines.filter(move |line| line.starts_with(prefix)).map(Facts::new)
    }

    /// What a model is, as LiteLLM's `get_model_info` finds it; `None`: "This model isn't mapped yet".
    pub fn lookup(&self, wanted: Wanted<'_>) -> Option<Found<'_>> {
        let names = names::names(self, wanted);
        let is_ours = |facts: &Facts<'_>| models::belongs(facts.provider, names.provider);
        let listed = names.of_model_info().find_map(|name| self.find(&name).filter(is_ours));
        if let Some(facts) = listed {
            return Some(Found::Listed(facts));
        }
        let is_known = |name: Cow<'_, str>| self.find(&name).is_some();
        let cut = || names.cut().find_map(|name| self.find(&name).filter(is_ours));
        if let Some(facts) = (!names.as_asked().any(is_known)).then(cut).flatten() {
            return Some(Found::Listed(facts));
        }
        // A model that is listed for another provider is known, and no rule speaks for it.
        if names.of_model_info().any(is_known) {
            return None;
        }
        names.of_model_info().find_map(|name| self.generalise(&name))
    }

    fn generalise(&self, name: &str) -> Option<Found<'_>> {
        // Later rules win; LiteLLM unites all that match, ours say everything or nothing of prices.
        let own = self.rules.iter().rev().find(|rule| rule.pattern.is_match(name));
        match own {
            Some(rule) => Some(Found::Listed(Facts::new(&rule.line))),
            None => models::is_of_known_family(name).then_some(Found::Generalised),
        }
    }

    /// The names of the entries that differ from the built-in table.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.own.lines().map(name_of)
    }
}

/// Whether the line says something else than the built-in table.
fn is_new(name: &str, line: &str) -> bool {
    models::find_line(models::TABLE, name) != Some(line.trim_end_matches('\n'))
}

fn name_of(line: &str) -> &str {
    line.split('\t').next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
