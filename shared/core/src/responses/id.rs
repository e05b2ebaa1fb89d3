//! Ids of responses as clients see them: which deployment made a response, sealed so that nobody can forge one.
//!
//! The form is LiteLLM's, both ways: ids of either gateway are understood by the other that has the same key.
//! `resp_` and base64 of XSalsa20-Poly1305 over the id with its provider and deployment; the key is the SHA-256 of
//! `LITELLM_SALT_KEY` or the master key. Without a key the inner form is shown. Knows no store.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use crypto_secretbox::aead::Aead;
use crypto_secretbox::{Key, KeyInit, Nonce, XSalsa20Poly1305};
use sha2::{Digest, Sha256};
use tollgate_wire::client::Ids;

use crate::Secret;

const PREFIX: &str = "resp_";
/// Longer texts are no ids of anybody's.
const ID_BYTES_MAX: usize = 4_096;
const NONCE_BYTES: usize = 24;
const OUTER: &str = "litellm_proxy:responses_api:response_id:";
const INNER: &str = "litellm:custom_llm_provider:";

/// Seals and opens ids. Clones share the key.
#[derive(Clone, Default)]
pub struct ResponseIds {
    cipher: Option<Arc<XSalsa20Poly1305>>,
}

/// What stands in an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// LiteLLM's name of the provider.
    pub provider: String,
    pub deployment_id: String,
    /// The provider's own id.
    pub id: String,
}

impl ResponseIds {
    /// Ids sealed with this key: `LITELLM_SALT_KEY`, else the master key.
    pub fn new(key: Option<&Secret>) -> Self {
        let cipher = key.map(|key| {
            let digest: [u8; 32] = Sha256::digest(key.expose().as_bytes()).into();
            Arc::new(XSalsa20Poly1305::new(Key::from_slice(&digest)))
        });
        Self { cipher }
    }

    /// The id to show.
    pub fn seal(&self, opened: &Opened) -> String {
        let Opened { provider, deployment_id, id } = opened;
        let inner = STANDARD.encode(format!("{INNER}{provider};model_id:{deployment_id};response_id:{id}"));
        let inner = format!("{PREFIX}{inner}");
        let Some(cipher) = &self.cipher else { return inner };
        let nonce = nonce();
        let text = format!("{OUTER}{inner};user_id:;team_id:");
        // Sealing fails for texts of gigabytes only.
        let sealed = cipher.encrypt(Nonce::from_slice(&nonce), text.as_bytes()).unwrap_or_default();
        format!("{PREFIX}{}", URL_SAFE.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// What stands in an id; `None` where it is not one of the gateway's.
    ///
    /// Where there is a key, an id that was not sealed with it is nobody's: a client could have written it.
    pub fn open(&self, shown: &str) -> Option<Opened> {
        if shown.len() > ID_BYTES_MAX {
            return None;
        }
        match &self.cipher {
            None => inner(shown),
            Some(cipher) => {
                let sealed = decode(shown.strip_prefix(PREFIX)?)?;
                let (nonce, text) = sealed.split_at_checked(NONCE_BYTES)?;
                let text = cipher.decrypt(Nonce::from_slice(nonce), text).ok()?;
                let text = String::from_utf8(text).ok()?;
                inner(text.strip_prefix(OUTER)?.split(';').next()?)
            }
        }
    }

    /// Makes the ids of one deployment's responses.
    pub(crate) fn of(&self, provider: &str, deployment_id: &str) -> Arc<dyn Ids> {
        let (provider, deployment_id) = (provider.to_owned(), deployment_id.to_owned());
        Arc::new(OfDeployment { ids: self.clone(), provider, deployment_id })
    }
}

/// Random, but for the few bits that say so.
fn nonce() -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    let (first, second) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    nonce[..12].copy_from_slice(&first.as_bytes()[4..]);
    nonce[12..].copy_from_slice(&second.as_bytes()[4..]);
    nonce
}

/// Base64 of either alphabet, with or without its padding: clients have been seen to cut it.
fn decode(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let padding = "=".repeat((4 - bare.len() % 4) % 4);
    STANDARD.decode(format!("{bare}{padding}")).ok()
}

fn inner(id: &str) -> Option<Opened> {
    let text = String::from_utf8(decode(id.strip_prefix(PREFIX)?)?).ok()?;
    let (provider, rest) = text.strip_prefix(INNER)?.split_once(";model_id:")?;
    let (deployment_id, id) = rest.split_once(";response_id:")?;
    Some(Opened { provider: provider.to_owned(), deployment_id: deployment_id.to_owned(), id: id.to_owned() })
}

struct OfDeployment {
    ids: ResponseIds,
    provider: String,
    deployment_id: String,
}

impl std::fmt::Debug for OfDeployment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ids of {}", self.deployment_id)
    }
}

impl Ids for OfDeployment {
    fn shown(&self, id: &str) -> String {
        let (provider, deployment_id) = (self.provider.clone(), self.deployment_id.clone());
        self.ids.seal(&Opened { provider, deployment_id, id: id.to_owned() })
    }
}

#[cfg(test)]
mod tests;
