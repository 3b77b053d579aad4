//! The handle: accounts by registration and sign-in, and what may be asked about them.
//!
//! Sessions (refresh, logout) are in [`sessions`], stream keys in [`keys`]. Passwords are looked at
//! only after the throttle, and an unknown e-mail costs the same work as a wrong password.

mod keys;
mod sessions;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use commerce_store::Store;
use serde::{Deserialize, Serialize};
use signaling_wire::UserId;

use crate::{
    clock::{Clock, Now},
    config::AccountsConfig,
    db::{refresh_tokens, users, users::User},
    email,
    error::AccountError,
    limits, password,
    password::Hasher,
    role::Role,
    secret::{self, RefreshToken},
    session::EndedSessions,
    throttle::{Throttle, subscriber},
    token::{Claims, Tokens},
};

/// What a person gives to register.
#[derive(Clone, Deserialize)]
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

    /// Signs in.
    ///
    /// # Errors
    /// `InvalidCredentials` for an unknown e-mail and a wrong password alike; `Throttled` after too
    /// many of them from this address; `Suspended` only with the right password; `Busy`.
    pub async fn login(
        &self,
        email: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<Signed, AccountError> {
        let key = email::key(email);
        let user = match &key {
            Some(key) => users::by_email(self.shared.store.reader(), key).await?,
            None => None,
        };
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        let fits = self
            .try_password(key.unwrap_or_default(), password, hash, address)
            .await?;
        match user {
            Some(user) if fits && user.active => self.open_session(user).await,
            Some(_) if fits => Err(AccountError::Suspended),
            _ => Err(AccountError::InvalidCredentials),
        }
    }

    /// Compares a password, which costs a try when it is wrong.
    async fn try_password(
        &self,
        email_key: String,
        password: &str,
        hash: Option<String>,
        address: IpAddr,
    ) -> Result<bool, AccountError> {
        let tried = (email_key, subscriber(address));
        self.take_login(&tried)?;
        let fits = self.shared.hasher.verify(password, hash).await;
        if !matches!(fits, Ok(false)) {
            self.give_back_login(&tried);
        }
        fits
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
            .write(move |conn| Box::pin(async move { Ok(users::insert(conn, &row, now).await?) }));
        if write.await? {
            Ok(user)
        } else {
            Err(AccountError::EmailTaken)
        }
    }

    fn throttles(&self) -> MutexGuard<'_, Throttles> {
        self.shared
            .throttles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a try from both buckets, or from neither.
    fn take_login(&self, tried: &(String, IpAddr)) -> Result<(), AccountError> {
        let now_ms = self.shared.clock.now().ms();
        let mut throttles = self.throttles();
        throttles
            .address
            .take(&tried.1, now_ms)
            .map_err(throttled)?;
        if let Err(wait_s) = throttles.account.take(tried, now_ms) {
            throttles.address.give_back(&tried.1);
            return Err(throttled(wait_s));
        }
        Ok(())
    }

    fn give_back_login(&self, tried: &(String, IpAddr)) {
        let mut throttles = self.throttles();
        throttles.account.give_back(tried);
        throttles.address.give_back(&tried.1);
    }
}

fn throttled(retry_after_s: u32) -> AccountError {
    AccountError::Throttled { retry_after_s }
}

#[cfg(test)]
mod tests;
