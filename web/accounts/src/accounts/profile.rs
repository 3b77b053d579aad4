//! The profile: what a person may see and change of their own account.

use serde::{Deserialize, Serialize};
use signaling_wire::{UserId, postal::is_phone};

use super::{Accounts, Profile};
use crate::{
    clock::Now,
    db::{consents, users, users::User},
    email,
    error::AccountError,
    name,
};

/// Where a telephone number is sealed.
pub(super) const PHONE: &str = "users/phone";

/// An account with what is personal in it.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    /// What goes with every sign-in.
    #[serde(flatten)]
    pub profile: Profile,
    /// Telephone number, if the person gave one.
    pub phone: Option<String>,
    /// Whether the shop may write about offers.
    pub marketing: bool,
    /// Milliseconds since 1970 of the registration.
    pub created_ms: u64,
    /// Rises with every change.
    #[serde(skip)]
    pub version: i64,
}

/// The profile that takes the place of the one before.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChange {
    /// 1 to 40 characters.
    pub display_name: String,
    /// Language tag; stays as it is without one.
    #[serde(default)]
    pub locale: Option<String>,
    /// Telephone number; none without it.
    #[serde(default)]
    pub phone: Option<String>,
    /// Whether the shop may write about offers; stays as it is without it.
    #[serde(default)]
    pub marketing: Option<bool>,
}

impl Accounts {
    /// What goes with a sign-in of an account that has not withdrawn.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn profile(&self, user: UserId) -> Result<Profile, AccountError> {
        Ok(Profile::from(&self.person(user).await?))
    }

    /// An account as its owner sees it.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn account(&self, user: UserId) -> Result<Account, AccountError> {
        let found = self.person(user).await?;
        let reader = self.shared.store.reader();
        let key = self.shared.personal.find(reader, user).await?;
        let phone = found.phone_sealed.as_deref().zip(key);
        let phone = phone
            .map(|(sealed, key)| key.open(PHONE, sealed))
            .transpose()?;
        let consents = consents::list(reader, user).await?;
        let marketing = consents
            .iter()
            .any(|consent| consent.kind == "marketing" && consent.revoked_us.is_none());
        Ok(Account {
            profile: Profile::from(&found),
            phone,
            marketing,
            created_ms: found.created_at.unsigned_abs() / 1_000,
            version: found.version,
        })
    }

    /// Changes a profile; with `expected`, only if it still is of that version.
    ///
    /// # Errors
    /// `Invalid` names the fields; `Changed` when it is of another version by now.
    pub async fn change_profile(
        &self,
        user: UserId,
        change: ProfileChange,
        expected: Option<i64>,
    ) -> Result<Account, AccountError> {
        let found = self.person(user).await?;
        let version = expected.unwrap_or(found.version);
        if version != found.version {
            return Err(AccountError::Changed);
        }
        let (wanted, phone) = checked(found, &change)?;
        let (now, marketing) = (self.shared.clock.now(), change.marketing);
        let (personal, terms) = (
            self.shared.personal.clone(),
            self.shared.config.terms.clone(),
        );
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move {
                let mut wanted = wanted;
                wanted.phone_sealed = match &phone {
                    None => None,
                    Some(phone) => {
                        let key = personal.key(conn, user, now.db()).await?;
                        Some(key.seal(PHONE, phone)?)
                    }
                };
                if !users::set_profile(conn, &wanted, version, now).await? {
                    return Ok(false);
                }
                set_marketing(conn, user, marketing, &terms, now).await?;
                Ok(true)
            })
        });
        if !write.await? {
            return Err(AccountError::Changed);
        }
        self.account(user).await
    }

    /// An account that has not withdrawn.
    pub(super) async fn person(&self, user: UserId) -> Result<User, AccountError> {
        let found = users::by_id(self.shared.store.reader(), user).await?;
        found
            .filter(|user| !user.withdrawn)
            .ok_or(AccountError::NotFound)
    }
}

/// The row as it should be, and the telephone number in the clear.
fn checked(mut row: User, change: &ProfileChange) -> Result<(User, Option<String>), AccountError> {
    let mut refused = Vec::new();
    match name::check(&change.display_name) {
        // Who had a reserved name before may keep it.
        Ok(name) if name != row.display_name && name::is_reserved(&name) => {
            refused.push(name::reserved());
        }
        Ok(name) => row.display_name = name,
        Err(error) => refused.push(error),
    }
    row.name_key = name::key(&row.display_name);
    match change.locale.as_deref().map(email::locale).transpose() {
        Ok(locale) => row.locale = locale.unwrap_or(row.locale),
        Err(error) => refused.push(error),
    }
    let phone = change.phone.as_deref().map(str::trim);
    let phone = phone.filter(|phone| !phone.is_empty());
    if phone.is_some_and(|phone| !is_phone(phone)) {
        let detail = "A telephone number, such as 010-1234-5678.";
        refused.push(email::field("/phone", "format", detail));
    }
    match refused.is_empty() {
        true => Ok((row, phone.map(str::to_owned))),
        false => Err(AccountError::Invalid(refused)),
    }
}

async fn set_marketing(
    conn: &mut commerce_store::sql::Conn,
    user: UserId,
    wanted: Option<bool>,
    wording: &str,
    now: Now,
) -> Result<(), commerce_store::StoreError> {
    let consents = consents::list(&mut *conn, user).await?;
    let given = consents
        .iter()
        .any(|consent| consent.kind == "marketing" && consent.revoked_us.is_none());
    match wanted {
        Some(true) if !given => consents::grant(conn, user, ("marketing", wording), now).await,
        Some(false) if given => consents::revoke(conn, user, Some("marketing"), now).await,
        _ => Ok(()),
    }
}
