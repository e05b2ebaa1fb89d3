//! Objects whose strings are sealed one by one: `litellm_params`, `credential_values`, `environment_variables`.
//!
//! Says which strings of a stored object are secrets, and when a key must be the wrong one. Other values than strings,
//! and what stands deeper, are stored as they are, by LiteLLM and here.

use std::fmt;

use serde_json::{Map, Value};

use super::{OpenError, SealError, Sealer};

/// An object of opened values; `Debug` shows its keys alone.
#[derive(Clone, PartialEq)]
pub struct SecretObject(Map<String, Value>);

/// A value of a stored object does not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {error}")]
pub struct ObjectError {
    pub key: String,
    pub error: OpenError,
}

impl SecretObject {
    pub const fn new(values: Map<String, Value>) -> Self {
        Self(values)
    }

    /// The values, to be put where they belong and nowhere else.
    pub const fn expose(&self) -> &Map<String, Value> {
        &self.0
    }

    pub fn into_exposed(self) -> Map<String, Value> {
        self.0
    }
}

impl fmt::Debug for SecretObject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl Sealer {
    /// The object as it is to be stored.
    ///
    /// # Errors
    /// When one of its strings is longer than any credential.
    pub fn seal_object(&self, values: &SecretObject) -> Result<Map<String, Value>, SealError> {
        let seal = |(key, value): (&String, &Value)| {
            let stored = match value {
                Value::String(text) => Value::String(self.seal(text)?),
                other => other.clone(),
            };
            Ok((key.clone(), stored))
        };
        values.0.iter().map(seal).collect()
    }

    /// The object that was stored.
    ///
    /// A string that was never sealed is taken as it stands, as LiteLLM does: such objects were written by hand or by
    /// its first versions. One that only looks sealed is plain text where another of the object opens, for then the
    /// key is the right one; else the key is the wrong one, and nothing of the object is used.
    ///
    /// # Errors
    /// When the key is the wrong one, or a value is no text: naming the first such.
    pub fn open_object(&self, stored: &Map<String, Value>) -> Result<SecretObject, ObjectError> {
        let mut values = Map::new();
        let (mut has_opened, mut doubtful) = (false, None);
        for (key, value) in stored {
            let opened = match value {
                Value::String(text) => match self.open(text) {
                    Ok(secret) => {
                        has_opened = true;
                        Value::String(secret.expose().to_owned())
                    }
                    Err(OpenError::NotSealed) => value.clone(),
                    Err(OpenError::WrongKey) if !text.starts_with(super::GCM_PREFIX) => {
                        doubtful.get_or_insert(key);
                        value.clone()
                    }
                    Err(error) => return Err(ObjectError { key: key.clone(), error }),
                },
                other => other.clone(),
            };
            values.insert(key.clone(), opened);
        }
        match doubtful {
            Some(key) if !has_opened => Err(ObjectError { key: key.clone(), error: OpenError::WrongKey }),
            _ => Ok(SecretObject(values)),
        }
    }
}
