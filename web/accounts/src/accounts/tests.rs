//! The handle over a real database and a clock that the tests turn.
#![allow(clippy::unwrap_used)]

mod addresses;
mod keys;
mod links;
mod lockout;
mod people;
mod registration;
mod second_factor;
mod sessions;
mod sign_in;
mod tickets;
mod withdrawal;

use std::sync::atomic::{AtomicU64, Ordering};

use commerce_store::{sql, testing::Database};
use signaling_wire::{Code, Problem};

use super::*;
use crate::{Letter, SigningSecret, db::users};

const PASSWORD: &str = "correct horse";

/// Accounts in a folder of their own.
struct World {
    accounts: Accounts,
    store: Store,
    config: AccountsConfig,
    now_us: Arc<AtomicU64>,
    _folder: tempfile::TempDir,
    _database: Database,
}

impl World {
    async fn open() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut AccountsConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::fresh().await;
        let store = database.open().await;
        let mut config = AccountsConfig {
            secret_file: folder.path().join("jwt.secret"),
            personal_key_file: folder.path().join("personal.key"),
            ..Default::default()
        };
        change(&mut config);
        let now_us = Arc::new(AtomicU64::new(1_800_000_000_000_000));
        let accounts = start(&config, &store, &now_us).await;
        Self {
            accounts,
            store,
            config,
            now_us,
            _folder: folder,
            _database: database,
        }
    }

    /// The same database in a process that starts anew.
    async fn restarted(&self) -> Accounts {
        start(&self.config, &self.store, &self.now_us).await
    }

    fn pass(&self, seconds: u64) {
        self.now_us
            .fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    /// Sends what waits; the newest letter to an address, and the token in it.
    async fn letter(&self, to: &str) -> (Letter, String) {
        while self.accounts.send_due().await.unwrap() > 0 {}
        let letters = self.accounts.mailbox().unwrap().letters();
        let letter = letters.into_iter().find(|letter| letter.to == to).unwrap();
        let token = letter.body.split('#').nth(1).unwrap_or_default();
        let token = token
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
        (letter, token)
    }

    async fn register(&self, email: &str) -> Result<Signed, AccountError> {
        self.accounts.register(new(email), Some(here())).await
    }

    /// Somebody who operates the platform.
    async fn operator(&self) -> UserId {
        let email = "operator@example.com";
        match self.accounts.find_by_email(email).await {
            Ok(known) => known.id,
            Err(_) => self.accounts.create_admin(email, PASSWORD).await.unwrap(),
        }
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let counted = sql::query(sql).fetch_value(self.store.reader()).await;
        counted.unwrap()
    }
}

async fn start(config: &AccountsConfig, store: &Store, now_us: &Arc<AtomicU64>) -> Accounts {
    let now_us = now_us.clone();
    let clock = Clock::from_fn(move || now_us.load(Ordering::Relaxed));
    Accounts::with_clock(config.clone(), store.clone(), clock)
        .await
        .unwrap()
}

fn new(email: &str) -> NewAccount {
    NewAccount {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        display_name: "Mina".to_owned(),
        locale: None,
        marketing: false,
    }
}

fn here() -> IpAddr {
    "192.0.2.1".parse().unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T, AccountError>) -> Code {
    Problem::from(result.unwrap_err()).code
}
