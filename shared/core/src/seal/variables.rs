//! Secrets of logging callbacks: sealed one by one within the metadata of keys and teams, each behind a mark.
//!
//! The mark tells a sealed value from a plain one without any key, so that what a form sends back is not sealed twice,
//! whatever the key is by then. Which variables are secrets their names say, by LiteLLM's rule. Knows no table.

use serde_json::Value;

use super::{OpenError, SealError, Sealer};
use crate::Secret;

/// Whatever stands under this name holds variables of callbacks.
const VARIABLES: &str = "callback_vars";
const MARK: &str = "litellm_enc::";
/// What stands in the place of a secret.
pub const REDACTED: &str = "***REDACTED***";
/// A name with one of these words is a secret's.
const SECRET_WORDS: &[&str] = &[
    "password",
    "secret",
    "key",
    "token",
    "auth",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "access",
    "private",
    "certificate",
    "fingerprint",
    "tenancy",
];
/// And this one is, too, which none of the words tells.
const SECRET_PATH: &str = "gcs_path_service_account";

/// Whether a variable of a callback is a secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words: Vec<&str> = name.split(['_', '-']).collect();
    let is_price = words.contains(&"cost");
    name == SECRET_PATH || (!is_price && words.iter().any(|word| SECRET_WORDS.contains(word)))
}

/// The sealed text behind the mark, where there is one.
pub fn marked(text: &str) -> Option<&str> {
    text.strip_prefix(MARK)
}

/// Puts the mark before a sealed text.
pub fn mark(sealed: &str) -> String {
    format!("{MARK}{sealed}")
}

/// Every variable of callbacks within a value, however deep, with its name.
pub fn variables(value: &mut Value) -> Vec<(&str, &mut Value)> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect<'a>(value: &'a mut Value, found: &mut Vec<(&'a str, &'a mut Value)>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| collect(item, found)),
        Value::Object(members) => {
            for (name, member) in members {
                let is_meant = name == VARIABLES && member.is_object();
                match (is_meant, member) {
                    (true, Value::Object(variables)) => {
                        found.extend(variables.iter_mut().map(|(name, value)| (name.as_str(), value)));
                    }
                    (_, member) => collect(member, found),
                }
            }
        }
        _ => {}
    }
}

/// Puts [`REDACTED`] in the place of every variable within a value, as LiteLLM's audit log does.
pub fn redact(value: &mut Value) {
    for (_, variable) in variables(value) {
        *variable = REDACTED.into();
    }
}

/// The secrets within a value that are not sealed yet.
pub fn plain(value: &mut Value) -> Vec<&mut Value> {
    let is_plain = |text: &str| !text.is_empty() && text != REDACTED && marked(text).is_none();
    let found =
        variables(value).into_iter().filter(|(name, value)| is_secret(name) && value.as_str().is_some_and(is_plain));
    found.map(|(_, value)| value).collect()
}

impl Sealer {
    /// A variable as it is to be stored.
    ///
    /// # Errors
    /// When it is longer than any credential.
    pub fn seal_variable(&self, plain: &str) -> Result<String, SealError> {
        Ok(mark(&self.seal(plain)?))
    }

    /// A variable that was stored: what has no mark was never sealed.
    ///
    /// # Errors
    /// When it was sealed with another key.
    pub fn open_variable(&self, stored: &str) -> Result<Secret, OpenError> {
        match marked(stored) {
            Some(sealed) => self.open(sealed),
            None => Ok(Secret::new(stored.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
