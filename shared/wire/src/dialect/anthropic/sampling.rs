//! Sampling parameters, which the newest models do not take. Knows nothing else of a request.

use serde_json::Value;

use super::ability;
use super::chat::Draft;
use crate::prepare::{Call, Refusal};
use crate::python;

/// Copies `temperature`, `top_p` and `top_k`.
///
/// # Errors
/// Where the model takes none and they may not be dropped, in LiteLLM's words.
pub(super) fn apply(call: &Call<'_, '_>, model: &str, draft: &mut Draft) -> Result<(), Refusal> {
    let mut takes = None;
    for name in ["temperature", "top_p", "top_k"] {
        let Some(text) = call.body.given(name) else { continue };
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let is_default = name == "temperature" && value.as_f64() == Some(1.0);
        if is_default || *takes.get_or_insert_with(|| ability::takes_sampling(model)) {
            draft.copy(name, text);
        } else if !call.drops_unsupported() {
            let hint = if name == "temperature" { "Only temperature=1 is supported. " } else { "" };
            let shown = python::display(&value);
            return Err(Refusal::unsupported(format!(
                "{model} does not support {name}={shown}. {hint}To drop unsupported params, set \
                 `litellm.drop_params = True`."
            )));
        }
    }
    Ok(())
}
