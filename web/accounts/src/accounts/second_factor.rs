//! Making, confirming and removing the second factor of an account.
//!
//! A new generator counts once a first code of it was shown. Then every other session of the
//! account ends, because none of them has shown a code.

use commerce_store::audit;
use serde::Serialize;
use serde_json::json;
use signaling_wire::UserId;
use zeroize::Zeroizing;

use super::{Access, Accounts, Client, Credentials, rows};
use crate::{
    db::{mails, second_factors, users::User},
    error::AccountError,
    limits,
    mail::Kind,
    second_factor::{SharedSecret, Shown, recovery_code},
    secret,
    session::Proof,
    token::Claims,
};

/// Whether an account has a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SecondFactor {
    /// Whether signing in asks for a code.
    pub active: bool,
    /// Milliseconds since 1970 since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<u64>,
    /// Recovery codes that were not used yet.
    pub recovery_codes_left: u32,
    /// Whether this account needs one for its rights.
    pub required: bool,
}

/// What a generator of codes needs; shown once.
#[derive(Serialize, utoipa::ToSchema)]
pub struct NewSecondFactor {
    /// The shared secret in base 32, for typing.
    pub secret: String,
    /// The same as `otpauth://totp/…`, for a picture or a link.
    pub uri: String,
}

impl Accounts {
    /// The second factor of an account.
    ///
    /// # Errors
    /// The database's.
    pub async fn second_factor(&self, user: UserId) -> Result<SecondFactor, AccountError> {
        let (reader, operates) = (self.shared.store.reader(), self.operates(user).await?);
        let factor = second_factors::find(reader, user).await?;
        let since = factor.and_then(|factor| factor.confirmed_at);
        let left = second_factors::recovery_left(reader, user).await?;
        Ok(SecondFactor {
            active: since.is_some(),
            since_ms: since.map(|us| us.unsigned_abs() / 1_000),
            recovery_codes_left: u32::try_from(left).unwrap_or(0),
            required: operates && self.shared.config.admin_second_factor,
        })
    }

    /// Makes a generator; [`Self::confirm_second_factor`] lets it count.
    ///
    /// # Errors
    /// `InvalidCredentials`, `Throttled` as sign-in; `Unsettled` when the account has one.
    pub async fn begin_second_factor(
        &self,
        user: UserId,
        password: &str,
        client: impl Into<Client>,
    ) -> Result<NewSecondFactor, AccountError> {
        let (user, client) = (self.person(user).await?, client.into());
        let key = user.email_key.clone();
        let fits = self.try_password(key, password, Some(&user), &client);
        if !fits.await? {
            return Err(AccountError::InvalidCredentials);
        }
        let secret = SharedSecret::generate(&user.email)?;
        let (text, personal) = (secret.text(), self.shared.personal.clone());
        let (id, now) = (user.id, self.shared.clock.now());
        let write = self.shared.store.write(move |conn| {
            let (text, personal) = (text.clone(), personal.clone());
            Box::pin(async move {
                let key = personal.key(conn, id, now.db()).await?;
                let sealed = key.seal(&place(id), &text)?;
                second_factors::begin(conn, id, &sealed, now).await
            })
        });
        if !write.await? {
            return Err(AccountError::Unsettled(
                "The account has a second factor: remove it first.",
            ));
        }
        Ok(NewSecondFactor {
            secret: secret.text().to_string(),
            uri: secret.uri()?.to_string(),
        })
    }

    /// Lets a new generator count, by a code of it; the recovery codes, which are shown this once,
    /// and a token that says that the factor was shown. Every other session ends.
    ///
    /// # Errors
    /// `WrongCode`; `Unsettled` when no generator waits; `Throttled`.
    pub async fn confirm_second_factor(
        &self,
        claims: &Claims,
        code: &str,
    ) -> Result<(Vec<String>, Access), AccountError> {
        let user = self.person(claims.user).await?;
        let now = self.shared.clock.now();
        let factor = second_factors::find(self.shared.store.reader(), user.id).await?;
        let factor = factor.filter(|factor| factor.confirmed_at.is_none());
        let Some(factor) = factor else {
            return Err(AccountError::Unsettled(
                "No second factor waits for a code.",
            ));
        };
        let pair = (user.id, None);
        let taken = self.throttles().codes.take(&pair, now.ms());
        taken.map_err(super::throttled)?;
        let secret = self.unsealed(&user, &factor.sealed).await?;
        let step = match Shown::read(code) {
            Some(Shown::Code(code)) => secret.step_of(&code, now),
            _ => None,
        };
        let step = step.ok_or(AccountError::WrongCode)?;
        self.throttles().codes.give_back(&pair);
        let codes: Vec<String> = (0..limits::RECOVERY_CODES)
            .map(|_| recovery_code())
            .collect();
        let hashes: Vec<String> = codes
            .iter()
            .map(|code| secret::sha256_hex(&code.replace('-', "")))
            .collect();
        let proof = Proof {
            at: claims.proved_ms.cast_signed().saturating_mul(1_000),
            two_factors: true,
        };
        let (id, family) = (user.id, claims.family.clone());
        let write = self.shared.store.transact(move |conn| {
            Box::pin(async move {
                if !second_factors::confirm(conn, id, (&factor.sealed, step), now).await? {
                    return Err(AccountError::WrongCode);
                }
                second_factors::replace_recovery(conn, id, &hashes).await?;
                let ended = rows::end_of_user(conn, id, (0, Some(&family)), now).await?;
                if !rows::prove(conn, (id, &family), proof).await? {
                    return Err(AccountError::InvalidToken);
                }
                mails::queue(conn, id, Kind::SecondFactorSet.key(), now).await?;
                record(conn, id.to_string(), "user.second_factor_set", id, now.db()).await?;
                Ok(ended)
            })
        });
        let ended = write.await?;
        self.end(user.id, ended, false);
        self.shared.mail_waits.notify_one();
        let access = self.access(&user, (&claims.family, proof), now)?;
        Ok((codes, access))
    }

    /// Removes the second factor, by the password and a last code. Every other session ends.
    ///
    /// # Errors
    /// `InvalidCredentials`, `SecondFactorRequired`, `WrongCode`, `Throttled`; `NotFound` without
    /// one.
    pub async fn remove_second_factor(
        &self,
        claims: &Claims,
        credentials: impl Into<Credentials<'_>>,
        client: impl Into<Client>,
    ) -> Result<(), AccountError> {
        let (user, client) = (self.person(claims.user).await?, client.into());
        if !self.check(&user, credentials.into(), &client).await? {
            return Err(AccountError::NotFound);
        }
        self.forget_second_factor(user.id, user.id.to_string(), Some(claims.family.clone()))
            .await
    }

    /// Removes the second factor of an account whose owner lost it, by the word of who has the
    /// machine. All its sessions end.
    ///
    /// # Errors
    /// `NotFound` for an unknown e-mail, or without a second factor.
    pub async fn reset_second_factor(&self, email: &str) -> Result<UserId, AccountError> {
        let user = self.find_by_email(email).await?.id;
        self.forget_second_factor(user, "console".to_owned(), None)
            .await?;
        Ok(user)
    }

    async fn forget_second_factor(
        &self,
        user: UserId,
        actor: String,
        spared: Option<String>,
    ) -> Result<(), AccountError> {
        let now = self.shared.clock.now();
        let write = self.shared.store.transact(move |conn| {
            Box::pin(async move {
                if !second_factors::remove(conn, user).await? {
                    return Err(AccountError::NotFound);
                }
                let ended = rows::end_of_user(conn, user, (0, spared.as_deref()), now).await?;
                if let Some(family) = &spared {
                    let proof = Proof {
                        at: now.db(),
                        two_factors: false,
                    };
                    rows::prove(conn, (user, family), proof).await?;
                }
                mails::queue(conn, user, Kind::SecondFactorRemoved.key(), now).await?;
                record(conn, actor, "user.second_factor_removed", user, now.db()).await?;
                Ok(ended)
            })
        });
        let ended = write.await?;
        self.end(user, ended, false);
        self.shared.mail_waits.notify_one();
        Ok(())
    }

    pub(super) async fn unsealed(
        &self,
        user: &User,
        sealed: &str,
    ) -> Result<SharedSecret, AccountError> {
        let reader = self.shared.store.reader();
        let key = self.shared.personal.find(reader, user.id).await?;
        let key = key.ok_or(AccountError::NotFound)?;
        let text = Zeroizing::new(key.open(&place(user.id), sealed)?);
        SharedSecret::read(&text, &user.email)
    }

    async fn operates(&self, user: UserId) -> Result<bool, AccountError> {
        Ok(self.person(user).await?.role == crate::role::Role::Admin)
    }
}

/// Where the shared secret is sealed.
fn place(user: UserId) -> String {
    format!("second_factor/{user}")
}

async fn record(
    conn: &mut commerce_store::sql::Conn,
    actor: String,
    action: &'static str,
    user: UserId,
    now: i64,
) -> Result<(), AccountError> {
    let entry = audit::Entry {
        actor,
        action,
        object: user.to_string(),
        detail: json!({}),
    };
    Ok(audit::record(conn, &entry, now).await?)
}
