//! The export: everything that the accounts know about a person. Whoever keeps more about them,
//! such as orders, adds it at the edge.

use serde::Serialize;
use signaling_wire::UserId;

use super::{Account, Accounts, Address, OpenSession};
use crate::{
    db::{consents, consents::Consent},
    error::AccountError,
};

/// What the accounts know about a person.
#[derive(Debug, Serialize)]
pub struct Export {
    profile: Account,
    addresses: Vec<Address>,
    sessions: Vec<OpenSession>,
    consents: Vec<Consent>,
}

impl Accounts {
    /// Everything about a person; `current` is the family of who asks.
    ///
    /// # Errors
    /// `NotFound`; the database's.
    pub async fn export(&self, user: UserId, current: &str) -> Result<Export, AccountError> {
        Ok(Export {
            profile: self.account(user).await?,
            addresses: self.addresses(user).await?,
            sessions: self.sessions(user, current).await?,
            consents: consents::list(self.shared.store.reader(), user).await?,
        })
    }
}
