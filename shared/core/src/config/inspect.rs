//! Holds a document against the tables of known keys and says what does not fit.
//!
//! Decides which of the four cases a key falls into. Builds no typed value.

mod doors;
mod shapes;

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use super::budget::period_seconds;
use super::node::{Entry, Node, Value};
use super::notice::{Kind as Topic, Notice, Severity};
use super::schema::{CALLBACKS, DOCUMENT, Index, Kind, Section, State, Unknown};

const INSTEAD_OF_PYTHON: &str = "python code cannot run here; custom authentication by webhook stands in for it \
     (`general_settings.custom_auth: https://…`), and the callback `generic_api` over HTTP is planned, but not supported \
     yet";

/// Every notice that the tables give rise to, unknown keys as severe as `unknown_key`.
pub(super) fn inspect(document: &Node, unknown_key: Severity) -> Vec<Notice> {
    let mut inspector =
        Inspector { unknown_key, notices: Vec::new(), indexes: HashMap::new(), reported: HashMap::new() };
    inspector.section(document, &DOCUMENT, "");
    inspector.notices
}

struct Inspector {
    unknown_key: Severity,
    notices: Vec<Notice>,
    indexes: HashMap<*const Section, Index>,
    /// Keys that are not acted on yet, told of once: the notice by section and name.
    reported: HashMap<(*const Section, &'static str), usize>,
}

impl Inspector {
    fn section(&mut self, node: &Node, section: &'static Section, path: &str) {
        if !matches!(node.value, Value::Map(_)) {
            return self.wrong_type(node, "a map", path);
        }
        for entry in node.entries() {
            let name = super::python::text(&entry.key.value);
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            self.entry(entry, section, &name, &path);
        }
    }

    fn entry(&mut self, entry: &Entry, section: &'static Section, name: &str, path: &str) {
        let index = self.indexes.entry(section).or_insert_with(|| section.index());
        let Some((known, group)) = index.get_key_value(name) else { return self.unknown(entry, section, name, path) };
        let (known, group): (&'static str, _) = (known, *group);
        match group.state {
            State::Acted => {}
            State::ActedUnless { value, .. } if entry.value.as_text() != Some(value) => {}
            State::Later(meaning) | State::ActedUnless { meaning, .. } => {
                self.not_yet(entry, (section, known), meaning, path);
            }
        }
        if !entry.value.is_null() {
            self.value(&entry.value, group.kind, path);
        }
    }

    fn not_yet(&mut self, entry: &Entry, key: (*const Section, &'static str), meaning: &str, path: &str) {
        match self.reported.entry(key) {
            Slot::Occupied(first) => {
                if let Some(notice) = self.notices.get_mut(*first.get()) {
                    notice.repeated += 1;
                }
            }
            Slot::Vacant(slot) => {
                slot.insert(self.notices.len());
                let message = format!("`{path}` is not supported yet and has no effect: {meaning}");
                self.notices.push(Notice::warning(Topic::NotYet, &entry.key.span, message).at(path));
            }
        }
    }

    fn unknown(&mut self, entry: &Entry, section: &'static Section, name: &str, path: &str) {
        let Some(index) = self.indexes.get(&std::ptr::from_ref(section)) else { return };
        let span = &entry.key.span;
        let notice = match section.unknown {
            Unknown::Free => return,
            Unknown::MisspeltUnlessExtension if name.starts_with("x-") => return,
            Unknown::ToProvider => match resembling(name, index) {
                Some(nearest) => {
                    Notice::new(self.unknown_key, Topic::UnknownKey, span, format!("unknown key `{path}`"))
                        .near(Some(nearest))
                }
                None => {
                    let message = format!("`{path}` is not known here and is passed to the provider");
                    Notice::new(Severity::Information, Topic::PassedToProvider, span, message)
                }
            },
            Unknown::Misspelt | Unknown::MisspeltUnlessExtension => {
                let message = format!("unknown key `{path}`");
                Notice::new(self.unknown_key, Topic::UnknownKey, span, message)
                    .near(nearest(name, index.keys().copied()))
            }
        };
        self.notices.push(notice.at(path));
    }

    fn value(&mut self, node: &Node, kind: Kind, path: &str) {
        match kind {
            Kind::Section(section) => self.section(node, section, path),
            Kind::Sections(section) => self.sections(node, section, path),
            Kind::NamedSections(_) | Kind::NamedTextsOrSections(_) => self.named_sections(node, kind, path),
            Kind::RoutingGroups(section) => self.routing_groups(node, section, path),
            Kind::Networks => self.networks(node, path),
            Kind::JwtAuth(section) => self.jwt_auth(node, section, path),
            Kind::Fallbacks => self.fallbacks(node, path),
            Kind::FallbackTargets => self.fallback_targets(node, path),
            Kind::Choice(choices) => self.choice(node, choices, path),
            Kind::PreCallChecks(checks) => self.pre_call_checks(node, checks, path),
            Kind::Python => self.python(node, path),
            Kind::AddressOrPython => self.address_or_python(node, path),
            Kind::HeaderNames => self.header_names(node, path),
            Kind::NameOrPython if node.as_text().is_some_and(|name| !name.contains('.')) => {}
            Kind::NameOrPython => self.python(node, path),
            Kind::Callbacks => self.callbacks(node, path),
            _ if fits(node, kind) => {}
            _ => self.wrong_type(node, expectation(kind), path),
        }
    }

    fn sections(&mut self, node: &Node, section: &'static Section, path: &str) {
        if !matches!(node.value, Value::List(_)) {
            return self.wrong_type(node, "a list of maps", path);
        }
        for (index, item) in node.items().iter().enumerate() {
            self.section(item, section, &format!("{path}[{index}]"));
        }
    }

    fn named_sections(&mut self, node: &Node, kind: Kind, path: &str) {
        if !matches!(node.value, Value::Map(_)) {
            return self.wrong_type(node, "a map of maps", path);
        }
        for entry in node.entries() {
            let path = format!("{path}.{}", super::python::text(&entry.key.value));
            match kind {
                _ if entry.value.is_null() => {}
                Kind::NamedTextsOrSections(_) if entry.value.as_text().is_some() => {}
                Kind::NamedTextsOrSections(section) | Kind::NamedSections(section) => {
                    self.section(&entry.value, section, &path);
                }
                _ => {}
            }
        }
    }

    fn choice(&mut self, node: &Node, choices: &'static [&'static str], path: &str) {
        let Some(text) = node.as_text() else { return self.wrong_type(node, "a string", path) };
        if !choices.contains(&text) {
            let message = format!("`{path}` cannot be `{text}`; use one of {}", choices.join(", "));
            let nearest = nearest(text, choices.iter().copied());
            self.notices.push(Notice::error(Topic::WrongValue, &node.span, message).at(path).near(nearest));
        }
    }

    pub(super) fn python(&mut self, node: &Node, path: &str) {
        match node.as_text() {
            Some(text) => self.notices.push(python_notice(node, text, path)),
            None => self.wrong_type(node, "the dotted path of python code", path),
        }
    }

    fn callbacks(&mut self, node: &Node, path: &str) {
        let list = std::slice::from_ref(node);
        let (names, is_list) = match &node.value {
            Value::Text(_) => (list, false),
            Value::List(items) => (items.as_slice(), true),
            _ => return self.wrong_type(node, "a list of callback names", path),
        };
        for (index, item) in names.iter().enumerate() {
            let path = if is_list { format!("{path}[{index}]") } else { path.to_owned() };
            match item.as_text() {
                Some(name) if name.contains('.') => self.notices.push(python_notice(item, name, &path)),
                Some(name) => self.callback(item, name, &path),
                None if item.is_null() => {}
                None => self.wrong_type(item, "the name of a callback", &path),
            }
        }
    }

    fn callback(&mut self, node: &Node, name: &str, path: &str) {
        if CALLBACKS.contains(&name) {
            let message = format!("callback `{name}` is not supported yet: nothing is sent to it");
            self.notices.push(Notice::warning(Topic::NotYet, &node.span, message).at(path));
            return;
        }
        let message = format!("unknown callback `{name}`");
        let notice = Notice::new(self.unknown_key, Topic::WrongValue, &node.span, message);
        self.notices.push(notice.at(path).near(nearest(name, CALLBACKS.iter().copied())));
    }

    fn wrong_type(&mut self, node: &Node, expected: &str, path: &str) {
        let place = if path.is_empty() { "the document" } else { path };
        let message = format!("`{place}` must be {expected}, found {}", node.describe());
        self.notices.push(Notice::error(Topic::WrongType, &node.span, message).at(path));
    }
}

fn python_notice(node: &Node, text: &str, path: &str) -> Notice {
    Notice::warning(Topic::PythonCode, &node.span, format!("`{path}` names `{text}`: {INSTEAD_OF_PYTHON}")).at(path)
}

fn fits(node: &Node, kind: Kind) -> bool {
    let is_text = node.as_text().is_some();
    let is_map = matches!(node.value, Value::Map(_));
    let is_list = matches!(node.value, Value::List(_));
    let texts = || node.items().iter().all(|item| item.is_null() || item.as_text().is_some());
    match kind {
        Kind::Text => is_text,
        Kind::Flag => node.as_flag().is_some(),
        Kind::Integer => node.as_integer().is_some(),
        Kind::Count => node.as_integer().is_some_and(|number| u64::try_from(number).is_ok()),
        Kind::Number => node.as_number().is_some(),
        Kind::Amount => node.as_number().is_some_and(|number| number >= 0.0),
        Kind::Percent => node.as_number().is_some_and(|number| (0.0..=100.0).contains(&number)),
        Kind::Fraction => node.as_number().is_some_and(|number| number > 0.0 && number <= 1.0),
        Kind::Period => node.as_text().is_some_and(|text| period_seconds(text).is_some()),
        Kind::List => is_list,
        Kind::TextList => is_list && texts(),
        Kind::TextOrList => is_text || is_list && texts(),
        Kind::Map => is_map,
        Kind::TextMap => {
            is_map && node.entries().iter().all(|entry| entry.value.is_null() || entry.value.as_scalar_text().is_some())
        }
        Kind::TextOrMap => is_text || is_map,
        Kind::NamedTextLists => is_map && node.entries().iter().all(|entry| shapes::is_list_of_texts(&entry.value)),
        Kind::Priorities => is_map && node.entries().iter().all(|entry| shapes::is_priority(&entry.value)),
        _ => true,
    }
}

fn expectation(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "a string (quote it)",
        Kind::Flag => "true or false",
        Kind::Integer => "a whole number",
        Kind::Count => "a whole number from 0 on",
        Kind::Number => "a number",
        Kind::Amount => "a number from 0 on",
        Kind::Percent => "a number from 0 to 100",
        Kind::Fraction => "a number above 0, up to 1",
        Kind::Period => "a duration such as `30s`, `5m`, `1h`, `1d`, `1w` or `1mo`",
        Kind::List => "a list",
        Kind::TextList => "a list of strings",
        Kind::TextOrList => "a string or a list of strings",
        Kind::Map => "a map",
        Kind::TextMap => "a map of strings",
        Kind::TextOrMap => "a string or a map",
        Kind::NamedTextLists => "a map of lists of strings",
        Kind::Priorities => "a map of whole numbers from 1 on",
        _ => "another value",
    }
}

/// The known name that `name` is most likely meant to be, if any is close enough to propose.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let plain = plain(name);
    let farthest = (plain.chars().count() / 3).clamp(1, 4);
    let distances = known.map(|candidate| {
        let distance = strsim::osa_distance(&plain, &candidate.to_ascii_lowercase());
        // Letters are swapped more often than lost: of two equally near keys the one of the same length is meant.
        (distance, candidate.len().abs_diff(plain.len()), candidate)
    });
    distances.filter(|(distance, ..)| *distance <= farthest).min().map(|(.., candidate)| candidate)
}

/// The known key that `name` is surely meant to be: providers take parameters nobody lists,
/// so only what is one slip away (two in a long name) counts as misspelt.
fn resembling(name: &str, index: &Index) -> Option<&'static str> {
    let length = name.chars().count();
    let slips = if length >= 9 { 2 } else { usize::from(length >= 5) };
    let found = nearest(name, index.keys().copied())?;
    (strsim::osa_distance(&plain(name), &found.to_ascii_lowercase()) <= slips).then_some(found)
}

fn plain(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace('-', "_")
}
