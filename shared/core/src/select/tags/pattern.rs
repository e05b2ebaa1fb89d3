//! A regular expression of `tag_regex`, in Python's notation. Must not know what it is searched in.

use regex_lite::Regex;

/// One pattern; a pattern that cannot be compiled stays in its list and never matches, as in LiteLLM.
#[derive(Debug)]
pub struct Pattern(Option<Regex>);

impl Pattern {
    /// Compiles `pattern`, or logs that it is skipped.
    ///
    /// Python's look-around and back references are beyond the engine, which never takes more than linear time.
    pub fn new(pattern: &str) -> Self {
        let compiled = translated(pattern).and_then(|text| Regex::new(&text).ok());
        if compiled.is_none() {
            tracing::warn!(pattern = %pattern, "tag_regex: invalid pattern {pattern:?}, skipping");
        }
        Self(compiled)
    }

    /// Python's `re.search`.
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|pattern| pattern.is_match(text))
    }
}

/// The pattern in the engine's notation; `None` for a named group in a notation that Python does not have.
fn translated(pattern: &str) -> Option<String> {
    if pattern.contains("(?<") {
        return None;
    }
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '\\' => escape(&mut out, rest),
            '[' => class(&mut out, rest),
            '{' => brace(&mut out, rest),
            _ => copy(&mut out, rest),
        };
    }
    Some(out)
}

/// Writes the first character of `rest`, and gives what follows.
fn copy<'a>(out: &mut String, rest: &'a str) -> &'a str {
    let mut characters = rest.chars();
    out.extend(characters.next());
    characters.as_str()
}

/// Python escapes any punctuation, and calls the end of the text `\Z`.
fn escape<'a>(out: &mut String, rest: &'a str) -> &'a str {
    let mut characters = rest.chars();
    characters.next();
    match characters.next() {
        Some('Z') => out.push_str("\\z"),
        Some(plain) if matches!(plain, '<' | '>') || !plain.is_ascii() => out.push(plain),
        escaped => {
            out.push('\\');
            out.extend(escaped);
        }
    }
    characters.as_str()
}

/// Within a class, Python knows neither another class nor an operator.
fn class<'a>(out: &mut String, rest: &'a str) -> &'a str {
    let mut rest = copy(out, rest);
    if rest.starts_with('^') {
        rest = copy(out, rest);
    }
    if rest.starts_with(']') {
        out.push('\\');
        rest = copy(out, rest);
    }
    while let Some(first) = rest.chars().next() {
        if first == '\\' {
            rest = escape(out, rest);
            continue;
        }
        if matches!(first, '[' | '&' | '~') {
            out.push('\\');
        }
        rest = copy(out, rest);
        if first == ']' {
            break;
        }
    }
    rest
}

/// A brace that begins no repetition stands for itself; a repetition may leave out its least.
fn brace<'a>(out: &mut String, rest: &'a str) -> &'a str {
    let body = rest[1..].split_once('}').map_or("", |(body, _)| body);
    let (least, most) = body.split_once(',').unwrap_or((body, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_repetition = !body.is_empty() && is_number(least) && is_number(most);
    if !is_repetition {
        out.push('\\');
        return copy(out, rest);
    }
    out.push('{');
    if least.is_empty() {
        out.push('0');
    }
    &rest[1..]
}
