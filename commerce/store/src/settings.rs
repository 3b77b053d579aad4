//! What the database must report before Souk sells anything from it.
//!
//! Settings are asked back after they were made, because a file system, an environment or a
//! configured pragma may have overruled them. SQLite before 3.51.3 can lose committed data in WAL
//! mode; `synchronous=NORMAL` loses the last commits with the power.

use sqlx::SqliteConnection;

use crate::{StoreError, limits};

/// The oldest SQLite that is trusted.
const VERSION_MIN: (u32, u32, u32) = (3, 51, 3);

/// Checks a connection that writes.
///
/// # Errors
/// [`StoreError::Weak`] names the first setting that is not strong enough.
pub(crate) async fn assert_strong(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut *conn)
        .await?;
    let found = parse_version(&version);
    demand(
        "sqlite_version",
        &version,
        "3.51.3 or later",
        found.is_some_and(|v| v >= VERSION_MIN),
    )?;

    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut *conn)
        .await?;
    demand(
        "journal_mode",
        &mode,
        "wal",
        mode.eq_ignore_ascii_case("wal"),
    )?;

    let sync: i64 = sqlx::query_scalar("PRAGMA synchronous")
        .fetch_one(&mut *conn)
        .await?;
    demand(
        "synchronous",
        &sync.to_string(),
        "2 (FULL) or 3 (EXTRA)",
        sync >= 2,
    )?;

    let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys")
        .fetch_one(&mut *conn)
        .await?;
    demand("foreign_keys", &keys.to_string(), "1 (on)", keys == 1)?;

    let ignored: i64 = sqlx::query_scalar("PRAGMA ignore_check_constraints")
        .fetch_one(&mut *conn)
        .await?;
    demand(
        "ignore_check_constraints",
        &ignored.to_string(),
        "0 (off)",
        ignored == 0,
    )?;

    let wait: i64 = sqlx::query_scalar("PRAGMA busy_timeout")
        .fetch_one(&mut *conn)
        .await?;
    let enough =
        u128::try_from(wait).is_ok_and(|wait| wait >= limits::BUSY_TIMEOUT_MIN.as_millis());
    demand("busy_timeout", &wait.to_string(), "1000 ms or more", enough)
}

/// Loses the last commits with the power, if `NEGATIVE_CONTROL` says `synchronous-normal`: wrong on
/// purpose, the runs with power loss must find it out.
#[cfg(feature = "negative-controls")]
pub(crate) async fn weaken(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    if std::env::var("NEGATIVE_CONTROL").is_ok_and(|fault| fault == "synchronous-normal") {
        sqlx::query("PRAGMA synchronous = NORMAL")
            .execute(conn)
            .await?;
    }
    Ok(())
}

fn demand(
    name: &'static str,
    found: &str,
    needed: &'static str,
    holds: bool,
) -> Result<(), StoreError> {
    if holds {
        return Ok(());
    }
    let found = found.to_owned();
    Err(StoreError::Weak {
        name,
        found,
        needed,
    })
}

fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((
        parts.next()??,
        parts.next()??,
        parts.next().unwrap_or(Some(0))?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number_not_by_text() {
        assert!(parse_version("3.51.3") >= Some(VERSION_MIN));
        assert!(parse_version("3.52") >= Some(VERSION_MIN));
        assert!(parse_version("3.51.2") < Some(VERSION_MIN));
        assert!(parse_version("3.9.10") < Some(VERSION_MIN));
        assert_eq!(parse_version("three"), None);
    }
}
