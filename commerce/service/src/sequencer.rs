//! A task per running sale that turns purchases into batches, one transaction each.
//!
//! Gather (up to 256 purchases or 2 ms), commit, then acknowledge, then tick. The queue is
//! bounded; full is an answer. In a storm the reservations come first, and the rows of their orders
//! when the queue is short again ([`backlog`]). A sequencer takes the sale over by raising its owner
//! epoch, and every batch of an older one fails as a whole. One that has nothing to do ends by itself.

pub(crate) mod backlog;
mod batch;
mod directory;
#[cfg(feature = "negative-controls")]
pub(crate) mod negative;

use std::time::Duration;

use commerce_core::{Demand, Refusal};
use commerce_store::StoreError;
use signaling_wire::{SaleId, StreamId, frame::shop::Stock};
use tokio::sync::{mpsc, oneshot};

pub(crate) use self::directory::Directory;
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
        // Who had the sale before may have promised what nobody here has heard of.
        let mut doubt = true;
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
                    pause = Duration::ZERO;
                    if let Err(error) = self.write_one_behind().await {
                        tracing::warn!(%sale, %error, "promised orders are not written yet");
                        pause = limits::SWEEP_EVERY;
                    }
                    continue;
                }
                () = tokio::time::sleep(limits::SEQUENCER_IDLE) => return,
                () = self.stopped() => return,
            }
            pause = limits::ORDER_BACKLOG_PAUSE;
            fill(work, &mut gathered).await;
            metrics::histogram!("souk_sale_batch_size").record(gathered.len() as f64);
            #[cfg(not(feature = "negative-controls"))]
            let outcome = self.commit(sale, epoch, doubt, &mut gathered).await;
            #[cfg(feature = "negative-controls")]
            let outcome = self.commit_wrongly(sale, epoch, doubt, &mut gathered).await;
            match outcome {
                Ok(sure) => doubt = !sure,
                Err(Fenced) => {
                    tracing::error!(%sale, epoch, "another sequencer owns the sale; this one stops");
                    return;
                }
            }
        }
    }

    /// Commits what was gathered, acknowledges it, and ticks. `false` if it is not known what became
    /// of it.
    async fn commit(
        &self,
        sale: SaleId,
        epoch: i64,
        doubt: bool,
        gathered: &mut Vec<Waiting>,
    ) -> Result<bool, Fenced> {
        let purchases = gathered
            .iter()
            .map(|waiting| waiting.purchase.clone())
            .collect();
        match self.run_batch(sale, Some(epoch), doubt, purchases).await {
            Ok(done) => {
                #[cfg(feature = "negative-controls")]
                let orders = done.answers.iter().filter(|answer| answer.is_ok()).count();
                #[cfg(feature = "negative-controls")]
                negative::crash_point(negative::Fault::CrashAfterCommit, orders);
                if let Some(kept) = done.kept {
                    self.backlog().note(kept);
                }
                let told: Vec<_> = gathered.drain(..).zip(done.answers).collect();
                // Beside the next batch, which need not wait for it.
                self.spawn(async move {
                    for (waiting, answer) in told {
                        // A buyer who went away finds the order under the same key.
                        let _ = waiting.answer.send(answer.map_err(ServiceError::from));
                    }
                });
                #[cfg(feature = "negative-controls")]
                self.crash_after_ack(orders).await;
                self.tick(done.changed.stream, &done.changed.levels).await;
                if done.news {
                    self.wake_courier();
                }
                Ok(true)
            }
            Err(batch::Failure::Fenced) => {
                refuse(gathered, || ServiceError::Busy);
                Err(Fenced)
            }
            Err(batch::Failure::Other(error)) => {
                self.commit_one_by_one(sale, epoch, gathered, error).await;
                Ok(false)
            }
        }
    }

    /// After a batch failed: a purchase that cannot be written fails alone.
    async fn commit_one_by_one(
        &self,
        sale: SaleId,
        epoch: i64,
        gathered: &mut Vec<Waiting>,
        error: ServiceError,
    ) {
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
            let outcome = self
                .run_batch(sale, Some(epoch), true, vec![waiting.purchase])
                .await;
            let answer = match outcome {
                Ok(mut done) => {
                    self.tick(done.changed.stream, &done.changed.levels).await;
                    done.answers
                        .pop()
                        .map_or(Err(ServiceError::Busy), |a| a.map_err(ServiceError::from))
                }
                Err(batch::Failure::Fenced) => Err(ServiceError::Busy),
                Err(batch::Failure::Other(error)) => Err(error),
            };
            let _ = waiting.answer.send(answer);
        }
        self.wake_courier();
    }

    async fn run_batch(
        &self,
        sale: SaleId,
        epoch: Option<i64>,
        doubt: bool,
        purchases: Vec<Purchase>,
    ) -> Result<batch::Done, batch::Failure> {
        let (now, provider) = (self.now_us(), self.config().payment.kind.name());
        let storm = purchases.len() >= limits::STORM_FROM && self.backlog().has_room();
        let asked = batch::Asked {
            promised: self.backlog().promised(&purchases),
            overdue: self.backlog().is_overdue(now),
            purchases,
        };
        let owner = batch::Owner {
            sale,
            epoch,
            storm,
            doubt,
        };
        self.store()
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
        let done = self.run_batch(sale, None, false, Vec::new()).await;
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
