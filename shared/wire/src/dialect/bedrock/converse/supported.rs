//! Which of OpenAI's parameters a model takes behind Converse (LiteLLM's `get_supported_openai_params`).
//!
//! Knows no value.

use crate::dialect::bedrock::facts::Model;
use crate::models::Capability;
use crate::provider::Parameters;

const BASE: Parameters = Parameters::of(&[
    "max_tokens",
    "max_completion_tokens",
    "stream",
    "stream_options",
    "stop",
    "extra_headers",
    "response_format",
    "service_tier",
    "parallel_tool_calls",
]);
const SAMPLING: [&str; 2] = ["temperature", "top_p"];
const THINKING: [&str; 2] = ["thinking", "reasoning_effort"];
/// Families that are known to call functions, by the beginning of their names.
const CALLING: [&str; 8] =
    ["anthropic", "mistral", "cohere", "meta.llama3-1", "meta.llama3-2", "meta.llama3-3", "meta.llama4", "amazon.nova"];

/// The parameters that reach the model. `name` is the deployment's.
pub(in crate::dialect::bedrock) fn supported(name: &str) -> Parameters {
    let model = Model::new(name);
    let samples = model.is_claude() || model.samples();
    let parameters = if samples { BASE.with(&SAMPLING) } else { BASE };
    // An ARN does not tell its model: everything is let through.
    if name.contains("arn") {
        let all = parameters.with(&["tools", "tool_choice"]).with(&THINKING);
        return if name.to_ascii_lowercase().contains("nova") { all.with(&["web_search_options"]) } else { all };
    }
    let calls = CALLING.iter().any(|start| model.base.starts_with(start)) || model.can(Capability::FunctionCalling);
    let parts: [(bool, &[&str]); 5] = [
        (calls, &["tools"]),
        (model.is_nova(), &["web_search_options"]),
        (model.can(Capability::ToolChoice), &["tool_choice"]),
        (model.is_claude(), &["context_management"]),
        (true, reasoning(&model)),
    ];
    let taken = parts.iter().filter(|(takes, _)| *takes);
    taken.fold(parameters, |parameters, (_, names)| parameters.with(names))
}

fn reasoning(model: &Model<'_>) -> &'static [&'static str] {
    let name = model.name;
    if name.contains("gpt-oss") || model.is_gpt() || model.is_nova_2() {
        return &["reasoning_effort"];
    }
    if model.is_deepseek() {
        return if model.is_deepseek_r1() { &[] } else { &["reasoning_effort"] };
    }
    let is_thinking = ["claude-3-7", "claude-sonnet-4", "claude-opus-4"].iter().any(|mark| name.contains(mark));
    if is_thinking || model.can(Capability::Reasoning) { &THINKING } else { &[] }
}
