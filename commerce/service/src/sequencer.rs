//! A task per running sale that turns purchases into batches, one transaction each.
//!
//! Gather (up to 256 purchases or 2 ms), commit, then acknowledge, then tick. The queue is
//! bounded; full is an answer. In a storm the reservations come first, and the rows of their orders
//! when the queue is short again ([`backlog`]). A sequencer takes the sale over by raising its owner
//! epoch, and every batch of an older one fails as a whole. One that has nothing to do ends by itself.

pub(crate) mod backlog;
mod batch;
mod directory;
pub(crate) mod in_hand;
#[cfg(feature = "negative-controls")]
pub(crate) mod negative;
mod teller;

use std::time::Duration;

use commerce_core::{Demand, Refusal};
use commerce_store::StoreError;
use signaling_wire::{SaleId, StreamId, frame::shop::Stock};
use tokio::sync::{mpsc, oneshot};

pub(crate) use self::directory::Directory;
use self::teller::{Teller, Told};
use crate::{Commerce, Placed, ServiceError, db, lease::Presented, limits};

/// What a buyer asks for.
#[derive(Debug, Clone)]
pub(crate) struct Purchase {
    pub(crate) demand: Demand,
    pub(crate) lease: Presented,
    pub(crate) key: String,
    pub(crate) fingerprint: String,
}

/// Levels that a commit changed.
#[derive(Debug)]
pub(crate) struct Changed {
    pub(crate) stream: StreamId,
    pub(crate) levels: Vec<Stock>,
}

/// The answer to a purchase, once it is durable.
pub(crate) type Answer = Result<Placed, ServiceError>;

/// A purchase that waits for its answer.
pub(crate) struct Waiting {
    purchase: Purchase,
    answer: oneshot::Sender<Answer>,
}

impl Commerce {
    /// Puts a purchase into its sale's queue and waits for the answer.
    pub(crate) async fn sequence(&self, sale: SaleId, purchase: Purchase) -> Answer {
        let (answer, result) = oneshot::channel();
        let mut waiting = Waiting { purchase, answer };
        // A sequencer may end, idle, between being found and being given work: once more then.
        for _ in 0..2 {
            let queue = match self.directory().find(sale) {
                Some(queue) => queue,
                None => {
                    db::sale::state(self.store().reader(), sale)
                        .await?
                        .ok_or(ServiceError::NotFound("sale"))?;
                    self.run_sequencer(sale).ok_or(ServiceError::Busy)?
                }
            };
            match queue.try_send(waiting) {
                Ok(()) => return result.await.unwrap_or(Err(ServiceError::Stopping)),
                Err(mpsc::error::TrySendError::Full(_)) => return Err(ServiceError::Busy),
                Err(mpsc::error::TrySendError::Closed(back)) => waiting = back,
            }
        }
        Err(if self.is_stopping() {
            ServiceError::Stopping
        } else {
            ServiceError::Busy
        })
    }

    /// Starts the sale's sequencer unless it runs; `None` if too many run.
    pub(crate) fn run_sequencer(&self, sale: SaleId) -> Option<mpsc::Sender<Waiting>> {
        let (queue, fresh) = self.directory().open(sale)?;
        if let Some(work) = fresh {
            let commerce = self.clone();
            self.spawn(async move { commerce.run_sale(sale, work).await });
        }
        Some(queue)
    }

    async fn run_sale(self, sale: SaleId, mut work: mpsc::Receiver<Waiting>) {
        let taken = self
            .store()
            .write(move |conn| Box::pin(db::sale::take_over(conn, sale)))
            .await;
        match taken {
            Ok(epoch) => {
                self.serve_sale(sale, epoch, &mut work).await;
                if let Err(error) = self.caught_up().await {
                    tracing::warn!(%sale, %error, "promised orders wait for the next start");
                }
            }
            Err(error) => tracing::error!(%sale, %error, "the sale cannot be taken over"),
        }
        self.directory().close(sale);
        work.close();
        // What came in at the last moment is answered, not dropped: nothing was done for it.
        while let Some(waiting) = work.recv().await {
            let _ = waiting.answer.send(Err(ServiceError::Busy));
        }
    }

    async fn serve_sale(&self, sale: SaleId, epoch: i64, work: &mut mpsc::Receiver<Waiting>) {
        let mut gathered = Vec::with_capacity(limits::BATCH_MAX);
        let mut term = Term {
            sale,
            epoch,
            doubt: true,
            looked: None,
            teller: Teller::start(self),
        };
        let mut pause = limits::ORDER_BACKLOG_PAUSE;
        loop {
            let behind = self.backlog().waiting() > 0;
            tokio::select! {
                biased;
                count = work.recv_many(&mut gathered, limits::BATCH_MAX) => {
                    if count == 0 {
                        return;
                    }
                }
                () = tokio::time::sleep(pause), if behind => {
                    pause = self.write_behind(sale).await;
                    continue;
                }
                () = tokio::time::sleep(limits::SEQUENCER_IDLE) => return,
                () = self.stopped() => return,
            }
            pause = limits::ORDER_BACKLOG_PAUSE;
            fill(work, &mut gathered).await;
            metrics::histogram!("souk_sale_batch_size").record(gathered.len() as f64);
            let in_hand = self.take_in_hand(sale, &mut gathered);
            if gathered.is_empty() {
                continue;
            }
            #[cfg(not(feature = "negative-controls"))]
            let outcome = self.commit(&mut term, &mut gathered).await;
            #[cfg(feature = "negative-controls")]
            let outcome = self.commit_wrongly(&mut term, &mut gathered).await;
            drop(in_hand);
            if let Err(Fenced) = outcome {
                tracing::error!(%sale, epoch, "another sequencer owns the sale; this one stops");
                return;
            }
            if self.backlog().is_late(self.now_us()) {
                pause = self.write_behind(sale).await;
            }
        }
    }

    /// Writes some of the orders that wait; returns how long to pause before the next.
    async fn write_behind(&self, sale: SaleId) -> Duration {
        match self.write_one_behind().await {
            Ok(()) => Duration::ZERO,
            Err(error) => {
                tracing::warn!(%sale, %error, "promised orders are not written yet");
                limits::SWEEP_EVERY
            }
        }
    }

    /// Commits what was gathered, and has it acknowledged and ticked.
    async fn commit(&self, term: &mut Term, gathered: &mut Vec<Waiting>) -> Result<(), Fenced> {
        let purchases = gathered
            .iter()
            .map(|waiting| waiting.purchase.clone())
            .collect();
        let owner = term.owner(self.now_us());
        term.doubt = false;
        match self.run_batch(owner, purchases).await {
            Ok(done) => {
                if done.starved {
                    term.looked = None;
                }
                #[cfg(feature = "negative-controls")]
                let orders = done.answers.iter().filter(|answer| answer.is_ok()).count();
                #[cfg(feature = "negative-controls")]
                negative::crash_point(negative::Fault::CrashAfterCommit, orders);
                if let Some(kept) = done.kept {
                    self.backlog().note(kept);
                }
                let told = Told {
                    answers: gathered.drain(..).zip(done.answers).collect(),
                    changed: done.changed,
                    news: done.news,
                };
                term.teller.tell(told).await;
                Ok(())
            }
            Err(batch::Failure::Fenced) => {
                refuse(gathered, || ServiceError::Busy);
                Err(Fenced)
            }
            Err(batch::Failure::Other(error)) => {
                term.doubt = true;
                self.commit_one_by_one(term, gathered, error).await;
                Ok(())
            }
        }
    }

    /// After a batch failed: a purchase that cannot be written fails alone.
    async fn commit_one_by_one(
        &self,
        term: &mut Term,
        gathered: &mut Vec<Waiting>,
        error: ServiceError,
    ) {
        let sale = term.sale;
        match &error {
            ServiceError::Store(StoreError::Busy) => {
                return refuse(gathered, || StoreError::Busy.into());
            }
            ServiceError::Store(StoreError::Closed) => {
                return refuse(gathered, || ServiceError::Stopping);
            }
            // Each alone would wait as long as all did together.
            ServiceError::Store(away) if away.is_outage() => {
                tracing::warn!(%sale, error = %away, "the database did not take a batch");
                return refuse(gathered, || StoreError::Slow.into());
            }
            _ => {}
        }
        if gathered.len() == 1 {
            tracing::warn!(%sale, %error, "a purchase could not be written");
            let mut error = Some(error);
            return refuse(gathered, || error.take().unwrap_or(ServiceError::Busy));
        }
        tracing::warn!(%sale, %error, "a batch failed; its purchases are tried one by one");
        for waiting in gathered.drain(..) {
            let owner = term.owner(self.now_us());
            match self.run_batch(owner, vec![waiting.purchase.clone()]).await {
                Ok(done) => {
                    let told = Told {
                        answers: std::iter::once(waiting).zip(done.answers).collect(),
                        changed: done.changed,
                        news: true,
                    };
                    term.teller.tell(told).await;
                }
                Err(batch::Failure::Fenced) => refuse(&mut vec![waiting], || ServiceError::Busy),
                Err(batch::Failure::Other(error)) => {
                    let _ = waiting.answer.send(Err(error));
                }
            }
        }
    }

    async fn run_batch(
        &self,
        mut owner: batch::Owner,
        purchases: Vec<Purchase>,
    ) -> Result<batch::Done, batch::Failure> {
        let (now, provider) = (self.now_us(), self.config().payment.kind.name());
        owner.storm = purchases.len() >= limits::STORM_FROM && self.backlog().has_room();
        let asked = batch::Asked {
            promised: self.backlog().promised(&purchases),
            overdue: self.backlog().is_overdue(now),
            purchases,
        };
        self.store()
            .bulk()
            .transact(move |conn| {
                Box::pin(async move {
                    let done = batch::run(conn, owner, &asked, provider, now).await?;
                    #[cfg(feature = "negative-controls")]
                    negative::crash_point(negative::Fault::CrashBeforeCommit, done.answers.len());
                    Ok(done)
                })
            })
            .await
    }

    /// Gives back the sale's holds that are over, as every batch does.
    pub(crate) async fn expire_due(&self, sale: SaleId) -> Result<(), ServiceError> {
        let nobody = batch::Owner {
            sale,
            epoch: None,
            storm: false,
            look: true,
            doubt: false,
        };
        let done = self.run_batch(nobody, Vec::new()).await;
        let done = done.map_err(|failure| match failure {
            batch::Failure::Fenced => ServiceError::Busy,
            batch::Failure::Other(error) => error,
        })?;
        self.wake_courier();
        self.tick(done.changed.stream, &done.changed.levels).await;
        Ok(())
    }

    /// Tells the room new levels; they are durable.
    pub(crate) async fn tick(&self, stream: StreamId, levels: &[Stock]) {
        for level in levels {
            self.hub().publish_stock(stream, *level).await;
        }
    }
}

/// A sequencer's time with a sale.
struct Term {
    sale: SaleId,
    epoch: i64,
    /// Whether promises may have been made that nobody here knows of: by whoever had the sale
    /// before, or by a batch of which nobody knows what became of it.
    doubt: bool,
    /// When holds that are over were last looked for.
    looked: Option<i64>,
    teller: Teller,
}

impl Term {
    /// For a batch at this time.
    fn owner(&mut self, now: i64) -> batch::Owner {
        let due = |at: i64| now.abs_diff(at) >= limits::HOLDS_LOOK_EVERY.as_micros() as u64;
        let look = self.looked.is_none_or(due);
        if look {
            self.looked = Some(now);
        }
        batch::Owner {
            sale: self.sale,
            epoch: Some(self.epoch),
            storm: false,
            look,
            doubt: self.doubt,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Fenced;

/// Waits a moment for the batch to grow.
async fn fill(work: &mut mpsc::Receiver<Waiting>, gathered: &mut Vec<Waiting>) {
    let until = tokio::time::Instant::now() + limits::BATCH_WAIT;
    while gathered.len() < limits::BATCH_MAX {
        let room = limits::BATCH_MAX - gathered.len();
        match tokio::time::timeout_at(until, work.recv_many(gathered, room)).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

fn refuse(gathered: &mut Vec<Waiting>, mut error: impl FnMut() -> ServiceError) {
    for waiting in gathered.drain(..) {
        let _ = waiting.answer.send(Err(error()));
    }
}

/// The answer of a batch to one purchase.
pub(crate) type Verdict = Result<Placed, Refusal>;
