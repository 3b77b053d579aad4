//! The second factor: codes by time (RFC 6238), and recovery codes for when the generator is lost.
//!
//! A code is six digits that a generator makes of a shared secret every thirty seconds; one step
//! before and after now counts too, because clocks differ. Pure; what was taken already is for the
//! database to say.

use std::fmt;

use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::{clock::Now, error::AccountError, limits, secret::sha256_hex};

/// Who made the generator, as its owner reads it there.
const ISSUER: &str = "Souk";
/// Steps before and after now whose codes count (RFC 6238 5.2).
const SKEW: u16 = 1;

/// The secret that a generator and we share: 160 bits (RFC 4226 4).
pub(crate) struct SharedSecret(Totp);

impl SharedSecret {
    pub(crate) fn generate(account: &str) -> Result<Self, AccountError> {
        Self::new(Secret::new_stack(rand::random()), account)
    }

    /// Reads what [`Self::text`] wrote.
    pub(crate) fn read(text: &str, account: &str) -> Result<Self, AccountError> {
        let secret = Secret::try_from_base32(text);
        let secret = secret.map_err(|error| AccountError::Internal(format!("{error:?}")))?;
        Self::new(secret, account)
    }

    fn new(secret: Secret, account: &str) -> Result<Self, AccountError> {
        // A colon would part the label.
        let totp = Builder::new()
            .with_secret(secret)
            .with_skew(SKEW)
            .with_account_name(account.replace(':', ""))
            .with_issuer(Some(ISSUER))
            .build();
        totp.map(Self)
            .map_err(|error| AccountError::Internal(format!("a second factor: {error}")))
    }

    /// In base 32, for typing it into a generator.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.secret().to_base32())
    }

    /// `otpauth://totp/…`, for a generator that reads it.
    pub(crate) fn uri(&self) -> Result<Zeroizing<String>, AccountError> {
        let uri = self.0.to_url();
        uri.map(Zeroizing::new)
            .map_err(|error| AccountError::Internal(format!("a second factor: {error}")))
    }

    /// The step that a code is of, if it is one of now.
    pub(crate) fn step_of(&self, code: &str, now: Now) -> Option<i64> {
        let step = self.0.check(code, now.s())?;
        i64::try_from(step).ok()
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(redacted)")
    }
}

/// What somebody shows in the place of a second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Six digits.
    Code(String),
    /// The hash of a recovery code.
    Recovery(String),
}

impl Shown {
    /// Reads what was typed; `None` if it can be neither. Spaces, hyphens and case do not matter.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if text.len() > limits::RECOVERY_CODE_BYTES_MAX {
            return None;
        }
        let typed = |letter: &char| !letter.is_whitespace() && *letter != '-';
        let text: String = text.chars().filter(typed).collect();
        let text = text.to_ascii_lowercase();
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.len() {
            6 if digits => Some(Self::Code(text)),
            16 if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Some(Self::Recovery(sha256_hex(&text)))
            }
            _ => None,
        }
    }
}

/// A recovery code, `xxxx-xxxx-xxxx-xxxx`: 80 random bits in base 32.
pub(crate) fn recovery_code() -> String {
    let bits = Zeroizing::new(rand::random::<[u8; 10]>());
    let text = Secret::new(Box::new(*bits))
        .to_base32()
        .to_ascii_lowercase();
    let groups: Vec<&str> = (0..text.len())
        .step_by(4)
        .map(|at| &text[at..at + 4])
        .collect();
    groups.join("-")
}

#[cfg(test)]
mod tests;
