//! What a sequencer must never do, and places to die in: built only with `negative-controls`.
//!
//! `NEGATIVE_CONTROL` picks one, without it everything is right. The kill runs must find each of the
//! former out, and must find nothing wrong after each of the latter:
//!
//! | value | does |
//! |---|---|
//! | `ack-before-commit` | acknowledges before it commits, on a disk that takes its time |
//! | `read-modify-write` | writes levels that it read a batch ago, in place of the conditional update |
//! | `forget-backlog` | starts without the orders that were promised and not written |
//! | `crash-before-commit` | dies with a batch written, but not committed |
//! | `crash-after-commit` | dies with a batch committed, but not acknowledged |
//! | `crash-after-ack` | dies with batches acknowledged, but nothing told by the outbox |
//!
//! `synchronous-normal` is the store's.

use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use signaling_wire::SaleId;

use super::{Fenced, Term, Waiting, batch};
use crate::{Commerce, ServiceError, db};

const SLOW_DISK: Duration = Duration::from_millis(20);
/// Batches with orders that are written before a crash.
const BATCHES_BEFORE_CRASH: u64 = 60;
/// Time for acknowledgements to reach their buyers.
const ANSWERS_TRAVEL: Duration = Duration::from_millis(5);

/// A wrong way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    AckBeforeCommit,
    ReadModifyWrite,
    ForgetBacklog,
    CrashBeforeCommit,
    CrashAfterCommit,
    CrashAfterAck,
}

static CHOSEN: LazyLock<Option<Fault>> = LazyLock::new(|| {
    let fault = match std::env::var("NEGATIVE_CONTROL").ok()?.as_str() {
        "ack-before-commit" => Fault::AckBeforeCommit,
        "read-modify-write" => Fault::ReadModifyWrite,
        "forget-backlog" => Fault::ForgetBacklog,
        "crash-before-commit" => Fault::CrashBeforeCommit,
        "crash-after-commit" => Fault::CrashAfterCommit,
        "crash-after-ack" => Fault::CrashAfterAck,
        _ => return None,
    };
    Some(fault)
});

/// Whether this one was chosen.
pub(crate) fn is(fault: Fault) -> bool {
    *CHOSEN == Some(fault)
}

/// Dies, if it is the place and the time; `orders` were written.
pub(super) fn crash_point(here: Fault, orders: usize) {
    static BATCHES: AtomicU64 = AtomicU64::new(0);
    if is(here) && orders > 0 && BATCHES.fetch_add(1, Ordering::Relaxed) + 1 >= BATCHES_BEFORE_CRASH
    {
        std::process::abort();
    }
}

impl Commerce {
    /// As `commit`, with the chosen fault.
    pub(super) async fn commit_wrongly(
        &self,
        term: &mut Term,
        gathered: &mut Vec<Waiting>,
    ) -> Result<(), Fenced> {
        match is(Fault::AckBeforeCommit) {
            true => {
                self.acknowledge_then_commit(term.sale, term.epoch, gathered)
                    .await
            }
            false => self.commit(term, gathered).await,
        }
    }

    /// Dies, if it is the place and the time, after the answers went out.
    pub(super) async fn crash_after_ack(&self, orders: usize) {
        if is(Fault::CrashAfterAck) {
            tokio::time::sleep(ANSWERS_TRAVEL).await;
            crash_point(Fault::CrashAfterAck, orders);
        }
    }

    /// What a start must never do.
    pub(super) async fn forget_backlog(&self) -> Result<(), ServiceError> {
        if is(Fault::ForgetBacklog) {
            let forget = self
                .store()
                .write(|conn| Box::pin(db::negative::forget_backlog(conn)));
            forget.await?;
        }
        Ok(())
    }

    /// What a sequencer must never do.
    async fn acknowledge_then_commit(
        &self,
        sale: SaleId,
        epoch: i64,
        gathered: &mut Vec<Waiting>,
    ) -> Result<(), Fenced> {
        let asked = batch::Asked {
            purchases: gathered.iter().map(|w| w.purchase.clone()).collect(),
            promised: HashMap::new(),
            overdue: false,
        };
        // A job may be run again; the second time there is nobody left to tell.
        let waiting = Arc::new(Mutex::new(std::mem::take(gathered)));
        let (now, provider) = (self.now_us(), self.config().payment.kind.name());
        let done = self
            .store()
            .transact(move |conn| {
                Box::pin(async move {
                    let owner = batch::Owner {
                        sale,
                        epoch: Some(epoch),
                        storm: false,
                        look: true,
                        doubt: false,
                    };
                    let mut done = batch::run(conn, owner, &asked, provider, now).await?;
                    let told = waiting.lock().map(|mut list| std::mem::take(&mut *list));
                    for (waiting, answer) in told
                        .unwrap_or_default()
                        .into_iter()
                        .zip(done.answers.drain(..))
                    {
                        let _ = waiting.answer.send(answer.map_err(ServiceError::from));
                    }
                    tokio::time::sleep(SLOW_DISK).await;
                    Ok(done)
                })
            })
            .await;
        match done {
            Ok(done) => self.tick(done.changed.stream, &done.changed.levels).await,
            Err(batch::Failure::Fenced) => return Err(Fenced),
            Err(batch::Failure::Other(error)) => tracing::error!(%error, "told, but not written"),
        }
        self.wake_courier();
        Ok(())
    }
}
