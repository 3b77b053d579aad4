//! Databases for tests: a file, or a fresh schema of a MariaDB server that the tests start.
//!
//! A fixture opens [`Database::fresh`] and does not ask which it got: the whole suite runs once as
//! it is, on SQLite, and once with `SOUK_TEST_DATABASE=mariadb`. The server is a process's own,
//! with a private socket and folder and no network, and ends with the process, however that ends.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod authority;
mod server;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::Mutex;

pub use self::{authority::Authority, server::Server};
use crate::{Store, StoreConfig, sql::Dialect};

/// The environment variable that chooses the database of a test run.
pub const CHOICE: &str = "SOUK_TEST_DATABASE";

static SERVER: Mutex<Option<Arc<Server>>> = Mutex::const_new(None);
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A database of its own for one test; dropping it takes it away.
pub struct Database {
    config: StoreConfig,
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    /// An empty database of the kind that this run tests.
    pub async fn fresh() -> Self {
        match chosen() {
            Dialect::Sqlite => Self::sqlite(),
            Dialect::MariaDb => Self::mariadb().await.patient(),
        }
    }

    /// With longer waits than an operator wants: the machine may be busy with something else.
    fn patient(mut self) -> Self {
        self.config.connect_wait_ms = 30_000;
        self.config.answer_wait_ms = 30_000;
        self
    }

    /// An empty file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            config: StoreConfig::at(folder.path().join("souk.db")),
            _folder: Some(folder),
        }
    }

    /// An empty schema of this process's server, with the waits of an operator.
    pub async fn mariadb() -> Self {
        Self::on(&*shared().await).await
    }

    /// An empty schema of a server.
    pub async fn on(server: &Server) -> Self {
        let schema = schema(server).await;
        Self::at(server.url(&schema))
    }

    /// An empty schema of this process's server, for somebody who may do there what `grants` says,
    /// as in `SELECT, INSERT`, and nothing anywhere else.
    pub async fn granted(grants: &str) -> Self {
        Self::owned(&*shared().await, grants, "").await.patient()
    }

    /// The same on a server, of somebody of whom more is required, as in `REQUIRE SSL`.
    pub async fn owned(server: &Server, grants: &str, requirement: &str) -> Self {
        let schema = schema(server).await;
        let user = format!("souk_{schema}");
        let sql = format!(
            "CREATE USER {user}@localhost IDENTIFIED BY 'word' {requirement};
             GRANT {grants} ON {schema}.* TO {user}@localhost"
        );
        server.execute(sql).await;
        Self::at(server.url_as(&format!("{user}:word"), &schema))
    }

    fn at(url: String) -> Self {
        let config = StoreConfig {
            url,
            // Many tests share one small server.
            readers: 3,
            writers: 4,
            ..StoreConfig::default()
        };
        Self {
            config,
            _folder: None,
        }
    }

    /// How to open it.
    pub fn config(&self) -> &StoreConfig {
        &self.config
    }

    /// Opens it.
    pub async fn open(&self) -> Store {
        Store::open(&self.config).await.unwrap()
    }
}

async fn schema(server: &Server) -> String {
    let schema = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let sql = format!("CREATE DATABASE {schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    server.execute(sql).await;
    schema
}

/// The database that this run tests.
pub fn chosen() -> Dialect {
    match std::env::var(CHOICE).as_deref() {
        Ok("mariadb") => Dialect::MariaDb,
        Ok("sqlite" | "") | Err(_) => Dialect::Sqlite,
        Ok(other) => panic!("{CHOICE}={other}: only sqlite and mariadb are known"),
    }
}

async fn shared() -> Arc<Server> {
    let mut server = SERVER.lock().await;
    match &*server {
        Some(server) => server.clone(),
        None => {
            let started = Arc::new(Server::start().await);
            *server = Some(started.clone());
            started
        }
    }
}
