//! A service account shows that it has its private key, and gets a token for it: RFC 7523, signed by RS256.
//!
//! Knows no other kind of credentials.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::HeaderMap;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use tollgate_core::sign::SignError;

use super::{SCOPE, TOKEN_URL, needed, text};
use crate::sign::bearer::{self, Found};
use crate::sign::instant;
use crate::sign::outside::Outside;

/// The longest that Google permits.
const LIFETIME_S: u64 = 3600;

pub async fn token(outside: &Outside, account: &Value) -> Found {
    let address = text(account, "token_uri").unwrap_or(TOKEN_URL);
    let assertion = assertion(account, address, instant::since_epoch_s(SystemTime::now()))?;
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.as_str())];
    let answer = outside.submit(address, HeaderMap::new(), &form).await?;
    bearer::token(&answer, address)
}

/// A signed JSON Web Token that says who the account is.
pub fn assertion(account: &Value, audience: &str, now_s: u64) -> Result<String, SignError> {
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": text(account, "private_key_id") });
    let claims = json!({
        "iss": needed(account, "client_email")?,
        "scope": SCOPE,
        "aud": audience,
        "iat": now_s,
        "exp": now_s.saturating_add(LIFETIME_S),
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let refuse = || {
        SignError::Refused("private_key of the vertex credentials is no RSA key in PEM: download it again, or look for lost line breaks".to_owned())
    };
    let key = key(needed(account, "private_key")?).ok_or_else(refuse)?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).map_err(|_| refuse())?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// An RSA key in PEM: PKCS #8, or the older PKCS #1. Line breaks may have been written as `\n` once too often.
fn key(pem: &str) -> Option<RsaKeyPair> {
    let pem = pem.replace("\\n", "\n");
    let body: String = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).ok()?;
    RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der)).ok()
}
