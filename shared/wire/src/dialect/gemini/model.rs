//! What the name of a Gemini model says of it.
//!
//! LiteLLM's rules, where its model map does not decide. Knows no request.

/// Whether the model is of the third generation or a later one.
///
/// Fine-tuned models, which are numbers, and Gemma count as earlier; so do names without a number.
pub(super) fn is_third(model: &str) -> bool {
    let name = last(model).to_ascii_lowercase();
    let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let is_tuned = is_number || (model.starts_with("gemini/") && !name.starts_with("gemini-"));
    if name.is_empty() || is_tuned || name.starts_with("gemma-") {
        return false;
    }
    !name.strip_prefix("gemini-").is_some_and(is_early)
}

/// `1.5-pro`, `2.5-flash`, `exp-…`, `pro`, `flash-…`; but not `flash-latest`, `pro-latest`, `flash-lite-latest`.
fn is_early(rest: &str) -> bool {
    let first = rest.split('-').next().unwrap_or(rest);
    let after = rest.get(first.len() + 1..);
    match first {
        "exp" => true,
        "pro" | "flash" => !matches!(after, Some("latest" | "lite-latest")),
        _ => {
            let (whole, part) = first.split_once('.').unwrap_or((first, "0"));
            matches!(whole, "1" | "2") && !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
        }
    }
}

/// Whether the model reads a JSON schema as it is (`responseJsonSchema`): Gemini 2.0 and later.
pub(super) fn reads_json_schema(model: &str) -> bool {
    let name = model.to_ascii_lowercase();
    name.match_indices("gemini-").any(|(place, mark)| {
        let rest = &name[place + mark.len()..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let is_later = match &rest.as_bytes()[..digits] {
            [] => false,
            [one] => *one >= b'2',
            [first, ..] => *first >= b'1',
        };
        is_later && rest[digits..].starts_with(['.', '-'])
    })
}

/// The last segment of the name.
pub(super) fn last(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

#[cfg(test)]
mod tests;
