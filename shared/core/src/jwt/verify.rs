//! Signatures. The algorithm is the token's word, so it must also fit the key: a key of one kind verifies nothing of
//! another, and no key is ever a shared secret.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

use super::JwtError;
use super::keys::{Material, PublicKey};
use super::token::{Algorithm, Token};

/// # Errors
/// When none of the keys has signed the token.
pub fn signature(token: &Token<'_>, keys: &[&PublicKey]) -> Result<(), JwtError> {
    if keys.iter().any(|key| has_signed(key, token)) {
        return Ok(());
    }
    Err(JwtError::Invalid("Signature verification failed".to_owned()))
}

fn has_signed(key: &PublicKey, token: &Token<'_>) -> bool {
    let is_for_another = key.algorithm.as_deref().is_some_and(|name| name != token.algorithm.name());
    if is_for_another {
        return false;
    }
    let (text, signature) = (token.signed.as_bytes(), token.signature.as_slice());
    let plain = |algorithm: &'static dyn VerificationAlgorithm, point: &[u8]| {
        UnparsedPublicKey::new(algorithm, point).verify(text, signature).is_ok()
    };
    match (token.algorithm, &key.material) {
        (Algorithm::Es256, Material::P256(point)) => plain(&ECDSA_P256_SHA256_FIXED, point),
        (Algorithm::Es384, Material::P384(point)) => plain(&ECDSA_P384_SHA384_FIXED, point),
        (Algorithm::EdDsa, Material::Ed25519(point)) => plain(&ED25519, point),
        (algorithm, Material::Rsa { modulus, exponent }) => rsa(algorithm).is_some_and(|parameters| {
            RsaPublicKeyComponents { n: modulus, e: exponent }.verify(parameters, text, signature).is_ok()
        }),
        _ => false,
    }
}

const fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => return None,
    })
}
