//! Tools as the model reads them: declarations in the manner of TypeScript.
//!
//! OpenAI does not publish the format; this is LiteLLM's. How deep types nest is the JSON parser's limit. Knows no tokens.

use serde_json::{Map, Value};

use crate::python::display;

/// All functions of a request's `tools`, in OpenAI's, Anthropic's and Google's notation.
pub fn describe(tools: &[Value]) -> String {
    let mut lines = vec!["namespace functions {".to_owned(), String::new()];
    for tool in tools.iter().filter_map(Value::as_object) {
        let declarations = given(tool, "function_declarations").or_else(|| given(tool, "functionDeclarations"));
        match (tool.get("function"), declarations) {
            (Some(Value::Object(function)), _) => {
                function_lines(&mut lines, function, function.get("parameters"));
            }
            (_, Some(declarations)) => {
                for function in declarations.as_array().into_iter().flatten().filter_map(Value::as_object) {
                    function_lines(&mut lines, function, function.get("parameters"));
                }
            }
            _ => {
                let parameters = given(tool, "input_schema").or_else(|| given(tool, "parameters"));
                function_lines(&mut lines, tool, parameters);
            }
        }
    }
    lines.push("} // namespace functions".to_owned());
    lines.join("\n")
}

fn function_lines(lines: &mut Vec<String>, function: &Map<String, Value>, parameters: Option<&Value>) {
    let Some(name) = given(function, "name") else { return };
    if let Some(description) = given(function, "description") {
        lines.push(format!("// {}", display(description)));
    }
    let schema = parameters.and_then(Value::as_object);
    match schema.filter(|schema| properties(schema).is_some()) {
        Some(schema) => {
            lines.push(format!("type {} = (_: {{", display(name)));
            lines.push(fields(schema, 0));
            lines.push("}) => any;".to_owned());
        }
        None => lines.push(format!("type {} = () => any;", display(name))),
    }
    lines.push(String::new());
}

/// A value that Python would take as true: neither null nor empty.
fn given<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    })
}

fn properties(schema: &Map<String, Value>) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object).filter(|properties| !properties.is_empty())
}

/// One line a property, and one above it for its description.
fn fields(schema: &Map<String, Value>, depth: usize) -> String {
    let Some(properties) = properties(schema) else { return String::new() };
    let required = schema.get("required").and_then(Value::as_array);
    let indent = " ".repeat(2 * depth);
    let mut lines = Vec::new();
    for (name, property) in properties {
        let empty = Map::new();
        let property = property.as_object().unwrap_or(&empty);
        if let Some(description) = given(property, "description") {
            lines.push(format!("{indent}// {}", display(description)));
        }
        let mark = if required.is_some_and(|names| names.iter().any(|required| required == name)) { "" } else { "?" };
        lines.push(format!("{indent}{name}{mark}: {},", type_of(property, depth)));
    }
    lines.join("\n")
}

fn type_of(property: &Map<String, Value>, depth: usize) -> String {
    match property.get("type").and_then(Value::as_str) {
        Some("string") => choices(property).unwrap_or_else(|| "string".to_owned()),
        Some("integer" | "number") => choices(property).unwrap_or_else(|| "number".to_owned()),
        Some("array") => {
            let items = property.get("items").and_then(Value::as_object);
            let inner = items.map_or_else(|| "any".to_owned(), |items| type_of(items, depth));
            format!("{inner}[]")
        }
        Some("object") => format!("{{\n{}\n}}", fields(property, depth + 1)),
        Some("boolean") => "boolean".to_owned(),
        Some("null") => "null".to_owned(),
        _ => "any".to_owned(),
    }
}

fn choices(property: &Map<String, Value>) -> Option<String> {
    let items = property.get("enum")?.as_array()?;
    let quoted: Vec<String> = items.iter().map(|item| format!("\"{}\"", display(item))).collect();
    Some(quoted.join(" | "))
}
