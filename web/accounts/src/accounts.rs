//! The handle: what it holds, how it starts, and what may be asked about an account.
//!
//! What can be done with it is in [`registration`], [`sign_in`], [`sessions`], [`keys`] and
//! [`tickets`].

mod keys;
mod registration;
mod sessions;
mod sign_in;
mod tickets;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use commerce_store::Store;
use serde::Serialize;
use signaling_wire::UserId;

pub use registration::NewAccount;
pub use tickets::PublishTicket;

use crate::{
    clock::Clock,
    config::AccountsConfig,
    db::{refresh_tokens, users, users::User},
    error::AccountError,
    limits,
    password::Hasher,
    role::Role,
    secret::{self, RefreshToken},
    session::EndedSessions,
    throttle::Throttle,
    token::{Claims, Tokens},
};

/// An account as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Its id.
    pub id: UserId,
    /// As it was typed at registration.
    pub email: String,
    /// What others see.
    pub display_name: String,
    /// Role on the platform.
    pub role: Role,
    /// Language tag.
    pub locale: String,
}

impl From<&User> for Profile {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            email: user.email.clone(),
            display_name: user.display_name.clone(),
            role: user.role,
            locale: user.locale.clone(),
        }
    }
}

/// What a sign-in gives.
#[derive(Debug)]
pub struct Signed {
    /// Who signed in.
    pub user: Profile,
    /// Bearer token for the API and the lanes.
    pub access_token: String,
    /// Life of the access token, seconds.
    pub expires_in: u32,
    /// Buys the next pair; belongs into an HttpOnly cookie.
    pub refresh_token: RefreshToken,
    /// Seconds until the session ends, however often it is refreshed.
    pub refresh_expires_s: u32,
}

/// The accounts of a process.
#[derive(Clone)]
pub struct Accounts {
    shared: Arc<Shared>,
}

struct Shared {
    config: AccountsConfig,
    store: Store,
    clock: Clock,
    hasher: Hasher,
    tokens: Tokens,
    ended: RwLock<EndedSessions>,
    throttles: Mutex<Throttles>,
}

struct Throttles {
    account: Throttle<(String, IpAddr)>,
    address: Throttle<IpAddr>,
    registration: Throttle<IpAddr>,
}

impl Accounts {
    /// Checks the configuration, reads or makes the signing secret, learns which sessions ended
    /// lately.
    ///
    /// # Errors
    /// [`AccountError::Config`] names what is wrong; [`AccountError::Store`] is the database.
    pub async fn new(config: AccountsConfig, store: Store) -> Result<Self, AccountError> {
        Self::with_clock(config, store, Clock::system()).await
    }

    pub(crate) async fn with_clock(
        config: AccountsConfig,
        store: Store,
        clock: Clock,
    ) -> Result<Self, AccountError> {
        config.check().map_err(AccountError::Config)?;
        let signing = match &config.jwt_secret {
            Some(secret) => secret.clone(),
            None => secret::load_or_create(&config.secret_file)
                .map_err(|error| AccountError::Config(format!("secret_file: {error}")))?,
        };
        let tokens = Tokens::new(&config, &signing);
        let now = clock.now();
        let life_s = tokens.ttl_s() + limits::LEEWAY_S;
        let since = now.db() - i64::try_from(life_s * 1_000_000).unwrap_or(i64::MAX);
        let mut ended = EndedSessions::default();
        for (family, at_us) in refresh_tokens::ended_since(store.reader(), since).await? {
            let at_s = u64::try_from(at_us).unwrap_or(0) / 1_000_000;
            ended.insert(family, at_s + life_s + 1, now);
        }
        let throttles = Throttles {
            account: Throttle::new(config.throttle.login_per_account),
            address: Throttle::new(config.throttle.login_per_address),
            registration: Throttle::new(config.throttle.register_per_address),
        };
        let shared = Shared {
            config,
            store,
            clock,
            hasher: Hasher::new()?,
            tokens,
            ended: RwLock::new(ended),
            throttles: Mutex::new(throttles),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Checks an access token: signature, type, issuer, audience, times, and that its session has
    /// not ended. Touches no database.
    ///
    /// # Errors
    /// `InvalidToken`, whatever the reason.
    pub fn verify(&self, access_token: &str) -> Result<Claims, AccountError> {
        let claims = self
            .shared
            .tokens
            .verify(access_token, self.shared.clock.now())?;
        let ended = self
            .shared
            .ended
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if ended.contains(&claims.family) {
            Err(AccountError::InvalidToken)
        } else {
            Ok(claims)
        }
    }

    /// An account by id.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn profile(&self, user: UserId) -> Result<Profile, AccountError> {
        let found = users::by_id(self.shared.store.reader(), user).await?;
        found
            .as_ref()
            .map(Profile::from)
            .ok_or(AccountError::NotFound)
    }

    fn throttles(&self) -> MutexGuard<'_, Throttles> {
        self.shared
            .throttles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn throttled(retry_after_s: u32) -> AccountError {
    AccountError::Throttled { retry_after_s }
}

#[cfg(test)]
mod tests;
