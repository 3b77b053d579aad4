//! What can go wrong with the database, sorted by who can do something about it.

use signaling_wire::{Code, Problem};

/// Why the database refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The queue of the writer is full; nothing was written, a repeat is fine.
    #[error("the database writer is busy")]
    Busy,
    /// The store is closing; nothing was written.
    #[error("the database is closed")]
    Closed,
    /// The configuration cannot be used.
    #[error("database configuration: {0}")]
    Config(String),
    /// A setting is weaker than Souk's promise to its buyers needs.
    #[error("database setting `{name}` is `{found}`, but {needed} is needed")]
    Weak {
        /// The pragma or property.
        name: &'static str,
        /// What the database reports.
        found: String,
        /// What is needed, for people.
        needed: &'static str,
    },
    /// Another process has the database open.
    #[error("another process uses this database ({0})")]
    Locked(String),
    /// The database was written by a newer version, or its history was altered.
    #[error("the database does not fit this version: {0}")]
    Schema(String),
    /// The file system refused.
    #[error("database file: {0}")]
    Io(#[from] std::io::Error),
    /// A statement failed. After a failed write nothing of its transaction remains.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// Stored data is not what the code that wrote it promised.
    #[error("stored data is invalid: {0}")]
    Invalid(String),
    /// The database did not answer in time. Whether a write happened is not known; a repeat under
    /// the same key finds out.
    #[error("the database takes too long")]
    Slow,
    /// A write job panicked; its transaction was rolled back.
    #[error("a write job panicked")]
    Panicked,
}

impl StoreError {
    /// Whether a row with that key exists already.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// Whether a CHECK constraint refused: an invariant, not an expected outcome.
    pub fn is_check_violation(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(error)) if error.is_check_violation())
    }

    /// Whether a foreign key refused.
    pub fn is_foreign_key_violation(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(error)) if error.is_foreign_key_violation())
    }

    /// Whether the database asks for the whole transaction to be run again: a deadlock, a wait
    /// for a lock that took too long, or a row that changed since the snapshot.
    pub(crate) fn wants_repeat(&self) -> bool {
        const REPEAT: [u16; 3] = [1020, 1205, 1213];
        let Self::Sql(sqlx::Error::Database(error)) = self else {
            return false;
        };
        let error = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>();
        error.is_some_and(|error| REPEAT.contains(&error.number()))
    }

    /// Whether the database is away, full or too slow, so that nothing is gained by trying the
    /// same again in smaller parts.
    pub fn is_outage(&self) -> bool {
        /// Too many connections, shutdown, disk full, table full, read only, killed, out of time.
        const MARIADB: [u16; 7] = [1021, 1040, 1053, 1114, 1290, 1927, 1969];
        /// Busy, read only, I/O error, full.
        const SQLITE: [i32; 4] = [5, 8, 10, 13];
        match self {
            Self::Busy | Self::Closed | Self::Locked(_) | Self::Io(_) | Self::Slow => true,
            Self::Sql(sqlx::Error::Database(error)) => {
                if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
                    return self.wants_repeat() || MARIADB.contains(&error.number());
                }
                // The low byte is the kind of an extended code.
                let code = error.code().and_then(|code| code.parse::<i32>().ok());
                code.is_some_and(|code| SQLITE.contains(&(code & 0xff)))
            }
            Self::Sql(
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed,
            ) => true,
            _ => false,
        }
    }

    /// Stored data that cannot be understood.
    pub fn invalid(what: impl std::fmt::Display) -> Self {
        Self::Invalid(what.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => {
                Self::new(Code::Busy, "Many are writing; try again.").retry_after(1)
            }
            StoreError::Closed => {
                Self::new(Code::Unavailable, "The server is restarting.").retry_after(2)
            }
            StoreError::Sql(sqlx::Error::PoolTimedOut) => {
                Self::new(Code::Busy, "Many are reading; try again.").retry_after(1)
            }
            error if error.wants_repeat() => {
                Self::new(Code::Busy, "Many are writing; try again.").retry_after(1)
            }
            StoreError::Sql(_) | StoreError::Io(_) | StoreError::Slow | StoreError::Locked(_) => {
                let text =
                    "The database cannot answer; try again, with the same key if there is one.";
                Self::new(Code::Unavailable, text).retry_after(2)
            }
            _ => Self::new(Code::Internal, ""),
        }
    }
}
