//! Device tokens: a browser that has signed in to an account before can show it.
//!
//! JWT of type `device+jwt` with an audience of their own. One gives no right but this: wrong
//! passwords from it are counted by themselves, so that nobody else's can keep its owner out.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use signaling_wire::UserId;

use super::{Tokens, is_alive};
use crate::{clock::Now, error::AccountError, limits};

/// The `typ` that tells a device token from every other JWT.
const TYPE: &str = "device+jwt";

#[derive(Serialize, Deserialize)]
struct Body {
    iss: String,
    aud: String,
    sub: UserId,
    jti: String,
    exp: u64,
    nbf: u64,
}

/// The audience of device tokens.
pub(super) fn audience(access: &str) -> String {
    format!("{access}/device")
}

impl Tokens {
    pub(crate) fn sign_device(&self, user: UserId, now: Now) -> Result<String, AccountError> {
        let body = Body {
            iss: self.issuer.clone(),
            aud: audience(&self.audience),
            sub: user,
            jti: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()),
            exp: now.s() + limits::DEVICE_TTL.as_secs(),
            nbf: now.s(),
        };
        self.seal(TYPE, &body)
    }

    /// The name of a device that has signed in to this account before.
    pub(crate) fn verify_device(&self, token: &str, user: UserId, now: Now) -> Option<String> {
        let body: Body = self.open(TYPE, &self.device_validation, token)?;
        (body.sub == user && is_alive(body.nbf, body.exp, now)).then_some(body.jti)
    }
}
