//! Where the database is and how it is opened. Plain data; validated by `Store::open`.

use std::{path::PathBuf, time::Duration};

use sqlx::mysql::MySqlConnectOptions;

use crate::{StoreError, limits, sql::Dialect};

/// What may follow the `?` of a server's address. The driver passes over what it does not know,
/// and a misspelt `ssl-mode` would go unencrypted.
const PARAMETERS: [&str; 5] = ["socket", "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key"];

/// How to open the database. Its `Debug` keeps the password to itself.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// `sqlite://PATH` or a bare path; databases in memory are refused, they keep no promise. Or
    /// `mariadb://USER:PASSWORD@HOST:PORT/DATABASE`, with `?socket=PATH` or `?ssl-mode=…&ssl-ca=…`;
    /// `mysql://` is the same. Holds the password: show [`StoreConfig::shown`] instead.
    pub url: String,
    /// Read-only connections.
    pub readers: u32,
    /// Connections that write, MariaDB only; SQLite has one writer.
    pub writers: u32,
    /// How long a statement on SQLite waits for a lock, milliseconds.
    pub busy_timeout_ms: u64,
    /// How long anything waits for a connection to MariaDB, milliseconds.
    pub connect_wait_ms: u64,
    /// How long a caller waits for an answer of MariaDB, milliseconds.
    pub answer_wait_ms: u64,
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
            connect_wait_ms: limits::CONNECT_WAIT_DEFAULT.as_millis() as u64,
            answer_wait_ms: limits::ANSWER_WAIT_DEFAULT.as_millis() as u64,
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

    /// The address for people: without password and parameters.
    pub fn shown(&self) -> String {
        if self.dialect() == Dialect::Sqlite {
            return self.url.clone();
        }
        let (scheme, rest) = self.url.split_once("://").unwrap_or_default();
        // A password may hold any sign, so all up to the last `@` is taken for user and password.
        let (user, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (login.split(':').next().unwrap_or_default(), place),
            None => ("", rest),
        };
        let place = place.split('?').next().unwrap_or_default();
        match user {
            "" => format!("{scheme}://{place}"),
            user => format!("{scheme}://{user}@{place}"),
        }
    }

    /// Checks every value without opening anything.
    ///
    /// # Errors
    /// [`StoreError::Config`] says what is wrong, and no password.
    pub fn check(&self) -> Result<(), StoreError> {
        let bounds = [
            ("readers", self.readers, limits::READERS_MAX),
            ("writers", self.writers, limits::WRITERS_MAX),
        ];
        for (name, count, most) in bounds {
            if count == 0 || count > most {
                return Err(StoreError::Config(format!("`{name}` must be 1 to {most}")));
            }
        }
        let waits = [
            ("connect_wait_ms", self.connect_wait_ms),
            ("answer_wait_ms", self.answer_wait_ms),
        ];
        for (name, wait) in waits {
            if !(limits::WAITS_MS.contains(&wait)) {
                let text = format!(
                    "`{name}` must be {} to {}",
                    limits::WAITS_MS.start(),
                    limits::WAITS_MS.end()
                );
                return Err(StoreError::Config(text));
            }
        }
        match self.dialect() {
            Dialect::Sqlite => self.path().map(drop),
            Dialect::MariaDb => self.server().map(drop),
        }
    }

    /// The server that `url` names.
    pub(crate) fn server(&self) -> Result<MySqlConnectOptions, StoreError> {
        let refuse = |text: String| Err(StoreError::Config(text));
        let parameters = self.url.split_once('?').map_or("", |(_, rest)| rest);
        for parameter in parameters.split('&').filter(|text| !text.is_empty()) {
            let name = parameter.split('=').next().unwrap_or_default();
            if !PARAMETERS.contains(&name) {
                let known = PARAMETERS.join(", ");
                return refuse(format!("a parameter of `url` is none of {known}"));
            }
        }
        let options: MySqlConnectOptions = match self.url.parse() {
            Ok(options) => options,
            Err(sqlx::Error::Configuration(error)) => {
                return refuse(format!("`url` cannot be read: {error}"));
            }
            Err(_) => return refuse("`url` cannot be read".to_owned()),
        };
        if options.get_database().is_none_or(str::is_empty) {
            return refuse("`url` names no database".to_owned());
        }
        Ok(options)
    }

    pub(crate) fn connect_wait(&self) -> Duration {
        Duration::from_millis(self.connect_wait_ms)
    }

    pub(crate) fn answer_wait(&self) -> Duration {
        Duration::from_millis(self.answer_wait_ms)
    }

    pub(crate) fn busy_timeout(&self) -> Duration {
        Duration::from_millis(self.busy_timeout_ms)
    }
}

impl std::fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreConfig")
            .field("url", &self.shown())
            .field("readers", &self.readers)
            .field("writers", &self.writers)
            .field("busy_timeout_ms", &self.busy_timeout_ms)
            .field("connect_wait_ms", &self.connect_wait_ms)
            .field("answer_wait_ms", &self.answer_wait_ms)
            .field("pragmas", &self.pragmas)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(url: &str) -> StoreConfig {
        StoreConfig {
            url: url.to_owned(),
            ..StoreConfig::default()
        }
    }

    #[test]
    fn a_password_is_shown_to_nobody() {
        for (url, shown) in [
            (
                "mariadb://souk:pw@db.example:3307/shop",
                "mariadb://souk@db.example:3307/shop",
            ),
            (
                "mysql://souk:p@w@db/shop?ssl-mode=required",
                "mysql://souk@db/shop",
            ),
            ("mariadb://souk:p?w#/@db/shop", "mariadb://souk@db/shop"),
            (
                "mariadb://souk@localhost/shop?socket=/run/pw",
                "mariadb://souk@localhost/shop",
            ),
            ("mariadb://db/shop", "mariadb://db/shop"),
            ("sqlite:///var/lib/souk.db", "sqlite:///var/lib/souk.db"),
        ] {
            let config = at(url);
            assert_eq!(config.shown(), shown);
            let told = format!("{config:?} {:?}", config.check());
            for secret in ["pw", "p@w", "p?w"] {
                assert!(!told.contains(secret), "{told}");
            }
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_unopened() {
        at("mariadb://souk:pw@db/shop?ssl-mode=verify_identity&ssl-ca=/ca.pem")
            .check()
            .unwrap();
        at("mysql://souk@db:3307/shop").check().unwrap();
        for (url, why) in [
            ("mariadb://souk:pw@db", "names no database"),
            ("mariadb://souk:pw@db/", "names no database"),
            ("mariadb://souk:pw@db/shop?tls=required", "a parameter"),
            ("mariadb://souk:pw@db/shop?ssl-mode=pw", "cannot be read"),
            ("mariadb://souk:pw@db:port/shop", "cannot be read"),
            ("sqlite://:memory:", "must be a file"),
            ("postgres://souk:pw@db/shop", "not supported"),
        ] {
            let refused = at(url).check().unwrap_err().to_string();
            assert!(refused.contains(why), "{url}: {refused}");
            assert!(!refused.contains("souk:pw"), "{refused}");
        }
    }
}
