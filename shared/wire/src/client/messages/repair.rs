//! Arguments of a tool as JSON, also where the model was cut off inside them. Knows no tool.

use serde_json::value::RawValue;

/// The arguments; none at all is an empty object. `None` where brackets do not make JSON of it.
pub fn arguments(text: &str) -> Option<Box<RawValue>> {
    let text = text.trim();
    if text.is_empty() {
        return parse("{}");
    }
    parse(text).or_else(|| parse(&closed(text)?))
}

fn parse(text: &str) -> Option<Box<RawValue>> {
    serde_json::from_str::<&RawValue>(text).ok().map(ToOwned::to_owned)
}

/// The text with the brackets that it lacks; `None` where it lacks none.
fn closed(text: &str) -> Option<String> {
    let (mut open, mut in_string, mut escaped) = (Vec::new(), false, false);
    for letter in text.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = in_string,
            '"' => in_string = !in_string,
            _ if in_string => {}
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' if open.last() == Some(&letter) => {
                open.pop();
            }
            _ => {}
        }
    }
    if open.is_empty() {
        return None;
    }
    let mut text = text.trim_end_matches(',').to_owned();
    text.extend(open.iter().rev());
    Some(text)
}
