//! The orders of a storm, behind its reservations.
//!
//! What a buyer is promised is durable with the units: the order's number, price and time. In a
//! storm the sequencer keeps the rest of a batch's rows as one row of [`db::placement::backlog`] and
//! writes them when its queue is short again. Whoever needs the order's rows waits until everything
//! that was promised before is written ([`Commerce::caught_up`]), and writes it if nobody does.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use commerce_store::StoreError;
use signaling_wire::UserId;
use tokio::sync::Mutex;

use super::Purchase;
use crate::{
    Commerce, ServiceError,
    db::placement::{
        Kept, Keys, Known,
        backlog::{self, Step, Written},
    },
    limits,
};

const LATE_US: i64 = limits::ORDER_BACKLOG_AGE.as_micros() as i64;

/// How far the writing of orders is behind their promises: places in the line.
#[derive(Default)]
pub(crate) struct Backlog {
    /// The last batch whose promises are durable.
    kept: AtomicI64,
    /// The last batch whose orders are written.
    written: AtomicI64,
    /// Held while a batch is written, so that those who wait do not write in each other's way.
    pen: Mutex<()>,
    /// The keys of the orders that wait: in the database they are found with the orders.
    keys: std::sync::Mutex<Waiting>,
}

struct Batch {
    place: i64,
    kept_at: i64,
    keys: Vec<(UserId, String)>,
}

struct Waiting {
    known: HashMap<(UserId, String), (i64, Known)>,
    batches: VecDeque<Batch>,
    /// Orders of all of these batches.
    orders: usize,
    /// Not after the first of them is no longer waited for.
    first_due: i64,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            batches: VecDeque::new(),
            orders: 0,
            first_due: i64::MAX,
        }
    }
}

impl Waiting {
    /// Notes that a batch left the line.
    fn left(&mut self, batch: &Batch) {
        self.orders -= batch.keys.len();
        if self.batches.is_empty() {
            self.first_due = i64::MAX;
        }
    }
}

impl Backlog {
    /// Batches that wait.
    pub(crate) fn waiting(&self) -> i64 {
        // Written first: what is read of a line that moves is never less than what waits.
        let written = self.written.load(Ordering::Acquire);
        self.kept.load(Ordering::Acquire) - written
    }

    /// Whether one more batch may wait.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting_keys().orders < limits::ORDER_BACKLOG_MAX
    }

    /// Whether an order has waited for longer than it should.
    pub(crate) fn is_late(&self, now: i64) -> bool {
        let waiting = self.waiting_keys();
        let first = waiting.batches.front();
        first.is_some_and(|batch| batch.kept_at + LATE_US <= now)
    }

    /// Notes a batch before its buyers have their answers.
    pub(crate) fn note(&self, kept: Kept) {
        let place = kept.place;
        self.kept.fetch_max(place, Ordering::AcqRel);
        let mut waiting = self.waiting_keys();
        waiting.orders += kept.keys.len();
        waiting.first_due = waiting.first_due.min(kept.first_due);
        waiting.batches.push_back(Batch {
            place,
            kept_at: kept.at,
            keys: kept.keys.keys().cloned().collect(),
        });
        let keys = kept.keys.into_iter();
        waiting
            .known
            .extend(keys.map(|(key, known)| (key, (place, known))));
    }

    /// Whether one of the orders that wait may be no longer waited for by `now`.
    pub(crate) fn is_overdue(&self, now: i64) -> bool {
        self.waiting_keys().first_due <= now
    }

    fn waiting_keys(&self) -> MutexGuard<'_, Waiting> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a batch that cannot be written: the line goes on, and its keys are found here for good.
    fn note_passed(&self, place: i64, keys: Keys) {
        let mut waiting = self.waiting_keys();
        if let Some(at) = waiting.batches.iter().position(|b| b.place == place)
            && let Some(batch) = waiting.batches.remove(at)
        {
            waiting.left(&batch);
        }
        let keys = keys.into_iter().map(|(key, known)| (key, (place, known)));
        waiting.known.extend(keys);
    }

    /// What came of those keys of the purchases whose orders wait.
    pub(crate) fn promised(&self, purchases: &[Purchase]) -> Keys {
        let waiting = self.waiting_keys();
        let mut found = Keys::new();
        if !waiting.known.is_empty() {
            for purchase in purchases {
                let key = (purchase.demand.buyer, purchase.key.clone());
                if let Some((_, known)) = waiting.known.get(&key) {
                    found.insert(key, known.clone());
                }
            }
        }
        found
    }

    /// Whether an order waits under this key.
    pub(crate) fn knows(&self, key: &(UserId, String)) -> bool {
        self.waiting_keys().known.contains_key(key)
    }

    fn is_written(&self, place: i64) -> bool {
        self.written.load(Ordering::Acquire) >= place
    }

    fn note_written(&self, place: i64) {
        self.kept.fetch_max(place, Ordering::AcqRel);
        self.written.fetch_max(place, Ordering::AcqRel);
        let mut waiting = self.waiting_keys();
        while let Some(batch) = waiting.batches.pop_front_if(|batch| batch.place <= place) {
            waiting.left(&batch);
            for name in batch.keys {
                let known = &mut waiting.known;
                if known.get(&name).is_some_and(|(at, _)| *at <= place) {
                    known.remove(&name);
                }
            }
        }
    }
}

impl Commerce {
    /// Returns when every order that was promised before is written, as those who look for one must
    /// wait; at once outside of a storm.
    ///
    /// # Errors
    /// [`ServiceError::Store`] when the database is away.
    pub async fn caught_up(&self) -> Result<(), ServiceError> {
        let backlog = self.backlog();
        let last = backlog.kept.load(Ordering::Acquire);
        while !backlog.is_written(last) {
            let _pen = backlog.pen.lock().await;
            if !backlog.is_written(last) {
                self.write_next().await?;
            }
        }
        Ok(())
    }

    /// Writes the orders that have waited longest, for a sequencer with nothing better to do.
    pub(crate) async fn write_one_behind(&self) -> Result<(), ServiceError> {
        let _pen = self.backlog().pen.lock().await;
        self.write_next().await.map(drop)
    }

    /// Writes all that waits, whoever left it; what could not be written before is tried again.
    pub(crate) async fn recover_backlog(&self) -> Result<(), ServiceError> {
        #[cfg(feature = "negative-controls")]
        self.forget_backlog().await?;
        self.store()
            .write(|conn| Box::pin(backlog::retry(conn)))
            .await?;
        let _pen = self.backlog().pen.lock().await;
        while self.write_next().await? {}
        Ok(())
    }

    /// Writes batches that were left behind by a commit whose outcome nobody heard.
    pub(crate) async fn sweep_backlog(&self) -> Result<(), ServiceError> {
        let (waiting, stuck) = backlog::depth(self.store().reader()).await?;
        metrics::gauge!("souk_order_backlog").set(waiting as f64);
        metrics::gauge!("souk_order_backlog_stuck").set(stuck as f64);
        if waiting > 0 {
            self.write_one_behind().await?;
        }
        Ok(())
    }

    /// Writes the first orders of the line; `false` if there are none. Only with the pen.
    async fn write_next(&self) -> Result<bool, ServiceError> {
        let last = self.backlog().kept.load(Ordering::Acquire);
        let mut written = self
            .write_step(Step::Orders(limits::ORDER_BACKLOG_STEP))
            .await;
        if written.as_ref().is_err_and(|error| !error.is_outage()) {
            // One of several batches cannot be written: the first of them is tried alone.
            written = self.write_step(Step::Batch).await;
        }
        match written {
            Ok(Written::Nothing) => {
                self.backlog().note_written(last);
                return Ok(false);
            }
            Ok(Written::Some) => {}
            Ok(Written::UpTo(place)) => self.backlog().note_written(place),
            Err(error) if error.is_outage() => return Err(error.into()),
            Err(error) => {
                let place = self.pass(&error).await?;
                self.backlog().note_written(place);
            }
        }
        self.wake_courier();
        Ok(true)
    }

    async fn write_step(&self, step: Step) -> Result<Written, StoreError> {
        self.store()
            .bulk()
            .write(move |conn| Box::pin(backlog::write_next(conn, step)))
            .await
    }

    /// A batch that cannot be written must not keep those behind it from being.
    async fn pass(&self, why: &StoreError) -> Result<i64, ServiceError> {
        let passed = self
            .store()
            .write(|conn| Box::pin(backlog::pass(conn)))
            .await?;
        let (place, keys) = passed.unwrap_or_default();
        tracing::error!(place, %why, "promised orders cannot be written");
        self.backlog().note_passed(place, keys);
        Ok(place)
    }
}
