//! Stored secrets: how a value is sealed before it is written to a database, and opened after it was read.
//!
//! The forms are LiteLLM's, so that either gateway reads what the other has written: `NaCl`'s secret box in base64, or
//! AES-256-GCM behind `v2:gcm:`. Both are authenticated. The key of both is one SHA-256 of `LITELLM_SALT_KEY`, else of
//! the master key. Knows no table and no column; objects of sealed values are in `object.rs`, session tokens in
//! `token.rs`, secrets within metadata in `variables.rs`.

mod object;
mod token;
pub mod variables;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use crypto_secretbox::aead::Aead;
use crypto_secretbox::{Key, KeyInit, Nonce, XSalsa20Poly1305};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, UnboundKey};
use sha2::{Digest, Sha256};

use crate::Secret;

pub use object::{ObjectError, SecretObject};
pub use token::SESSION_TOKEN_PREFIX;

/// What marks a value of AES-256-GCM; base64 has no colon, so no other sealed value begins with it.
const GCM_PREFIX: &str = "v2:gcm:";
/// No credential is longer, and no sealed one is opened that is.
const VALUE_BYTES_MAX: usize = 1024 * 1024;
const SEALED_BYTES_MAX: usize = 2 * VALUE_BYTES_MAX;
const BOX_NONCE_BYTES: usize = 24;
const GCM_NONCE_BYTES: usize = 12;
/// Both forms have a tag of this length.
const TAG_BYTES: usize = 16;
/// Writers pad; some that read do not look.
const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The form in which values are written; both are always read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// XSalsa20-Poly1305 in `NaCl`'s secret box: LiteLLM's own default.
    #[default]
    SecretBox,
    /// `general_settings.encryption_algorithm: aes-256-gcm`.
    AesGcm,
}

impl Algorithm {
    /// As the setting says; LiteLLM's default for whatever it does not know.
    pub fn named(name: Option<&str>) -> Self {
        let is_gcm = name.is_some_and(|name| name.eq_ignore_ascii_case("aes-256-gcm"));
        if is_gcm { Self::AesGcm } else { Self::SecretBox }
    }
}

/// Seals and opens values with one key.
#[derive(Clone)]
pub struct Sealer {
    secret_box: XSalsa20Poly1305,
    gcm: Option<LessSafeKey>,
    algorithm: Algorithm,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "sealer by {:?}", self.algorithm)
    }
}

/// Why a value does not open. The texts hold nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It has the shape of a sealed value; one cut or changed since cannot be told from one of another key.
    #[error(
        "LITELLM_SALT_KEY does not match the one the value was sealed with (where it is unset, the master key is used): \
         set it to that one, or store the value again"
    )]
    WrongKey,
    /// It was never sealed: plain text, or nothing.
    #[error("not a sealed value: store it again")]
    NotSealed,
    /// It opens, and is no text.
    #[error("the sealed value is no UTF-8: store it again")]
    NotText,
}

/// Why a value cannot be sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("a stored secret may have {VALUE_BYTES_MAX} bytes: store a shorter one")]
    TooLong,
}

impl Sealer {
    /// `salt` is `LITELLM_SALT_KEY`, else the master key; `algorithm` is the form that is written.
    pub fn new(salt: &Secret, algorithm: Algorithm) -> Self {
        let digest: [u8; 32] = Sha256::digest(salt.expose().as_bytes()).into();
        // A key of 32 bytes is one: there is always a cipher.
        let gcm = UnboundKey::new(&AES_256_GCM, &digest).ok().map(LessSafeKey::new);
        Self { secret_box: XSalsa20Poly1305::new(Key::from_slice(&digest)), gcm, algorithm }
    }

    /// The value as it is to be stored: another text each time.
    ///
    /// # Errors
    /// When it is longer than any credential.
    pub fn seal(&self, value: &str) -> Result<String, SealError> {
        if VALUE_BYTES_MAX < value.len() {
            return Err(SealError::TooLong);
        }
        match self.algorithm {
            Algorithm::SecretBox => self.seal_box(value),
            Algorithm::AesGcm => {
                let sealed = self.seal_gcm(value, b"")?;
                Ok(format!("{GCM_PREFIX}{}", BASE64_URL_SAFE.encode(sealed)))
            }
        }
    }

    /// The value that was sealed, whichever of the two forms it has.
    ///
    /// # Errors
    /// When it was sealed with another key, or not at all.
    pub fn open(&self, stored: &str) -> Result<Secret, OpenError> {
        if SEALED_BYTES_MAX < stored.len() {
            return Err(OpenError::NotSealed);
        }
        let value = match stored.strip_prefix(GCM_PREFIX) {
            Some(encoded) => {
                let sealed = UNPADDED.decode(encoded).map_err(|_| OpenError::WrongKey)?;
                self.open_gcm(&sealed, b"").ok_or(OpenError::WrongKey)?
            }
            None => self.open_box(&boxed(stored).ok_or(OpenError::NotSealed)?).ok_or(OpenError::WrongKey)?,
        };
        String::from_utf8(value).map(Secret::new).map_err(|_| OpenError::NotText)
    }

    fn seal_box(&self, value: &str) -> Result<String, SealError> {
        let nonce: [u8; BOX_NONCE_BYTES] = random();
        let sealed =
            self.secret_box.encrypt(Nonce::from_slice(&nonce), value.as_bytes()).map_err(|_| SealError::TooLong)?;
        Ok(BASE64_URL_SAFE.encode([nonce.as_slice(), &sealed].concat()))
    }

    fn open_box(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(BOX_NONCE_BYTES)?;
        self.secret_box.decrypt(Nonce::from_slice(nonce), text).ok()
    }

    /// Nonce, text and tag; `context` is bound to them.
    fn seal_gcm(&self, value: &str, context: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; GCM_NONCE_BYTES] = random();
        let mut text = value.as_bytes().to_vec();
        let key = self.gcm.as_ref().ok_or(SealError::TooLong)?;
        let once = ring::aead::Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(once, Aad::from(context), &mut text).map_err(|_| SealError::TooLong)?;
        Ok([nonce.as_slice(), &text].concat())
    }

    fn open_gcm(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(GCM_NONCE_BYTES)?;
        let nonce = ring::aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let length = self.gcm.as_ref()?.open_in_place(nonce, Aad::from(context), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

/// The bytes of a secret box: padded base64 of either alphabet, long enough for a nonce and a tag.
///
/// LiteLLM pads always. That tells most keys of providers, which are base64 too, from sealed values.
fn boxed(stored: &str) -> Option<Vec<u8>> {
    let bytes = BASE64_URL_SAFE.decode(stored).or_else(|_| BASE64_STANDARD.decode(stored)).ok()?;
    (BOX_NONCE_BYTES + TAG_BYTES <= bytes.len()).then_some(bytes)
}

/// Bytes that are used once: of random UUIDs, without the two that also hold version and variant.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    for chunk in bytes.chunks_mut(14) {
        let drawn = uuid::Uuid::new_v4().into_bytes();
        let free = drawn.iter().enumerate().filter(|(place, _)| ![6, 8].contains(place)).map(|(_, byte)| *byte);
        chunk.iter_mut().zip(free).for_each(|(byte, drawn)| *byte = drawn);
    }
    bytes
}

#[cfg(test)]
mod tests;
