//! Public keys as issuers publish them (RFC 7517), and which of them a token names.
//!
//! A key that cannot be used here, or is not there to verify signatures, counts and verifies nothing.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

/// Issuers publish a handful.
const KEYS_MAX: usize = 256;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct KeySet(Vec<PublicKey>);

#[derive(Debug, PartialEq, Eq)]
pub struct PublicKey {
    kid: Option<String>,
    /// The one algorithm it is for, where it says so.
    pub algorithm: Option<String>,
    pub material: Material,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// A point, uncompressed.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
    Unusable,
}

impl KeySet {
    /// The keys of a document: under `keys`, or the list itself.
    pub fn parse(document: &[u8]) -> Option<Self> {
        let document: Value = serde_json::from_slice(document).ok()?;
        let list = document.get("keys").unwrap_or(&document).as_array()?;
        Some(Self(list.iter().take(KEYS_MAX).map(key).collect()))
    }

    /// Those that a token with this key's name may be signed by, as LiteLLM chooses: by name, but a token that names
    /// none goes with the only key there is.
    pub fn find(&self, kid: Option<&str>) -> Vec<&PublicKey> {
        match (self.0.as_slice(), kid) {
            ([only], None) => vec![only],
            (_, None) => Vec::new(),
            (all, named) => all.iter().filter(|key| key.kid.as_deref() == named).collect(),
        }
    }
}

fn key(value: &Value) -> PublicKey {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let is_for_signatures = text("use").is_none_or(|purpose| purpose == "sig");
    let material = if is_for_signatures { material(value).unwrap_or(Material::Unusable) } else { Material::Unusable };
    PublicKey { kid: text("kid"), algorithm: text("alg"), material }
}

fn material(value: &Value) -> Option<Material> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let number = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
    match (text("kty")?, text("crv")) {
        ("RSA", _) => {
            // `ring` takes no leading zeros, which some issuers write.
            let bare = |name| number(name).map(|bytes| bytes.into_iter().skip_while(|byte| *byte == 0).collect());
            Some(Material::Rsa { modulus: bare("n")?, exponent: bare("e")? })
        }
        ("EC", Some("P-256")) => Some(Material::P256(point(&number("x")?, &number("y")?, 32)?)),
        ("EC", Some("P-384")) => Some(Material::P384(point(&number("x")?, &number("y")?, 48)?)),
        ("OKP", Some("Ed25519")) => Some(Material::Ed25519(number("x")?)),
        _ => None,
    }
}

/// SEC 1, 2.3.3; numbers that lost their leading zeros get them back.
fn point(x: &[u8], y: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut point = vec![4];
    for number in [x, y] {
        point.resize(point.len() + length.checked_sub(number.len())?, 0);
        point.extend_from_slice(number);
    }
    Some(point)
}
