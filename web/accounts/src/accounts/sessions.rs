//! Sessions: opening, refreshing, ending.
//!
//! Every step is one transaction. Access tokens carry the time from before it, so that none outlives
//! what [`Accounts::end`] remembers about a session that ended meanwhile.

use std::sync::PoisonError;

use commerce_store::{StoreError, sql::Conn};
use signaling_wire::UserId;

use super::{Accounts, Profile, Signed};
use crate::{
    clock::Now,
    db::{refresh_tokens, users, users::User},
    error::AccountError,
    limits,
    secret::{self, RefreshToken},
    session::Verdict,
};

/// What presenting a refresh token led to; committed before it is told.
enum Refreshed {
    Renewed {
        user: User,
        family: String,
        expires_at: i64,
    },
    /// The session has ended; with the family when this use ended it.
    Refused(Option<String>),
    Crowded,
}

impl Accounts {
    /// Opens a session for a user whose password was right just now. If the account was suspended
    /// or its password changed since the user was read, the password counts as wrong.
    pub(super) async fn open_session(&self, user: User) -> Result<Signed, AccountError> {
        let now = self.shared.clock.now();
        let family = secret::random_family();
        let token = RefreshToken::generate();
        let hash = RefreshToken::hash_of(token.expose());
        let expires_at = now.db() + i64::from(self.shared.config.refresh_ttl_s) * 1_000_000;
        let (seen, family_row) = (user.clone(), family.clone());
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move {
                let current = users::by_id(&mut *conn, seen.id).await?;
                let same = |row: &User| row.active && row.password_hash == seen.password_hash;
                if !current.as_ref().is_some_and(same) {
                    return Ok(None);
                }
                refresh_tokens::sweep(conn, seen.id, now).await?;
                refresh_tokens::insert(conn, (seen.id, &family_row), &hash, expires_at, now)
                    .await?;
                let most = limits::SESSIONS_PER_USER_MAX;
                Ok(Some(
                    refresh_tokens::revoke_user(conn, seen.id, most, now).await?,
                ))
            })
        });
        let crowded_out = write.await?.ok_or(AccountError::InvalidCredentials)?;
        self.end(crowded_out, now);
        self.signed(&user, &family, token, expires_at, now)
    }

    /// Trades a refresh token for the next pair. It is good for one use; a second one within ten
    /// seconds is another tab and gets a pair too, a later one ends the session for all who hold it.
    ///
    /// # Errors
    /// `InvalidToken`; `Throttled` when too many siblings are unused.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Signed, AccountError> {
        if !RefreshToken::has_shape(refresh_token) {
            return Err(AccountError::InvalidToken);
        }
        let now = self.shared.clock.now();
        let presented = RefreshToken::hash_of(refresh_token);
        let token = RefreshToken::generate();
        let hash = RefreshToken::hash_of(token.expose());
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move { refresh(conn, &presented, &hash, now).await })
        });
        match write.await? {
            Refreshed::Renewed {
                user,
                family,
                expires_at,
            } => self.signed(&user, &family, token, expires_at, now),
            Refreshed::Refused(family) => {
                self.end(family, self.shared.clock.now());
                Err(AccountError::InvalidToken)
            }
            Refreshed::Crowded => {
                let retry_after_s = u32::try_from(limits::REFRESH_GRACE.as_secs()).unwrap_or(1);
                Err(AccountError::Throttled { retry_after_s })
            }
        }
    }

    /// Ends the session of a refresh token, access tokens included. A token that is none ends
    /// nothing and is no error: the caller is signed out either way.
    ///
    /// # Errors
    /// The database's.
    pub async fn logout(&self, refresh_token: &str) -> Result<(), AccountError> {
        if !RefreshToken::has_shape(refresh_token) {
            return Ok(());
        }
        let now = self.shared.clock.now();
        let presented = RefreshToken::hash_of(refresh_token);
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move {
                let found = refresh_tokens::by_hash(conn, &presented).await?;
                if let Some(found) = &found {
                    refresh_tokens::revoke_family(conn, &found.family, now).await?;
                }
                Ok(found.map(|found| found.family))
            })
        });
        let family = write.await?;
        self.end(family, self.shared.clock.now());
        Ok(())
    }

    /// Ends all sessions of a user, access tokens included.
    ///
    /// # Errors
    /// The database's.
    pub async fn logout_everywhere(&self, user: UserId) -> Result<(), AccountError> {
        let now = self.shared.clock.now();
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move { refresh_tokens::revoke_user(conn, user, 0, now).await })
        });
        let families = write.await?;
        self.end(families, self.shared.clock.now());
        Ok(())
    }

    /// Suspends an account and ends its sessions, or lets it sign in again.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn set_suspended(&self, user: UserId, suspended: bool) -> Result<(), AccountError> {
        let now = self.shared.clock.now();
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move {
                if !users::set_suspended(conn, user, suspended, now).await? {
                    return Ok(None);
                }
                let ended = if suspended {
                    refresh_tokens::revoke_user(conn, user, 0, now).await?
                } else {
                    Vec::new()
                };
                Ok(Some(ended))
            })
        });
        let families = write.await?.ok_or(AccountError::NotFound)?;
        self.end(families, self.shared.clock.now());
        Ok(())
    }

    /// Remembers that sessions ended, for as long as access tokens of them may be alive.
    pub(super) fn end(&self, families: impl IntoIterator<Item = String>, now: Now) {
        let until_s = now.s() + self.shared.tokens.ttl_s() + limits::LEEWAY_S + 1;
        let mut ended = self
            .shared
            .ended
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for family in families {
            ended.insert(family, until_s, now);
        }
    }

    fn signed(
        &self,
        user: &User,
        family: &str,
        refresh_token: RefreshToken,
        expires_at: i64,
        now: Now,
    ) -> Result<Signed, AccountError> {
        let tokens = &self.shared.tokens;
        let subject = (user.id, user.role, user.display_name.as_str());
        let left_s = (expires_at - now.db()).max(0) / 1_000_000;
        Ok(Signed {
            user: Profile::from(user),
            access_token: tokens.sign(subject, family, now)?,
            expires_in: self.shared.config.access_ttl_s,
            refresh_token,
            refresh_expires_s: u32::try_from(left_s).unwrap_or(u32::MAX),
        })
    }
}

/// Judges a presented token and does what follows, in the caller's transaction.
async fn refresh(
    conn: &mut Conn,
    presented: &str,
    next: &str,
    now: Now,
) -> Result<Refreshed, StoreError> {
    let Some(found) = refresh_tokens::by_hash(conn, presented).await? else {
        return Ok(Refreshed::Refused(None));
    };
    let verdict = found.held.judge(now);
    let user = users::by_id(&mut *conn, found.user)
        .await?
        .filter(|user| user.active);
    let Some(user) = user.filter(|_| verdict != Verdict::Reused) else {
        refresh_tokens::revoke_family(conn, &found.family, now).await?;
        return Ok(Refreshed::Refused(Some(found.family)));
    };
    match verdict {
        Verdict::Ended | Verdict::Reused => return Ok(Refreshed::Refused(None)),
        Verdict::Rotate => refresh_tokens::spend(conn, &found.family, now).await?,
        Verdict::Grace if refresh_tokens::has_room(conn, &found.family).await? => {}
        Verdict::Grace => return Ok(Refreshed::Crowded),
    }
    // The session's end is the sign-in's, not moved by refreshing.
    let expires_at = found.held.expires_at;
    refresh_tokens::insert(conn, (user.id, &found.family), next, expires_at, now).await?;
    Ok(Refreshed::Renewed {
        user,
        family: found.family,
        expires_at,
    })
}
