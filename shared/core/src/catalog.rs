//! The catalog of models: which deployments a name stands for, and which of them takes a call.
//!
//! Resolves in LiteLLM's order: deployment id, alias, group, wildcard. Knows no health and no load.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Error;
use crate::deployment::Deployment;

/// Makes a deployment for one concrete model out of a wildcard entry.
pub type Template = Box<dyn Fn(&str) -> Result<Deployment, Error> + Send + Sync>;

/// One `model_list` entry whose name holds a `*`.
pub struct Wildcard {
    pub pattern: String,
    /// The provider's model, in which a `*` takes what the pattern's matched.
    pub target: String,
    pub template: Template,
}

/// All deployments by every name they answer to.
#[derive(Default)]
pub struct Catalog {
    groups: Vec<(String, Vec<Arc<Deployment>>)>,
    places: HashMap<String, usize>,
    by_id: HashMap<String, Arc<Deployment>>,
    aliases: HashMap<String, String>,
    /// Longest pattern first: the most particular one wins.
    wildcards: Vec<Wildcard>,
}

impl Catalog {
    /// Adds a deployment to its group, in the order of the configuration.
    pub fn add(&mut self, deployment: Deployment) {
        let deployment = Arc::new(deployment);
        self.by_id.insert(deployment.id.clone(), Arc::clone(&deployment));
        let place = *self.places.entry(deployment.group.clone()).or_insert(self.groups.len());
        if place == self.groups.len() {
            self.groups.push((deployment.group.clone(), Vec::new()));
        }
        self.groups[place].1.push(deployment);
    }

    pub fn add_alias(&mut self, alias: String, group: String) {
        self.aliases.insert(alias, group);
    }

    pub fn add_wildcard(&mut self, wildcard: Wildcard) {
        self.wildcards.push(wildcard);
        self.wildcards.sort_by_key(|wildcard| std::cmp::Reverse(wildcard.pattern.len()));
    }

    /// The deployment that takes a call for `name`; `None` where no entry has that name.
    ///
    /// # Errors
    /// When a wildcard entry matches, and the provider it leads to cannot serve the model.
    pub fn select(&self, name: &str) -> Result<Option<Arc<Deployment>>, Error> {
        if let Some(deployment) = self.by_id.get(name) {
            return Ok(Some(Arc::clone(deployment)));
        }
        let name = self.aliases.get(name).map_or(name, String::as_str);
        if let Some(place) = self.places.get(name) {
            return Ok(shuffle(&self.groups[*place].1).cloned());
        }
        for wildcard in &self.wildcards {
            if let Some(captured) = capture(&wildcard.pattern, name) {
                let target = wildcard.target.replacen('*', captured, 1);
                return (wildcard.template)(&target).map(|deployment| Some(Arc::new(deployment)));
            }
        }
        Ok(None)
    }

    /// Every group with its first deployment, in the order of the configuration.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &Arc<Deployment>)> {
        self.groups.iter().filter_map(|(name, deployments)| Some((name.as_str(), deployments.first()?)))
    }

    /// Every deployment, group by group.
    pub fn deployments(&self) -> impl Iterator<Item = &Arc<Deployment>> {
        self.groups.iter().flat_map(|(_, deployments)| deployments)
    }

    /// The patterns of the wildcard entries.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.wildcards.iter().map(|wildcard| wildcard.pattern.as_str())
    }
}

/// LiteLLM's simple-shuffle: at random by weight, where any has one, else evenly.
fn shuffle(deployments: &[Arc<Deployment>]) -> Option<&Arc<Deployment>> {
    let [.., last] = deployments else { return None };
    if deployments.len() == 1 {
        return Some(last);
    }
    let weighted = deployments.iter().any(|deployment| deployment.weight > 0.0);
    let weight = |deployment: &Deployment| if weighted { deployment.weight } else { 1.0 };
    let total: f64 = deployments.iter().map(|deployment| weight(deployment)).sum();
    let mut left = random_fraction() * total;
    for deployment in deployments {
        left -= weight(deployment);
        if left < 0.0 {
            return Some(deployment);
        }
    }
    Some(last)
}

/// Evenly spread in `0.0..1.0`.
fn random_fraction() -> f64 {
    let bits = uuid::Uuid::new_v4().as_u128() as u32;
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// What the pattern's first `*` stands for in `name`; like LiteLLM, a pattern is a prefix of what it matches.
fn capture<'a>(pattern: &str, name: &'a str) -> Option<&'a str> {
    let (before, after) = pattern.split_once('*')?;
    let rest = name.strip_prefix(before)?;
    if after.is_empty() {
        return Some(rest);
    }
    rest.split_once(after).map(|(captured, _)| captured)
}

#[cfg(test)]
mod tests;
