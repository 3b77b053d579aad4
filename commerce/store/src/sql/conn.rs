//! Connections of either kind, and running a statement on them.

use sqlx::{Arguments as _, Error};
use sqlx::{
    AssertSqlSafe, Executor as _, MySql, SqliteConnection, SqlitePool, mysql::MySqlArguments,
    pool::PoolConnection, query_with, sqlite::SqliteArguments,
};

use super::{
    Value,
    row::{Kind as RowKind, Row},
    text::Sql,
};
use crate::{StoreError, mariadb::ServerReader};

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// The embedded one.
    Sqlite,
    /// A server.
    MariaDb,
}

/// The connection of a write job, inside its transaction.
pub struct Conn {
    pub(crate) kind: Kind,
    /// The database asked for the whole transaction to be run again.
    pub(crate) again: bool,
}

pub(crate) enum Kind {
    Sqlite(SqliteConnection),
    MariaDb(PoolConnection<MySql>),
}

impl Conn {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, again: false }
    }

    /// Which database it is.
    pub const fn dialect(&self) -> Dialect {
        match self.kind {
            Kind::Sqlite(_) => Dialect::Sqlite,
            Kind::MariaDb(_) => Dialect::MariaDb,
        }
    }

    /// Runs a statement without values, outside of the prepared ones.
    pub(crate) async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match &mut self.kind {
            Kind::Sqlite(conn) => {
                sqlx::query(sql).execute(conn).await?;
            }
            Kind::MariaDb(conn) => {
                (&mut **conn).execute(sqlx::raw_sql(sql)).await?;
            }
        }
        Ok(())
    }
}

/// Connections that read; clones share them.
#[derive(Debug, Clone)]
pub struct Reader(pub(crate) ReaderKind);

#[derive(Debug, Clone)]
pub(crate) enum ReaderKind {
    Sqlite(SqlitePool),
    MariaDb(ServerReader),
}

impl Reader {
    /// Which database it is.
    pub const fn dialect(&self) -> Dialect {
        match self.0 {
            ReaderKind::Sqlite(_) => Dialect::Sqlite,
            ReaderKind::MariaDb(_) => Dialect::MariaDb,
        }
    }

    pub(crate) async fn close(&self) {
        match &self.0 {
            ReaderKind::Sqlite(pool) => pool.close().await,
            ReaderKind::MariaDb(server) => server.close().await,
        }
    }
}

/// Where a statement runs: the connection of a write job, or any reader.
pub enum On<'e> {
    /// In a transaction.
    Conn(&'e mut Conn),
    /// By itself.
    Reader(&'e Reader),
}

impl On<'_> {
    /// The same place for one more statement.
    pub fn again(&mut self) -> On<'_> {
        match self {
            Self::Conn(conn) => On::Conn(conn),
            Self::Reader(reader) => On::Reader(reader),
        }
    }

    /// Which database it is.
    pub const fn dialect(&self) -> Dialect {
        match self {
            Self::Conn(conn) => conn.dialect(),
            Self::Reader(reader) => reader.dialect(),
        }
    }
}

impl<'e> From<&'e mut Conn> for On<'e> {
    fn from(conn: &'e mut Conn) -> Self {
        Self::Conn(conn)
    }
}

impl<'e> From<&'e Reader> for On<'e> {
    fn from(reader: &'e Reader) -> Self {
        Self::Reader(reader)
    }
}

/// What a statement did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    rows: u64,
    id: i64,
}

impl Done {
    /// Rows that the condition matched, whether or not they changed.
    pub const fn rows_affected(&self) -> u64 {
        self.rows
    }

    /// The number that the database gave to the row just inserted.
    pub const fn last_insert_id(&self) -> i64 {
        self.id
    }
}

macro_rules! run {
    ($on:expr, $sql:expr, $values:expr, $method:ident, $sqlite:expr, $mariadb:expr) => {{
        let sql = AssertSqlSafe($sql);
        match $on {
            On::Conn(conn) => {
                let outcome = match &mut conn.kind {
                    Kind::Sqlite(conn) => query_with(sql, sqlite($values)?)
                        .$method(conn)
                        .await
                        .map($sqlite),
                    Kind::MariaDb(conn) => query_with(sql, mariadb($values)?)
                        .$method(&mut **conn)
                        .await
                        .map($mariadb),
                };
                let outcome = outcome.map_err(StoreError::from);
                if let Err(error) = &outcome {
                    conn.again |= error.wants_repeat();
                }
                outcome
            }
            On::Reader(Reader(ReaderKind::Sqlite(pool))) => Ok(query_with(sql, sqlite($values)?)
                .$method(pool)
                .await
                .map($sqlite)?),
            On::Reader(Reader(ReaderKind::MariaDb(server))) => {
                let values = mariadb($values)?;
                let answer = async {
                    let mut conn = server.connection().await?;
                    let answer = query_with(sql, values).$method(&mut *conn).await;
                    answer.map($mariadb).map_err(StoreError::from)
                };
                // The server ends long statements itself; this is for one that is not heard of.
                match tokio::time::timeout(server.answer_wait, answer).await {
                    Ok(answer) => answer,
                    Err(_) => Err(StoreError::Slow),
                }
            }
        }
    }};
}

pub(super) async fn execute(on: On<'_>, sql: Sql, values: Vec<Value>) -> Result<Done, StoreError> {
    run!(
        on,
        sql,
        values,
        execute,
        |done| Done {
            rows: done.rows_affected(),
            id: done.last_insert_rowid(),
        },
        |done| Done {
            rows: done.rows_affected(),
            id: i64::try_from(done.last_insert_id()).unwrap_or(i64::MAX),
        }
    )
}

pub(super) async fn fetch_all(
    on: On<'_>,
    sql: Sql,
    values: Vec<Value>,
) -> Result<Vec<Row>, StoreError> {
    run!(
        on,
        sql,
        values,
        fetch_all,
        |rows| rows
            .into_iter()
            .map(|row| Row(RowKind::Sqlite(row)))
            .collect(),
        |rows| rows
            .into_iter()
            .map(|row| Row(RowKind::MariaDb(row)))
            .collect()
    )
}

pub(super) async fn fetch_optional(
    on: On<'_>,
    sql: Sql,
    values: Vec<Value>,
) -> Result<Option<Row>, StoreError> {
    run!(
        on,
        sql,
        values,
        fetch_optional,
        |row| row.map(|row| Row(RowKind::Sqlite(row))),
        |row| row.map(|row| Row(RowKind::MariaDb(row)))
    )
}

fn sqlite(values: Vec<Value>) -> Result<SqliteArguments, StoreError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Int(value) => arguments.add(value),
            Value::Real(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(Error::Encode)?;
    }
    Ok(arguments)
}

fn mariadb(values: Vec<Value>) -> Result<MySqlArguments, StoreError> {
    let mut arguments = MySqlArguments::default();
    for value in values {
        match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Int(value) => arguments.add(value),
            Value::Real(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(Error::Encode)?;
    }
    Ok(arguments)
}
