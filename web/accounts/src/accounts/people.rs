//! People, as those see them who operate the platform: listed, suspended, given a role.
//!
//! Whether the caller may look is for the caller to check. A suspension and a new role hold at once:
//! all sessions end, and connections that speak for the person are told.

use commerce_store::{audit, sql::Conn};
use serde::{Deserialize, Serialize};
use serde_json::json;
use signaling_wire::UserId;

use super::{Accounts, rows};
use crate::{
    clock::Now,
    db::{stream_keys, users, users::User},
    email,
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
    /// Accounts, the newest first, after `before` (the last id of the page before); one more than a
    /// page may be asked for, to see whether there is another.
    ///
    /// # Errors
    /// The database's.
    pub async fn people(
        &self,
        status: Option<PersonStatus>,
        role: Option<Role>,
        before: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Person>, AccountError> {
        // Sorts behind every id.
        let before = before.map_or_else(|| "usr_~".to_owned(), |id| id.to_string());
        let limit = i64::from(limit.clamp(1, limits::PEOPLE_PAGE_MAX + 1));
        let reader = self.shared.store.reader();
        let status = status.map(PersonStatus::key);
        let role = role.map(Role::key);
        let rows = users::page(reader, &before, (status, role), limit).await?;
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
        let key = email::key(email).ok_or(AccountError::NotFound)?;
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

    /// Suspends an account and ends its sessions, or lets it sign in again. The log keeps who did
    /// it and why.
    ///
    /// # Errors
    /// `NotFound`; `NotAllowed` if `by` operates the platform no more; `Unsettled` for oneself.
    pub async fn set_suspended(
        &self,
        by: UserId,
        user: UserId,
        suspended: bool,
        reason: &str,
    ) -> Result<(), AccountError> {
        let (now, reason) = (self.shared.clock.now(), checked(reason)?);
        let write = self.shared.store.transact(move |conn| {
            Box::pin(async move {
                let before = operated(conn, by, user).await?;
                if before.status == PersonStatus::Suspended && suspended {
                    return Ok(Vec::new());
                }
                if before.status == PersonStatus::Active && !suspended {
                    return Ok(Vec::new());
                }
                if !users::set_suspended(conn, user, suspended, now).await? {
                    return Err(AccountError::NotFound);
                }
                let (action, after) = match suspended {
                    true => ("user.suspended", PersonStatus::Suspended),
                    false => ("user.restored", PersonStatus::Active),
                };
                let detail = json!({ "from": before.status, "to": after, "reason": reason });
                record(conn, (by, action, user), detail, now).await?;
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
    /// As [`Self::set_suspended`].
    pub async fn set_role(
        &self,
        by: UserId,
        user: UserId,
        role: Role,
        reason: &str,
    ) -> Result<(), AccountError> {
        let (now, reason) = (self.shared.clock.now(), checked(reason)?);
        let write = self.shared.store.transact(move |conn| {
            Box::pin(async move {
                let before = operated(conn, by, user).await?;
                if before.role == role {
                    return Ok(Vec::new());
                }
                if !users::set_role(conn, user, role, now).await? {
                    return Err(AccountError::NotFound);
                }
                let detail = json!({ "from": before.role, "to": role, "reason": reason });
                record(conn, (by, "user.role_set", user), detail, now).await?;
                Ok(rows::end_of_user(conn, user, (0, None), now).await?)
            })
        });
        let ended = write.await?;
        self.end(user, ended, false);
        Ok(())
    }
}

/// Looks at the reason that somebody gives.
fn checked(reason: &str) -> Result<String, AccountError> {
    match reason.chars().count() <= limits::NOTE_CHARS_MAX {
        true => Ok(reason.to_owned()),
        false => Err(AccountError::Invalid(vec![email::field(
            "/reason",
            "max",
            "is too long",
        )])),
    }
}

/// The account as it was, once it is certain that `by` may change it. Nobody changes their own, and
/// who changes others operates the platform until the commit: so one who does is always left, even
/// when two change each other.
async fn operated(conn: &mut Conn, by: UserId, user: UserId) -> Result<Person, AccountError> {
    if !users::lock_operators(conn).await?.contains(&by) {
        return Err(AccountError::NotAllowed);
    }
    if by == user {
        let why = "Nobody suspends or demotes themselves: ask another administrator.";
        return Err(AccountError::Unsettled(why));
    }
    let found = users::by_id(conn, user).await?;
    found.map(Person::from).ok_or(AccountError::NotFound)
}

async fn record(
    conn: &mut Conn,
    (by, action, user): (UserId, &'static str, UserId),
    detail: serde_json::Value,
    now: Now,
) -> Result<(), AccountError> {
    let entry = audit::Entry {
        actor: by.to_string(),
        action,
        object: user.to_string(),
        detail,
    };
    Ok(audit::record(conn, &entry, now.db()).await?)
}
