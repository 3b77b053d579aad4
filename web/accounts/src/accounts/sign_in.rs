//! Passwords at the door: signing in and changing the password.
//!
//! A try is taken before the work and given back when the password was right, so that many wrong
//! ones at once cannot slip through. An unknown e-mail costs the same work as a wrong password.

use signaling_wire::UserId;

use super::{Accounts, Client, Credentials, Signed, rows, throttled};
use crate::{
    db::{mails, second_factors, users, users::User},
    email,
    error::AccountError,
    mail::Kind,
    password,
    throttle::{Origin, subscriber},
};

/// Whose password is tried, and from where; `None` for callers inside the process.
struct Tried {
    key: String,
    origin: Option<Origin>,
}

impl Accounts {
    /// Signs in.
    ///
    /// # Errors
    /// `InvalidCredentials` for an unknown e-mail and a wrong password alike; `Throttled` after too
    /// many of them from this address; `Suspended`, `SecondFactorRequired` and `WrongCode` only with
    /// the right password; `Busy`.
    pub async fn login(
        &self,
        email: &str,
        credentials: impl Into<Credentials<'_>>,
        client: impl Into<Client>,
    ) -> Result<Signed, AccountError> {
        let (credentials, client) = (credentials.into(), client.into());
        let password = credentials.password;
        let key = email::key(email);
        let user = match &key {
            Some(key) => users::by_email(self.shared.store.reader(), key).await?,
            None => None,
        };
        let fits = self
            .try_password(key.unwrap_or_default(), password, user.as_ref(), &client)
            .await?;
        match user {
            Some(user) if fits && user.active => {
                let two_factors = self.check_code(&user, credentials.code, &client).await?;
                self.open_session(user, two_factors, &client).await
            }
            Some(_) if fits => Err(AccountError::Suspended),
            _ => {
                // Who and from where, for whoever watches; the e-mail only if it names somebody.
                let user = user.map(|user| user.id.to_string()).unwrap_or_default();
                tracing::info!(%user, address = ?client.address, "a sign-in was refused");
                Err(AccountError::InvalidCredentials)
            }
        }
    }

    /// Compares a password, which costs a try when it is wrong.
    pub(super) async fn try_password(
        &self,
        key: String,
        password: &str,
        user: Option<&User>,
        client: &Client,
    ) -> Result<bool, AccountError> {
        let now = self.shared.clock.now();
        let device = client.device.as_deref().zip(user);
        let device = device
            .and_then(|(token, user)| self.shared.tokens.verify_device(token, user.id, now))
            .map(Origin::Device);
        let address = client.address.map(|ip| Origin::Address(subscriber(ip)));
        let tried = Tried {
            key,
            origin: device.or(address),
        };
        self.take_login(&tried)?;
        let hash = user.map(|user| user.password_hash.clone());
        let fits = self.shared.hasher.verify(password, hash).await;
        if !matches!(fits, Ok(false)) {
            self.give_back_login(&tried);
        }
        fits
    }

    /// Replaces a password, ends all sessions and opens a new one for who asked.
    ///
    /// # Errors
    /// `InvalidCredentials` for a wrong current one; `Invalid` for a new one that is not taken;
    /// `Throttled`, as sign-in.
    pub async fn change_password(
        &self,
        user: UserId,
        current: &str,
        new: &str,
        client: impl Into<Client>,
    ) -> Result<Signed, AccountError> {
        let client = client.into();
        let mut account = self.person(user).await?;
        password::check(new, &account.email_key).map_err(new_password)?;
        let key = account.email_key.clone();
        if !self
            .try_password(key, current, Some(&account), &client)
            .await?
        {
            return Err(AccountError::InvalidCredentials);
        }
        account.password_hash = self.shared.hasher.hash(new).await?;
        let (now, hash) = (self.shared.clock.now(), account.password_hash.clone());
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move {
                users::set_password(conn, user, &hash, now).await?;
                mails::queue(conn, user, Kind::PasswordChanged.key(), now).await?;
                rows::end_of_user(conn, user, (0, None), now).await
            })
        });
        let families = write.await?;
        self.end(user, families, false);
        self.shared.mail_waits.notify_one();
        // Whoever asks has shown it: sessions that had not ended when it was made.
        let factor = second_factors::find(self.shared.store.reader(), user).await?;
        let two_factors = factor.is_some_and(|factor| factor.confirmed_at.is_some());
        self.open_session(account, two_factors, &client).await
    }

    /// Takes a try from the account's bucket, and from the address's unless the device is known;
    /// from both or from neither.
    fn take_login(&self, tried: &Tried) -> Result<(), AccountError> {
        let Some(origin) = &tried.origin else {
            return Ok(());
        };
        let now_ms = self.shared.clock.now().ms();
        let mut throttles = self.throttles();
        if let Origin::Address(address) = origin {
            let taken = throttles.address.take(address, now_ms);
            taken.map_err(throttled)?;
        }
        let pair = (tried.key.clone(), origin.clone());
        if let Err(wait_s) = throttles.account.take(&pair, now_ms) {
            if let Origin::Address(address) = origin {
                throttles.address.give_back(address);
            }
            return Err(throttled(wait_s));
        }
        Ok(())
    }

    fn give_back_login(&self, tried: &Tried) {
        let Some(origin) = &tried.origin else { return };
        let mut throttles = self.throttles();
        let pair = (tried.key.clone(), origin.clone());
        throttles.account.give_back(&pair);
        if let Origin::Address(address) = origin {
            throttles.address.give_back(address);
        }
    }
}

/// A refused password, named as the field that it came in.
pub(super) fn new_password(mut refused: signaling_wire::problem::FieldError) -> AccountError {
    "/new_password".clone_into(&mut refused.pointer);
    AccountError::Invalid(vec![refused])
}
