//! A conversation as one text, in the words that each family was trained on.
//!
//! The templates are the models' own, as LiteLLM writes them. Knows no parameter.

use std::fmt::Write as _;

use super::Family;
use crate::chat::{Content, Message};

/// The text of a conversation.
pub(super) fn write(family: Family, model: &str, messages: &[Message<'_>]) -> String {
    let model = model.to_ascii_lowercase();
    let is_llama_3 = (model.contains("llama3") || model.contains("llama4")) && model.contains("instruct");
    match family {
        Family::Titan if model.contains("amazon.titan-text") => titan(messages),
        Family::Mistral if model.contains("mistral.") => mistral(messages),
        Family::Llama if model.contains("llama2") && model.contains("chat") => llama_2(messages),
        Family::Llama if is_llama_3 => llama_3(messages),
        Family::DeepSeekR1 => deepseek(messages),
        Family::Cohere => cohere(messages),
        Family::Qwen2 | Family::Qwen3 => qwen(messages),
        Family::Ai21 => messages.iter().map(|message| message.content.text()).collect(),
        _ => messages.iter().map(|message| message.content.text().into_owned()).collect::<Vec<_>>().join(" "),
    }
}

fn role<'m>(message: &'m Message<'_>) -> &'m str {
    if &*message.role == "developer" { "system" } else { &message.role }
}

fn titan(messages: &[Message<'_>]) -> String {
    const USER: &str = "\n\nUser: ";
    const BOT: &str = "\n\nBot: ";
    let mut out = String::new();
    if messages.first().is_some_and(|message| role(message) == "assistant") {
        out.push_str(USER);
    }
    for message in messages {
        let text = message.content.text();
        match role(message) {
            "user" => out.extend([USER, &text]),
            "system" => out.extend([USER, "<admin>", &text, "</admin>"]),
            _ => out.extend([BOT, &text]),
        }
    }
    if messages.last().is_none_or(|message| role(message) != "assistant") {
        out.push_str(BOT);
    }
    out
}

fn mistral(messages: &[Message<'_>]) -> String {
    let mut out = "<s>".to_owned();
    for message in messages {
        let text = message.content.text();
        let (before, after) = match role(message) {
            "system" => ("[INST] \n", " [/INST]\n"),
            "user" => ("[INST] ", " [/INST]\n"),
            "assistant" => (" ", "</s> "),
            _ => ("", ""),
        };
        out.extend([before, &text, after]);
    }
    out
}

fn llama_2(messages: &[Message<'_>]) -> String {
    let mut out = "<s>".to_owned();
    let mut is_open = true;
    for message in messages {
        let text = message.content.text();
        let role = role(message);
        if role == "system" && !is_open {
            out.push_str("<s>");
            is_open = true;
        }
        let (before, after) = match role {
            "system" => ("[INST] <<SYS>>\n", "\n<</SYS>>\n [/INST]\n"),
            "user" => ("[INST] ", " [/INST]\n"),
            "assistant" => ("", "\n</s>"),
            _ => ("", ""),
        };
        is_open &= role != "assistant";
        out.extend([before, &text, after]);
    }
    out
}

fn llama_3(messages: &[Message<'_>]) -> String {
    let mut out = "<|begin_of_text|>".to_owned();
    for message in messages {
        let (role, text) = (role(message), message.content.text());
        let _ = write!(out, "<|start_header_id|>{role}<|end_header_id|>\n\n{}<|eot_id|>", text.trim());
    }
    out.push_str("<|start_header_id|>assistant<|end_header_id|>\n\n");
    out
}

/// The system prompt comes first; what the model thought is not shown to it again.
fn deepseek(messages: &[Message<'_>]) -> String {
    let mut out = "<｜begin▁of▁sentence｜>".to_owned();
    if let Some(system) = messages.iter().rev().find(|message| role(message) == "system") {
        out.push_str(&system.content.text());
    }
    for message in messages {
        let text = message.content.text();
        match role(message) {
            "user" => out.extend(["<｜User｜>", &text]),
            "assistant" => {
                let said = text.rsplit("</think>").next().unwrap_or(&text);
                out.extend(["<｜Assistant｜>", said, "<｜end▁of▁sentence｜>"]);
            }
            _ => {}
        }
    }
    out.push_str("<｜Assistant｜><think>\n");
    out
}

fn cohere(messages: &[Message<'_>]) -> String {
    let texts = messages.iter().filter(|message| role(message) != "tool").map(|message| message.content.text());
    let mut out = String::new();
    for text in texts.filter(|text| !text.is_empty()) {
        out.extend([&text, "\n\n"]);
    }
    out.trim_end().to_owned()
}

fn qwen(messages: &[Message<'_>]) -> String {
    let mut parts = Vec::with_capacity(messages.len() + 1);
    for message in messages {
        match role(message) {
            "assistant" if !message.tool_calls.is_empty() => {
                for call in message.tool_calls.iter().filter_map(|call| call.function.as_ref()) {
                    let (name, arguments) = (call.name.as_deref().unwrap_or_default(), call.arguments_text());
                    parts.push(format!(
                        "<|im_start|>assistant\n<tool_call>\n{{\"name\": \"{name}\", \"arguments\": \"{arguments}\"}}\n\
                         </tool_call><|im_end|>"
                    ));
                }
            }
            role @ ("system" | "user" | "assistant" | "tool") => {
                parts.push(format!("<|im_start|>{role}\n{}<|im_end|>", shown(&message.content)));
            }
            _ => {}
        }
    }
    parts.push("<|im_start|>assistant\n".to_owned());
    parts.join("\n")
}

/// The text, with a mark in the place of each image.
fn shown(content: &Content<'_>) -> String {
    let Content::Parts(parts) = content else { return content.text().into_owned() };
    let shown = parts.iter().map(|part| match part.kind.as_ref() {
        "image_url" => "<|vision_start|><|image_pad|><|vision_end|>",
        "text" => part.text.as_deref().unwrap_or_default(),
        _ => "",
    });
    shown.collect()
}
