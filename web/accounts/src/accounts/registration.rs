//! Registration: what a person types, checked, hashed, kept.

use commerce_store::audit;
use serde::Deserialize;
use signaling_wire::UserId;

use super::{Accounts, Client, Signed, throttled};
use crate::{
    clock::Now,
    db::{consents, mails, users, users::User},
    email,
    error::AccountError,
    limits,
    mail::Kind,
    name, password,
    role::Role,
    throttle::subscriber,
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
    /// Whether the shop may write about offers; no without it.
    #[serde(default)]
    pub marketing: bool,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount")
            .field("display_name", &self.display_name)
            .finish_non_exhaustive()
    }
}

impl Accounts {
    /// Makes an account and signs it in. Registering is agreeing to the terms and the privacy
    /// notice, which is noted with their wording; a mail asks to verify the address.
    ///
    /// # Errors
    /// `Invalid` names the fields; `EmailTaken`; `Throttled`; `Busy`.
    pub async fn register(
        &self,
        new: NewAccount,
        client: impl Into<Client>,
    ) -> Result<Signed, AccountError> {
        let client = client.into();
        let now = self.shared.clock.now();
        let user = self.checked(&new, Role::User, now)?;
        if let Some(address) = client.address {
            let mut throttles = self.throttles();
            let taken = throttles.registration.take(&subscriber(address), now.ms());
            taken.map_err(throttled)?;
        }
        let user = self.insert(user, &new.password, new.marketing).await?;
        self.shared.mail_waits.notify_one();
        self.open_session(user, false, &client).await
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
            marketing: false,
        };
        let user = self.checked(&new, Role::Admin, self.shared.clock.now())?;
        Ok(self.insert(user, password, false).await?.id)
    }

    /// Checks what was typed, all fields at once; the hash is still empty.
    fn checked(&self, new: &NewAccount, role: Role, now: Now) -> Result<User, AccountError> {
        let key = email::key(&new.email)
            .ok_or_else(|| email::field("/email", "format", "An address such as me@example.com."));
        let key_text = key.as_deref().unwrap_or_default();
        let password = password::check(&new.password, key_text);
        let name = name::check(&new.display_name);
        let name = name.and_then(|name| match role {
            Role::User if name::is_reserved(&name) => Err(name::reserved()),
            _ => Ok(name),
        });
        let locale = email::locale(new.locale.as_deref().unwrap_or("ko"));
        match (key, password, name, locale) {
            (Ok(email_key), Ok(()), Ok(display_name), Ok(locale)) => Ok(User {
                name_key: name::key(&display_name),
                id: UserId::from_parts(now.ms(), rand::random()),
                email: new.email.trim().to_owned(),
                email_key,
                password_hash: String::new(),
                display_name,
                role,
                locale,
                email_verified: false,
                phone_sealed: None,
                active: true,
                withdrawn: false,
                created_at: now.db(),
                version: 1,
            }),
            (key, password, name, locale) => {
                let errors = [key.err(), password.err(), name.err(), locale.err()];
                Err(AccountError::Invalid(
                    errors.into_iter().flatten().collect(),
                ))
            }
        }
    }

    async fn insert(
        &self,
        mut user: User,
        password: &str,
        marketing: bool,
    ) -> Result<User, AccountError> {
        user.password_hash = self.shared.hasher.hash(password).await?;
        let now = self.shared.clock.now();
        let (row, terms) = (user.clone(), self.shared.config.terms.clone());
        let personal = self.shared.personal.clone();
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move {
                if !users::insert(conn, &row, now).await? {
                    return Ok(false);
                }
                personal.key(conn, row.id, now.db()).await?;
                let kinds = ["terms", "privacy", "marketing"];
                for kind in &kinds[..if marketing { 3 } else { 2 }] {
                    consents::grant(conn, row.id, (kind, &terms), now).await?;
                }
                mails::queue(conn, row.id, Kind::VerifyEmail.key(), now).await?;
                if row.role == Role::Admin {
                    // By the word of who has the machine; last, because the log lines its writers up.
                    let entry = audit::Entry {
                        actor: "console".to_owned(),
                        action: "user.admin_created",
                        object: row.id.to_string(),
                        detail: serde_json::json!({}),
                    };
                    audit::record(conn, &entry, now.db()).await?;
                }
                Ok(true)
            })
        });
        if write.await? {
            Ok(user)
        } else {
            Err(AccountError::EmailTaken)
        }
    }
}
