//! The database that a test's server gets: a file in its data folder, or with
//! `SOUK_TEST_DATABASE=mariadb` a schema of a MariaDB server that the tests start themselves.
//!
//! A data folder keeps its schema, so that a server that is started anew finds what it left.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use commerce_store::{
    StoreConfig,
    sql::Dialect,
    testing::{self, Database},
};

static SCHEMAS: Mutex<BTreeMap<PathBuf, Database>> = Mutex::new(BTreeMap::new());

/// Whether this run is on MariaDB. Tests that are about it end early elsewhere and say so.
pub(crate) fn is_mariadb() -> bool {
    testing::chosen() == Dialect::MariaDb
}

/// The keys of the configuration that name the database of a data folder.
pub(crate) fn keys(folder: &Path) -> Vec<(&'static str, String)> {
    if !is_mariadb() {
        return Vec::new();
    }
    let mut schemas = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    if !schemas.contains_key(folder) {
        schemas.insert(folder.to_owned(), fresh());
    }
    keys_of(schemas[folder].config())
}

/// The keys that name a database.
pub(crate) fn keys_of(config: &StoreConfig) -> Vec<(&'static str, String)> {
    vec![
        ("SOUK_DATABASE__URL", config.url.clone()),
        ("SOUK_DATABASE__READERS", config.readers.to_string()),
        ("SOUK_DATABASE__WRITERS", config.writers.to_string()),
        (
            "SOUK_DATABASE__CONNECT_WAIT_MS",
            config.connect_wait_ms.to_string(),
        ),
        (
            "SOUK_DATABASE__ANSWER_WAIT_MS",
            config.answer_wait_ms.to_string(),
        ),
    ]
}

/// Most tests start their server outside of a future.
fn fresh() -> Database {
    let made = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(Database::fresh())
    });
    made.join().unwrap()
}
