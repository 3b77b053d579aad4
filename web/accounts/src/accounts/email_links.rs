//! Links in mails: verifying an address, choosing a new password.
//!
//! Who asks for a link is told the same after the same work, whether or not the address has an
//! account: the request is noted in memory and looked at later. A link's token is made when its
//! mail is sent, and only its hash is kept.

use signaling_wire::UserId;
use tokio::sync::mpsc;

use super::{Accounts, Client, rows, sign_in::new_password, throttled};
use crate::{
    db::{
        mails,
        one_time::{self, Purpose},
        users,
    },
    email,
    error::AccountError,
    mail::Kind,
    password,
    secret::OneTimeToken,
    throttle::subscriber,
};

impl Accounts {
    /// Notes that somebody forgot the password of an e-mail's account, if there is one.
    ///
    /// # Errors
    /// `Throttled` by the address of who asks; `Busy`. Nothing depends on the e-mail.
    pub fn forgot_password(
        &self,
        email: &str,
        client: impl Into<Client>,
    ) -> Result<(), AccountError> {
        if let Some(address) = client.into().address {
            let now_ms = self.shared.clock.now().ms();
            let taken = self.throttles().address.take(&subscriber(address), now_ms);
            taken.map_err(throttled)?;
        }
        let Some(key) = email::key(email) else {
            return Ok(());
        };
        match self.shared.asked.try_send(key) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(AccountError::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }

    /// Queues a link for an e-mail that somebody asked for.
    pub(super) async fn queue_reset(&self, email_key: &str) -> Result<(), AccountError> {
        let now = self.shared.clock.now();
        let taken = self.throttles().links.take(&email_key.to_owned(), now.ms());
        if taken.is_err() {
            return Ok(());
        }
        let found = users::by_email(self.shared.store.reader(), email_key).await?;
        let Some(user) = found.filter(|user| user.active) else {
            return Ok(());
        };
        self.queue_mail(user.id, Kind::ResetPassword).await
    }

    /// Mails the link that verifies the address of an account once more.
    ///
    /// # Errors
    /// `Throttled`. An address that is verified already gets none.
    pub async fn resend_verification(&self, user: UserId) -> Result<(), AccountError> {
        if self.person(user).await?.email_verified {
            return Ok(());
        }
        let now_ms = self.shared.clock.now().ms();
        let taken = self.throttles().links.take(&user.to_string(), now_ms);
        taken.map_err(throttled)?;
        self.queue_mail(user, Kind::VerifyEmail).await
    }

    async fn queue_mail(&self, user: UserId, kind: Kind) -> Result<(), AccountError> {
        let now = self.shared.clock.now();
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move { mails::queue(conn, user, kind.key(), now).await })
        });
        write.await?;
        self.shared.mail_waits.notify_one();
        Ok(())
    }

    /// Takes the token of a verification mail.
    ///
    /// # Errors
    /// `TokenSpent` for one that is unknown, used or too old.
    pub async fn verify_email(&self, token: &str) -> Result<(), AccountError> {
        let (hash, now) = (shaped(token)?, self.shared.clock.now());
        let write = self.shared.store.transact(move |conn| {
            Box::pin(async move {
                let user = one_time::spend(conn, Purpose::VerifyEmail, &hash, now).await?;
                let user = user.ok_or(AccountError::TokenSpent)?;
                Ok::<_, AccountError>(users::set_verified(conn, user, now).await?)
            })
        });
        write.await
    }

    /// Chooses a new password by the token of a reset mail, and ends all sessions.
    ///
    /// # Errors
    /// `TokenSpent`; `Invalid` for a password that is not taken, which leaves the token usable;
    /// `Throttled` by the address; `Busy`.
    pub async fn reset_password(
        &self,
        token: &str,
        new: &str,
        client: impl Into<Client>,
    ) -> Result<(), AccountError> {
        if let Some(address) = client.into().address {
            let now_ms = self.shared.clock.now().ms();
            let taken = self.throttles().address.take(&subscriber(address), now_ms);
            taken.map_err(throttled)?;
        }
        let (token, now) = (shaped(token)?, self.shared.clock.now());
        password::check(new, "").map_err(new_password)?;
        let hash = self.shared.hasher.hash(new).await?;
        let write = self.shared.store.transact(move |conn| {
            Box::pin(async move {
                let user = one_time::spend(conn, Purpose::ResetPassword, &token, now).await?;
                let user = user.ok_or(AccountError::TokenSpent)?;
                users::set_password(conn, user, &hash, now).await?;
                // Whoever opened the link reads the mails of this address.
                users::set_verified(conn, user, now).await?;
                mails::queue(conn, user, Kind::PasswordChanged.key(), now).await?;
                let ended = rows::end_of_user(conn, user, (0, None), now).await?;
                Ok::<_, AccountError>((user, ended))
            })
        });
        let (user, ended) = write.await?;
        self.end(user, ended, false);
        self.shared.mail_waits.notify_one();
        Ok(())
    }
}

fn shaped(token: &str) -> Result<String, AccountError> {
    match OneTimeToken::has_shape(token) {
        true => Ok(OneTimeToken::hash_of(token)),
        false => Err(AccountError::TokenSpent),
    }
}
