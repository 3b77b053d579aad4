//! The handle: what it holds, how it starts, and what may be asked about an account.
//!
//! What can be done with it is in the modules below, one per noun.

mod addresses;
mod client;
mod email_links;
mod export;
mod keys;
mod mailer;
mod people;
mod profile;
mod proof;
mod registration;
mod revocation;
mod second_factor;
mod sessions;
mod sign_in;
mod tickets;
mod withdrawal;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use commerce_store::{PersonalData, Store};
use serde::Serialize;
use signaling_wire::UserId;
use tokio::sync::{Notify, broadcast, mpsc};

pub use addresses::{Address, AddressChange, NewAddress};
pub use client::Client;
pub use export::Export;
pub use people::{Person, PersonStatus};
pub use profile::{Account, ProfileChange};
pub use proof::{Access, Credentials};
pub use registration::NewAccount;
pub use revocation::Revoked;
pub use second_factor::{NewSecondFactor, SecondFactor};
pub use sessions::OpenSession;
pub use tickets::PublishTicket;

use crate::{
    clock::Clock,
    config::AccountsConfig,
    db::{sessions as rows, users::User},
    error::AccountError,
    limits,
    mail::Post,
    password::Hasher,
    role::Role,
    secret::{self, RefreshToken},
    session::EndedSessions,
    throttle::{Origin, Throttle},
    token::{Claims, Tokens},
};

/// An account as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Its id.
    pub id: UserId,
    /// As it was typed at registration.
    pub email: String,
    /// Whether the person has shown that they read what is sent there.
    pub email_verified: bool,
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
            email_verified: user.email_verified,
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
    /// Shows at a later sign-in that this browser has signed in before; belongs into an HttpOnly
    /// cookie. Empty after a refresh.
    pub device_token: String,
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
    personal: PersonalData,
    post: Post,
    /// Wakes whoever sends the mails.
    mail_waits: Notify,
    /// E-mail keys for which somebody asked for a link, whether or not they have an account.
    asked: mpsc::Sender<String>,
    asked_from: Mutex<Option<mpsc::Receiver<String>>>,
    revoked: broadcast::Sender<Revoked>,
}

struct Throttles {
    account: Throttle<(String, Origin)>,
    address: Throttle<IpAddr>,
    registration: Throttle<IpAddr>,
    /// Links by e-mail key or user id.
    links: Throttle<String>,
    /// Codes of a second factor, by account and the browser that is known there.
    codes: Throttle<(UserId, Option<String>)>,
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
        let personal = personal(&config)?;
        personal.check(store.reader()).await?;
        let post = Post::new(&config.mail).map_err(AccountError::Config)?;
        let throttles = Throttles {
            account: Throttle::new(config.throttle.login_per_account),
            address: Throttle::new(config.throttle.login_per_address),
            registration: Throttle::new(config.throttle.register_per_address),
            links: Throttle::new(config.throttle.links_per_person),
            codes: Throttle::new(config.throttle.codes_per_account),
        };
        let (asked, asked_from) = mpsc::channel(limits::LINKS_ASKED_MAX);
        let shared = Shared {
            config,
            store,
            clock,
            hasher: Hasher::new()?,
            tokens,
            ended: RwLock::new(EndedSessions::default()),
            throttles: Mutex::new(throttles),
            personal,
            post,
            mail_waits: Notify::new(),
            asked,
            asked_from: Mutex::new(Some(asked_from)),
            revoked: broadcast::channel(limits::REVOKED_BACKLOG_MAX).0,
        };
        let accounts = Self {
            shared: Arc::new(shared),
        };
        accounts.learn_ended(accounts.access_life_us()).await?;
        Ok(accounts)
    }

    /// Checks an access token: signature, type, issuer, audience, times, and that its session has
    /// not ended. Who operates the platform and did not show the second factor that is asked of
    /// them has a user's rights. Touches no database.
    ///
    /// # Errors
    /// `InvalidToken`, whatever the reason.
    pub fn verify(&self, access_token: &str) -> Result<Claims, AccountError> {
        let mut claims = self
            .shared
            .tokens
            .verify(access_token, self.shared.clock.now())?;
        self.shared.config.temper(&mut claims);
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

    /// What seals and opens personal data; whoever keeps some shares it.
    pub fn personal_data(&self) -> PersonalData {
        self.shared.personal.clone()
    }

    fn throttles(&self) -> MutexGuard<'_, Throttles> {
        self.shared
            .throttles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn personal(config: &AccountsConfig) -> Result<PersonalData, AccountError> {
    let current = match &config.personal_key {
        Some(secret) => secret.clone(),
        None => secret::load_or_create(&config.personal_key_file)
            .map_err(|error| AccountError::Config(format!("personal_key_file: {error}")))?,
    };
    let previous = config.previous_personal_key.as_ref();
    Ok(PersonalData::new(
        current.bytes(),
        previous.map(|secret| secret.bytes()),
    ))
}

fn throttled(retry_after_s: u32) -> AccountError {
    AccountError::Throttled { retry_after_s }
}

#[cfg(test)]
mod tests;
