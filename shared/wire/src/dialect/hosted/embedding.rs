//! Snowflake's embeddings. LiteLLM's `SnowflakeEmbeddingConfig`.

use serde_json::{Value, json};

use crate::json::Object;
use crate::prepare::{Call, Prepared, Refusal, Rules, check_embedding};

pub(super) fn snowflake(rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    let mut call = Call::new(rules, body);
    check_embedding(&mut call, &[])?;
    call.drop_paths();
    call.rename("input", "text");
    Ok(call.finish())
}

/// Snowflake wraps each vector in a list of one; what is no such answer is left for its reader to refuse.
pub(super) fn snowflake_answer(body: &[u8]) -> Vec<u8> {
    let Ok(mut answer) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    for item in answer.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(vector) = item.get_mut("embedding") else { continue };
        if let Some(inner) = vector.get(0).filter(|inner| inner.is_array()).cloned() {
            *vector = inner;
        }
    }
    let tokens = answer.pointer("/usage/total_tokens").cloned().unwrap_or(Value::Null);
    if let Some(usage) = answer.get_mut("usage").and_then(Value::as_object_mut) {
        usage.entry("prompt_tokens").or_insert(tokens);
        usage.entry("completion_tokens").or_insert(json!(0));
    }
    answer.to_string().into_bytes()
}
