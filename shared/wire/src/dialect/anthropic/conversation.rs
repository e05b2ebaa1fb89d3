//! The conversation of a chat: its system prompt, its messages, and what they show of tools and features.
//!
//! Knows no parameter.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::ability::Ability;
use super::chat::Draft;
use super::messages::{self, Setting};
use super::system;
use super::thinking::Subject;
use crate::chat::{Content, Message, Part};
use crate::prepare::{Call, Refusal, mend};

/// The messages, written.
pub(super) struct Conversation {
    pub messages: Vec<u8>,
    /// The beginning of the answer that the client wrote itself.
    pub prefix: Option<String>,
}

/// Writes the messages; what they show of tools and features goes into the draft.
///
/// # Errors
/// What cannot be expressed, in LiteLLM's words.
pub(super) fn write(call: &Call<'_, '_>, subject: Subject<'_>, draft: &mut Draft) -> Result<Conversation, Refusal> {
    let text = call.body.given("messages").unwrap_or("[]");
    let messages: Vec<Message<'_>> = serde_json::from_str(text)
        .map_err(|error| Refusal::bad(format!("messages: {error}: send OpenAI's form of a conversation")))?;
    let calls_tools = messages.iter().any(|message| !message.tool_calls.is_empty());
    if calls_tools && !draft.has_tools && draft.tools.list.is_empty() {
        // Anthropic refuses calls in the history where no tool is offered.
        draft.tools.list.push(
            json!({
                "name": "dummy_tool",
                "input_schema": {"type": "object", "properties": {}},
                "type": "custom",
                "description": "This is a dummy tool call",
            })
            .into(),
        );
    }
    let (leading, said) = messages.split_at(system::leading(&messages));
    let mended = call.rules.settings.modify_params.then(|| mended(said));
    let rest = mended.as_deref().unwrap_or(said);
    if mended.is_some() && mend::lacks_thoughts(&messages) {
        draft.plan.thinking = None;
    }
    if rest.is_empty() {
        return Err(Refusal::bad(
            "Anthropic requires at least one non-system message. Either provide one, or set \
             `litellm.modify_params = True` // `litellm_settings::modify_params: True` to add the dummy user message - \
             {'role': 'user', 'content': 'Please continue.'}.",
        ));
    }
    if let Some(prompt) = system::prompt(leading, subject.host.strips_billing_lines()) {
        draft.fields.push(("system", raw_bytes(prompt)));
    }
    let setting =
        Setting { host: subject.host, renamed: &draft.tools.renamed, keeps_advisor: draft.tools.has_advisor() };
    let steps = system::place(rest, || subject.can(Ability::MidConversationSystem));
    let written = messages::write(&setting, &steps, text.len() + text.len() / 4)?;
    if written.has_upload && !draft.tools.list.is_empty() && !draft.tools.has(|kind| kind.starts_with("code_execution"))
    {
        draft.tools.list.push(json!({"name": "code_execution", "type": "code_execution_20250522"}).into());
    }
    note_features(&messages, draft);
    Ok(Conversation { messages: written.out, prefix: prefix(rest) })
}

/// The conversation with all that Anthropic insists on.
fn mended<'a>(said: &[Message<'a>]) -> Vec<Message<'a>> {
    let mut messages = mend::results(said.to_vec());
    if messages.is_empty() {
        messages.push(mend::continuing("user"));
    }
    messages
}

/// Features that only the messages show.
fn note_features(messages: &[Message<'_>], draft: &mut Draft) {
    if messages.iter().any(|message| message.get("output_config").is_some()) {
        draft.betas.add("mid-conversation-output-config-2026-07-01");
    }
    let parts = |message: &Message<'_>, matches: &dyn Fn(&Part<'_>) -> bool| match &message.content {
        Content::Parts(parts) => parts.iter().any(matches),
        _ => false,
    };
    if messages.iter().any(|message| parts(message, &|part| names_file(part))) {
        draft.betas.add("files-api-2025-04-14");
        draft.betas.add("code-execution-2025-05-22");
    }
    let changes = |part: &Part<'_>| matches!(&*part.kind, "tool_addition" | "tool_removal");
    if messages.iter().filter(|message| system::is_system(message)).any(|message| parts(message, &changes)) {
        draft.betas.add("mid-conversation-tool-changes-2026-07-01");
    }
}

fn names_file(part: &Part<'_>) -> bool {
    #[derive(Deserialize)]
    struct File {
        file_id: Option<serde::de::IgnoredAny>,
    }
    let file = part.get("file").filter(|_| &*part.kind == "file");
    file.and_then(|text| serde_json::from_str::<File>(text).ok()).is_some_and(|file| file.file_id.is_some())
}

/// LiteLLM repeats this text before the answer, if the model does not.
fn prefix(messages: &[Message<'_>]) -> Option<String> {
    let last =
        messages.last().filter(|message| &*message.role == "assistant" && message.get("prefix") == Some("true"))?;
    match &last.content {
        Content::Text(text) => Some(text.to_string()),
        _ => None,
    }
}

fn raw_bytes(text: Vec<u8>) -> Box<RawValue> {
    let text = String::from_utf8(text).ok();
    text.and_then(|text| RawValue::from_string(text).ok()).unwrap_or_else(|| RawValue::NULL.to_owned())
}
