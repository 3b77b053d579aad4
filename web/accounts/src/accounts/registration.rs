//! Registration: what a person types, checked, hashed, kept.

use std::net::IpAddr;

use serde::Deserialize;
use signaling_wire::UserId;

use super::{Accounts, Signed, throttled};
use crate::{
    clock::Now, db::users, db::users::User, email, error::AccountError, limits, password,
    role::Role, throttle::subscriber,
};

/// What a person gives to register.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// Where to reach them; unique without regard to case.
    pub email: String,
    /// 8 to 128 characters.
    pub password: String,
    /// 1 to 40 characters.
    pub display_name: String,
    /// Language tag; `ko` without one.
    #[serde(default)]
    pub locale: Option<String>,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount")
            .field("display_name", &self.display_name)
            .finish_non_exhaustive()
    }
}

impl Accounts {
    /// Makes an account and signs it in. `address` is the client's, for the throttle; `None` for
    /// callers inside the process, which are not throttled.
    ///
    /// # Errors
    /// `Invalid` names the fields; `EmailTaken`; `Throttled`; `Busy`.
    pub async fn register(
        &self,
        new: NewAccount,
        address: Option<IpAddr>,
    ) -> Result<Signed, AccountError> {
        let now = self.shared.clock.now();
        let user = self.checked(&new, Role::User, now)?;
        if let Some(address) = address {
            let mut throttles = self.throttles();
            let taken = throttles.registration.take(&subscriber(address), now.ms());
            taken.map_err(throttled)?;
        }
        let user = self.insert(user, &new.password).await?;
        self.open_session(user).await
    }

    /// Makes an account that operates the platform.
    ///
    /// # Errors
    /// As [`Self::register`]; an e-mail that is registered already is not promoted.
    pub async fn create_admin(&self, email: &str, password: &str) -> Result<UserId, AccountError> {
        let name = email.split('@').next().unwrap_or_default();
        let new = NewAccount {
            email: email.to_owned(),
            password: password.to_owned(),
            display_name: name.chars().take(limits::DISPLAY_NAME_CHARS_MAX).collect(),
            locale: None,
        };
        let user = self.checked(&new, Role::Admin, self.shared.clock.now())?;
        Ok(self.insert(user, password).await?.id)
    }

    /// Checks what was typed, all fields at once; the hash is still empty.
    fn checked(&self, new: &NewAccount, role: Role, now: Now) -> Result<User, AccountError> {
        let key = email::key(&new.email)
            .ok_or_else(|| email::field("/email", "format", "An address such as me@example.com."));
        let key_text = key.as_deref().unwrap_or_default();
        let password = password::check(&new.password, key_text);
        let name = email::display_name(&new.display_name);
        let locale = email::locale(new.locale.as_deref().unwrap_or("ko"));
        match (key, password, name, locale) {
            (Ok(email_key), Ok(()), Ok(display_name), Ok(locale)) => Ok(User {
                id: UserId::from_parts(now.ms(), rand::random()),
                email: new.email.trim().to_owned(),
                email_key,
                password_hash: String::new(),
                display_name,
                role,
                locale,
                active: true,
            }),
            (key, password, name, locale) => {
                let errors = [key.err(), password.err(), name.err(), locale.err()];
                Err(AccountError::Invalid(
                    errors.into_iter().flatten().collect(),
                ))
            }
        }
    }

    async fn insert(&self, mut user: User, password: &str) -> Result<User, AccountError> {
        user.password_hash = self.shared.hasher.hash(password).await?;
        let now = self.shared.clock.now();
        let row = user.clone();
        let write = self
            .shared
            .store
            .write(move |conn| Box::pin(async move { users::insert(conn, &row, now).await }));
        if write.await? {
            Ok(user)
        } else {
            Err(AccountError::EmailTaken)
        }
    }
}
