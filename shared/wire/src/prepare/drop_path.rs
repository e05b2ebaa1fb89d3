//! `additional_drop_params` with a path in it: `tools[*].function.strict`, `response_format.json_schema.strict`.
//!
//! Knows no field by name. An unreadable path changes nothing, as in LiteLLM.

use serde_json::Value;

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Place(usize),
    Every,
}

/// Whether the name is a path and not the name of a top-level field.
pub(super) fn is_path(name: &str) -> bool {
    name.contains(['.', '['])
}

/// The top-level field that the path begins with, and the rest of it.
pub(super) fn split(path: &str) -> Option<(String, Rest)> {
    let mut steps = parse(path)?.into_iter();
    match steps.next()? {
        Step::Field(name) => Some((name, Rest(steps.collect()))),
        Step::Place(_) | Step::Every => None,
    }
}

/// A path below a top-level field.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rest(Vec<Step>);

impl Rest {
    /// Removes what the path leads to; the field itself where nothing is left of the path.
    pub(super) fn remove_from(&self, value: &mut Value) {
        remove(value, &self.0);
    }
}

fn remove(value: &mut Value, steps: &[Step]) {
    let Some((step, rest)) = steps.split_first() else { return };
    match (step, value) {
        (Step::Field(name), Value::Object(fields)) if rest.is_empty() => {
            fields.shift_remove(name);
        }
        (Step::Field(name), Value::Object(fields)) => {
            if let Some(inner) = fields.get_mut(name) {
                remove(inner, rest);
            }
        }
        (Step::Place(place), Value::Array(items)) if *place < items.len() => {
            if rest.is_empty() {
                items.remove(*place);
            } else {
                remove(&mut items[*place], rest);
            }
        }
        (Step::Every, Value::Array(items)) if rest.is_empty() => items.clear(),
        (Step::Every, Value::Array(items)) => {
            for item in items {
                remove(item, rest);
            }
        }
        _ => {}
    }
}

/// Fields are parted by dots; `\.` is a dot within a name.
fn parse(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut name = String::new();
    let mut letters = path.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => name.push(letters.next()?),
            '.' => push_name(&mut steps, &mut name),
            '[' => {
                push_name(&mut steps, &mut name);
                let inside: String = letters.by_ref().take_while(|letter| *letter != ']').collect();
                steps.push(if inside == "*" { Step::Every } else { Step::Place(inside.parse().ok()?) });
            }
            _ => name.push(letter),
        }
    }
    push_name(&mut steps, &mut name);
    Some(steps)
}

fn push_name(steps: &mut Vec<Step>, name: &mut String) {
    if !name.is_empty() {
        steps.push(Step::Field(std::mem::take(name)));
    }
}

#[cfg(test)]
mod tests;
