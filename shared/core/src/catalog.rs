//! The catalog of models: which deployments a name stands for, and which of them takes a call.
//!
//! Resolves in LiteLLM's order: alias, group, wildcard; an id counts where no group has its name. Knows no health
//! and no load.

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_wire::provider;

use crate::Error;
use crate::config::GroupAlias;
use crate::deployment::{Deployment, MEASURES};

/// Makes a deployment for one concrete model out of a wildcard entry.
pub type Template = Box<dyn Fn(&str) -> Result<Deployment, Error> + Send + Sync>;

/// One `model_list` entry whose name holds a `*`.
pub struct Wildcard {
    pub pattern: String,
    /// The provider's model, in which each `*` takes what the one at its place in the pattern matched.
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
    /// Aliases that lists of models show, in the order of the configuration.
    listed_aliases: Vec<String>,
    /// The most particular pattern first.
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

    /// Adds another name for a group.
    pub fn add_alias(&mut self, alias: GroupAlias) {
        if !alias.hidden {
            self.listed_aliases.push(alias.alias.clone());
        }
        self.aliases.insert(alias.alias, alias.model);
    }

    pub fn add_wildcard(&mut self, wildcard: Wildcard) {
        self.wildcards.push(wildcard);
        self.wildcards.sort_by_key(|wildcard| std::cmp::Reverse(rank(&wildcard.pattern)));
    }

    /// The deployment that takes a call for `name`; `None` where no entry has that name.
    ///
    /// # Errors
    /// When a wildcard entry matches, and the provider it leads to cannot serve the model.
    pub fn select(&self, name: &str) -> Result<Option<Arc<Deployment>>, Error> {
        let group = |name| self.places.get(name).map(|place| &self.groups[*place].1);
        // An alias stands above a group of its name, an id below one: most names are neither.
        let alias = if self.aliases.is_empty() { None } else { self.aliases.get(name) };
        if let (None, Some(deployments)) = (alias, group(name)) {
            return Ok(shuffle(deployments).cloned());
        }
        if let Some(deployment) = self.by_id.get(name).filter(|_| group(name).is_none()) {
            return Ok(Some(Arc::clone(deployment)));
        }
        let name = alias.map_or(name, String::as_str);
        if let Some(deployments) = group(name) {
            return Ok(shuffle(deployments).cloned());
        }
        if let Some(deployment) = self.by_pattern(name)? {
            return Ok(Some(deployment));
        }
        // LiteLLM's second try: `gpt-4o` is also what `openai/*` is meant for.
        match provider::resolve(name, None, None) {
            Ok(resolved) => self.by_pattern(&format!("{}/{name}", resolved.provider.name)),
            Err(_) => Ok(None),
        }
    }

    /// The deployment that keeps the files of `name`: always the same one, so that what was put there is found again.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub fn first(&self, name: &str) -> Result<Option<Arc<Deployment>>, Error> {
        let name = self.aliases.get(name).map_or(name, String::as_str);
        match self.places.get(name).and_then(|place| self.groups[*place].1.first()) {
            Some(deployment) => Ok(Some(Arc::clone(deployment))),
            None => self.select(name),
        }
    }

    /// The deployment of this id, whatever a group is called.
    pub fn by_id(&self, id: &str) -> Option<Arc<Deployment>> {
        self.by_id.get(id).cloned()
    }

    /// Whether `name` is a group or an alias of one; wildcards and ids do not count.
    pub fn holds(&self, name: &str) -> bool {
        self.places.contains_key(self.aliases.get(name).map_or(name, String::as_str))
    }

    /// The first pattern that matches, among whose entries the call is shared out like among those of a group.
    fn by_pattern(&self, name: &str) -> Result<Option<Arc<Deployment>>, Error> {
        let first = self.wildcards.iter().find(|wildcard| capture(&wildcard.pattern, name).is_some());
        let Some(first) = first else { return Ok(None) };
        let captured = capture(&first.pattern, name).unwrap_or_default();
        let (mut deployments, mut refusal) = (Vec::new(), None);
        for wildcard in self.wildcards.iter().filter(|wildcard| wildcard.pattern == first.pattern) {
            match (wildcard.template)(&filled(&wildcard.target, &captured, name)) {
                Ok(deployment) => deployments.push(Arc::new(deployment)),
                Err(error) => refusal = Some(error),
            }
        }
        match (shuffle(&deployments), refusal) {
            (None, Some(error)) => Err(error),
            (deployment, _) => Ok(deployment.cloned()),
        }
    }

    /// Every group with its first deployment, in the order of the configuration.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &Arc<Deployment>)> {
        self.groups.iter().filter_map(|(name, deployments)| Some((name.as_str(), deployments.first()?)))
    }

    /// Every deployment, group by group.
    pub fn deployments(&self) -> impl Iterator<Item = &Arc<Deployment>> {
        self.groups.iter().flat_map(|(_, deployments)| deployments)
    }

    /// Every name that lists of models show, with a deployment that it leads to: groups, then aliases.
    pub fn names(&self) -> impl Iterator<Item = (&str, &Arc<Deployment>)> {
        let aliases = self.listed_aliases.iter().filter_map(|alias| {
            let place = self.places.get(self.aliases.get(alias)?)?;
            Some((alias.as_str(), self.groups[*place].1.first()?))
        });
        self.groups().chain(aliases)
    }
}

/// LiteLLM's simple-shuffle: at random by the first measure of which any has a share, else evenly.
fn shuffle(deployments: &[Arc<Deployment>]) -> Option<&Arc<Deployment>> {
    let [.., last] = deployments else { return None };
    if deployments.len() == 1 {
        return Some(last);
    }
    let measure = (0..MEASURES).find(|measure| deployments.iter().any(|deployment| deployment.shares[*measure] > 0.0));
    let share = |deployment: &Deployment| measure.map_or(1.0, |measure| deployment.shares[measure].max(0.0));
    let total: f64 = deployments.iter().map(|deployment| share(deployment)).sum();
    let mut left = random_fraction() * total;
    for deployment in deployments {
        left -= share(deployment);
        if left < 0.0 {
            return Some(deployment);
        }
    }
    // Rounding may leave a last crumb; it belongs to nobody whose share is 0.
    deployments.iter().rfind(|deployment| share(deployment) > 0.0)
}

/// Evenly spread in `0.0..1.0`.
fn random_fraction() -> f64 {
    let bits = uuid::Uuid::new_v4().as_u128() as u32;
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// What each `*` of the pattern stands for in `name`.
///
/// Like LiteLLM's expression, a pattern need only match the beginning of a name, and each `*` in turn takes as much as
/// it can: so the texts between them are looked for from the end.
fn capture<'a>(pattern: &str, name: &'a str) -> Option<Vec<&'a str>> {
    let (before, after) = pattern.split_once('*')?;
    let rest = name.strip_prefix(before)?;
    let mut places = Vec::new();
    let mut end = rest.len();
    for literal in after.rsplit('*') {
        let start = rest[..end].rfind(literal)?;
        places.push((start, start + literal.len()));
        end = start;
    }
    let mut captured = Vec::new();
    let mut at = 0;
    for (start, behind) in places.into_iter().rev() {
        captured.push(&rest[at..start]);
        at = behind;
    }
    Some(captured)
}

/// The target with what was captured in the place of each `*`; the name itself where there are too few of them.
fn filled(target: &str, captured: &[&str], name: &str) -> String {
    let mut literals = target.split('*');
    let mut model = literals.next().unwrap_or_default().to_owned();
    let holes = literals.clone().count();
    if holes > 0 && captured.len() > holes {
        return name.to_owned();
    }
    for (place, literal) in literals.enumerate() {
        model.push_str(captured.get(place).unwrap_or(&"*"));
        model.push_str(literal);
    }
    model
}

/// How particular a pattern is: length, then number of special characters, of the expression that LiteLLM makes of it.
fn rank(pattern: &str) -> (usize, usize) {
    let mut rank = (0, 0);
    for letter in pattern.chars() {
        let (length, special) = match letter {
            '*' => ("(.*)".len(), 3),
            '+' | '?' | '\\' | '^' | '$' | '|' | '(' | ')' => (2, 2),
            '-' | '.' | '[' | ']' | '{' | '}' | '&' | '~' | '#' | ' ' => (2, 1),
            _ => (1, 0),
        };
        rank = (rank.0 + length, rank.1 + special);
    }
    rank
}

#[cfg(test)]
mod tests;
