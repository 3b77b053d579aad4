//! The one task that writes.
//!
//! Jobs run one after another, each in `BEGIN IMMEDIATE … COMMIT`, and are answered after the
//! commit returned, which with `synchronous=FULL` means that the disk has it. The task owns the
//! commit: a caller that goes away does not cancel it half-way. A job that fails or panics is
//! rolled back and touches nobody else.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
};

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use crate::StoreError;

/// What a write job returns, borrowing the connection.
pub type BoxFuture<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

type Job = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, ()> + Send>;

/// What the writer task is told.
pub(crate) enum Command {
    /// Run this.
    Job(Job),
    /// Finish what waits, close the database, answer.
    Close(oneshot::Sender<()>),
}

/// Runs until it is told to close or every handle is gone.
pub(crate) async fn run(mut conn: SqliteConnection, mut commands: mpsc::Receiver<Command>) {
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
    if let Err(error) = conn.close().await {
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
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
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

async fn transaction<T, E, F>(conn: &mut SqliteConnection, job: F) -> Result<T, E>
where
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, E>>,
    E: From<StoreError>,
{
    let begun = std::time::Instant::now();
    execute(conn, "BEGIN IMMEDIATE").await.map_err(E::from)?;
    let outcome = match caught(async { job(&mut *conn).await }).await {
        Ok(outcome) => outcome,
        Err(Panicked) => {
            tracing::error!("a write job panicked and was rolled back");
            Err(E::from(StoreError::Panicked))
        }
    };
    let outcome = match outcome {
        Ok(value) => match execute(conn, "COMMIT").await {
            Ok(()) => Ok(value),
            Err(error) => Err(E::from(error)),
        },
        Err(error) => Err(error),
    };
    if outcome.is_err() {
        // SQLite may have rolled back by itself (a full disk, for one); then this says so.
        if let Err(error) = execute(conn, "ROLLBACK").await {
            tracing::debug!(%error, "nothing to roll back");
        }
    }
    metrics::histogram!("souk_store_write_seconds").record(begun.elapsed().as_secs_f64());
    outcome
}

async fn execute(conn: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(conn).await?;
    Ok(())
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
