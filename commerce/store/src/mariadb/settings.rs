//! What the server must report before Souk sells anything from it.

use sqlx::{MySqlConnection, Row as _};

use crate::StoreError;

/// The oldest server that is trusted.
const VERSION_MIN: (u32, u32) = (10, 11);

/// What is asked for, in one row.
const ASK: &str = "SELECT @@version AS version,
    CAST(@@innodb_flush_log_at_trx_commit AS CHAR) AS flush,
    CAST(@@log_bin AS CHAR) AS binlog, CAST(@@sync_binlog AS CHAR) AS sync_binlog,
    @@binlog_format AS binlog_format, CAST(@@innodb_doublewrite AS CHAR) AS doublewrite,
    @@sql_mode AS sql_mode, @@tx_isolation AS isolation, @@character_set_client AS charset,
    @@collation_connection AS collation, CAST(@@read_only AS CHAR) AS read_only,
    CAST(@@max_allowed_packet AS CHAR) AS packet";

/// A setting, what it must be, and whether it is.
type Demand = (&'static str, &'static str, fn(&str) -> bool);

const DEMANDS: [Demand; 9] = [
    ("flush", "innodb_flush_log_at_trx_commit = 1", |v| v == "1"),
    ("doublewrite", "innodb_doublewrite on", |v| {
        v != "0" && v != "OFF"
    }),
    ("sql_mode", "STRICT_ALL_TABLES", |v| {
        v.contains("STRICT_ALL_TABLES")
    }),
    ("isolation", "READ-COMMITTED", |v| v == "READ-COMMITTED"),
    ("charset", "utf8mb4", |v| v == "utf8mb4"),
    ("collation", "utf8mb4_bin", |v| v == "utf8mb4_bin"),
    ("read_only", "0 (a primary)", |v| v == "0" || v == "OFF"),
    ("version", "MariaDB 10.11 or later", is_trusted),
    ("packet", "max_allowed_packet of 16777216 or more", |v| {
        v.parse().is_ok_and(|bytes: u64| bytes >= 16_777_216)
    }),
];

/// Of interest only when the server writes a binary log.
const BINLOG_DEMANDS: [Demand; 2] = [
    ("sync_binlog", "1", |v| v == "1"),
    ("binlog_format", "ROW or MIXED", |v| v != "STATEMENT"),
];

/// Checks a session as every write will have it.
///
/// # Errors
/// [`StoreError::Weak`] names the first setting that is not strong enough.
pub(super) async fn assert_strong(conn: &mut MySqlConnection) -> Result<(), StoreError> {
    let row = sqlx::query(ASK).fetch_one(conn).await?;
    check(|name| Ok(row.try_get_unchecked(name)?))
}

fn check(found: impl Fn(&str) -> Result<String, StoreError>) -> Result<(), StoreError> {
    let binlog = found("binlog")? == "1";
    let more = BINLOG_DEMANDS.iter().filter(|_| binlog);
    for (name, needed, holds) in DEMANDS.iter().chain(more) {
        let found = found(name)?;
        if !holds(&found) {
            return Err(StoreError::Weak {
                name,
                found,
                needed,
            });
        }
    }
    Ok(())
}

fn is_trusted(version: &str) -> bool {
    let mut parts = version.split(['.', '-']).map(|part| part.parse().ok());
    let number = (
        parts.next().flatten().unwrap_or(0),
        parts.next().flatten().unwrap_or(0),
    );
    version.contains("MariaDB") && number >= VERSION_MIN
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn with(name: &'static str, value: &'static str) -> Result<(), StoreError> {
        check(|asked| {
            let strong = match asked {
                "flush" | "binlog" | "doublewrite" | "sync_binlog" => "1",
                "binlog_format" => "MIXED",
                "sql_mode" => "STRICT_ALL_TABLES,ANSI_QUOTES",
                "isolation" => "READ-COMMITTED",
                "charset" => "utf8mb4",
                "collation" => "utf8mb4_bin",
                "read_only" => "0",
                "packet" => "16777216",
                _ => "10.11.19-MariaDB-log",
            };
            Ok(if asked == name { value } else { strong }.to_owned())
        })
    }

    #[test]
    fn each_weak_setting_is_refused_by_name() {
        with("none", "").unwrap();
        for (name, value) in [
            ("flush", "2"),
            ("flush", "0"),
            ("sync_binlog", "0"),
            ("binlog_format", "STATEMENT"),
            ("doublewrite", "0"),
            ("sql_mode", "ANSI_QUOTES"),
            ("isolation", "REPEATABLE-READ"),
            ("charset", "latin1"),
            ("read_only", "1"),
            ("packet", "1048576"),
            ("version", "8.0.36"),
            ("version", "10.6.18-MariaDB"),
        ] {
            match with(name, value).err() {
                Some(StoreError::Weak { name: found, .. }) => assert_eq!(found, name),
                other => panic!("{name}={value}: {other:?}"),
            }
        }
        with("version", "11.4.2-MariaDB-1").unwrap();
    }

    #[test]
    fn without_a_binary_log_its_settings_do_not_matter() {
        let answer = check(|asked| {
            Ok(match asked {
                "binlog" | "sync_binlog" | "read_only" => "0",
                "binlog_format" => "STATEMENT",
                "flush" | "doublewrite" => "1",
                "sql_mode" => "STRICT_ALL_TABLES",
                "isolation" => "READ-COMMITTED",
                "charset" => "utf8mb4",
                "collation" => "utf8mb4_bin",
                "packet" => "67108864",
                _ => "10.11.19-MariaDB",
            }
            .to_owned())
        });
        answer.unwrap();
    }
}
