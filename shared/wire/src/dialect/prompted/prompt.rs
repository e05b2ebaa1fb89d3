//! A conversation as one prompt, in the form that a family of models was trained on.
//!
//! LiteLLM's `prompt_factory`, without templates that it would download.

use crate::chat::Message;

/// What stands around the messages of each role.
struct Template {
    begin: &'static str,
    end: &'static str,
    /// Opens the prompt, and every turn after an assistant's.
    open: &'static str,
    /// Closes an assistant's turn.
    close: &'static str,
    system: (&'static str, &'static str),
    user: (&'static str, &'static str),
    assistant: (&'static str, &'static str),
}

const LLAMA_2: Template = Template {
    begin: "",
    end: "",
    open: "<s>",
    close: "</s>",
    system: ("[INST] <<SYS>>\n", "\n<</SYS>>\n [/INST]\n"),
    user: ("[INST] ", " [/INST]\n"),
    assistant: ("", "\n"),
};
const MISTRAL: Template = Template {
    begin: "<s>",
    end: "",
    open: "",
    close: "",
    system: ("[INST] \n", " [/INST]\n"),
    user: ("[INST] ", " [/INST]\n"),
    assistant: (" ", "</s> "),
};
const GRANITE: Template = Template {
    begin: "",
    end: "",
    open: "",
    close: "",
    system: ("<|system|>\n", "\n"),
    user: ("<|user|>\n", "\n<|assistant|>\n"),
    assistant: ("", "\n"),
};
/// watsonx.ai's form of Llama 3.
const LLAMA_3_AT_WATSONX: Template = Template {
    begin: "<|begin_of_text|>",
    end: "<|start_header_id|>assistant<|end_header_id|>\n",
    open: "",
    close: "",
    system: ("<|start_header_id|>system<|end_header_id|>\n", "<|eot_id|>"),
    user: ("<|start_header_id|>user<|end_header_id|>\n", "<|eot_id|>"),
    assistant: ("<|start_header_id|>assistant<|end_header_id|>\n", "<|eot_id|>"),
};

/// The prompt that a model wants.
pub(super) fn write(provider: &str, model: &str, messages: &[Message<'_>]) -> String {
    let model = model.to_ascii_lowercase();
    let has = |mark: &str| model.contains(mark);
    match provider {
        "watsonx_text" if has("granite-chat") => filled(&GRANITE, messages).trim().to_owned(),
        "watsonx_text" if has("ibm-mistral") || model.starts_with("mistralai") => filled(&MISTRAL, messages),
        "watsonx_text" if has("meta-llama/llama-3-instruct") => filled(&LLAMA_3_AT_WATSONX, messages),
        _ if (has("meta-llama/llama-3") || has("meta-llama-3")) && has("instruct") => llama_3(messages),
        _ if has("llama-2") && has("chat") => filled(&LLAMA_2, messages),
        _ if has("codellama") && has("instruct") => filled(&LLAMA_2, messages),
        _ => joined(messages),
    }
}

fn filled(template: &Template, messages: &[Message<'_>]) -> String {
    let mut prompt = format!("{}{}", template.open, template.begin);
    let mut is_open = true;
    for message in messages {
        let role = &*message.role;
        if role == "system" && !is_open {
            prompt.push_str(template.open);
            is_open = true;
        }
        let (before, after) = match role {
            "system" | "developer" => template.system,
            "user" => template.user,
            "assistant" => template.assistant,
            _ => ("", ""),
        };
        prompt.push_str(before);
        prompt.push_str(&message.content.text());
        prompt.push_str(after);
        if role == "assistant" {
            prompt.push_str(template.close);
            is_open = false;
        }
    }
    prompt.push_str(template.end);
    prompt
}

/// The template of Meta's own model card.
fn llama_3(messages: &[Message<'_>]) -> String {
    let mut prompt = "<|begin_of_text|>".to_owned();
    for message in messages {
        let (role, text) = (&*message.role, message.content.text());
        prompt.push_str(&format!("<|start_header_id|>{role}<|end_header_id|>\n\n{}<|eot_id|>", text.trim()));
    }
    prompt.push_str("<|start_header_id|>assistant<|end_header_id|>\n\n");
    prompt
}

fn joined(messages: &[Message<'_>]) -> String {
    messages.iter().map(|message| message.content.text()).collect::<Vec<_>>().join(" ")
}
