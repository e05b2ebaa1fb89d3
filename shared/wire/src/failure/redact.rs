//! What a client must not read in a provider's words: keys, passwords, internal addresses, tracebacks.
//!
//! The shapes are those LiteLLM removes (`secret_redaction.py`), so that messages stay equal. Knows no JSON.

use std::sync::OnceLock;

use regex_lite::{Captures, Regex};

const REDACTED: &str = "REDACTED";
const TRACEBACK: &str = "Traceback (most recent call last):";

/// Where a group has no name it is kept before the mark: the engine cannot look behind. `after` is kept after it.
const SECRETS: &[&str] = &[
    r"-----BEGIN[A-Z \-]*PRIVATE KEY-----[\s\S]*?-----END[A-Z \-]*PRIVATE KEY-----",
    r"\bya29\.[A-Za-z0-9_.~+/-]+",
    r#"(?:client_secret|azure_password|azure_username)\s+[^\s,'"})\]{>]+"#,
    r"(?:AKIA|ASIA)[0-9A-Z]{16}",
    r"Bearer\s+[A-Za-z0-9\-._~+/]{10,}=*",
    r"Basic\s+[A-Za-z0-9+/]{10,}={0,2}",
    r"sk-[A-Za-z0-9\-_]{13,}",
    r#"([?&])(?:api[_-]?key|\w*(?:token|password|passwd|client_secret|secret_key|_secret))=[^\s&'"]+"#,
    r#"(?:api[_-]?key)['"]?\s*[:=]\s*['"]?[^\s,'"})\]{>]{8,}"#,
    r#"(?:x-api-key|api-key)['"]?\s*[:=]\s*['"]?[^\s,'"})\]{>]+"#,
    r"x-ak-[A-Za-z0-9\-_]{20,}",
    r"AIza[0-9A-Za-z\-_]{35}",
    r#"([?&])key=[^\s&'"]{8,}"#,
    r#"(^|\W)\w*(?:password|passwd|client_secret|secret_key|_secret)['"]?\s*[:=]\s*['"]?[^\s,'"})\]{>]+"#,
    r#"(://)[^\s'":]*:[^\s'"]+(?P<after>@)"#,
    r"dapi[0-9a-f]{32}",
    r#"litellm\.[A-Za-z0-9_]*_key['"]?\s*[:=]\s*['"]?[^\s,'"})\]{>]+"#,
    concat!(
        r#"private_key['"]?\s*[:=]\s*['"]?(?:-----BEGIN[A-Z \-]*PRIVATE KEY-----[\s\S]*?-----END[A-Z \-]*PRIVATE KEY-----"#,
        r#"|[^\s,'"})\]{>]+)"#,
    ),
    concat!(
        "(?:master_key|xai_key|database_url|db_url|connection_string|aws_secret_access_key|aws_session_token|",
        "aws_access_key_id|s3_secret_access_key|s3_access_key_id|signing_key|encryption_key|auth_token|access_token|",
        "refresh_token|slack_webhook_url|webhook_url|database_connection_string|huggingface_token|jwt_secret)",
        r#"['"]?\s*[:=]\s*['"]?[^\s,'"})\]{>]+"#,
    ),
    r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
    r"([?&])sig=[A-Za-z0-9%+/=]+",
    r#"\{[^{}]*"type"\s*:\s*"service_account"[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"#,
];

const INTERNAL: &[&str] = &[
    r#"/(?:etc|var|opt|usr|home|root|private|Users|tmp|mnt|srv)/[^\s'")\]}>,]+"#,
    r#"[A-Za-z]:\\[^\s'")\]}>,]+"#,
    r"\b(?:10(?:\.\d{1,3}){3}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}|192\.168(?:\.\d{1,3}){2}|127(?:\.\d{1,3}){3})\b",
    r"\b[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:internal|local|corp|lan|intra|private)\b",
];

/// `text` without an embedded traceback, and with each secret or internal detail replaced by `REDACTED`.
pub(super) fn redact(text: &str) -> String {
    static SECRET: OnceLock<Option<Regex>> = OnceLock::new();
    static DETAIL: OnceLock<Option<Regex>> = OnceLock::new();
    let shown = text.find(TRACEBACK).map_or(text, |place| text[..place].trim_end());
    replace(&replace(shown, &SECRET, SECRETS), &DETAIL, INTERNAL)
}

fn replace(text: &str, compiled: &OnceLock<Option<Regex>>, shapes: &[&str]) -> String {
    match compiled.get_or_init(|| Regex::new(&format!("(?i){}", shapes.join("|"))).ok()) {
        Some(shapes) => shapes.replace_all(text, mark).into_owned(),
        // A shape that does not compile must not let a secret through.
        None => REDACTED.to_owned(),
    }
}

fn mark(found: &Captures) -> String {
    let after = found.name("after").map_or("", |after| after.as_str());
    let before: String = found.iter().skip(1).flatten().map(|group| group.as_str()).take(1).collect();
    format!("{before}{REDACTED}{after}")
}

#[cfg(test)]
mod tests;
