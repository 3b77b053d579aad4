//! The server's lock that says which process may write.
//!
//! `GET_LOCK` is held by a session of its own and goes with it, however the process ends. A task
//! asks every second whether it is still held; a server that restarted forgot it, and then the
//! first process that asks has it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use sqlx::{ConnectOptions as _, MySqlConnection, mysql::MySqlConnectOptions};
use tokio::sync::oneshot;

use crate::{StoreError, limits};

/// Held for as long as the store is open.
pub(super) struct Owner {
    lost: Arc<AtomicBool>,
    leave: std::sync::Mutex<Option<oneshot::Sender<oneshot::Sender<()>>>>,
}

impl Owner {
    /// Takes the lock; waits a moment for a process that is about to leave.
    pub(super) async fn take(
        options: &MySqlConnectOptions,
        database: &str,
    ) -> Result<Self, StoreError> {
        let name = lock_name(database);
        let until = Instant::now() + limits::TAKE_OVER_MAX;
        let mut conn = session(options).await?;
        while !get(&mut conn, &name).await? {
            if Instant::now() >= until {
                return Err(StoreError::Locked(database.to_owned()));
            }
        }
        let lost = Arc::new(AtomicBool::new(false));
        let (leave, left) = oneshot::channel();
        tokio::spawn(keep(conn, options.clone(), name, lost.clone(), left));
        Ok(Self {
            lost,
            leave: std::sync::Mutex::new(Some(leave)),
        })
    }

    /// Whether another process has the database now.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Lets the database go.
    pub(super) async fn leave(&self) {
        let leave = match self.leave.lock() {
            Ok(mut leave) => leave.take(),
            Err(_) => None,
        };
        let (done, left) = oneshot::channel();
        if leave.is_some_and(|leave| leave.send(done).is_ok()) {
            let _ = tokio::time::timeout(limits::OWNER_WAIT_MAX, left).await;
        }
    }
}

/// A lock's name has at most 64 characters.
fn lock_name(database: &str) -> String {
    format!("souk:{}", database.chars().take(59).collect::<String>())
}

/// A session that the server ends, and its lock with it, ten seconds after it fell silent.
async fn session(options: &MySqlConnectOptions) -> Result<MySqlConnection, sqlx::Error> {
    use sqlx::Executor as _;
    let mut conn = options.connect().await?;
    conn.execute(sqlx::raw_sql("SET SESSION wait_timeout = 10"))
        .await?;
    Ok(conn)
}

async fn get(conn: &mut MySqlConnection, name: &str) -> Result<bool, sqlx::Error> {
    use sqlx::Row as _;
    let row = sqlx::query("SELECT CAST(COALESCE(GET_LOCK(?, 1), 0) AS SIGNED)")
        .bind(name)
        .fetch_one(conn)
        .await?;
    Ok(row.try_get::<i64, _>(0)? == 1)
}

async fn keep(
    conn: MySqlConnection,
    options: MySqlConnectOptions,
    name: String,
    lost: Arc<AtomicBool>,
    mut left: oneshot::Receiver<oneshot::Sender<()>>,
) {
    let mut conn = Some(conn);
    loop {
        tokio::select! {
            done = &mut left => {
                if let Some(conn) = conn {
                    let _ = sqlx::Connection::close(conn).await;
                }
                if let Ok(done) = done {
                    let _ = done.send(());
                }
                return;
            }
            () = tokio::time::sleep(limits::OWNER_PERIOD) => {}
        }
        let step =
            tokio::time::timeout(limits::OWNER_WAIT_MAX, check(conn.take(), &options, &name));
        match step.await {
            Ok(Ok((held, owned))) => {
                if lost.swap(!owned, Ordering::Relaxed) == owned {
                    match owned {
                        true => tracing::warn!("the database is this process's own again"),
                        false => tracing::error!("another process took the database over"),
                    }
                }
                conn = Some(held);
            }
            // A server that is away owns nothing; it is asked again.
            Ok(Err(error)) => tracing::debug!(%error, "the database's owner cannot be asked"),
            Err(_) => tracing::debug!("the database does not say who owns it"),
        }
    }
}

/// A session, and whether it has the lock.
async fn check(
    conn: Option<MySqlConnection>,
    options: &MySqlConnectOptions,
    name: &str,
) -> Result<(MySqlConnection, bool), sqlx::Error> {
    match conn {
        Some(mut conn) => {
            let owned = get(&mut conn, name).await?;
            Ok((conn, owned))
        }
        None => {
            let mut conn = session(options).await?;
            let owned = get(&mut conn, name).await?;
            Ok((conn, owned))
        }
    }
}
