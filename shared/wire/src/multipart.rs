//! A multipart upload (RFC 7578), read only as far as needed to know and to replace its model.
//!
//! Keeps no file in a structure of its own: it answers with places in the bytes that have arrived.

mod parts;

use std::ops::Range;

use memchr::memmem;

pub use parts::{Part, begin, parts};

/// What is known of a form so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not decided yet: more bytes are needed.
    NeedMore,
    /// Both the model and the beginning of the file have been seen.
    Ready(Form),
    /// The form has ended.
    Ended(Form),
}

/// The places that matter in a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Where the model's value stands.
    pub model: Option<Range<usize>>,
    /// Whether a part has begun that is a file: one named `file`, `image` or `image[]`.
    pub has_file: bool,
}

/// The body is no multipart form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("Missing boundary in multipart.")]
    NoBoundary,
    #[error("Invalid multipart data.")]
    NoForm,
    #[error("a part's header is longer than {HEADER_BYTES_MAX} bytes")]
    HeaderTooLong,
}

/// A part's header may be at most this long.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// Longest boundary that RFC 2046 permits.
const BOUNDARY_BYTES_MAX: usize = 70;

/// The boundary in a `multipart/form-data` content type.
///
/// # Errors
/// Where there is none, or none that RFC 2046 permits.
pub fn boundary(content_type: &str) -> Result<String, Malformed> {
    let mut parameters = content_type.split(';').skip(1);
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    });
    value.filter(|text| !text.is_empty() && text.len() <= BOUNDARY_BYTES_MAX).ok_or(Malformed::NoBoundary)
}

/// Looks through what has arrived of a form, from its first byte.
///
/// # Errors
/// When the bytes are no form with that boundary.
pub fn scan(boundary: &str, bytes: &[u8]) -> Result<Progress, Malformed> {
    let delimiter = format!("--{boundary}");
    let Some(first) = memmem::find(bytes, delimiter.as_bytes()) else {
        return if bytes.len() > HEADER_BYTES_MAX { Err(Malformed::NoForm) } else { Ok(Progress::NeedMore) };
    };
    let between = format!("\r\n--{boundary}");
    let mut form = Form::default();
    let mut at = first + delimiter.len();
    loop {
        let rest = &bytes[at..];
        if rest.starts_with(b"--") {
            return Ok(Progress::Ended(form));
        }
        if rest.len() < 2 {
            return Ok(Progress::NeedMore);
        }
        if !rest.starts_with(b"\r\n") {
            return Err(Malformed::NoForm);
        }
        // The header starts behind the delimiter's own line break, which may double as its end.
        let Some(header_end) = memmem::find(rest, b"\r\n\r\n") else {
            return if rest.len() > HEADER_BYTES_MAX { Err(Malformed::HeaderTooLong) } else { Ok(Progress::NeedMore) };
        };
        let name = part_name(&rest[..header_end]);
        form.has_file |= matches!(name.as_deref(), Some("file" | "image" | "image[]"));
        if form.has_file && form.model.is_some() {
            return Ok(Progress::Ready(form));
        }
        let start = at + header_end + 4;
        let Some(length) = memmem::find(&bytes[start..], between.as_bytes()) else {
            return Ok(Progress::NeedMore);
        };
        if name.as_deref() == Some("model") && form.model.is_none() {
            form.model = Some(start..start + length);
            if form.has_file {
                return Ok(Progress::Ready(form));
            }
        }
        at = start + length + between.len();
    }
}

/// The form's bytes with the model's value replaced, or with a model part put in front where there was none.
pub fn with_model(boundary: &str, bytes: &[u8], form: &Form, model: &str) -> Vec<u8> {
    match &form.model {
        Some(place) => [&bytes[..place.start], model.as_bytes(), &bytes[place.end..]].concat(),
        None => {
            let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{model}\r\n");
            [part.as_bytes(), bytes].concat()
        }
    }
}

fn part_name(header: &[u8]) -> Option<String> {
    let header = String::from_utf8_lossy(header);
    let disposition = header.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    disposition.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        (name.trim() == "name").then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests;
