//! `os.environ/NAME`: values that stand in the environment instead of the file.
//!
//! Resolved in maps and in lists. Looks variables up through [`Environment`], after
//! `environment_variables` of the document itself.

use super::load::Environment;
use super::node::{Node, Value};
use super::notice::{Kind, Notice};
use crate::Secret;

const PREFIX: &str = "os.environ/";

/// Values that name a secret to be read later: LiteLLM leaves a reference in them as written.
const POINTERS: &[&str] = &["anthropic_issuer_signing_key_ref", "anthropic_keycloak_client_secret_ref"];

/// Variables LiteLLM does not let a configuration set.
const REFUSED: &[&str] =
    &["PATH", "HOME", "USER", "SHELL", "LOGNAME", "NO_PROXY", "no_proxy", "LITELLM_ENABLE_MCP_STDIO"];
/// Families of variables that change which code a process runs.
const REFUSED_PREFIXES: &[&str] = &["LD_", "DYLD_", "PYTHON", "GCONV_PATH", "BASH_ENV"];

/// Replaces every reference below `document`; a variable that is not set gives null and a notice.
///
/// Returns what `environment_variables` sets, in its order.
pub(super) fn resolve(
    document: &mut Node,
    environment: &dyn Environment,
    notices: &mut Vec<Notice>,
) -> Vec<(String, Secret)> {
    let variables = own_variables(document, environment, notices);
    let mut resolver = Resolver { environment, variables, notices };
    for_each_section(document, |name, value| resolver.visit(name, value));
    resolver.variables
}

/// The same for what is no document of its own: `variables` stand above the environment.
pub(super) fn replace(
    node: &mut Node,
    environment: &dyn Environment,
    variables: &[(String, Secret)],
    notices: &mut Vec<Notice>,
) {
    Resolver { environment, variables: variables.to_vec(), notices }.visit("", node);
}

fn for_each_section(document: &mut Node, mut visit: impl FnMut(&str, &mut Node)) {
    let Value::Map(entries) = &mut document.value else { return };
    for entry in entries {
        let name = super::python::text(&entry.key.value);
        if name != "environment_variables" {
            visit(&name, &mut entry.value);
        }
    }
}

fn own_variables(document: &Node, environment: &dyn Environment, notices: &mut Vec<Notice>) -> Vec<(String, Secret)> {
    let mut variables = Vec::new();
    let Some(section) = document.get("environment_variables") else { return variables };
    for entry in section.entries() {
        let name = super::python::text(&entry.key.value);
        let path = format!("environment_variables.{name}");
        if is_refused(&name) {
            let message = format!("`{name}` cannot be set by a configuration; set it where the process is started");
            notices.push(Notice::error(Kind::RefusedVariable, &entry.key.span, message).at(path));
            continue;
        }
        if entry.value.is_null() {
            let message = format!("`{name}` has no value and is not set; give it one or remove it");
            notices.push(Notice::warning(Kind::UnsetVariable, &entry.value.span, message).at(path));
            continue;
        }
        match variable_value(&entry.value, environment) {
            Ok(Some(value)) => variables.push((name, Secret::new(value))),
            Ok(None) => notices.push(unset(&entry.value, &path)),
            Err(()) => {
                let message =
                    format!("`{name}` must be a string or a number, found {}; quote it", entry.value.describe());
                notices.push(Notice::error(Kind::WrongType, &entry.value.span, message).at(path));
            }
        }
    }
    variables
}

pub(super) fn is_refused(name: &str) -> bool {
    REFUSED.contains(&name) || REFUSED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn variable_value(node: &Node, environment: &dyn Environment) -> Result<Option<String>, ()> {
    match node.as_text().and_then(variable_name) {
        Some(name) => Ok(environment.variable(&name)),
        None if matches!(node.value, Value::List(_) | Value::Map(_)) => Err(()),
        None => Ok(node.as_scalar_text()),
    }
}

fn variable_name(text: &str) -> Option<String> {
    text.starts_with(PREFIX).then(|| text.replace(PREFIX, ""))
}

fn unset(node: &Node, path: &str) -> Notice {
    let name = node.as_text().and_then(variable_name).unwrap_or_default();
    let message = format!("environment variable `{name}` is not set, so `{path}` is null; set it");
    Notice::warning(Kind::UnsetVariable, &node.span, message).at(path)
}

struct Resolver<'a> {
    environment: &'a dyn Environment,
    variables: Vec<(String, Secret)>,
    notices: &'a mut Vec<Notice>,
}

impl Resolver<'_> {
    fn visit(&mut self, path: &str, node: &mut Node) {
        match &mut node.value {
            Value::Map(entries) => {
                for entry in entries {
                    let name = super::python::text(&entry.key.value);
                    if !POINTERS.contains(&name.as_str()) {
                        self.visit(&format!("{path}.{name}"), &mut entry.value);
                    }
                }
            }
            Value::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.visit(&format!("{path}[{index}]"), item);
                }
            }
            Value::Text(text) => {
                if let Some(name) = variable_name(text) {
                    node.value = self.value(&name, path, node);
                }
            }
            _ => {}
        }
    }

    fn value(&mut self, name: &str, path: &str, node: &Node) -> Value {
        let own = self.variables.iter().rfind(|(own, _)| own == name).map(|(_, value)| value.expose().to_owned());
        let Some(text) = own.or_else(|| self.environment.variable(name)) else {
            self.notices.push(unset(node, path));
            return Value::Null;
        };
        match text.trim().to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::Text(text),
        }
    }
}
