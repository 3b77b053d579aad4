//! Running write jobs.
//!
//! On SQLite one task owns the one write connection and runs jobs one after another, of two lines:
//! a cart that waits for one large batch is not to wait for the next one too. On MariaDB a job gets
//! a task and a connection of its own, and is run again when the database asks for it. Either way
//! the task owns the commit: a caller that goes away does not cancel it half-way. A job that fails
//! or panics is rolled back and touches nobody else.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
};

use sqlx::Connection as _;
use tokio::sync::{mpsc, oneshot};

use crate::{
    StoreError, limits,
    sql::{Conn, Kind},
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

/// Which of the two lines a job stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Jobs of one person: short ones.
    Short,
    /// Jobs that do the work of many.
    Bulk,
}

/// Where jobs are handed in.
pub(crate) struct Lines {
    short: mpsc::Sender<Command>,
    bulk: mpsc::Sender<Command>,
}

/// Where they are taken from.
pub(crate) struct Waiting {
    short: mpsc::Receiver<Command>,
    bulk: mpsc::Receiver<Command>,
    /// Short jobs since the last one in bulk.
    in_a_row: usize,
}

/// Two empty lines.
pub(crate) fn lines() -> (Lines, Waiting) {
    let (to_short, short) = mpsc::channel(limits::WRITE_QUEUE_MAX);
    let (to_bulk, bulk) = mpsc::channel(limits::WRITE_QUEUE_MAX);
    let lines = Lines {
        short: to_short,
        bulk: to_bulk,
    };
    let waiting = Waiting {
        short,
        bulk,
        in_a_row: 0,
    };
    (lines, waiting)
}

impl Lines {
    /// Puts a job into its line.
    pub(crate) fn hand_in(&self, line: Line, command: Command) -> Result<(), StoreError> {
        let to = match line {
            Line::Short => &self.short,
            Line::Bulk => &self.bulk,
        };
        to.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })
    }

    /// Jobs that wait.
    pub(crate) fn queued(&self) -> usize {
        let waiting = |line: &mpsc::Sender<_>| line.max_capacity() - line.capacity();
        waiting(&self.short) + waiting(&self.bulk)
    }

    /// Whether nobody takes jobs any more.
    pub(crate) fn are_closed(&self) -> bool {
        self.short.is_closed()
    }

    /// Has what waits finished and the database closed.
    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.short.send(Command::Close(done)).await.is_ok() {
            // An error means that the writer is gone already, which is what was asked for.
            let _ = closed.await;
        }
    }
}

impl Waiting {
    /// The next job: a short one, but after so many of them one in bulk.
    async fn next(&mut self) -> Option<Command> {
        let bulk_first = self.in_a_row >= limits::SHORT_WRITES_IN_A_ROW;
        let (first, second) = match bulk_first {
            true => (&mut self.bulk, &mut self.short),
            false => (&mut self.short, &mut self.bulk),
        };
        let (command, was_first) = tokio::select! {
            biased;
            Some(command) = first.recv() => (command, true),
            Some(command) = second.recv() => (command, false),
            else => return None,
        };
        let was_bulk = was_first == bulk_first;
        self.in_a_row = if was_bulk { 0 } else { self.in_a_row + 1 };
        Some(command)
    }

    fn close(&mut self) {
        self.short.close();
        self.bulk.close();
    }
}

/// Runs until it is told to close or every handle is gone.
pub(crate) async fn run(mut conn: Conn, mut waiting: Waiting) {
    let mut closing = None;
    while let Some(command) = waiting.next().await {
        match command {
            Command::Job(job) => job(&mut conn).await,
            Command::Close(done) => {
                waiting.close();
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
    conn.begin().await.map_err(E::from)?;
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
        Ok(value) => match conn.commit().await {
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
        if let Err(error) = conn.roll_back().await {
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
