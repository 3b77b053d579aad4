//! Withdrawal: the data key is destroyed, the row made anonymous, and what is left names nobody.

use commerce_store::{PersonalData, outbox};
use signaling_wire::UserId;

use super::{Accounts, Client, rows};
use crate::{
    db::{
        consents,
        withdrawal::{self, Obstacle},
    },
    error::AccountError,
};

impl Accounts {
    /// Withdraws for good, in one transaction: the key of the person's data is destroyed, the
    /// account made anonymous, its sessions ended, its addresses, links, memberships and the keys
    /// of its streams removed. Orders, payments and the ledger stay for the legal term.
    ///
    /// # Errors
    /// `InvalidCredentials` for a wrong password, `Throttled` as sign-in, `Unsettled` while the
    /// person owns an active seller, an order has not arrived, or nobody else is an administrator.
    pub async fn withdraw(
        &self,
        user: UserId,
        password: &str,
        client: impl Into<Client>,
    ) -> Result<(), AccountError> {
        let account = self.person(user).await?;
        let key = account.email_key.clone();
        let client = client.into();
        if !self
            .try_password(key, password, Some(&account), &client)
            .await?
        {
            return Err(AccountError::InvalidCredentials);
        }
        let now = self.shared.clock.now();
        let write = self.shared.store.transact(move |conn| {
            Box::pin(async move {
                match withdrawal::obstacle(conn, user).await? {
                    Some(Obstacle::OwnsSeller) => {
                        let why = "Hand your shop over or have it closed first.";
                        return Err(AccountError::Unsettled(why));
                    }
                    Some(Obstacle::OpenOrders) => {
                        let why = "An order has not arrived yet: wait for it or cancel it first.";
                        return Err(AccountError::Unsettled(why));
                    }
                    Some(Obstacle::LastOperator) => {
                        let why =
                            "Nobody else runs this platform: make another administrator first.";
                        return Err(AccountError::Unsettled(why));
                    }
                    None => {}
                }
                if !withdrawal::anonymise(conn, user, now).await? {
                    return Err(AccountError::NotFound);
                }
                PersonalData::destroy(conn, user).await?;
                withdrawal::clear(conn, user).await?;
                consents::revoke(conn, user, None, now).await?;
                let ended = rows::end_of_user(conn, user, (0, None), now).await?;
                let (name, fact) = (user.to_string(), format!("{{\"user\":\"{user}\"}}"));
                outbox::append(conn, "user.withdrawn", &name, &fact, now.db()).await?;
                Ok(ended)
            })
        });
        let ended = write.await?;
        self.end(user, ended, true);
        tracing::info!(%user, "an account withdrew");
        Ok(())
    }
}
