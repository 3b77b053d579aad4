//! Opening the database and the handle that everybody holds.
//!
//! Open order: process lock, write connection, settings asked back, migrations, readers, writer
//! task. Nothing is served before all of them succeeded.

use std::{sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions as _, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    StoreConfig, StoreError, limits,
    lock::{self, ProcessLock},
    settings,
    writer::{self, BoxFuture, Command},
};

/// The one migration history.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/sqlite");

/// A handle on the open database; clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    reader: SqlitePool,
    writer: mpsc::Sender<Command>,
    _lock: ProcessLock,
}

impl Store {
    /// Opens the database, making it if it is absent, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Weak`] if a setting could lose acknowledged writes, [`StoreError::Locked`] if
    /// another process has it, [`StoreError::Schema`] if a newer version wrote it, or what the
    /// database and the file system say.
    pub async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        let path = config.path()?;
        if config.readers == 0 || config.readers > limits::READERS_MAX {
            let text = format!("`readers` must be 1 to {}", limits::READERS_MAX);
            return Err(StoreError::Config(text));
        }
        let lock = lock::take(&path)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .busy_timeout(config.busy_timeout())
            .foreign_keys(true)
            .statement_cache_capacity(256);
        let mut writing = options
            .clone()
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        for (name, value) in &config.pragmas {
            writing = writing.pragma(pragma_name(name)?, pragma_value(value)?);
        }
        let mut conn = writing.connect().await?;
        settings::assert_strong(&mut conn).await?;
        migrate(&mut conn).await?;

        let reader = SqlitePoolOptions::new()
            .max_connections(config.readers)
            .acquire_timeout(limits::READER_WAIT_MAX)
            .connect_with(options.read_only(true).pragma("query_only", "ON"))
            .await?;
        let (writer, commands) = mpsc::channel(limits::WRITE_QUEUE_MAX);
        tokio::spawn(writer::run(conn, commands));
        let inner = Inner {
            reader,
            writer,
            _lock: lock,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The read-only pool.
    pub fn reader(&self) -> &SqlitePool {
        &self.inner.reader
    }

    /// Runs a job in a transaction of its own on the one write connection; an error rolls it back.
    /// Returns after the commit is durable.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the queue is full, [`StoreError::Closed`] after `close`, or what
    /// the job or the commit says.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>>
            + Send
            + 'static,
        T: Send + 'static,
    {
        self.transact(job).await
    }

    /// As [`Store::write`], for jobs with errors of their own: a refusal rolls back as well.
    ///
    /// # Errors
    /// What the job says, or a [`StoreError`] in its clothes.
    pub async fn transact<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (command, result) = writer::command(job);
        self.inner
            .writer
            .try_send(command)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
            })?;
        result.await.map_err(|_| StoreError::Closed)?
    }

    /// Write jobs that wait at this moment.
    pub fn queued(&self) -> usize {
        self.inner.writer.max_capacity() - self.inner.writer.capacity()
    }

    /// Whether the database answers a read and the writer takes jobs.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(self.reader()).await?;
        match self.inner.writer.is_closed() {
            true => Err(StoreError::Closed),
            false => Ok(()),
        }
    }

    /// Finishes the writes that wait, then closes the database for every clone of this handle.
    pub async fn close(self) {
        let (done, closed) = oneshot::channel();
        if self.inner.writer.send(Command::Close(done)).await.is_ok() {
            // An error means that the writer is gone already, which is what was asked for.
            let _ = closed.await;
        }
        // Readers that hang must not keep the process from ending.
        let _ = tokio::time::timeout(Duration::from_secs(5), self.inner.reader.close()).await;
    }
}

async fn migrate(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    MIGRATIONS
        .run_direct(None, conn, false)
        .await
        .map_err(|error| match error {
            MigrateError::VersionMissing(version) => {
                StoreError::Schema(format!("migration {version} was made by a newer version"))
            }
            MigrateError::VersionMismatch(version) => StoreError::Schema(format!(
                "migration {version} was applied in another wording"
            )),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            other => StoreError::Schema(other.to_string()),
        })
}

fn pragma_name(name: &str) -> Result<String, StoreError> {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain
        .then(|| name.to_owned())
        .ok_or_else(|| StoreError::Config(format!("`{name}` is not the name of a pragma")))
}

fn pragma_value(value: &str) -> Result<String, StoreError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (!value.is_empty() && value.chars().all(plain))
        .then(|| value.to_owned())
        .ok_or_else(|| StoreError::Config(format!("`{value}` is not the value of a pragma")))
}
