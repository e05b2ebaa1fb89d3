//! The catalog of models: which deployments a name stands for, which group of them.
//!
//! Knows no health and no load: among the deployments of a group `select` chooses.

mod group;

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_wire::provider;

pub use group::{Group, Seat, Traits};
pub(crate) use group::{draw, weighed};

use crate::Error;
use crate::config::{GroupAlias, RoutingGroup};
use crate::deployment::Deployment;
use crate::meter::{self, Meter};

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
pub struct Catalog {
    meter: Arc<dyn Meter>,
    groups: Vec<Arc<Group>>,
    places: HashMap<String, usize>,
    by_id: HashMap<String, Arc<Deployment>>,
    /// Deployments by the provider's model, as the configuration writes it.
    by_model: HashMap<String, Arc<Group>>,
    aliases: HashMap<String, String>,
    /// Aliases that lists of models show, in the order of the configuration.
    listed_aliases: Vec<String>,
    /// The most particular pattern first.
    wildcards: Vec<Wildcard>,
    /// `routing_groups` by their names.
    routing_groups: HashMap<String, Arc<Group>>,
    /// What teams call their deployments: by team and name.
    team_names: HashMap<(String, String), Arc<Group>>,
}

impl Default for Catalog {
    /// A catalog of its own, whose deployments nobody else counts.
    fn default() -> Self {
        Self::new(Arc::new(meter::Memory::default()))
    }
}

/// What a name stands for.
#[derive(Clone)]
pub enum Found {
    /// Deployments to choose among.
    Group(Arc<Group>),
    /// One deployment, named by its id: it is asked whatever its state.
    One(Arc<Group>),
}

impl Found {
    pub const fn group(&self) -> &Arc<Group> {
        match self {
            Self::Group(group) | Self::One(group) => group,
        }
    }
}

impl Catalog {
    /// An empty catalog, whose deployments are counted by this meter.
    pub fn new(meter: Arc<dyn Meter>) -> Self {
        Self {
            meter,
            groups: Vec::new(),
            places: HashMap::new(),
            by_id: HashMap::new(),
            by_model: HashMap::new(),
            aliases: HashMap::new(),
            listed_aliases: Vec::new(),
            wildcards: Vec::new(),
            routing_groups: HashMap::new(),
            team_names: HashMap::new(),
        }
    }

    /// Adds a deployment to its group, in the order of the configuration.
    pub fn add(&mut self, mut deployment: Deployment) {
        deployment.count(&*self.meter);
        let deployment = Arc::new(deployment);
        self.by_id.insert(deployment.id.clone(), Arc::clone(&deployment));
        let place = *self.places.entry(deployment.group.clone()).or_insert(self.groups.len());
        if place == self.groups.len() {
            self.groups.push(Arc::new(Group::new(&deployment.group)));
        }
        self.add_for_team(&deployment);
        let named = &deployment.named;
        let group = self.by_model.entry(named.clone()).or_insert_with(|| Arc::new(Group::new(named)));
        if let Some(group) = Arc::get_mut(group) {
            group.add(Arc::clone(&deployment));
        }
        // Nobody else holds a group while the catalog is being made.
        if let Some(group) = Arc::get_mut(&mut self.groups[place]) {
            group.add(deployment);
        }
    }

    fn add_for_team(&mut self, deployment: &Arc<Deployment>) {
        let routing = &deployment.routing;
        let (Some(team), Some(name)) = (&routing.team_id, &routing.team_public_model_name) else { return };
        let group = self.team_names.entry((team.clone(), name.clone())).or_insert_with(|| Arc::new(Group::new(name)));
        if let Some(group) = Arc::get_mut(group) {
            group.add(Arc::clone(deployment));
        }
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

    /// Adds a group of groups, when all deployments are there: its members follow its strategy, and its name stands for
    /// all of them.
    pub fn add_routing_group(&mut self, routing: &RoutingGroup) {
        let is_by_priority = !routing.model_priorities.is_empty();
        let strategy = Some((routing.strategy, routing.args));
        let mut all = Group::new(&routing.name);
        all.strategy = strategy;
        for model in &routing.models {
            let Some(place) = self.places.get(model) else { continue };
            if let Some(group) = Arc::get_mut(&mut self.groups[*place]).filter(|_| !is_by_priority) {
                group.strategy = strategy;
            }
            let priority = routing.model_priorities.iter().find(|(name, _)| name == model).map(|(_, order)| *order);
            for deployment in &self.groups[*place].deployments {
                let order = if is_by_priority { priority } else { deployment.routing.order };
                all.add_in_order(Arc::clone(deployment), order);
            }
        }
        self.routing_groups.insert(routing.name.clone(), Arc::new(all));
    }

    /// What `name` stands for, in LiteLLM's order: alias, group, group of groups, a team's own name, wildcard, the
    /// provider's model; an id where no group has its name.
    ///
    /// # Errors
    /// When a wildcard entry matches, and the provider it leads to cannot serve the model.
    pub fn resolve(&self, name: &str, team: Option<&str>) -> Result<Option<Found>, Error> {
        let group = |name| self.places.get(name).map(|place| Found::Group(Arc::clone(&self.groups[*place])));
        // An alias stands above a group of its name, an id below one: most names are neither.
        let alias = if self.aliases.is_empty() { None } else { self.aliases.get(name) };
        if let (None, Some(found)) = (alias, group(name)) {
            return Ok(Some(found));
        }
        if let Some(deployment) = self.by_id.get(name).filter(|_| group(name).is_none()) {
            return Ok(Some(Found::One(self.of_one(deployment))));
        }
        let name = alias.map_or(name, String::as_str);
        if let Some(found) = group(name) {
            return Ok(Some(found));
        }
        if let Some(group) = self.routing_groups.get(name).or_else(|| self.of_team(team, name)) {
            return Ok(Some(Found::Group(Arc::clone(group))));
        }
        if let Some(group) = self.by_pattern(name)? {
            return Ok(Some(Found::Group(group)));
        }
        if self.wildcards.is_empty() {
            // LiteLLM's last try, without wildcards only.
            return Ok(self.by_model.get(name).map(|group| Found::Group(Arc::clone(group))));
        }
        // LiteLLM's second try: `gpt-4o` is also what `openai/*` is meant for.
        let Ok(resolved) = provider::resolve(name, None, None) else { return Ok(None) };
        let group = self.by_pattern(&format!("{}/{name}", resolved.provider.name))?;
        Ok(group.map(Found::Group))
    }

    /// A group of one deployment, named like the group that it belongs to.
    pub(crate) fn of_one(&self, deployment: &Arc<Deployment>) -> Arc<Group> {
        Arc::new(Group::of(&deployment.group, [Arc::clone(deployment)]))
    }

    /// What a team calls so; without one the operator asks, who may use any team's name that is the only one.
    fn of_team(&self, team: Option<&str>, name: &str) -> Option<&Arc<Group>> {
        if self.team_names.is_empty() {
            return None;
        }
        match team {
            Some(team) => self.team_names.get(&(team.to_owned(), name.to_owned())),
            None => {
                let mut named = self.team_names.iter().filter(|((_, own), _)| own == name).map(|(_, group)| group);
                let first = named.next();
                first.filter(|_| named.next().is_none())
            }
        }
    }

    /// How many deployments the group has to which a deployment belongs by its own name.
    pub(crate) fn siblings(&self, deployment: &Deployment) -> usize {
        self.places.get(&deployment.group).map_or(1, |place| self.groups[*place].deployments.len())
    }

    /// The deployment that keeps the files of `name`: always the same one, so that what was put there is found again.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn first(&self, name: &str) -> Result<Option<Arc<Deployment>>, Error> {
        Ok(self.resolve(name, None)?.and_then(|found| found.group().deployments.first().cloned()))
    }

    /// The deployment of this id, whatever a group is called.
    pub fn by_id(&self, id: &str) -> Option<Arc<Deployment>> {
        self.by_id.get(id).cloned()
    }

    /// What an alias of the router stands for.
    pub fn alias_target(&self, name: &str) -> Option<&str> {
        self.aliases.get(name).map(String::as_str)
    }

    /// Whether `name` is a group or an alias of one; wildcards and ids do not count.
    pub fn holds(&self, name: &str) -> bool {
        self.places.contains_key(self.aliases.get(name).map_or(name, String::as_str))
    }

    /// The first pattern that matches: a deployment of each of its entries, for this model.
    fn by_pattern(&self, name: &str) -> Result<Option<Arc<Group>>, Error> {
        let first = self.wildcards.iter().find(|wildcard| capture(&wildcard.pattern, name).is_some());
        let Some(first) = first else { return Ok(None) };
        let captured = capture(&first.pattern, name).unwrap_or_default();
        let (mut deployments, mut refusal) = (Vec::new(), None);
        for wildcard in self.wildcards.iter().filter(|wildcard| wildcard.pattern == first.pattern) {
            match (wildcard.template)(&filled(&wildcard.target, &captured, name)) {
                Ok(mut deployment) => {
                    deployment.count(&*self.meter);
                    deployments.push(Arc::new(deployment));
                }
                Err(error) => refusal = Some(error),
            }
        }
        match refusal {
            Some(error) if deployments.is_empty() => Err(error),
            _ => Ok(Some(Arc::new(Group::of(&first.pattern, deployments)))),
        }
    }

    /// Every group with its first deployment, in the order of the configuration.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &Arc<Deployment>)> {
        self.groups.iter().filter_map(|group| Some((group.name.as_str(), group.deployments.first()?)))
    }

    /// Every deployment, group by group.
    pub fn deployments(&self) -> impl Iterator<Item = &Arc<Deployment>> {
        self.groups.iter().flat_map(|group| &group.deployments)
    }

    /// The names that a team's callers are shown, each with what it stands for: the team's own, groups, then aliases.
    /// What belongs to other teams is left out.
    pub fn listed(&self, team: Option<&str>) -> Vec<(&str, &Arc<Group>)> {
        let own = self.team_names.iter().filter(|((owner, _), _)| Some(owner.as_str()) == team);
        let mut listed: Vec<(&str, &Arc<Group>)> = own.map(|((_, name), group)| (name.as_str(), group)).collect();
        listed.sort_unstable_by_key(|(name, _)| *name);
        let is_a_teams = |group: &Group| {
            group.deployments.first().is_none_or(|first| first.routing.team_public_model_name.is_some())
        };
        listed.extend(self.groups.iter().filter(|group| !is_a_teams(group)).map(|group| (group.name.as_str(), group)));
        for alias in &self.listed_aliases {
            let place = self.aliases.get(alias).and_then(|group| self.places.get(group));
            listed.extend(place.map(|place| (alias.as_str(), &self.groups[*place])));
        }
        listed
    }

    /// Every name that lists of models show, with a deployment that it leads to: groups, then aliases.
    pub fn names(&self) -> impl Iterator<Item = (&str, &Arc<Deployment>)> {
        let aliases = self.listed_aliases.iter().filter_map(|alias| {
            let place = self.places.get(self.aliases.get(alias)?)?;
            Some((alias.as_str(), self.groups[*place].deployments.first()?))
        });
        self.groups().chain(aliases)
    }
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
