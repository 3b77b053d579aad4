//! Publish tickets: who may publish into which stream for the next two minutes.
//!
//! JWT of type `publish+jwt` with an audience of their own, so that neither a ticket passes as an
//! access token nor an access token as a ticket (RFC 8725 3.11, 3.12). A ticket opens a publication
//! and is not asked for again while it lasts.

use serde::{Deserialize, Serialize};
use signaling_wire::{StreamId, UserId};

use super::{Tokens, is_alive};
use crate::{clock::Now, error::AccountError, limits};

/// The `typ` that tells a ticket from every other JWT.
const TYPE: &str = "publish+jwt";

#[derive(Serialize, Deserialize)]
struct Body {
    iss: String,
    aud: String,
    sub: UserId,
    stream: StreamId,
    exp: u64,
    nbf: u64,
    iat: u64,
}

/// The audience of tickets: never the one of access tokens, whatever that is configured to be.
pub(super) fn audience(access: &str) -> String {
    format!("{access}/whip")
}

impl Tokens {
    pub(crate) fn sign_ticket(
        &self,
        user: UserId,
        stream: StreamId,
        now: Now,
    ) -> Result<String, AccountError> {
        let body = Body {
            iss: self.issuer.clone(),
            aud: self.ticket_audience.clone(),
            sub: user,
            stream,
            exp: now.s() + limits::PUBLISH_TICKET_TTL.as_secs(),
            nbf: now.s(),
            iat: now.s(),
        };
        self.seal(TYPE, &body)
    }

    /// Whose ticket it is and for what; `None` unless signature, algorithm, type, key, issuer,
    /// audience and times all hold. Not: whether the account still stands.
    pub(crate) fn verify_ticket(&self, ticket: &str, now: Now) -> Option<(UserId, StreamId)> {
        let body: Body = self.open(TYPE, &self.ticket_validation, ticket)?;
        is_alive(body.nbf, body.exp, now).then_some((body.sub, body.stream))
    }
}

#[cfg(test)]
mod tests;
