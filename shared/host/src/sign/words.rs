//! What issuers of credentials answer, as far as it may be repeated. Knows no issuer.

use serde_json::Value;

/// Longest part of an issuer's words that is passed on.
const WORDS_MAX: usize = 300;

/// An issuer's words about a failure: what the fields for it say, never the whole answer.
pub fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let words: Vec<String> = match serde_json::from_slice::<Value>(body) {
        Ok(value) => WORDS.iter().filter_map(|path| Some(value.pointer(path)?.as_str()?.to_owned())).collect(),
        Err(_) => ["Code", "Message"].iter().filter_map(|name| element(&text, name)).collect(),
    };
    let mut said = words.join(": ");
    if said.is_empty() {
        "no reason given".clone_into(&mut said);
    }
    said.chars().take(WORDS_MAX).collect()
}

const WORDS: [&str; 7] =
    ["/error", "/error_description", "/errorCode", "/errorMessage", "/error/status", "/error/message", "/message"];

/// The text of the first XML element of this name.
pub fn element(xml: &str, name: &str) -> Option<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let text = xml.split_once(&open)?.1.split_once(&close)?.0;
    let unescaped = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    Some(unescaped.replace("&amp;", "&"))
}
