//! A MariaDB server: how it is opened, what it must be set to, and who may write.
//!
//! Two pools, one that reads and one that writes, each bounded; more writers than connections wait
//! in a bounded queue. A lock of the server keeps a second process out for as long as this one
//! lives, since a topic of the outbox has one deliverer.

mod away;
mod owner;
mod settings;

use std::{sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions as _, MySqlConnection, MySqlPool,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) use self::away::ServerReader;
use self::{away::Away, owner::Owner};
use crate::{
    StoreConfig, StoreError, limits,
    migrations::{self, MARIADB},
    sql::{Conn, Kind},
    writer::{self, BoxFuture},
};

/// What every session is told; triggers and generated columns remember the mode they were made in.
const SESSION: &str = "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,\
STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION', \
time_zone = '+00:00', SESSION tx_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = 3, \
lock_wait_timeout = 3, foreign_key_checks = 1, unique_checks = 1, check_constraint_checks = 1";

/// What sessions that read, and those that write, are told besides.
fn purposes(answer_wait: Duration) -> (String, String) {
    let seconds = answer_wait.as_secs_f64();
    let reading = format!("SET SESSION max_statement_time = {seconds}, SESSION tx_read_only = 1");
    let longer = seconds + 2.0;
    let idle = answer_wait.as_secs() + 12;
    let writing =
        format!("SET SESSION max_statement_time = {longer}, idle_transaction_timeout = {idle}");
    (reading, writing)
}

/// An open server.
pub(crate) struct MariaDb {
    writer: MySqlPool,
    away: Arc<Away>,
    queue: Arc<Semaphore>,
    answer_wait: Duration,
    owner: Option<Owner>,
}

/// Opens the server's database and brings its schema up to date; also gives the pool that reads.
pub(crate) async fn open(
    config: &StoreConfig,
    exclusive: bool,
) -> Result<(MariaDb, ServerReader), StoreError> {
    let options = options(config)?;
    let database = options.get_database().unwrap_or_default().to_owned();
    let owner = match exclusive {
        true => Some(Owner::take(&options, &database).await?),
        false => None,
    };
    let mut conn = options.connect().await?;
    prepare(&mut conn, "").await?;
    settings::assert_strong(&mut conn).await?;
    migrations::run(&MARIADB, &mut conn).await?;
    // Over TLS the server hangs up before our farewell is through, which harms nobody.
    let _ = sqlx::Connection::close(conn).await;
    let pool = |count, more: String| {
        MySqlPoolOptions::new()
            .max_connections(count)
            .acquire_timeout(config.connect_wait())
            .max_lifetime(Duration::from_secs(1800))
            .after_connect(move |conn, _| {
                let more = more.clone();
                Box::pin(async move { prepare(conn, &more).await })
            })
    };
    let (reading, writing) = purposes(config.answer_wait());
    let reader = pool(config.readers, reading)
        .connect_with(options.clone())
        .await?;
    let writer = pool(config.writers, writing).connect_with(options).await?;
    let away = Arc::new(Away::default());
    let reader = ServerReader::new(reader, away.clone(), config.answer_wait());
    let server = MariaDb {
        writer,
        away,
        queue: Arc::new(Semaphore::new(limits::WRITE_QUEUE_MAX)),
        answer_wait: config.answer_wait(),
        owner,
    };
    Ok((server, reader))
}

fn options(config: &StoreConfig) -> Result<MySqlConnectOptions, StoreError> {
    let options = config.server()?;
    Ok(options
        .charset("utf8mb4")
        .collation("utf8mb4_bin")
        .statement_cache_capacity(256)
        // The session is told everything at once, below.
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None))
}

async fn prepare(conn: &mut MySqlConnection, more: &str) -> Result<(), sqlx::Error> {
    use sqlx::Executor as _;
    conn.execute(sqlx::raw_sql(SESSION)).await?;
    if !more.is_empty() {
        let more = sqlx::AssertSqlSafe(more.to_owned());
        conn.execute(sqlx::raw_sql(more)).await?;
    }
    Ok(())
}

impl MariaDb {
    /// Runs a job, again when the server asks for it; the work goes on when the caller goes.
    pub(crate) async fn transact<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if self.is_lost() {
            return Err(StoreError::Locked("it took the database over".to_owned()).into());
        }
        if self.away.is_known() {
            return Err(StoreError::Slow.into());
        }
        let place = match self.queue.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) if self.queue.is_closed() => return Err(StoreError::Closed.into()),
            Err(_) => return Err(StoreError::Busy.into()),
        };
        let (pool, away) = (self.writer.clone(), self.away.clone());
        let longest = self.answer_wait + limits::WRITE_TRY_MAX;
        let work = tokio::spawn(tries(pool, away, longest, place, job));
        match tokio::time::timeout(self.answer_wait, work).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(StoreError::Panicked.into()),
            Err(_) => Err(StoreError::Slow.into()),
        }
    }

    /// Write jobs that wait or run.
    pub(crate) fn queued(&self) -> usize {
        limits::WRITE_QUEUE_MAX - self.queue.available_permits()
    }

    /// Whether jobs are taken.
    pub(crate) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Whether another process has the database now.
    pub(crate) fn is_lost(&self) -> bool {
        self.owner.as_ref().is_some_and(Owner::is_lost)
    }

    /// Takes no more jobs, waits for those that run, lets the database go.
    pub(crate) async fn close(&self) {
        // Every place is free once every job is done.
        let all = u32::try_from(limits::WRITE_QUEUE_MAX).unwrap_or(u32::MAX);
        let done = self.queue.acquire_many(all);
        if tokio::time::timeout(self.answer_wait + limits::WRITE_TRY_MAX, done)
            .await
            .is_err()
        {
            tracing::warn!("writes are still under way; the database is left without them");
        }
        self.queue.close();
        let _ = tokio::time::timeout(Duration::from_secs(5), self.writer.close()).await;
        if let Some(owner) = &self.owner {
            owner.leave().await;
        }
    }
}

async fn tries<T, E, F>(
    pool: MySqlPool,
    away: Arc<Away>,
    longest: Duration,
    _place: OwnedSemaphorePermit,
    job: F,
) -> Result<T, E>
where
    F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>> + Clone + Send + 'static,
    E: From<StoreError>,
{
    let mut attempt = 1;
    loop {
        let conn = away.connection(&pool).await.map_err(E::from)?;
        let mut conn = Conn::new(Kind::MariaDb(conn));
        let work = writer::transaction(&mut conn, job.clone());
        let Ok(outcome) = tokio::time::timeout(longest, work).await else {
            // Where its transaction stands is not known: the server rolls it back with the session.
            if let Kind::MariaDb(conn) = &mut conn.kind {
                conn.close_on_drop();
            }
            return Err(StoreError::Slow.into());
        };
        if outcome.is_ok() || !conn.again || attempt >= limits::WRITE_TRIES_MAX {
            return outcome;
        }
        drop(conn);
        metrics::counter!("souk_store_repeats_total").increment(1);
        tokio::time::sleep(pause(attempt)).await;
        attempt += 1;
    }
}

/// A random part of a bound that doubles.
fn pause(attempt: u32) -> Duration {
    use std::hash::{BuildHasher as _, RandomState};
    let bound = limits::REPEAT_PAUSE_MAX / (32 >> attempt.min(5));
    let random = RandomState::new().hash_one(attempt) % 1000;
    bound / 4 + bound * 3 / 4 * u32::try_from(random).unwrap_or(0) / 1000
}
