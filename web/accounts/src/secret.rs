//! Secrets: the opaque ones that are handed out once and the one that signs access tokens.
//!
//! A refresh token is `rt_`, a stream key `sk_`, each with 256 random bits in base64url; the
//! prefixes keep them from being taken for one another or for an access token. The database holds
//! the SHA-256 of them only: with 256 random bits nothing slower is needed. `Debug` shows none.

mod file;

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub(crate) use file::load_or_create;

use crate::limits;

/// Characters of 256 bits in base64url.
const OPAQUE_CHARS: usize = (limits::OPAQUE_SECRET_BYTES * 4).div_ceil(3);

fn random_text() -> Zeroizing<String> {
    let bytes = Zeroizing::new(rand::random::<[u8; limits::OPAQUE_SECRET_BYTES]>());
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

fn has_shape(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() == OPAQUE_CHARS
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

/// What a session's tokens have in common: 128 random bits in base64url.
pub(crate) fn random_family() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>())
}

pub(crate) fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// What the text starts with.
            pub const PREFIX: &'static str = $prefix;

            pub(crate) fn generate() -> Self {
                Self(Zeroizing::new(format!("{}{}", $prefix, random_text().as_str())))
            }

            /// The plaintext, for the one answer that shows it.
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// Whether a text can be one at all.
            pub fn has_shape(text: &str) -> bool {
                has_shape(text, $prefix)
            }

            /// What the database keeps: SHA-256 of the whole text, in hexadecimal.
            pub(crate) fn hash_of(text: &str) -> String {
                sha256_hex(text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }
    )*};
}

opaque! {
    /// Buys the next access token; good for one use.
    RefreshToken = "rt_";
    /// Lets an encoder publish into one stream.
    StreamKey = "sk_";
    /// Proves that its holder reads the mails of an account; good for one use.
    OneTimeToken = "ot_";
}

impl StreamKey {
    /// The last four characters, by which a host recognises the key.
    pub(crate) fn hint(&self) -> String {
        let tail = self.0.len().saturating_sub(4);
        self.0[tail..].to_owned()
    }
}

/// The secret that signs access tokens and publish tickets.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct SigningSecret(Zeroizing<String>);

impl From<String> for SigningSecret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl SigningSecret {
    /// Takes the text as it stands; its bytes are the key.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(crate) fn generate() -> Self {
        Self(random_text())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Long enough, and not one byte repeated.
    pub(crate) fn is_strong(&self) -> bool {
        let bytes = self.bytes();
        bytes.len() >= limits::SIGNING_SECRET_BYTES_MIN
            && bytes.iter().any(|byte| Some(byte) != bytes.first())
    }

    /// Names the key in a token's header without telling it: 8 hexadecimal digits of its SHA-256.
    pub(crate) fn kid(&self) -> String {
        let mut kid = sha256_hex(&self.0);
        kid.truncate(8);
        kid
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(redacted)")
    }
}

#[cfg(test)]
mod tests;
