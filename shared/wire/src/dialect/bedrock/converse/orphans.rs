//! Calls and answers of tools in a conversation that has no tools: they become text, for Converse refuses them.
//!
//! LiteLLM's `_neutralize_orphaned_tool_blocks`, and what a guardrail is to look at. Knows no block.

use crate::chat::{Called, Content, Message, Part, Text};

/// Whether a guardrail looks at the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guardrail {
    Active,
    Absent,
}

/// Writes calls and answers of tools as text.
pub(super) fn write_out(messages: &mut [Message<'_>], guardrail: Guardrail) {
    for message in messages {
        match message.role.as_ref() {
            "assistant" if !message.tool_calls.is_empty() => *message = called(message),
            "tool" | "function" => *message = answered(message, guardrail),
            _ => {}
        }
    }
}

/// Puts the texts of the user's last turn before the guardrail, unless the client says which ones.
pub(super) fn guard(messages: &mut [Message<'_>]) {
    for message in messages.iter_mut().rev().take_while(|message| &*message.role == "user") {
        match &mut message.content {
            Content::Nothing => {}
            Content::Text(text) => {
                let text = Some(std::mem::take(text));
                message.content = Content::Parts(vec![Part { kind: guarded(), text, ..Part::default() }]);
            }
            Content::Parts(parts) if parts.iter().any(|part| &*part.kind == "guarded_text") => {}
            Content::Parts(parts) => {
                for part in parts.iter_mut().filter(|part| &*part.kind == "text") {
                    *part = Part { kind: guarded(), text: part.text.take(), ..Part::default() };
                }
            }
        }
    }
}

fn guarded() -> Text<'static> {
    Text("guarded_text".into())
}

fn called<'a>(message: &Message<'_>) -> Message<'a> {
    let said = message.content.text();
    let calls = message.tool_calls.iter().map(call_text);
    let said = Some(said.into_owned()).filter(|text| !text.is_empty());
    let lines: Vec<String> = said.into_iter().chain(calls).collect();
    Message {
        role: Text("assistant".into()),
        content: Content::Text(Text(lines.join("\n").into())),
        ..Message::default()
    }
}

fn call_text(call: &Called<'_>) -> String {
    let function = call.function.clone().unwrap_or_default();
    let name = function.name.as_deref().filter(|name| !name.is_empty()).unwrap_or("unknown_tool");
    let arguments = function.arguments_text();
    let id = call.id.as_deref().filter(|id| !id.is_empty()).map(|id| format!(" {id}")).unwrap_or_default();
    format!("[tool call{id}: {name}({arguments})]")
}

fn answered<'a>(message: &Message<'_>, guardrail: Guardrail) -> Message<'a> {
    let names = [message.tool_call_id.as_deref(), message.name.as_deref()];
    let name = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or("unknown");
    let said = message.content.text();
    let said = Some(said.trim()).filter(|text| !text.is_empty()).unwrap_or("<non-text tool result omitted>");
    let text = Text(format!("[tool result for {name}: {said}]").into());
    let content = match guardrail {
        Guardrail::Absent => Content::Text(text),
        Guardrail::Active => Content::Parts(vec![Part { kind: guarded(), text: Some(text), ..Part::default() }]),
    };
    Message { role: Text("user".into()), content, ..Message::default() }
}
