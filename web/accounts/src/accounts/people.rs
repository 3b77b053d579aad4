//! People, as those see them who operate the platform: listed, suspended, given a role.
//!
//! Whether the caller may is for the caller to check. A suspension and a new role hold at once:
//! all sessions end, and connections that speak for the person are told.

use serde::{Deserialize, Serialize};
use signaling_wire::UserId;

use super::{Accounts, rows};
use crate::{
    db::{stream_keys, users, users::User},
    error::AccountError,
    limits,
    role::Role,
};

/// Whether an account may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PersonStatus {
    /// It may.
    Active,
    /// Not until it is restored.
    Suspended,
    /// Never again; nothing personal is left of it.
    Withdrawn,
}

impl PersonStatus {
    const fn key(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// An account, for those who operate the platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Person {
    /// Its id.
    pub id: UserId,
    /// Empty once withdrawn.
    pub email: String,
    /// Whether the address was verified.
    pub email_verified: bool,
    /// Empty once withdrawn.
    pub display_name: String,
    /// Role on the platform.
    pub role: Role,
    /// Whether it may sign in.
    pub status: PersonStatus,
    /// Milliseconds since 1970 of the registration.
    pub created_ms: u64,
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        let status = match (user.active, user.withdrawn) {
            (true, _) => PersonStatus::Active,
            (_, true) => PersonStatus::Withdrawn,
            _ => PersonStatus::Suspended,
        };
        Self {
            id: user.id,
            email: user.email,
            email_verified: user.email_verified,
            display_name: user.display_name,
            role: user.role,
            status,
            created_ms: user.created_at.unsigned_abs() / 1_000,
        }
    }
}

impl Accounts {
    /// Accounts, the newest first, after `before` (the last id of the page before).
    ///
    /// # Errors
    /// The database's.
    pub async fn people(
        &self,
        status: Option<PersonStatus>,
        before: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Person>, AccountError> {
        // Sorts behind every id.
        let before = before.map_or_else(|| "usr_~".to_owned(), |id| id.to_string());
        let limit = i64::from(limit.clamp(1, limits::PEOPLE_PAGE_MAX));
        let reader = self.shared.store.reader();
        let status = status.map(PersonStatus::key);
        let rows = users::page(reader, &before, status, limit).await?;
        Ok(rows.into_iter().map(Person::from).collect())
    }

    /// One account, withdrawn ones too.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find_person(&self, user: UserId) -> Result<Person, AccountError> {
        let found = users::by_id(self.shared.store.reader(), user).await?;
        found.map(Person::from).ok_or(AccountError::NotFound)
    }

    /// The account of an e-mail.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find_by_email(&self, email: &str) -> Result<Person, AccountError> {
        let key = crate::email::key(email).ok_or(AccountError::NotFound)?;
        let found = users::by_email(self.shared.store.reader(), &key).await?;
        found.map(Person::from).ok_or(AccountError::NotFound)
    }

    /// The streams that a user hosts and that have not ended.
    ///
    /// # Errors
    /// The database's.
    pub async fn hosted_streams(
        &self,
        user: UserId,
    ) -> Result<Vec<signaling_wire::StreamId>, AccountError> {
        Ok(stream_keys::hosted(self.shared.store.reader(), user).await?)
    }

    /// Suspends an account and ends its sessions, or lets it sign in again.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn set_suspended(&self, user: UserId, suspended: bool) -> Result<(), AccountError> {
        let now = self.shared.clock.now();
        let write = self.shared.store.transact(move |conn| {
            Box::pin(async move {
                if !users::set_suspended(conn, user, suspended, now).await? {
                    return Err(AccountError::NotFound);
                }
                match suspended {
                    true => Ok(rows::end_of_user(conn, user, (0, None), now).await?),
                    false => Ok(Vec::new()),
                }
            })
        });
        let ended = write.await?;
        self.end(user, ended, suspended);
        Ok(())
    }

    /// Gives an account a role; its sessions end, because their tokens say another one.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn set_role(&self, user: UserId, role: Role) -> Result<(), AccountError> {
        let now = self.shared.clock.now();
        let write = self.shared.store.transact(move |conn| {
            Box::pin(async move {
                if !users::set_role(conn, user, role, now).await? {
                    return Err(AccountError::NotFound);
                }
                Ok(rows::end_of_user(conn, user, (0, None), now).await?)
            })
        });
        let ended = write.await?;
        self.end(user, ended, false);
        Ok(())
    }
}
