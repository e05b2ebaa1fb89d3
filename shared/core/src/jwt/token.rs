//! A token in its compact form (RFC 7515), taken apart and not yet believed.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::JwtError;

/// Tokens with all groups of a large company stay far below; heads of requests end at 64 KiB.
const TOKEN_BYTES_MAX: usize = 48 * 1024;

pub struct Token<'a> {
    pub algorithm: Algorithm,
    pub kid: Option<String>,
    pub claims: Map<String, Value>,
    /// What was signed.
    pub signed: &'a str,
    pub signature: Vec<u8>,
}

/// The algorithms that a token may be signed by. Those with a shared secret are none of them: who may verify could
/// forge. ES512 is missing: `ring` has no P-521.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

const NAMES: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::Rs256),
    ("RS384", Algorithm::Rs384),
    ("RS512", Algorithm::Rs512),
    ("PS256", Algorithm::Ps256),
    ("PS384", Algorithm::Ps384),
    ("PS512", Algorithm::Ps512),
    ("ES256", Algorithm::Es256),
    ("ES384", Algorithm::Es384),
    ("EdDSA", Algorithm::EdDsa),
];

impl Algorithm {
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }

    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, algorithm)| *algorithm == self).map_or("", |(name, _)| *name)
    }
}

impl<'a> Token<'a> {
    /// # Errors
    /// [`JwtError::Unreadable`] where it is no token, [`JwtError::Invalid`] where it cannot be verified.
    pub fn parse(text: &'a str) -> Result<Self, JwtError> {
        if TOKEN_BYTES_MAX < text.len() {
            return Err(JwtError::Unreadable(format!("the token is longer than {TOKEN_BYTES_MAX} bytes")));
        }
        let few = || JwtError::Unreadable("Not enough segments".to_owned());
        let (signed, signature) = text.rsplit_once('.').ok_or_else(few)?;
        let (header, claims) = signed.split_once('.').ok_or_else(few)?;
        let header = object(header, "header")?;
        let kid = match header.get("kid") {
            None | Some(Value::Null) => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(JwtError::Unreadable("Key ID header parameter must be a string".to_owned())),
        };
        let algorithm = algorithm(&header)?;
        let (claims, signature) = (object(claims, "payload")?, decode(signature, "crypto")?);
        Ok(Self { algorithm, kid, claims, signed, signature })
    }
}

fn algorithm(header: &Map<String, Value>) -> Result<Algorithm, JwtError> {
    let refuse = |text: &str| Err(JwtError::Invalid(text.to_owned()));
    // Extensions that must be understood (RFC 7515, 4.1.11): none is.
    if header.contains_key("crit") || header.contains_key("b64") {
        return refuse("Unsupported critical extension");
    }
    let Some(name) = header.get("alg") else { return refuse("Algorithm not specified") };
    let Some(known) = name.as_str().and_then(Algorithm::named) else {
        return refuse("The specified alg value is not allowed");
    };
    Ok(known)
}

fn object(segment: &str, what: &str) -> Result<Map<String, Value>, JwtError> {
    serde_json::from_slice(&decode(segment, what)?)
        .map_err(|_| JwtError::Unreadable(format!("Invalid {what} string: must be a json object")))
}

fn decode(segment: &str, what: &str) -> Result<Vec<u8>, JwtError> {
    BASE64_URL_SAFE_NO_PAD.decode(segment).map_err(|_| JwtError::Unreadable(format!("Invalid {what} padding")))
}
