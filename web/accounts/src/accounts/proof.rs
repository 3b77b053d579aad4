//! Proving who one is: the password and, for accounts that have one, a code of the second factor.
//!
//! The password is looked at first, so only who knows it learns that there is a second factor and
//! may use its tries up.

use serde::Serialize;
use signaling_wire::UserId;

use super::{Accounts, Client, rows, throttled};
use crate::{
    clock::Now,
    db::{second_factors, users::User},
    error::AccountError,
    second_factor::{SharedSecret, Shown},
    session::Proof,
    token::Claims,
};

/// What somebody types to prove who they are.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The password of the account.
    pub password: &'a str,
    /// A code of the second factor, or a recovery code.
    pub code: Option<&'a str>,
}

impl<'a> From<&'a str> for Credentials<'a> {
    fn from(password: &'a str) -> Self {
        Self {
            password,
            code: None,
        }
    }
}

/// A new access token of an open session.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Access {
    /// Bearer token for the API and the lanes.
    pub access_token: String,
    /// Its life, seconds.
    pub expires_in: u32,
}

impl Accounts {
    /// Proves once more who has a session; the token says so. What is dangerous asks for it.
    ///
    /// # Errors
    /// `InvalidCredentials`, `SecondFactorRequired`, `WrongCode`; `Throttled`, as sign-in.
    pub async fn prove(
        &self,
        claims: &Claims,
        credentials: impl Into<Credentials<'_>>,
        client: impl Into<Client>,
    ) -> Result<Access, AccountError> {
        let user = self.person(claims.user).await?;
        let client = client.into();
        let two_factors = self.check(&user, credentials.into(), &client).await?;
        let now = self.shared.clock.now();
        let at = now.db();
        let proof = Proof { at, two_factors };
        let (id, family) = (user.id, claims.family.clone());
        let write = self.shared.store.write(move |conn| {
            let family = family.clone();
            Box::pin(async move { rows::prove(conn, (id, &family), proof).await })
        });
        if !write.await? {
            return Err(AccountError::InvalidToken);
        }
        self.access(&user, (&claims.family, proof), now)
    }

    /// Whether an administrator has proved who they are so lately that they may change things.
    pub fn is_fresh(&self, claims: &Claims) -> bool {
        let most_ms = u64::from(self.shared.config.fresh_login_s) * 1_000;
        self.shared.clock.now().ms() <= claims.proved_ms.saturating_add(most_ms)
    }

    /// How long that counts, seconds.
    pub fn fresh_login_s(&self) -> u32 {
        self.shared.config.fresh_login_s
    }

    /// Compares password and code; whether there is a second factor.
    pub(super) async fn check(
        &self,
        user: &User,
        credentials: Credentials<'_>,
        client: &Client,
    ) -> Result<bool, AccountError> {
        let key = user.email_key.clone();
        let password = credentials.password;
        if !self.try_password(key, password, Some(user), client).await? {
            return Err(AccountError::InvalidCredentials);
        }
        self.check_code(user, credentials.code, client).await
    }

    /// Takes a code of the account's second factor, if it has one; whether it has.
    pub(super) async fn check_code(
        &self,
        user: &User,
        code: Option<&str>,
        client: &Client,
    ) -> Result<bool, AccountError> {
        let factor = second_factors::find(self.shared.store.reader(), user.id).await?;
        let Some(factor) = factor.filter(|factor| factor.confirmed_at.is_some()) else {
            return Ok(false);
        };
        let code = code.ok_or(AccountError::SecondFactorRequired)?;
        let now = self.shared.clock.now();
        // Callers inside the process are not counted, here as at the password.
        let counted = client.address.is_some();
        let device = client.device.as_deref();
        let device = device.and_then(|token| self.shared.tokens.verify_device(token, user.id, now));
        let pair = (user.id, device);
        if counted {
            let taken = self.throttles().codes.take(&pair, now.ms());
            taken.map_err(throttled)?;
        }
        let secret = self.unsealed(user, &factor.sealed).await?;
        if !self.take_code(user.id, &secret, code, now).await? {
            tracing::warn!(user = %user.id, address = ?client.address, "a code was refused after the right password");
            return Err(AccountError::WrongCode);
        }
        if counted {
            self.throttles().codes.give_back(&pair);
        }
        Ok(true)
    }

    /// Uses a code up, if it is right; `false` otherwise, and for one that was used before.
    async fn take_code(
        &self,
        user: UserId,
        secret: &SharedSecret,
        code: &str,
        now: Now,
    ) -> Result<bool, AccountError> {
        let store = &self.shared.store;
        match Shown::read(code) {
            None => Ok(false),
            Some(Shown::Code(code)) => {
                let Some(step) = secret.step_of(&code, now) else {
                    return Ok(false);
                };
                let taking = store.write(move |conn| {
                    Box::pin(async move { second_factors::take_step(conn, user, step).await })
                });
                Ok(taking.await?)
            }
            Some(Shown::Recovery(hash)) => {
                let taking = store.write(move |conn| {
                    let hash = hash.clone();
                    Box::pin(
                        async move { second_factors::take_recovery(conn, user, &hash, now).await },
                    )
                });
                Ok(taking.await?)
            }
        }
    }
}
