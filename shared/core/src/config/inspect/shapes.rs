//! Shapes that a table cannot state: fallbacks, and groups that must agree with each other.
//!
//! Refuses what LiteLLM would not start with.

use super::super::node::{Node, Value};
use super::super::notice::{Kind as Topic, Notice};
use super::super::python;
use super::super::schema::Section;
use super::Inspector;

/// LiteLLM's strategy that no router follows but the groups have: by the priority of each model.
const PRIORITY: &str = "priority";
/// The name LiteLLM gives what belongs to no group.
const RESERVED_GROUP: &str = "default";

impl Inspector {
    pub(super) fn fallbacks(&mut self, node: &Node, path: &str) {
        if !matches!(node.value, Value::List(_)) {
            return self.wrong_type(node, "a list of maps from a model group to its fallbacks", path);
        }
        for (index, item) in node.items().iter().enumerate() {
            let path = format!("{path}[{index}]");
            match item.entries() {
                [entry] => {
                    let path = format!("{path}.{}", python::text(&entry.key.value));
                    self.fallback_targets(&entry.value, &path);
                }
                _ if item.is_null() => {}
                _ => self.wrong_type(item, "a map of one model group to the list of its fallbacks", &path),
            }
        }
    }

    pub(super) fn fallback_targets(&mut self, list: &Node, path: &str) {
        if !matches!(list.value, Value::List(_) | Value::Null) {
            return self.wrong_type(list, "a list of model groups, or of maps with a `model`", path);
        }
        for (index, target) in list.items().iter().enumerate() {
            if !matches!(target.value, Value::Text(_) | Value::Map(_) | Value::Null) {
                self.wrong_type(
                    target,
                    "the name of a model group, or a map with a `model`",
                    &format!("{path}[{index}]"),
                );
            }
        }
    }

    pub(super) fn routing_groups(&mut self, node: &Node, section: &'static Section, path: &str) {
        self.sections(node, section, path);
        let mut names = Vec::new();
        let mut taken = Vec::new();
        for (index, group) in node.items().iter().enumerate() {
            let path = format!("{path}[{index}]");
            self.group_name(group, &mut names, &path);
            if group.get("routing_strategy").and_then(Node::as_text) == Some(PRIORITY) {
                self.priority_group(group, &path);
                continue;
            }
            if let Some(priorities) = group.get("model_priorities").filter(|node| !node.entries().is_empty()) {
                let fault = "has no meaning without `routing_strategy: priority`; remove it";
                self.wrong_value(priorities, &format!("{path}.model_priorities"), fault);
            }
            self.members(group, &mut taken, &path);
        }
    }

    /// A group says all there is to know of it, under a name of its own.
    fn group_name<'a>(&mut self, group: &'a Node, names: &mut Vec<&'a str>, path: &str) {
        for key in ["group_name", "models", "routing_strategy"] {
            if matches!(group.value, Value::Map(_)) && group.get(key).is_none() {
                self.wrong_value(group, path, &format!("needs a `{key}`"));
            }
        }
        let Some(node) = group.get("group_name") else { return };
        let Some(name) = node.as_text() else { return };
        if name.is_empty() || name == RESERVED_GROUP || names.contains(&name) {
            let fault = format!("cannot be `{name}`; use a name that no other group has");
            self.wrong_value(node, &format!("{path}.group_name"), &fault);
        }
        names.push(name);
    }

    /// A model group follows one strategy only.
    fn members<'a>(&mut self, group: &'a Node, taken: &mut Vec<&'a str>, path: &str) {
        let models = group.get("models").map(Node::items).unwrap_or_default();
        let own_start = taken.len();
        for (index, model) in models.iter().enumerate() {
            let Some(name) = model.as_text() else { continue };
            if taken.iter().take(own_start).any(|other| *other == name) {
                let fault = format!("cannot be `{name}`, which belongs to another group already; remove it from one");
                self.wrong_value(model, &format!("{path}.models[{index}]"), &fault);
            }
            taken.push(name);
        }
    }

    /// A group by priority names the priority of each of its models once, and takes no arguments.
    fn priority_group(&mut self, group: &Node, path: &str) {
        let mut models = group.get("models").map(Node::texts).unwrap_or_default();
        let entries = group.get("model_priorities").map(Node::entries).unwrap_or_default();
        let mut named: Vec<_> = entries.iter().filter_map(|entry| Some(entry.name()?.to_owned())).collect();
        models.sort_unstable();
        named.sort_unstable();
        if models.is_empty() || models != named {
            let place = group.get("model_priorities").unwrap_or(group);
            self.wrong_value(
                place,
                &format!("{path}.model_priorities"),
                "must name each of `models` once, and no other",
            );
        }
        if let Some(args) = group.get("routing_strategy_args").filter(|args| !args.entries().is_empty()) {
            let fault = "has no meaning with `routing_strategy: priority`; remove it";
            self.wrong_value(args, &format!("{path}.routing_strategy_args"), fault);
        }
    }

    pub(super) fn pre_call_checks(
        &mut self,
        node: &Node,
        checks: &'static [(&'static str, Option<&'static str>)],
        path: &str,
    ) {
        if !is_list_of_texts(node) {
            return self.wrong_type(node, "a list of strings", path);
        }
        for (index, item) in node.items().iter().enumerate() {
            let (path, name) = (format!("{path}[{index}]"), item.as_text().unwrap_or_default());
            match checks.iter().find(|(known, _)| *known == name) {
                Some((_, None)) => {}
                Some((_, Some(missed))) => {
                    let message = format!("`{name}` is not supported yet and has no effect: {missed}");
                    self.notices.push(Notice::warning(Topic::NotYet, &item.span, message).at(path));
                }
                None => {
                    let names: Vec<&str> = checks.iter().map(|(name, _)| *name).collect();
                    let message = format!("`{path}` cannot be `{name}`; use one of {}", names.join(", "));
                    let nearest = super::nearest(name, names.iter().copied());
                    self.notices.push(Notice::error(Topic::WrongValue, &item.span, message).at(path).near(nearest));
                }
            }
        }
    }

    pub(super) fn wrong_value(&mut self, node: &Node, path: &str, fault: &str) {
        self.notices.push(Notice::error(Topic::WrongValue, &node.span, format!("`{path}` {fault}")).at(path));
    }
}

pub(super) fn is_list_of_texts(node: &Node) -> bool {
    let is_list = matches!(node.value, Value::List(_));
    node.is_null() || is_list && node.items().iter().all(|item| item.is_null() || item.as_text().is_some())
}

pub(super) fn is_priority(node: &Node) -> bool {
    node.as_integer().is_some_and(|number| (1..=i128::from(i64::MAX)).contains(&number))
}
