//! The handle that the edge calls, and the tasks behind it.
//!
//! [`start`] brings a database back to life: nothing is live yet, payments that were being
//! confirmed have an unknown outcome, rooms get their shelves, open sales their sequencers. Holds
//! keep the time that they had.

use std::{future::Future, sync::Arc, time::Duration};

use commerce_store::Store;
use signaling_hub::{Hub, Inbound};
use tokio::{
    sync::{Notify, broadcast::error::RecvError, mpsc},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    CommerceConfig, ServiceError, db,
    hook::Poster,
    metrics::Tally,
    provider::{self, Provider},
    sequencer::{Directory, backlog::Backlog, in_hand::KeysInHand},
};

/// The shop. Clones share it.
#[derive(Clone)]
pub struct Commerce {
    inner: Arc<Inner>,
}

struct Inner {
    config: CommerceConfig,
    store: Store,
    hub: Hub,
    provider: Box<dyn Provider>,
    poster: Poster,
    directory: Directory,
    backlog: Backlog,
    keys_in_hand: KeysInHand,
    tally: Tally,
    courier: Notify,
    sweeper: Notify,
    reconciler: Notify,
    hooks: Notify,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

/// Starts the shop on an open database and a running hub. Opens the rooms of all shows that have
/// not ended, and resumes the sales that were open.
///
/// # Errors
/// A configuration that cannot be used, or the database.
pub async fn start(
    config: CommerceConfig,
    store: Store,
    hub: Hub,
    shop_inbound: mpsc::Receiver<Inbound>,
) -> Result<Commerce, ServiceError> {
    config.check()?;
    let provider = provider::of(&config.payment)?;
    let poster = Poster::new(config.webhooks.clone())?;
    let inner = Inner {
        config,
        store,
        hub,
        provider,
        poster,
        directory: Directory::default(),
        backlog: Backlog::default(),
        keys_in_hand: KeysInHand::default(),
        tally: Tally::default(),
        courier: Notify::new(),
        sweeper: Notify::new(),
        reconciler: Notify::new(),
        hooks: Notify::new(),
        tasks: TaskTracker::new(),
        stopping: CancellationToken::new(),
    };
    let commerce = Commerce {
        inner: Arc::new(inner),
    };
    commerce.recover().await?;
    commerce.follow_lives();
    commerce.spawn(commerce.clone().run_lane(shop_inbound));
    commerce.spawn(commerce.clone().run_courier());
    commerce.spawn(commerce.clone().run_sweeper());
    commerce.spawn(commerce.clone().run_reconciler());
    commerce.spawn(commerce.clone().run_books());
    commerce.spawn(commerce.clone().run_sender());
    Ok(commerce)
}

impl Commerce {
    /// Stops: batches that were gathered are committed and answered, deliveries end.
    pub async fn stop(&self) {
        self.inner.stopping.cancel();
        self.inner.courier.notify_one();
        self.inner.sweeper.notify_one();
        self.inner.reconciler.notify_one();
        self.inner.hooks.notify_one();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    async fn recover(&self) -> Result<(), ServiceError> {
        self.recover_backlog().await?;
        let now = self.now_us();
        let orphaned = self
            .store()
            .write(move |conn| {
                Box::pin(async move {
                    db::stream::none_live(conn, now).await?;
                    db::payment::orphaned(conn, now).await
                })
            })
            .await?;
        if orphaned > 0 {
            tracing::warn!(
                orphaned,
                "payments were being confirmed when the process ended"
            );
        }
        for stream in db::stream::unended(self.store().reader()).await? {
            self.hub().open_room(stream.seen()).await;
            self.recall_sanctions(stream.id).await?;
            self.hub()
                .set_shelf(stream.id, self.shelf(stream.id).await?)
                .await;
        }
        for sale in db::sale::open(self.store().reader()).await? {
            self.run_sequencer(sale);
        }
        Ok(())
    }

    /// Keeps the shows' status in step with what is published.
    fn follow_lives(&self) {
        let mut lives = self.hub().subscribe_live();
        let commerce = self.clone();
        self.spawn(async move {
            loop {
                let change = tokio::select! {
                    change = lives.recv() => change,
                    () = commerce.stopped() => return,
                };
                match change {
                    Ok(change) => commerce.follow(change.stream, change.live).await,
                    Err(RecvError::Lagged(missed)) => {
                        tracing::warn!(
                            missed,
                            "live changes were missed; the states are read again"
                        );
                        for (stream, presence, _) in commerce.hub().live_streams() {
                            commerce.follow(stream, presence.live).await;
                        }
                    }
                    Err(RecvError::Closed) => return,
                }
            }
        });
    }

    async fn follow(&self, stream: signaling_wire::StreamId, live: bool) {
        if let Err(error) = self.note_live(stream, live).await {
            tracing::warn!(%stream, live, %error, "the show's state could not be noted");
        }
    }

    pub(crate) fn config(&self) -> &CommerceConfig {
        &self.inner.config
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    pub(crate) fn provider(&self) -> &dyn Provider {
        self.inner.provider.as_ref()
    }

    pub(crate) fn poster(&self) -> &Poster {
        &self.inner.poster
    }

    pub(crate) fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    pub(crate) fn backlog(&self) -> &Backlog {
        &self.inner.backlog
    }

    pub(crate) fn keys_in_hand(&self) -> &KeysInHand {
        &self.inner.keys_in_hand
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.inner.tally
    }

    /// The shop's time, microseconds since 1970.
    pub(crate) fn now_us(&self) -> i64 {
        self.inner.config.clock.now_us()
    }

    /// Runs a task that `stop` waits for.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.inner.tasks.spawn(task)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.inner.stopping.is_cancelled()
    }

    pub(crate) async fn stopped(&self) {
        self.inner.stopping.cancelled().await;
    }

    pub(crate) fn wake_courier(&self) {
        self.inner.courier.notify_one();
    }

    /// Both tasks of the sweeper look at once.
    pub(crate) fn wake_sweeper(&self) {
        self.inner.sweeper.notify_one();
        self.inner.reconciler.notify_one();
    }

    /// The sender of webhooks looks at once.
    pub(crate) fn wake_hooks(&self) {
        self.inner.hooks.notify_one();
    }

    pub(crate) async fn hooks_rest(&self, most: Duration) {
        let _ = tokio::time::timeout(most, self.inner.hooks.notified()).await;
    }

    pub(crate) async fn courier_rest(&self, most: Duration) {
        let _ = tokio::time::timeout(most, self.inner.courier.notified()).await;
    }

    pub(crate) async fn reconciler_rest(&self, most: Duration) {
        let _ = tokio::time::timeout(most, self.inner.reconciler.notified()).await;
    }

    pub(crate) async fn sweeper_rest(&self, most: Duration) {
        let _ = tokio::time::timeout(most, self.inner.sweeper.notified()).await;
    }
}
