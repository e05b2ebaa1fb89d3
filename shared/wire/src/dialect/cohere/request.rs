//! A chat request as Cohere's second version reads it. LiteLLM's `CohereV2ChatConfig`.
//!
//! Messages and tools are OpenAI's; only the names of some parameters differ.

use crate::prepare::{Call, Prepared, Refusal, in_openai_form};

/// Parameters that Cohere has another name for.
pub(super) const RENAMED: [(&str, &str); 4] =
    [("max_completion_tokens", "max_tokens"), ("n", "num_generations"), ("top_p", "p"), ("stop", "stop_sequences")];

pub(super) fn chat(mut call: Call<'_, '_>) -> Result<Prepared, Refusal> {
    for (name, cohere) in RENAMED {
        call.rename(name, cohere);
    }
    // LiteLLM takes it and does not send it.
    call.body.remove("tool_choice");
    in_openai_form(&mut call)?;
    let model = call.rules.settings.model.replace("v2/", "");
    Ok(call.finish_as(&model))
}
