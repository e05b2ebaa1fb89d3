//! Every part of a form that has arrived whole. Copies no content: parts are places in the bytes.

use std::ops::Range;

use memchr::memmem;

use super::{HEADER_BYTES_MAX, Malformed};

/// Parts that one form may have.
const PARTS_MAX: usize = 1000;

/// One part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub name: String,
    /// The name of the file; `None` for a plain field.
    pub filename: Option<String>,
    pub content_type: Option<String>,
    /// Where the content stands in the bytes.
    pub content: Range<usize>,
}

/// Splits a whole form (RFC 7578).
///
/// # Errors
/// When the bytes are no form with that boundary, or end before the form does.
pub fn parts(boundary: &str, bytes: &[u8]) -> Result<Vec<Part>, Malformed> {
    let delimiter = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let finder = memmem::Finder::new(between.as_bytes());
    let first = memmem::find(bytes, delimiter.as_bytes()).ok_or(Malformed::NoForm)?;
    let mut at = first + delimiter.len();
    let mut parts = Vec::new();
    loop {
        let rest = &bytes[at..];
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        if !rest.starts_with(b"\r\n") || parts.len() == PARTS_MAX {
            return Err(Malformed::NoForm);
        }
        let header_end = memmem::find(rest, b"\r\n\r\n").ok_or(Malformed::NoForm)?;
        if header_end > HEADER_BYTES_MAX {
            return Err(Malformed::HeaderTooLong);
        }
        let start = at + header_end + 4;
        let length = finder.find(&bytes[start..]).ok_or(Malformed::NoForm)?;
        parts.extend(part(&rest[..header_end], start..start + length));
        at = start + length + between.len();
    }
}

/// Where the content of the first part with this name begins; nothing behind that need have arrived.
pub fn begin(boundary: &str, bytes: &[u8], name: &str) -> Option<usize> {
    let delimiter = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let mut at = memmem::find(bytes, delimiter.as_bytes())? + delimiter.len();
    loop {
        let rest = bytes.get(at..)?;
        let header_end = memmem::find(rest, b"\r\n\r\n").filter(|end| *end <= HEADER_BYTES_MAX)?;
        let start = at + header_end + 4;
        if part(&rest[..header_end], start..start).is_some_and(|part| part.name == name) {
            return Some(start);
        }
        at = start + memmem::find(&bytes[start..], between.as_bytes())? + between.len();
    }
}

/// `None` for a part without a name.
fn part(header: &[u8], content: Range<usize>) -> Option<Part> {
    let header = String::from_utf8_lossy(header);
    let value_of = |wanted: &str| {
        header.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
        })
    };
    let disposition = value_of("content-disposition")?;
    let name = parameter(&disposition, "name")?;
    Some(Part { name, filename: parameter(&disposition, "filename"), content_type: value_of("content-type"), content })
}

/// A parameter of a header, quoted or not; a quoted text may hold semicolons and `\"`.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, value) = rest.split_once('=')?;
        let (text, after) = match value.trim_start().strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let (text, after) = value.split_once(';').unwrap_or((value, ""));
                (text.trim().to_owned(), after)
            }
        };
        if name.trim().trim_start_matches(';').trim().eq_ignore_ascii_case(wanted) {
            return Some(text);
        }
        rest = after;
    }
}

/// The text up to the closing quote, and what stands behind it.
fn unquote(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut characters = quoted.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return (text, quoted[place + 1..].trim_start().trim_start_matches(';')),
            // Browsers escape nothing but quotes; a backslash before anything else is one of a path.
            '\\' if quoted[place + 1..].starts_with('"') => {
                text.push('"');
                characters.next();
            }
            other => text.push(other),
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests;
