//! The tools of a response as those of a chat, and the names by which their calls are told apart again.
//!
//! A tool without a schema becomes a function of one text; tools in a namespace bear its name before their own.
//! Knows no message.

use serde_json::{Map, Value, json};

use crate::prepare::Refusal;

/// Tools of a response that no chat has.
const UNKNOWN_TO_CHATS: [&str; 5] = ["computer_use", "image_generation", "local_shell", "shell", "tool_search"];
/// A custom tool's text is looked for in arguments no longer than this.
const ARGUMENTS_BYTES_MAX: usize = 1_000_000;

/// The tools as a chat takes them.
#[derive(Debug, Default)]
pub(super) struct ChatTools {
    pub tools: Vec<Value>,
    pub web_search_options: Option<Value>,
}

/// # Errors
/// Where a function is named like one of a namespace.
pub(super) fn of_chat(tools: &[Value]) -> Result<ChatTools, Refusal> {
    let mut chat = ChatTools::default();
    check_names(tools)?;
    for tool in tools {
        match kind(tool) {
            "web_search" | "web_search_preview" => {
                let field = |name: &str| tool.get(name).cloned().unwrap_or_default();
                let mut options = json!({ "search_context_size": field("search_context_size") });
                options["user_location"] = field("user_location");
                if let Some(fields) = options.as_object_mut() {
                    fields.retain(|_, value| !value.is_null());
                }
                chat.web_search_options = Some(options);
            }
            "function" => chat.tools.push(function(tool)),
            "namespace" => add_namespace(tool, &mut chat.tools),
            "custom" => chat.tools.push(custom(tool, "")),
            kind if UNKNOWN_TO_CHATS.contains(&kind) => {}
            _ => chat.tools.push(tool.clone()),
        }
    }
    Ok(chat)
}

fn kind(tool: &Value) -> &str {
    tool.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn text<'a>(tool: &'a Value, name: &str) -> &'a str {
    tool.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn function(tool: &Value) -> Value {
    const KEPT: [&str; 5] =
        ["cache_control", "defer_loading", "allowed_callers", "input_examples", "eager_input_streaming"];
    let mut chat = json!({
        "type": "function",
        "function": {
            "name": text(tool, "name"),
            "description": text(tool, "description"),
            "parameters": parameters(tool),
            "strict": tool.get("strict").and_then(Value::as_bool).unwrap_or(false),
        },
    });
    for name in KEPT {
        if let Some(value) = tool.get(name).filter(|value| !value.is_null() && **value != Value::Bool(false)) {
            chat[name] = value.clone();
        }
    }
    chat
}

/// The schema; one without a type is an object's.
fn parameters(tool: &Value) -> Map<String, Value> {
    let mut parameters = tool.get("parameters").and_then(Value::as_object).cloned().unwrap_or_default();
    parameters.entry("type").or_insert_with(|| "object".into());
    parameters
}

/// A tool without a schema: its grammar goes into the description, its text into one field.
fn custom(tool: &Value, description: &str) -> Value {
    let name = text(tool, "name");
    let own = if description.is_empty() { text(tool, "description") } else { description };
    let grammar = tool.get("format").filter(|format| !text(format, "definition").is_empty());
    let suffix = grammar
        .map(|format| format!("\n\nFormat:\n```{}\n{}\n```", text(format, "syntax"), text(format, "definition")));
    let description = format!("{own}{}", suffix.unwrap_or_default());
    let about = format!("The {name} content following the specified format");
    json!({
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {
                "type": "object",
                "properties": { "content": { "type": "string", "description": about } },
                "required": ["content"],
            },
        },
    })
}

fn add_namespace(namespace: &Value, tools: &mut Vec<Value>) {
    let (space, about) = (text(namespace, "name"), text(namespace, "description"));
    let Some(nested) = namespace.get("tools").and_then(Value::as_array) else {
        tools.push(function(namespace));
        return;
    };
    for tool in nested {
        let description = match (about, text(tool, "description")) {
            (about, "") => about.to_owned(),
            ("", own) => own.to_owned(),
            (about, own) => format!("{about}\n\n{own}"),
        };
        match kind(tool) {
            "function" => {
                let mut chat = function(tool);
                chat["function"]["name"] = format!("{space}__{}", text(tool, "name")).into();
                chat["function"]["description"] = description.into();
                tools.push(chat);
            }
            "custom" => tools.push(custom(tool, &description)),
            _ => {}
        }
    }
}

fn check_names(tools: &[Value]) -> Result<(), Refusal> {
    let own: Vec<&str> = tools.iter().filter(|tool| kind(tool) == "function").map(|tool| text(tool, "name")).collect();
    let mut taken: Vec<String> = spaced(tools).map(|(space, name)| format!("{space}__{name}")).collect();
    taken.retain(|name| own.contains(&name.as_str()));
    taken.sort();
    taken.dedup();
    if taken.is_empty() {
        return Ok(());
    }
    let names = taken.join(", ");
    Err(Refusal::bad(format!("Top-level function names conflict with flattened namespace tools: {names}")))
}

/// Every function of a namespace, with the namespace.
fn spaced(tools: &[Value]) -> impl Iterator<Item = (&str, &str)> {
    let spaces = tools.iter().filter(|tool| kind(tool) == "namespace");
    spaces.flat_map(|space| {
        let nested = space.get("tools").and_then(Value::as_array).into_iter().flatten();
        nested.filter(|tool| kind(tool) == "function").map(|tool| (text(space, "name"), text(tool, "name")))
    })
}

/// How the calls of a chat are named in a response.
#[derive(Debug, Default)]
pub(super) struct Names {
    custom: Vec<String>,
    /// What a chat calls it, the namespace, and the name there.
    spaced: Vec<(String, String, String)>,
}

impl Names {
    pub fn of(tools: &[Value]) -> Self {
        let nested =
            tools.iter().filter(|tool| kind(tool) == "namespace").filter_map(|tool| tool.get("tools")?.as_array());
        let all = tools.iter().chain(nested.flatten());
        let custom = all.filter(|tool| kind(tool) == "custom").map(|tool| text(tool, "name").to_owned()).collect();
        let own: Vec<&str> =
            tools.iter().filter(|tool| kind(tool) == "function").map(|tool| text(tool, "name")).collect();
        let pairs: Vec<(&str, &str)> = spaced(tools).collect();
        let mut known = Vec::new();
        for (space, name) in &pairs {
            let owned = |chat: String| (chat, (*space).to_owned(), (*name).to_owned());
            known.push(owned(format!("{space}__{name}")));
            let is_only = pairs.iter().filter(|(_, other)| other == name).count() == 1;
            // Models drop the namespace at times; where that is no ambiguity it is understood.
            if is_only && !own.contains(name) {
                known.push(owned((*name).to_owned()));
            }
        }
        Self { custom, spaced: known }
    }

    /// The item of a call: `arguments` are what has come so far, all of them if it is completed.
    pub fn item(&self, call: &Called<'_>) -> Value {
        if self.custom.iter().any(|name| name == call.name) {
            let input = if call.is_completed { unwrapped(call.arguments) } else { String::new() };
            return json!({
                "type": "custom_tool_call",
                "id": prefixed("ctc", call.id),
                "call_id": call.id,
                "name": call.name,
                "status": call.status(),
                "input": input,
            });
        }
        let mut item = json!({
            "type": "function_call",
            "id": prefixed("fc", call.id),
            "call_id": call.id,
            "name": call.name,
            "status": call.status(),
            "arguments": call.arguments,
        });
        if let Some((_, space, name)) = self.spaced.iter().find(|(chat, ..)| chat == call.name) {
            item["name"] = name.clone().into();
            item["namespace"] = space.clone().into();
        }
        item
    }
}

/// A call as a chat tells it.
pub(super) struct Called<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub arguments: &'a str,
    pub is_completed: bool,
}

impl Called<'_> {
    const fn status(&self) -> &'static str {
        if self.is_completed { "completed" } else { "in_progress" }
    }
}

/// OpenAI's ids of calls begin so; the id of a chat's call follows.
fn prefixed(prefix: &str, id: &str) -> String {
    if id.is_empty() || id.starts_with(prefix) { id.to_owned() } else { format!("{prefix}_{id}") }
}

/// The one text that a tool without a schema is called with.
fn unwrapped(arguments: &str) -> String {
    if arguments.len() > ARGUMENTS_BYTES_MAX {
        return arguments.to_owned();
    }
    match serde_json::from_str::<Value>(arguments) {
        Ok(Value::Object(fields)) if fields.contains_key("content") => crate::python::display(&fields["content"]),
        _ => arguments.to_owned(),
    }
}
