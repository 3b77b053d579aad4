//! Opening the database and the handle that everybody holds.
//!
//! Open order: process lock, write connection, settings asked back, migrations, readers, writers. Nothing is served before all of them succeeded.

use std::{sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions as _,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    StoreConfig, StoreError, limits,
    lock::{self, ProcessLock},
    mariadb::{self, MariaDb},
    migrations::{self, SQLITE},
    settings,
    sql::{self, Conn, Dialect, Kind, Reader, ReaderKind},
    writer::{self, BoxFuture, Line, Lines},
};

/// A handle on the open database; clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    line: Line,
}

struct Inner {
    reader: Reader,
    writer: Writer,
}

enum Writer {
    Sqlite { lines: Lines, _lock: ProcessLock },
    MariaDb(MariaDb),
}

impl Store {
    /// Opens the database, making it if it is absent, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Weak`] if a setting could lose acknowledged writes, [`StoreError::Locked`] if
    /// another process has it, [`StoreError::Schema`] if a newer version wrote it, or what the
    /// database and the file system say.
    pub async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        config.check()?;
        let (reader, writer) = match config.dialect() {
            Dialect::Sqlite => open_sqlite(config).await?,
            Dialect::MariaDb => open_mariadb(config, true).await?,
        };
        Ok(Self {
            inner: Arc::new(Inner { reader, writer }),
            line: Line::Short,
        })
    }

    /// Opens a MariaDB database that another process has too, as happens for a moment when one
    /// takes over from another: for tests of what must hold then.
    ///
    /// # Errors
    /// As [`Store::open`].
    #[cfg(feature = "testing")]
    pub async fn open_beside(config: &StoreConfig) -> Result<Self, StoreError> {
        let (reader, writer) = open_mariadb(config, false).await?;
        Ok(Self {
            inner: Arc::new(Inner { reader, writer }),
            line: Line::Short,
        })
    }

    /// The same database for jobs that do the work of many: on SQLite short jobs go first, a few
    /// at a time.
    #[must_use]
    pub fn bulk(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            line: Line::Bulk,
        }
    }

    /// The pool for reads.
    pub fn reader(&self) -> &Reader {
        &self.inner.reader
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.inner.reader.dialect()
    }

    /// Runs a job in a transaction of its own; an error rolls it back. Returns after the commit is
    /// durable. On MariaDB a job may be run again from a clone of it, so its only effects are SQL.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the queue is full, [`StoreError::Closed`] after `close`, or what
    /// the job or the commit says.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, StoreError>>
            + Clone
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
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let lines = match &self.inner.writer {
            Writer::MariaDb(server) => return server.transact(job).await,
            Writer::Sqlite { lines, .. } => lines,
        };
        let (command, result) = writer::command(job);
        lines.hand_in(self.line, command)?;
        result.await.map_err(|_| StoreError::Closed)?
    }

    /// Write jobs that wait at this moment.
    pub fn queued(&self) -> usize {
        match &self.inner.writer {
            Writer::Sqlite { lines, .. } => lines.queued(),
            Writer::MariaDb(server) => server.queued(),
        }
    }

    /// Whether the database answers a read and the writer takes jobs.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sql::query("SELECT 1").execute(self.reader()).await?;
        let closed = match &self.inner.writer {
            Writer::Sqlite { lines, .. } => lines.are_closed(),
            Writer::MariaDb(server) if server.is_lost() => {
                return Err(StoreError::Locked("it took the database over".to_owned()));
            }
            Writer::MariaDb(server) => server.is_closed(),
        };
        match closed {
            true => Err(StoreError::Closed),
            false => Ok(()),
        }
    }

    /// Finishes the writes that wait, then closes the database for every clone of this handle.
    pub async fn close(self) {
        match &self.inner.writer {
            Writer::Sqlite { lines, .. } => lines.close().await,
            Writer::MariaDb(server) => server.close().await,
        }
        // Readers that hang must not keep the process from ending.
        let _ = tokio::time::timeout(Duration::from_secs(5), self.inner.reader.close()).await;
    }
}

async fn open_sqlite(config: &StoreConfig) -> Result<(Reader, Writer), StoreError> {
    let path = config.path()?;
    let lock = lock::take(&path)?;
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .busy_timeout(config.busy_timeout())
        .foreign_keys(true)
        .statement_cache_capacity(limits::STATEMENTS_KEPT)
        .row_buffer_size(limits::ROWS_AHEAD_MAX);
    let mut writing = options
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", format!("-{}", limits::SQLITE_CACHE_KIB))
        .pragma(
            "wal_autocheckpoint",
            limits::SQLITE_CHECKPOINT_PAGES.to_string(),
        );
    for (name, value) in &config.pragmas {
        writing = writing.pragma(pragma_name(name)?, pragma_value(value)?);
    }
    let mut conn = writing.connect().await?;
    settings::assert_strong(&mut conn).await?;
    #[cfg(feature = "negative-controls")]
    settings::weaken(&mut conn).await?;
    migrations::run(&SQLITE, &mut conn).await?;

    let reader = SqlitePoolOptions::new()
        .max_connections(config.readers)
        .acquire_timeout(limits::READER_WAIT_MAX)
        .connect_with(options.read_only(true).pragma("query_only", "ON"))
        .await?;
    let (lines, waiting) = writer::lines();
    tokio::spawn(writer::run(Conn::new(Kind::Sqlite(conn)), waiting));
    let writer = Writer::Sqlite { lines, _lock: lock };
    Ok((Reader(ReaderKind::Sqlite(reader)), writer))
}

async fn open_mariadb(
    config: &StoreConfig,
    exclusive: bool,
) -> Result<(Reader, Writer), StoreError> {
    let (server, reader) = mariadb::open(config, exclusive).await?;
    let reader = Reader(ReaderKind::MariaDb(reader));
    Ok((reader, Writer::MariaDb(server)))
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
