//! Publish tickets: what a page needs to publish from the browser, in place of the stream key,
//! which stays with the encoder that it was given to.
//!
//! Whether the caller may have one is for the caller to check (commerce-service knows who hosts).

use std::fmt;

use signaling_wire::{StreamId, UserId};
use zeroize::Zeroizing;

use super::Accounts;
use crate::{db::users, error::AccountError, limits};

/// Lets its holder publish into one stream, once or several times, for two minutes.
#[derive(Clone)]
pub struct PublishTicket {
    text: Zeroizing<String>,
}

impl PublishTicket {
    /// The plaintext, for the answer that carries it.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Life of a ticket, seconds.
    pub const fn expires_in(&self) -> u64 {
        limits::PUBLISH_TICKET_TTL.as_secs()
    }
}

impl fmt::Debug for PublishTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublishTicket(redacted)")
    }
}

impl Accounts {
    /// Makes a ticket for a stream, in the name of a user. Touches no database, and leaves the
    /// stream's key as it is.
    ///
    /// # Errors
    /// `Internal`, when it cannot be signed.
    pub fn issue_publish_ticket(
        &self,
        user: UserId,
        stream: StreamId,
    ) -> Result<PublishTicket, AccountError> {
        let now = self.shared.clock.now();
        let text = self.shared.tokens.sign_ticket(user, stream, now)?;
        Ok(PublishTicket {
            text: Zeroizing::new(text),
        })
    }

    /// The stream that a ticket publishes into; `None` for one that is forged, expired or no
    /// ticket, and for one of an account that is suspended or gone.
    ///
    /// # Errors
    /// The database's.
    pub async fn resolve_publish_ticket(
        &self,
        ticket: &str,
    ) -> Result<Option<StreamId>, AccountError> {
        let now = self.shared.clock.now();
        let Some((user, stream)) = self.shared.tokens.verify_ticket(ticket, now) else {
            return Ok(None);
        };
        let user = users::by_id(self.shared.store.reader(), user).await?;
        Ok(user.filter(|user| user.active).map(|_| stream))
    }
}
