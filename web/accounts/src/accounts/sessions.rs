//! Sessions: opening, refreshing, ending.
//!
//! Every step is one transaction. Access tokens carry the time from before it, so that none outlives
//! what [`Accounts::end`] remembers about a session that ended meanwhile.

use commerce_store::{StoreError, sql::Conn};
use serde::Serialize;
use signaling_wire::UserId;

use super::{
    Access, Accounts, Profile, Signed,
    client::{Client, Seen},
    rows,
};
use crate::{
    clock::Now,
    db::{users, users::User},
    error::AccountError,
    limits,
    secret::{self, RefreshToken},
    session::{Proof, Verdict},
};

/// What presenting a refresh token led to; committed before it is told.
enum Refreshed {
    Renewed {
        user: Box<User>,
        family: String,
        proof: Proof,
        expires_at: i64,
    },
    /// The session has ended; with whose and which when this use ended it.
    Refused(Option<(UserId, String)>),
    Crowded,
}

/// A session, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OpenSession {
    /// Names it; opens nothing.
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// Address of the sign-in.
    pub address: String,
    /// What the program called itself at the sign-in.
    pub user_agent: String,
    /// Milliseconds since 1970 of the sign-in.
    pub created_ms: u64,
    /// Milliseconds since 1970 of the last refresh.
    pub seen_ms: u64,
    /// Milliseconds since 1970 at which it ends by itself.
    pub expires_ms: u64,
}

impl Accounts {
    /// Opens a session for a user whose password, and second factor if `two_factors`, was right just
    /// now. If the account was suspended
    /// or its password changed since the user was read, the password counts as wrong.
    pub(super) async fn open_session(
        &self,
        user: User,
        two_factors: bool,
        client: &Client,
    ) -> Result<Signed, AccountError> {
        let now = self.shared.clock.now();
        let proof = Proof {
            at: now.db(),
            two_factors,
        };
        let family = secret::random_family();
        let token = RefreshToken::generate();
        let hash = RefreshToken::hash_of(token.expose());
        let expires_at = now.db() + i64::from(self.shared.config.refresh_ttl_s) * 1_000_000;
        let (seen, family_row) = (user.clone(), family.clone());
        let (personal, from) = (
            self.shared.personal.clone(),
            serde_json::to_string(&Seen::from(client)),
        );
        let from = from.map_err(|error| AccountError::Internal(error.to_string()))?;
        let write = self.shared.store.write(move |conn| {
            Box::pin(async move {
                let current = users::by_id(&mut *conn, seen.id).await?;
                let same = |row: &User| row.active && row.password_hash == seen.password_hash;
                if !current.as_ref().is_some_and(same) {
                    return Ok(None);
                }
                let key = personal.key(conn, seen.id, now.db()).await?;
                let sealed = key.seal(&place(&family_row), &from)?;
                rows::sweep(conn, seen.id, now).await?;
                let row = (family_row.as_str(), sealed.as_str());
                rows::open(conn, seen.id, row, (proof, expires_at), now).await?;
                rows::add_token(conn, &family_row, &hash, now).await?;
                let most = limits::SESSIONS_PER_USER_MAX;
                let spared = Some(family_row.as_str());
                Ok(Some(
                    rows::end_of_user(conn, seen.id, (most, spared), now).await?,
                ))
            })
        });
        let crowded_out = write.await?.ok_or(AccountError::InvalidCredentials)?;
        self.end(user.id, crowded_out, false);
        let mut signed = self.signed(&user, (&family, proof), token, expires_at, now)?;
        signed.device_token = self.shared.tokens.sign_device(user.id, now)?;
        Ok(signed)
    }

    /// The sessions of a user, the newest first; `current` is the family of who asks.
    ///
    /// # Errors
    /// The database's.
    pub async fn sessions(
        &self,
        user: UserId,
        current: &str,
    ) -> Result<Vec<OpenSession>, AccountError> {
        let (reader, now) = (self.shared.store.reader(), self.shared.clock.now());
        let Some(key) = self.shared.personal.find(reader, user).await? else {
            return Ok(Vec::new());
        };
        let ms = |us: i64| us.unsigned_abs() / 1_000;
        let open = rows::list(reader, user, now).await?.into_iter().map(|row| {
            let seen: Seen = key.open_json(&place(&row.family), &row.sealed)?;
            Ok(OpenSession {
                current: row.family == current,
                id: row.family,
                address: seen.address,
                user_agent: seen.agent,
                created_ms: ms(row.created_at),
                seen_ms: ms(row.seen_at),
                expires_ms: ms(row.expires_at),
            })
        });
        open.collect()
    }

    /// Ends one session of a user, access tokens included.
    ///
    /// # Errors
    /// `NotFound` for one that is not theirs or has ended.
    pub async fn end_session(&self, user: UserId, family: &str) -> Result<(), AccountError> {
        let (now, wanted) = (self.shared.clock.now(), family.to_owned());
        let write = self.shared.store.write(move |conn| {
            let wanted = wanted.clone();
            Box::pin(async move {
                let theirs = rows::belongs(conn, user, &wanted).await?;
                if theirs {
                    rows::end(conn, &wanted, now).await?;
                }
                Ok(theirs)
            })
        });
        if !write.await? {
            return Err(AccountError::NotFound);
        }
        self.end(user, [family.to_owned()], false);
        Ok(())
    }

    /// Ends the sessions of a user but the one that asks.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_other_sessions(&self, user: UserId, family: &str) -> Result<(), AccountError> {
        self.end_all(user, Some(family.to_owned())).await
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
                proof,
                expires_at,
            } => self.signed(&user, (&family, proof), token, expires_at, now),
            Refreshed::Refused(ended) => {
                if let Some((user, family)) = ended {
                    tracing::warn!(%user, "a refresh token was used twice; its session ended");
                    self.end(user, [family], false);
                }
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
                let found = rows::by_hash(conn, &presented).await?;
                if let Some(found) = &found {
                    rows::end(conn, &found.family, now).await?;
                }
                Ok(found.map(|found| (found.user, found.family)))
            })
        });
        if let Some((user, family)) = write.await? {
            self.end(user, [family], false);
        }
        Ok(())
    }

    /// Ends all sessions of a user, access tokens included.
    ///
    /// # Errors
    /// The database's.
    pub async fn logout_everywhere(&self, user: UserId) -> Result<(), AccountError> {
        self.end_all(user, None).await
    }

    async fn end_all(&self, user: UserId, spared: Option<String>) -> Result<(), AccountError> {
        let now = self.shared.clock.now();
        let write = self.shared.store.write(move |conn| {
            let spared = spared.clone();
            Box::pin(
                async move { rows::end_of_user(conn, user, (0, spared.as_deref()), now).await },
            )
        });
        let families = write.await?;
        self.end(user, families, false);
        Ok(())
    }

    fn signed(
        &self,
        user: &User,
        session: (&str, Proof),
        refresh_token: RefreshToken,
        expires_at: i64,
        now: Now,
    ) -> Result<Signed, AccountError> {
        let left_s = (expires_at - now.db()).max(0) / 1_000_000;
        Ok(Signed {
            user: Profile::from(user),
            access_token: self.access(user, session, now)?.access_token,
            expires_in: self.shared.config.access_ttl_s,
            refresh_token,
            refresh_expires_s: u32::try_from(left_s).unwrap_or(u32::MAX),
            device_token: String::new(),
        })
    }

    /// An access token of a session.
    pub(super) fn access(
        &self,
        user: &User,
        session: (&str, Proof),
        now: Now,
    ) -> Result<Access, AccountError> {
        let subject = (user.id, user.role, user.display_name.as_str());
        Ok(Access {
            access_token: self.shared.tokens.sign(subject, session, now)?,
            expires_in: self.shared.config.access_ttl_s,
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
    let Some(found) = rows::by_hash(conn, presented).await? else {
        return Ok(Refreshed::Refused(None));
    };
    let verdict = found.held.judge(now);
    let user = users::by_id(&mut *conn, found.user)
        .await?
        .filter(|user| user.active);
    let Some(user) = user.filter(|_| verdict != Verdict::Reused) else {
        rows::end(conn, &found.family, now).await?;
        return Ok(Refreshed::Refused(Some((found.user, found.family))));
    };
    match verdict {
        Verdict::Ended | Verdict::Reused => return Ok(Refreshed::Refused(None)),
        Verdict::Rotate => rows::spend(conn, &found.family, now).await?,
        Verdict::Grace if rows::has_room(conn, &found.family).await? => {}
        Verdict::Grace => return Ok(Refreshed::Crowded),
    }
    // The session's end is the sign-in's, not moved by refreshing.
    let expires_at = found.held.expires_at;
    rows::add_token(conn, &found.family, next, now).await?;
    Ok(Refreshed::Renewed {
        user: Box::new(user),
        family: found.family,
        proof: found.proof,
        expires_at,
    })
}

/// Where what a session remembers is sealed.
fn place(family: &str) -> String {
    format!("login_session/{family}")
}
