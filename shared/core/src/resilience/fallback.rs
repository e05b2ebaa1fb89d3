//! Fallbacks: which groups a call goes to when its own has failed for good.
//!
//! LiteLLM's `async_function_with_fallbacks_common_utils`. A walk never asks the same thing twice. Knows no deployment.

use std::collections::HashSet;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tollgate_wire::failure::FailureClass;
use tollgate_wire::provider;

use crate::config::{FallbackTarget, Fallbacks, RouterSettings};

/// What the configuration says of fallbacks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub fallbacks: Option<Fallbacks>,
    pub context_window: Option<Fallbacks>,
    pub content_policy: Option<Fallbacks>,
    /// How deep fallbacks of fallbacks go.
    pub depth_max: u64,
}

impl Settings {
    pub fn new(router: &RouterSettings) -> Self {
        Self {
            fallbacks: router.fallbacks.clone(),
            context_window: router.context_window_fallbacks.clone(),
            content_policy: router.content_policy_fallbacks.clone(),
            depth_max: router.max_fallbacks,
        }
    }
}

/// What the call itself says of fallbacks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
    /// `disable_fallbacks`.
    pub is_off: bool,
    /// Targets for whatever group fails: `fallbacks: ["a", {"model": "b", …}]`.
    pub targets: Option<Vec<FallbackTarget>>,
    /// `fallbacks: [{"a": ["b"]}]` of the call stands above the configuration's.
    pub fallbacks: Option<Fallbacks>,
    pub context_window: Option<Fallbacks>,
    pub content_policy: Option<Fallbacks>,
    /// `max_fallbacks`.
    pub depth_max: Option<u64>,
}

/// Which targets follow a failure.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// These, in this order.
    Targets(Vec<FallbackTarget>),
    /// A list is set for this kind of failure, and has nothing for the group: the failure is the answer, as it is.
    NoneOfKind,
    /// Lists are set, and have nothing for the group.
    NoneForGroup,
    /// No list is set.
    Unset,
}

/// The lists that count for a call: its own, else the configuration's.
pub struct Lists<'a> {
    pub fallbacks: Option<&'a Fallbacks>,
    pub context_window: Option<&'a Fallbacks>,
    pub content_policy: Option<&'a Fallbacks>,
    pub targets: Option<&'a [FallbackTarget]>,
    /// The group that the client asked for: what stands in for it and has no targets goes on with its own.
    pub origin: Option<&'a str>,
}

impl<'a> Lists<'a> {
    pub fn new(settings: &'a Settings, wish: &'a Wish) -> Self {
        Self {
            fallbacks: wish.fallbacks.as_ref().or(settings.fallbacks.as_ref()),
            context_window: wish.context_window.as_ref().or(settings.context_window.as_ref()),
            content_policy: wish.content_policy.as_ref().or(settings.content_policy.as_ref()),
            targets: wish.targets.as_deref(),
            origin: None,
        }
    }

    /// The same for a call of this group.
    pub fn of(self, origin: Option<&'a str>) -> Self {
        Self { origin, ..self }
    }

    /// What follows when `group` fails so.
    pub fn next(&self, group: &str, class: FailureClass) -> Next {
        if let Some(targets) = self.targets {
            return Next::Targets(targets.to_vec());
        }
        let of_kind = match class {
            FailureClass::ContextWindow => self.context_window,
            FailureClass::ContentPolicy => self.content_policy,
            _ => None,
        };
        if let Some(list) = of_kind {
            return self.find(list, group).map_or(Next::NoneOfKind, |targets| Next::Targets(targets.to_vec()));
        }
        match self.fallbacks.map(|list| self.find(list, group)) {
            None => Next::Unset,
            Some(None) => Next::NoneForGroup,
            Some(Some(targets)) => Next::Targets(targets.to_vec()),
        }
    }

    /// Whether another model is asked where a filter has held an answer of this group back.
    pub fn has_for_policy(&self, group: &str) -> bool {
        let own = self.content_policy.is_some_and(|list| targets(list, group).is_some() || has_star(list));
        own || self.fallbacks.is_some_and(has_star)
    }

    /// What the group's own list has, beside the levels of its order that come first.
    pub fn regular(&self, group: &str) -> Vec<FallbackTarget> {
        let own = self.targets.or_else(|| self.find(self.fallbacks?, group));
        own.map(<[FallbackTarget]>::to_vec).unwrap_or_default()
    }

    /// The targets of a group; else those of the group that it stands in for; else those of `*`.
    fn find(&self, list: &'a Fallbacks, group: &str) -> Option<&'a [FallbackTarget]> {
        let own = targets(list, group).or_else(|| targets(list, self.origin?));
        own.or_else(|| list.0.iter().find(|(name, _)| name == "*").map(|(_, targets)| targets.as_slice()))
    }
}

fn has_star(list: &Fallbacks) -> bool {
    list.0.iter().any(|(name, _)| name == "*")
}

/// The targets of a group: by its own name, else by its name with or without a provider.
fn targets<'a>(list: &'a Fallbacks, group: &str) -> Option<&'a [FallbackTarget]> {
    let find = |matches: &dyn Fn(&str) -> bool| list.0.iter().find(|(name, _)| matches(name));
    let stripped = group.split_once('/').filter(|(prefix, _)| provider::find(prefix).is_some()).map(|(_, name)| name);
    let prefixed = || {
        let ends = format!("/{group}");
        let has_some = !group.contains('/') && list.0.iter().any(|(name, _)| name.ends_with(&ends));
        let resolved = has_some.then(|| provider::resolve(group, None, None).ok()).flatten()?;
        Some(format!("{}/{group}", resolved.provider.name))
    };
    let found = find(&|name| name == group)
        .or_else(|| find(&|name| Some(name) == stripped))
        .or_else(|| prefixed().and_then(|prefixed| find(&|name| name == prefixed)));
    found.map(|(_, targets)| targets.as_slice())
}

/// What a walk has asked already.
#[derive(Debug, Default)]
pub struct Asked(HashSet<String>);

impl Asked {
    /// Whether this is new; it is not when it is asked for again.
    pub fn note(&mut self, target: &FallbackTarget) -> bool {
        self.0.insert(identity(target))
    }

    pub fn note_group(&mut self, group: &str) {
        self.0.insert(group.to_owned());
    }

    /// The same as [`note`](Self::note) for a level of a group's order.
    pub fn note_order(&mut self, group: &str, order: i64) -> bool {
        self.0.insert(format!("{group} of order {order}"))
    }
}

/// A bare name, else what tells one set of parameters from another, without a second copy of them.
fn identity(target: &FallbackTarget) -> String {
    match &target.model {
        Some(model) if target.params.is_empty() => model.clone(),
        model => {
            let text = Value::Object(target.params.clone()).to_string();
            let digest = Sha256::digest(format!("{model:?}{text}"));
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        }
    }
}

/// A group, or a level of its order, as `fallbacks` are shown: names joined by commas.
pub fn shown(targets: &[FallbackTarget]) -> Vec<String> {
    targets.iter().map(|target| target.model.clone().unwrap_or_else(|| "None".to_owned())).collect()
}

#[cfg(test)]
mod tests;
