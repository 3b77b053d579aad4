//! Passwords at the door: signing in and changing the password.
//!
//! A try is taken before the work and given back when the password was right, so that many wrong
//! ones at once cannot slip through. An unknown e-mail costs the same work as a wrong password.

use std::net::IpAddr;

use signaling_wire::UserId;

use super::{Accounts, Signed, throttled};
use crate::{
    db::{refresh_tokens, users},
    email,
    error::AccountError,
    password,
    throttle::subscriber,
};

impl Accounts {
    /// Signs in.
    ///
    /// # Errors
    /// `InvalidCredentials` for an unknown e-mail and a wrong password alike; `Throttled` after too
    /// many of them from this address; `Suspended` only with the right password; `Busy`.
    pub async fn login(
        &self,
        email: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<Signed, AccountError> {
        let key = email::key(email);
        let user = match &key {
            Some(key) => users::by_email(self.shared.store.reader(), key).await?,
            None => None,
        };
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        let fits = self
            .try_password(key.unwrap_or_default(), password, hash, address)
            .await?;
        match user {
            Some(user) if fits && user.active => self.open_session(user).await,
            Some(_) if fits => Err(AccountError::Suspended),
            _ => Err(AccountError::InvalidCredentials),
        }
    }

    /// Compares a password, which costs a try when it is wrong.
    async fn try_password(
        &self,
        email_key: String,
        password: &str,
        hash: Option<String>,
        address: IpAddr,
    ) -> Result<bool, AccountError> {
        let tried = (email_key, subscriber(address));
        self.take_login(&tried)?;
        let fits = self.shared.hasher.verify(password, hash).await;
        if !matches!(fits, Ok(false)) {
            self.give_back_login(&tried);
        }
        fits
    }

    /// Replaces a password and ends all sessions; sign in again with the new one.
    ///
    /// # Errors
    /// `InvalidCredentials` for a wrong current one; `Invalid` for a new one that is not taken;
    /// `Throttled`, as sign-in.
    pub async fn change_password(
        &self,
        user: UserId,
        current: &str,
        new: &str,
        address: IpAddr,
    ) -> Result<(), AccountError> {
        let found = users::by_id(self.shared.store.reader(), user).await?;
        let account = found.ok_or(AccountError::NotFound)?;
        password::check(new, &account.email_key).map_err(|mut refused| {
            "/new_password".clone_into(&mut refused.pointer);
            AccountError::Invalid(vec![refused])
        })?;
        let (key, old_hash) = (account.email_key, Some(account.password_hash));
        if !self.try_password(key, current, old_hash, address).await? {
            return Err(AccountError::InvalidCredentials);
        }
        let hash = self.shared.hasher.hash(new).await?;
        let now = self.shared.clock.now();
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move {
                users::set_password(conn, user, &hash, now).await?;
                refresh_tokens::revoke_user(conn, user, 0, now).await
            })
        });
        let families = write.await?;
        self.end(families, self.shared.clock.now());
        Ok(())
    }

    /// Takes a try from both buckets, or from neither.
    fn take_login(&self, tried: &(String, IpAddr)) -> Result<(), AccountError> {
        let now_ms = self.shared.clock.now().ms();
        let mut throttles = self.throttles();
        throttles
            .address
            .take(&tried.1, now_ms)
            .map_err(throttled)?;
        if let Err(wait_s) = throttles.account.take(tried, now_ms) {
            throttles.address.give_back(&tried.1);
            return Err(throttled(wait_s));
        }
        Ok(())
    }

    fn give_back_login(&self, tried: &(String, IpAddr)) {
        let mut throttles = self.throttles();
        throttles.account.give_back(tried);
        throttles.address.give_back(&tried.1);
    }
}
