//! Session tokens: what a signed-in user shows in place of a key.
//!
//! LiteLLM's form: a prefix that says the kind, and unpadded base64 of AES-256-GCM with the prefix bound to it. So no
//! token of one kind passes for another, and no stored value, which a client may have written itself through the
//! management API, passes for a token. Secret boxes, which earlier versions took, are never accepted.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::{SEALED_BYTES_MAX, SealError, Sealer, UNPADDED, VALUE_BYTES_MAX};
use crate::Secret;

/// The kind of token that signing in gives.
pub const SESSION_TOKEN_PREFIX: &str = "litellm_login_";

impl Sealer {
    /// A token of the kind `prefix` that holds `value`.
    ///
    /// # Errors
    /// When the value is too long.
    pub fn seal_token(&self, value: &str, prefix: &str) -> Result<Secret, SealError> {
        if VALUE_BYTES_MAX < value.len() {
            return Err(SealError::TooLong);
        }
        let sealed = self.seal_gcm(value, prefix.as_bytes())?;
        Ok(Secret::new(format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(sealed))))
    }

    /// What a token of the kind `prefix` holds; `None` for all that [`seal_token`](Self::seal_token) or LiteLLM with
    /// the same key has not made as one.
    pub fn open_token(&self, token: &str, prefix: &str) -> Option<Secret> {
        let encoded = token.strip_prefix(prefix).filter(|encoded| encoded.len() <= SEALED_BYTES_MAX)?;
        let value = self.open_gcm(&UNPADDED.decode(encoded).ok()?, prefix.as_bytes())?;
        String::from_utf8(value).ok().map(Secret::new)
    }
}
