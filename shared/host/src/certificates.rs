//! The certificate authorities that providers are checked against.
//!
//! Mozilla's list is built in, so that an image without files can speak TLS; a file given replaces it.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// A file of certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("certificate file {path}: {reason}: give a PEM file of certificate authorities, or unset SSL_CERT_FILE")]
pub struct Unreadable {
    path: String,
    reason: String,
}

/// Mozilla's authorities, or those of the PEM file at `path` (the variable `SSL_CERT_FILE`).
///
/// # Errors
/// When the file cannot be read or holds no certificate.
pub fn roots(path: Option<&Path>) -> Result<RootCertStore, Unreadable> {
    let mut store = RootCertStore::empty();
    let Some(path) = path else {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(store);
    };
    let refuse = |reason: String| Unreadable { path: path.display().to_string(), reason };
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refuse(error.to_string()))? {
        let certificate = certificate.map_err(|error| refuse(error.to_string()))?;
        store.add(certificate).map_err(|error| refuse(error.to_string()))?;
    }
    if store.is_empty() { Err(refuse("it holds no certificate".to_owned())) } else { Ok(store) }
}
