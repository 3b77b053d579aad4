//! The two migration histories: the same file names, a folder per database.

use std::sync::LazyLock;

use sqlx::migrate::{Migrate, MigrateError, Migrator};

use crate::StoreError;

/// The history of SQLite databases.
pub(crate) static SQLITE: Migrator = sqlx::migrate!("./migrations/sqlite");

/// The history of MariaDB databases. The process holds a lock of its own while it migrates.
pub(crate) static MARIADB: LazyLock<Migrator> = LazyLock::new(|| {
    let mut history = sqlx::migrate!("./migrations/mariadb");
    history.set_locking(false);
    history
});

/// How many migrations there are.
pub fn count() -> usize {
    SQLITE.iter().count()
}

/// Brings a database up to date.
pub(crate) async fn run<C: Migrate>(history: &Migrator, conn: &mut C) -> Result<(), StoreError> {
    let done = history.run_direct(None, conn, false).await;
    done.map_err(|error| match error {
        MigrateError::VersionMissing(version) => {
            StoreError::Schema(format!("migration {version} was made by a newer version"))
        }
        MigrateError::VersionMismatch(version) => StoreError::Schema(format!(
            "migration {version} was applied in another wording"
        )),
        MigrateError::Dirty(version) => {
            StoreError::Schema(format!("migration {version} was left half done"))
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        other => StoreError::Schema(other.to_string()),
    })
}
