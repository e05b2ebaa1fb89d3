//! A conversation as one prompt. LiteLLM's `ollama_pt`, and `function_call_prompt` for tools.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::chat::{Content, Message};
use crate::dialect::ollama::images;
use crate::prepare::Refusal;
use crate::python;

const FUNCTIONS: &str = "To call a function, reply with JSON ONLY in this format {\"name\": \"function_name\", \
    \"arguments\":{\"argument_name\": \"argument_value\"}}. Once a function result answers the request, reply to the \
    user in plain text instead of calling a function again. The following functions are available to you:";

/// The prompt, and the images that belong to it.
#[derive(Debug, Default)]
pub(super) struct Prompt<'a> {
    pub text: String,
    pub images: Vec<Cow<'a, str>>,
}

/// Who speaks in a part of the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    User,
    System,
    Assistant,
}

pub(super) fn write<'a>(messages: &'a [Message<'_>], functions: &[Value]) -> Result<Prompt<'a>, Refusal> {
    let tools = (!functions.is_empty()).then(|| describe(functions));
    let mut prompt = Prompt::default();
    let mut part = (Speaker::User, String::new());
    let mut was_told = false;
    for message in messages {
        let speaker = speaker(message)?;
        if speaker != part.0 {
            close(&mut prompt.text, &part);
            part = (speaker, String::new());
        }
        match speaker {
            Speaker::User => {
                add_line(&mut part.1, &user_text(&message.content));
                prompt.images.extend(images(&message.content));
            }
            Speaker::System => {
                part.1.push_str(&message.content.text());
                if let Some(tools) = &tools {
                    part.1.push_str(&format!(" {tools}"));
                    was_told = true;
                }
            }
            Speaker::Assistant => {
                part.1.push_str(&message.content.text());
                calls(message, &mut part.1)?;
            }
        }
    }
    close(&mut prompt.text, &part);
    if let (Some(tools), false) = (tools, was_told) {
        close(&mut prompt.text, &(Speaker::System, tools));
    }
    Ok(prompt)
}

fn speaker(message: &Message<'_>) -> Result<Speaker, Refusal> {
    match &*message.role {
        "user" | "tool" | "function" => Ok(Speaker::User),
        "system" | "developer" => Ok(Speaker::System),
        "assistant" => Ok(Speaker::Assistant),
        role => Err(Refusal::bad(format!("Invalid Message passed in: no role `{role}` is known to Ollama's prompts"))),
    }
}

/// One part of the prompt under its heading; nothing where nothing was said.
fn close(prompt: &mut String, (speaker, text): &(Speaker, String)) {
    let heading = match speaker {
        Speaker::User => "User",
        Speaker::System => "System",
        Speaker::Assistant => "Assistant",
    };
    if !text.is_empty() {
        prompt.push_str(&format!("### {heading}:\n{text}\n\n"));
    }
}

fn user_text(content: &Content<'_>) -> String {
    match content {
        Content::Parts(parts) => {
            let texts: Vec<&str> =
                parts.iter().filter_map(|part| part.text.as_deref()).filter(|text| !text.is_empty()).collect();
            texts.join("\n")
        }
        other => other.text().into_owned(),
    }
}

fn add_line(text: &mut String, line: &str) {
    if !text.is_empty() && !line.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

fn calls(message: &Message<'_>, text: &mut String) -> Result<(), Refusal> {
    for (place, called) in message.tool_calls.iter().enumerate() {
        let Some(function) = &called.function else { continue };
        let arguments = function.arguments_text();
        let arguments: Value = serde_json::from_str(if arguments.is_empty() { "{}" } else { &arguments })
            .map_err(|error| Refusal::bad(format!("arguments of a tool call are no JSON: {error}")))?;
        let call = json!({ "name": function.name.as_deref(), "arguments": arguments });
        if place > 0 || !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&python::dumps(&call));
    }
    Ok(())
}

fn describe(functions: &[Value]) -> String {
    let mut text = FUNCTIONS.to_owned();
    for function in functions {
        text.push_str(&format!("\n{}\n", python::repr(function)));
    }
    text
}
