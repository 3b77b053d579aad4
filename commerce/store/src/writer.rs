//! Running write jobs.
//!
//! On SQLite one task owns the one write connection and runs jobs one after another. On MariaDB a
//! job gets a task and a connection of its own, and is run again when the database asks for it.
//! Either way the task owns the commit: a caller that goes away does not cancel it half-way. A job
//! that fails or panics is rolled back and touches nobody else.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
};

use sqlx::Connection as _;
use tokio::sync::{mpsc, oneshot};

use crate::{
    StoreError,
    sql::{Conn, Dialect, Kind},
};

/// What a write job returns, borrowing the connection.
pub type BoxFuture<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

type Job = Box<dyn for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, ()> + Send>;

/// What the writer task is told.
pub(crate) enum Command {
    /// Run this.
    Job(Job),
    /// Finish what waits, close the database, answer.
    Close(oneshot::Sender<()>),
}

/// Runs until it is told to close or every handle is gone.
pub(crate) async fn run(mut conn: Conn, mut commands: mpsc::Receiver<Command>) {
    let mut closing = None;
    while let Some(command) = commands.recv().await {
        match command {
            Command::Job(job) => job(&mut conn).await,
            Command::Close(done) => {
                commands.close();
                closing = Some(done);
            }
        }
    }
    if let Kind::Sqlite(conn) = conn.kind
        && let Err(error) = conn.close().await
    {
        tracing::warn!(%error, "the database did not close cleanly");
    }
    if let Some(done) = closing {
        // The one who asked may have given up waiting.
        let _ = done.send(());
    }
}

/// Makes a command of a job, and the place where its result arrives.
pub(crate) fn command<T, E, F>(job: F) -> (Command, oneshot::Receiver<Result<T, E>>)
where
    F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let (reply, result) = oneshot::channel();
    let job: Job = Box::new(move |conn| {
        Box::pin(async move {
            let outcome = transaction(conn, job).await;
            // The caller may have gone; what was committed stays committed.
            let _ = reply.send(outcome);
        })
    });
    (Command::Job(job), result)
}

/// Runs a job in a transaction of its own.
pub(crate) async fn transaction<T, E, F>(conn: &mut Conn, job: F) -> Result<T, E>
where
    F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T, E>>,
    E: From<StoreError>,
{
    let begun = std::time::Instant::now();
    let begin = match conn.dialect() {
        Dialect::Sqlite => "BEGIN IMMEDIATE",
        Dialect::MariaDb => "START TRANSACTION",
    };
    conn.run(begin).await.map_err(E::from)?;
    conn.again = false;
    let outcome = match caught(async { job(&mut *conn).await }).await {
        Ok(outcome) => outcome,
        Err(Panicked) => {
            tracing::error!("a write job panicked and was rolled back");
            Err(E::from(StoreError::Panicked))
        }
    };
    let outcome = match outcome {
        // After such an error the server may have ended the transaction by itself.
        Ok(_) if conn.again => Err(E::from(StoreError::Busy)),
        Ok(value) => match conn.run("COMMIT").await {
            Ok(()) => Ok(value),
            Err(error) => {
                conn.again |= error.wants_repeat();
                Err(E::from(error))
            }
        },
        Err(error) => Err(error),
    };
    if outcome.is_err() {
        // SQLite may have rolled back by itself (a full disk, for one); then this says so.
        if let Err(error) = conn.run("ROLLBACK").await {
            tracing::debug!(%error, "nothing to roll back");
            if let Kind::MariaDb(conn) = &mut conn.kind {
                conn.close_on_drop();
            }
        }
    }
    metrics::histogram!("souk_store_write_seconds").record(begun.elapsed().as_secs_f64());
    outcome
}

struct Panicked;

/// Polls a future to its end, or to its panic.
async fn caught<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let mut future = pin!(future);
    poll_fn(
        move |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => std::task::Poll::Ready(Err(Panicked)),
        },
    )
    .await
}
