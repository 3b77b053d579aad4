//! Connections of either kind, and running a statement on them.

use futures_util::TryStreamExt as _;
use sqlx::{
    Arguments as _, AssertSqlSafe, Either, Error, Executor as _, MySql, SqliteConnection,
    SqlitePool,
    mysql::MySqlArguments,
    pool::PoolConnection,
    query_with,
    sqlite::{SqliteArguments, SqliteQueryResult},
};

use super::{
    Value,
    ahead::{Ahead, BEGIN},
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
    /// What is run in front of the next statement; on MariaDB nothing ever is.
    ahead: Ahead,
}

pub(crate) enum Kind {
    Sqlite(SqliteConnection),
    MariaDb(PoolConnection<MySql>),
}

impl Conn {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            again: false,
            ahead: Ahead::default(),
        }
    }

    /// Which database it is.
    pub const fn dialect(&self) -> Dialect {
        match self.kind {
            Kind::Sqlite(_) => Dialect::Sqlite,
            Kind::MariaDb(_) => Dialect::MariaDb,
        }
    }

    /// Begins a transaction; on SQLite with its first statement.
    pub(crate) async fn begin(&mut self) -> Result<(), StoreError> {
        match &mut self.kind {
            Kind::Sqlite(_) => self.ahead.push(BEGIN, Vec::new()),
            Kind::MariaDb(conn) => {
                let begin = sqlx::raw_sql("START TRANSACTION");
                (&mut **conn).execute(begin).await?;
            }
        }
        Ok(())
    }

    /// Commits it, with what was still to be run in it.
    pub(crate) async fn commit(&mut self) -> Result<(), StoreError> {
        match &mut self.kind {
            Kind::Sqlite(conn) => {
                let (sql, values) = self.ahead.join("COMMIT".into(), Vec::new());
                last_of(conn, sql, values).await?;
            }
            Kind::MariaDb(conn) => {
                (&mut **conn).execute(sqlx::raw_sql("COMMIT")).await?;
            }
        }
        Ok(())
    }

    /// Takes back what was done in it.
    pub(crate) async fn roll_back(&mut self) -> Result<(), StoreError> {
        let never_begun = self.ahead.forget();
        match &mut self.kind {
            Kind::Sqlite(_) if never_begun => {}
            Kind::Sqlite(conn) => {
                sqlx::query("ROLLBACK").execute(conn).await?;
            }
            Kind::MariaDb(conn) => {
                (&mut **conn).execute(sqlx::raw_sql("ROLLBACK")).await?;
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
        match $on {
            On::Conn(conn) => {
                let outcome = match &mut conn.kind {
                    Kind::Sqlite(sqlite_conn) => {
                        let (sql, values) = conn.ahead.join($sql, $values);
                        query_with(AssertSqlSafe(sql), sqlite(values)?)
                            .$method(sqlite_conn)
                            .await
                            .map($sqlite)
                    }
                    Kind::MariaDb(conn) => query_with(AssertSqlSafe($sql), mariadb($values)?)
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
            On::Reader(Reader(ReaderKind::Sqlite(pool))) => {
                let query = query_with(AssertSqlSafe($sql), sqlite($values)?);
                Ok(query.$method(pool).await.map($sqlite)?)
            }
            On::Reader(Reader(ReaderKind::MariaDb(server))) => {
                let values = mariadb($values)?;
                let answer = async {
                    let mut conn = server.connection().await?;
                    let answer = query_with(AssertSqlSafe($sql), values)
                        .$method(&mut *conn)
                        .await;
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
    let on = match on {
        On::Conn(Conn {
            kind: Kind::Sqlite(conn),
            ahead,
            ..
        }) => {
            let (sql, values) = ahead.join(sql, values);
            return last_of(conn, sql, values).await;
        }
        on => on,
    };
    run!(on, sql, values, execute, done, |done| Done {
        rows: done.rows_affected(),
        id: i64::try_from(done.last_insert_id()).unwrap_or(i64::MAX),
    })
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

/// Runs a statement for its effect at once or, on SQLite, with the next one.
pub(super) async fn send(conn: &mut Conn, sql: Sql, values: Vec<Value>) -> Result<(), StoreError> {
    if conn.dialect() == Dialect::MariaDb || conn.ahead.is_full() {
        return execute(On::Conn(conn), sql, values).await.map(drop);
    }
    conn.ahead.push(&sql, values);
    Ok(())
}

/// Runs statements; what the last of them did.
async fn last_of(
    conn: &mut SqliteConnection,
    sql: Sql,
    values: Vec<Value>,
) -> Result<Done, StoreError> {
    let mut answers = conn.fetch_many(query_with(AssertSqlSafe(sql), sqlite(values)?));
    let mut last = SqliteQueryResult::default();
    while let Some(answer) = answers.try_next().await? {
        if let Either::Left(done) = answer {
            last = done;
        }
    }
    Ok(done(last))
}

fn done(done: SqliteQueryResult) -> Done {
    Done {
        rows: done.rows_affected(),
        id: done.last_insert_rowid(),
    }
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
