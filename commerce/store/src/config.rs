//! Where the database is and how it is opened. Plain data; validated by `Store::open`.

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{StoreError, limits, sql::Dialect};

/// How to open the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// `sqlite://PATH` or a bare path; databases in memory are refused, they keep no promise. Or
    /// `mariadb://USER:PASSWORD@HOST:PORT/DATABASE`, with `?socket=PATH` or `?ssl-mode=…&ssl-ca=…`.
    pub url: String,
    /// Read-only connections.
    pub readers: u32,
    /// Connections that write, MariaDB only; SQLite has one writer.
    pub writers: u32,
    /// How long a statement waits for a lock, milliseconds.
    pub busy_timeout_ms: u64,
    /// Further pragmas, such as `cache_size`. One that weakens durability is refused at start.
    pub pragmas: Vec<(String, String)>,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            url: "sqlite://souk.db".to_owned(),
            readers: limits::READERS_DEFAULT,
            writers: limits::WRITERS_DEFAULT,
            busy_timeout_ms: limits::BUSY_TIMEOUT_DEFAULT.as_millis() as u64,
            pragmas: Vec::new(),
        }
    }
}

impl StoreConfig {
    /// The default settings for a database at a path.
    pub fn at(path: impl AsRef<std::path::Path>) -> Self {
        Self {
            url: path.as_ref().display().to_string(),
            ..Self::default()
        }
    }

    /// Which database `url` names.
    pub fn dialect(&self) -> Dialect {
        match self.url.starts_with("mysql://") || self.url.starts_with("mariadb://") {
            true => Dialect::MariaDb,
            false => Dialect::Sqlite,
        }
    }

    /// The file that `url` names.
    ///
    /// # Errors
    /// [`StoreError::Config`] if it is no file of a database that Souk can use.
    pub fn path(&self) -> Result<PathBuf, StoreError> {
        let path = self
            .url
            .strip_prefix("sqlite://")
            .or_else(|| self.url.strip_prefix("sqlite:"))
            .unwrap_or(&self.url);
        if path.is_empty() || path.contains(":memory:") {
            return Err(StoreError::Config("the database must be a file".to_owned()));
        }
        if path.contains("://") {
            let scheme = path.split("://").next().unwrap_or_default();
            let text = format!("databases of kind `{scheme}` are not supported");
            return Err(StoreError::Config(text));
        }
        if path.contains('?') {
            let text = "parameters in the database address are not taken; use `pragmas`";
            return Err(StoreError::Config(text.to_owned()));
        }
        Ok(PathBuf::from(path))
    }

    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let bounds = [
            ("readers", self.readers, limits::READERS_MAX),
            ("writers", self.writers, limits::WRITERS_MAX),
        ];
        for (name, count, most) in bounds {
            if count == 0 || count > most {
                return Err(StoreError::Config(format!("`{name}` must be 1 to {most}")));
            }
        }
        Ok(())
    }

    pub(crate) fn busy_timeout(&self) -> Duration {
        Duration::from_millis(self.busy_timeout_ms)
    }
}
