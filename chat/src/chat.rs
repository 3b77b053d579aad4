//! The task around the chat: receives, asks [`Rooms`](crate::rooms), commits, publishes.
//!
//! One task serves all rooms, because one transaction every 50 ms is all that chat takes from the
//! database. What cannot be committed is not said, and its authors are told to try again; except
//! while the database is away, when it is said at once and [kept later](crate::owed).

use std::{sync::Arc, time::Instant};

use commerce_store::{Store, StoreError, clock};
use signaling_hub::{Hub, Inbound};
use signaling_wire::{
    ChatMessageId, Code, Problem, ServerFrame, StreamId, frame, limits::CHAT_BACKLOG_MAX,
};
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    task::{JoinHandle, JoinSet},
    time::{self, Instant as TokioInstant},
};

use crate::{
    db, limits,
    owed::{self, Owed},
    rooms::{Refused, Rooms},
};

/// Settings of the chat. Plain data; there are none so far.
#[derive(Clone, Debug, Default)]
pub struct ChatConfig {}

/// The running chat. Dropping it lets the task run on; [`Chat::stop`] ends it in order.
pub struct Chat {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

struct Task {
    hub: Hub,
    store: Store,
    rooms: Rooms,
    owed: Owed,
    flushed_at: TokioInstant,
    /// A room whose last messages could not be read is not asked for again before.
    read_again_at: TokioInstant,
}

impl Chat {
    /// Starts the chat of all rooms of the hub, those that are open and those to come. `inbound`
    /// is the chat queue of the hub's inbounds.
    pub fn start(
        ChatConfig {}: ChatConfig,
        hub: Hub,
        store: Store,
        inbound: mpsc::Receiver<Inbound>,
    ) -> Self {
        let opened = hub.subscribe_rooms();
        let (stop, stopped) = oneshot::channel();
        let task = Task {
            hub,
            owed: Owed::new(store.clone()),
            store,
            rooms: Rooms::default(),
            flushed_at: TokioInstant::now(),
            read_again_at: TokioInstant::now(),
        };
        let task = tokio::spawn(task.run(inbound, opened, stopped));
        Self { stop, task }
    }

    /// Says what waits, then ends.
    pub async fn stop(self) {
        // An error means that the task has ended already.
        let _ = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the chat had failed");
        }
    }
}

impl Task {
    async fn run(
        mut self,
        mut inbound: mpsc::Receiver<Inbound>,
        mut opened: broadcast::Receiver<StreamId>,
        stopped: oneshot::Receiver<()>,
    ) {
        let mut sweep = time::interval(limits::SWEEP_INTERVAL);
        let (mut stopped, mut listening) = (StopSignal(Some(stopped)), true);
        self.open_all().await;
        loop {
            let flush_at = self.flushed_at + limits::BATCH_INTERVAL;
            let waiting = self.rooms.waiting();
            tokio::select! {
                biased;
                () = stopped.wait() => break,
                () = time::sleep_until(flush_at), if waiting > 0 => self.flush().await,
                stream = opened.recv(), if listening => match stream {
                    Ok(stream) => self.open(stream).await,
                    Err(broadcast::error::RecvError::Lagged(_)) => self.open_all().await,
                    Err(broadcast::error::RecvError::Closed) => listening = false,
                },
                () = self.owed.pay() => {}
                _ = sweep.tick() => {
                    let hub = &self.hub;
                    self.rooms.retain(|stream| hub.presence(stream).is_some());
                }
                message = inbound.recv(), if waiting < limits::BATCH_MESSAGES_MAX => {
                    match message {
                        Some(message) => self.take(message).await,
                        None => break,
                    }
                }
            }
        }
        self.flush().await;
        self.owed.pay_all().await;
    }

    async fn open_all(&mut self) {
        for stream in self.hub.rooms() {
            self.open(stream).await;
        }
    }

    /// Takes up a room's chat and shows newcomers what was said last.
    async fn open(&mut self, stream: StreamId) {
        if self.rooms.knows(stream) || TokioInstant::now() < self.read_again_at {
            return;
        }
        match db::last(self.store.reader(), stream, CHAT_BACKLOG_MAX).await {
            Ok(kept) => {
                let backlog = self.rooms.open(stream, kept);
                self.hub.set_chat(stream, backlog).await;
            }
            // A later message of the room tries again.
            Err(error) => {
                tracing::error!(%stream, %error, "cannot read what was said last");
                self.read_again_at = TokioInstant::now() + limits::OWED_INTERVAL;
            }
        }
    }

    async fn take(&mut self, inbound: Inbound) {
        let stream = inbound.stream;
        self.open(stream).await;
        let now: Instant = TokioInstant::now().into_std();
        if let Err(refused) = self
            .rooms
            .take(inbound, now, clock::now_ms(), rand::random())
        {
            self.refuse(*refused).await;
        }
    }

    async fn flush(&mut self) {
        self.flushed_at = TokioInstant::now();
        let batch = Arc::new(self.rooms.batch());
        if batch.is_empty() {
            return;
        }
        let kept = match self.owed.is_behind() {
            true => Err(StoreError::Slow),
            false => {
                let rows = batch.clone();
                let job = self
                    .store
                    .write(move |conn| Box::pin(async move { db::insert(conn, &rows).await }));
                job.await
            }
        };
        match kept {
            Ok(fresh) => self.tell(&fresh).await,
            Err(error) if owed::is_away(&error) && self.owed.take(&batch) => {
                tracing::debug!(%error, messages = batch.len(), "said without the database");
                let all: Vec<_> = batch.iter().map(|(_, message)| message.id).collect();
                self.tell(&all).await;
            }
            Err(error) => {
                tracing::warn!(%error, messages = batch.len(), "chat messages were not kept");
                for refused in self.rooms.lost() {
                    self.refuse(refused).await;
                }
            }
        }
    }

    /// Tells the rooms what of the batch is fresh.
    async fn tell(&mut self, fresh: &[ChatMessageId]) {
        metrics::counter!("souk_chat_messages_total").increment(fresh.len() as u64);
        // Rooms are independent of one another, but each gets its batches in order.
        let mut told = JoinSet::new();
        for (stream, frames) in self.rooms.kept(fresh) {
            let hub = self.hub.clone();
            told.spawn(async move {
                for (backlog, batch) in frames {
                    hub.publish_chat(stream, backlog, batch).await;
                }
            });
        }
        told.join_all().await;
    }

    async fn refuse(&self, refused: Refused) {
        let Refused {
            stream,
            session,
            via,
            key,
            problem,
        } = refused;
        let Problem { code, .. } = &problem;
        let code: &Code = code;
        metrics::counter!("souk_chat_refused_total", "code" => code.key()).increment(1);
        let frame = ServerFrame::Error(frame::Refused { key, problem });
        self.hub.reply(stream, session, via, frame).await;
    }
}

/// The wish to stop. A handle that was dropped never wishes.
struct StopSignal(Option<oneshot::Receiver<()>>);

impl StopSignal {
    async fn wait(&mut self) {
        if let Some(stop) = &mut self.0 {
            if stop.await.is_ok() {
                return;
            }
            self.0 = None;
        }
        std::future::pending().await
    }
}
