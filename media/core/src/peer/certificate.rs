//! The DTLS identity of this process and the fingerprint of the other side (RFC 8122).
//!
//! One ECDSA P-256 certificate is made at start and shared by every peer; nothing is written to
//! disk. A remote fingerprint comes from the SDP and is compared with the certificate that the
//! handshake presented. Only SHA-256 and stronger hashes are taken. Keys never show in `Debug`.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::digest;
use rtc_crypto::RTCCryptoProvider;
use rtc_crypto::providers::AwsLcRsProvider;

use super::dtls::Configs;

/// Why the identity could not be made; never happens with a working random source.
#[derive(Debug, thiserror::Error)]
#[error("the DTLS certificate could not be made: {0}")]
pub struct CertificateError(String);

/// The self-signed ECDSA P-256 identity of this process. Cheap to clone.
#[derive(Clone)]
pub struct Certificate {
    inner: Arc<Inner>,
}

struct Inner {
    fingerprint: String,
    #[cfg(any(test, feature = "client"))]
    dtls: rtc_dtls::crypto::Certificate,
    #[cfg(any(test, feature = "client"))]
    provider: Arc<dyn RTCCryptoProvider>,
    configs: Configs,
}

impl Certificate {
    /// Makes a fresh key and certificate.
    ///
    /// # Errors
    /// When the crypto library cannot produce a key.
    pub fn generate() -> Result<Self, CertificateError> {
        let provider: Arc<dyn RTCCryptoProvider> = Arc::new(AwsLcRsProvider::new());
        let names = vec!["souk".to_owned()];
        let dtls = rtc_dtls::crypto::Certificate::generate_self_signed(names, provider.crypto())
            .map_err(|error| CertificateError(error.to_string()))?;
        let der = dtls
            .certificate
            .first()
            .ok_or_else(|| CertificateError("no certificate was produced".to_owned()))?;
        let fingerprint = upper_hex(digest::digest(&digest::SHA256, der).as_ref());
        let configs = Configs::new(&dtls, &provider).map_err(CertificateError)?;
        let inner = Inner {
            fingerprint,
            #[cfg(any(test, feature = "client"))]
            dtls,
            #[cfg(any(test, feature = "client"))]
            provider,
            configs,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// SHA-256 of the certificate as `AA:BB:…`, the form that SDP wants.
    pub fn fingerprint(&self) -> &str {
        &self.inner.fingerprint
    }

    pub(crate) fn configs(&self) -> &Configs {
        &self.inner.configs
    }

    #[cfg(any(test, feature = "client"))]
    pub(crate) fn dtls(&self) -> &rtc_dtls::crypto::Certificate {
        &self.inner.dtls
    }

    #[cfg(any(test, feature = "client"))]
    pub(crate) fn provider(&self) -> &Arc<dyn RTCCryptoProvider> {
        &self.inner.provider
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.inner.fingerprint)
    }
}

/// Hash function of a fingerprint. Weaker ones are refused by [`Fingerprint::parse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// What the remote certificate must hash to.
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint {
    hash: Hash,
    digest: Vec<u8>,
}

/// Why a fingerprint attribute was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FingerprintError {
    /// The hash is unknown or too weak (md5, sha-1, sha-224).
    Weak,
    /// Not `hash AA:BB:…` with the right number of bytes.
    Malformed,
}

impl Fingerprint {
    /// Parses the value of `a=fingerprint`: `sha-256 AA:BB:…` (RFC 8122 section 5).
    pub(crate) fn parse(value: &str) -> Result<Self, FingerprintError> {
        let (name, hex) = value
            .trim()
            .split_once(' ')
            .ok_or(FingerprintError::Malformed)?;
        let (hash, size) = match name.to_ascii_lowercase().as_str() {
            "sha-256" => (Hash::Sha256, 32),
            "sha-384" => (Hash::Sha384, 48),
            "sha-512" => (Hash::Sha512, 64),
            _ => return Err(FingerprintError::Weak),
        };
        let mut digest = Vec::with_capacity(size);
        for byte in hex.trim().split(':') {
            if byte.len() != 2 || digest.len() == size {
                return Err(FingerprintError::Malformed);
            }
            digest.push(u8::from_str_radix(byte, 16).map_err(|_| FingerprintError::Malformed)?);
        }
        if digest.len() != size {
            return Err(FingerprintError::Malformed);
        }
        Ok(Self { hash, digest })
    }

    /// Whether the DER certificate hashes to this value.
    pub(crate) fn matches(&self, der: &[u8]) -> bool {
        let algorithm = match self.hash {
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha384 => &digest::SHA384,
            Hash::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, der).as_ref() == self.digest.as_slice()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Fingerprint({:?} {})",
            self.hash,
            upper_hex(&self.digest)
        )
    }
}

fn upper_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            text.push(':');
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_certificate_matches_its_own_fingerprint_and_no_other() {
        let (one, two) = (
            Certificate::generate().unwrap(),
            Certificate::generate().unwrap(),
        );
        let print = Fingerprint::parse(&format!("sha-256 {}", one.fingerprint())).unwrap();
        assert!(print.matches(&one.dtls().certificate[0]));
        assert!(!print.matches(&two.dtls().certificate[0]));
        assert!(!format!("{one:?}").to_lowercase().contains("key"));
    }

    #[test]
    fn weak_and_broken_fingerprints_are_refused() {
        use FingerprintError::{Malformed, Weak};
        let short = "sha-256 AA:BB";
        let long = format!("sha-256 {}", vec!["AA"; 33].join(":"));
        for (text, error) in [
            ("sha-1 AA:BB", Weak),
            ("md5 AA", Weak),
            ("sha-256", Malformed),
            (short, Malformed),
            (long.as_str(), Malformed),
            ("sha-256 GG:BB", Malformed),
        ] {
            assert_eq!(Fingerprint::parse(text), Err(error), "{text}");
        }
    }
}
