//! The handle that everybody else holds: opens rooms, publishes into them, answers their people.
//!
//! Every call finds the room in the directory and asks its task; a call about a room that is not
//! there does nothing. Media sessions are in `hub/media.rs`, sockets in `hub/sockets.rs`.

mod counter;
mod media;
mod rooms;
mod sockets;

pub use counter::{CounterSession, Watching};
pub use media::{MediaSession, RestartedSession, SessionInfo};
pub use sockets::SocketSession;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use dashmap::DashMap;
use media_shard::{BroadcastId, MediaEvent, MediaHandle};
use signaling_wire::{
    Lane, Position, ServerFrame, StreamId, UserId,
    frame::{chat, control, shop},
};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};

use crate::{
    directory::{Directory, RoomHandle},
    identity::{Identity, SessionKey, Viewer},
    inbound::{Consumers, Inbounds, consumers},
    limits,
    plane::Plane,
    pump,
    room_task::{Command, Publication},
};

/// Settings of the hub. Plain data.
#[derive(Clone, Debug)]
pub struct HubConfig {
    /// Sockets that one room takes; more are refused.
    pub sockets_per_room: usize,
    /// Viewers by media over all rooms; more are refused.
    pub viewers_max: usize,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            sockets_per_room: limits::SOCKETS_PER_ROOM,
            viewers_max: limits::VIEWERS,
        }
    }
}

/// A stream went live or stopped being live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveChange {
    /// Which.
    pub stream: StreamId,
    /// Whether media flows.
    pub live: bool,
    /// When the media that flows or flowed began, milliseconds since 1970.
    pub started_ms: u64,
}

/// All rooms of this process. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: HubConfig,
    pub(crate) plane: Plane,
    pub(crate) directory: Directory,
    pub(crate) consumers: Consumers,
    pub(crate) live: broadcast::Sender<LiveChange>,
    pub(crate) opened: broadcast::Sender<StreamId>,
    /// Places for viewers by media.
    pub(crate) seats: Arc<Semaphore>,
    /// Counter-offers that wait for their answers.
    counters: DashMap<String, counter::Pending>,
    sessions: AtomicU64,
    broadcasts: AtomicU64,
}

impl Inner {
    pub(crate) fn next_session(&self) -> SessionKey {
        SessionKey(self.sessions.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn next_broadcast(&self) -> BroadcastId {
        BroadcastId(self.broadcasts.fetch_add(1, Ordering::Relaxed))
    }
}

impl Hub {
    /// Starts the hub over a media plane. Must be called inside a tokio runtime.
    pub fn start(
        config: HubConfig,
        media: MediaHandle,
        media_events: mpsc::Receiver<MediaEvent>,
    ) -> (Self, Inbounds) {
        Self::over(config, Plane::Shards(media), media_events)
    }

    /// A hub without a media plane: rooms and sockets work, offers are refused with `Full`.
    #[cfg(any(test, feature = "test-support"))]
    pub fn without_media(config: HubConfig) -> (Self, Inbounds) {
        let (_, events) = mpsc::channel(1);
        Self::over(config, Plane::Absent, events)
    }

    pub(crate) fn over(
        config: HubConfig,
        plane: Plane,
        media_events: mpsc::Receiver<MediaEvent>,
    ) -> (Self, Inbounds) {
        let (consumers, inbounds) = consumers();
        let seats = config.viewers_max.min(Semaphore::MAX_PERMITS);
        let inner = Arc::new(Inner {
            config,
            seats: Arc::new(Semaphore::new(seats)),
            plane,
            directory: Directory::default(),
            consumers,
            live: broadcast::channel(limits::LIVE_CHANGES).0,
            opened: broadcast::channel(limits::LIVE_CHANGES).0,
            counters: DashMap::new(),
            sessions: AtomicU64::new(1),
            broadcasts: AtomicU64::new(1),
        });
        tokio::spawn(pump::run(inner.clone(), media_events));
        (Self { inner }, inbounds)
    }

    /// Sends a frame to everyone in the room, in the order of its history. Returns its place once
    /// the room has given it one; `None` if there is no such room or the frame has no place in a
    /// history (stock levels go by [`Hub::publish_stock`], personal frames by [`Hub::reply`]).
    pub async fn publish(&self, stream: StreamId, frame: ServerFrame) -> Option<Position> {
        let publication = Publication {
            shelf: None,
            chat: None,
            frames: vec![frame],
        };
        self.publication(stream, publication).await
    }

    /// Changes the shop's registered state and sends frames about it, in one step.
    pub async fn publish_shop(
        &self,
        stream: StreamId,
        shelf: shop::Shelf,
        frames: Vec<ServerFrame>,
    ) -> Option<Position> {
        let publication = Publication {
            shelf: Some(shelf),
            chat: None,
            frames,
        };
        self.publication(stream, publication).await
    }

    /// Changes the chat's registered state and sends the messages that changed it, in one step.
    pub async fn publish_chat(
        &self,
        stream: StreamId,
        backlog: chat::Backlog,
        batch: chat::Batch,
    ) -> Option<Position> {
        let frames = vec![ServerFrame::Chat(batch)];
        let publication = Publication {
            shelf: None,
            chat: Some(backlog),
            frames,
        };
        self.publication(stream, publication).await
    }

    /// Registers what is sold, for snapshots. Its stock is merged by the newest `ledger_seq`.
    pub async fn set_shelf(&self, stream: StreamId, shelf: shop::Shelf) {
        let publication = Publication {
            shelf: Some(shelf),
            chat: None,
            frames: Vec::new(),
        };
        self.publication(stream, publication).await;
    }

    /// Registers what was said last, for snapshots.
    pub async fn set_chat(&self, stream: StreamId, backlog: chat::Backlog) {
        let publication = Publication {
            shelf: None,
            chat: Some(backlog),
            frames: Vec::new(),
        };
        self.publication(stream, publication).await;
    }

    /// Takes a stock level whose commit is durable. The newest per sale and product goes out, at
    /// most 20 times a second, and into snapshots.
    pub async fn publish_stock(&self, stream: StreamId, level: shop::Stock) {
        self.tell(stream, Command::Stock(level)).await;
    }

    /// Answers one connection.
    pub async fn reply(
        &self,
        stream: StreamId,
        session: SessionKey,
        lane: Lane,
        frame: ServerFrame,
    ) {
        let frame = Box::new(frame);
        self.tell(
            stream,
            Command::Personal {
                session,
                lane,
                frame,
            },
        )
        .await;
    }

    /// Sends a personal frame to all connections of an account in the room.
    pub async fn send_to_user(&self, stream: StreamId, user: UserId, frame: ServerFrame) {
        let frame = Box::new(frame);
        self.tell(stream, Command::ToUser { user, frame }).await;
    }

    /// Says who a connection speaks as from now on, and tells it so.
    pub async fn identify(
        &self,
        stream: StreamId,
        session: SessionKey,
        identity: Option<Identity>,
    ) {
        self.tell(stream, Command::Identify { session, identity })
            .await;
    }

    /// Credentials of an account no longer hold, of one sign-in or (`None`) all of them: its
    /// connections in every room are anonymous from now on, and told so.
    pub async fn forget(&self, user: UserId, login: Option<&str>) {
        for stream in self.rooms() {
            let login = login.map(Into::into);
            self.tell(stream, Command::Forget { user, login }).await;
        }
    }

    /// What the hosts decided about accounts in a room: it holds at once for who is there, and for
    /// whoever comes, until the room ends or the decision does.
    pub async fn sanction(&self, stream: StreamId, all: Vec<(UserId, control::Sanction)>) {
        self.tell(stream, Command::Sanction(all)).await;
    }

    /// Those of the accounts that have a connection in the room.
    pub async fn present(&self, stream: StreamId, users: Vec<UserId>) -> Vec<UserId> {
        let (done, answer) = oneshot::channel();
        self.tell(stream, Command::Present(users, done)).await;
        answer.await.unwrap_or_default()
    }

    /// The accounts that have a connection in the room, a thousand at most; anonymous viewers are
    /// in [`Hub::presence`] only.
    pub async fn viewers(&self, stream: StreamId) -> Vec<Viewer> {
        let (done, answer) = oneshot::channel();
        self.tell(stream, Command::Viewers(done)).await;
        answer.await.unwrap_or_default()
    }

    /// The room as its snapshot frame, encoded.
    pub async fn snapshot(&self, stream: StreamId) -> Option<Bytes> {
        let (done, answer) = oneshot::channel();
        self.tell(stream, Command::Snapshot(done)).await;
        answer.await.ok()
    }

    /// Who is there, without asking the room.
    pub fn presence(&self, stream: StreamId) -> Option<control::Presence> {
        let room = self.inner.directory.room(stream)?;
        Some(room.notice.presence())
    }

    /// Whether somebody holds a session to publish; unlike live, false at once when the last one
    /// has ended.
    pub fn is_published(&self, stream: StreamId) -> bool {
        let room = self.inner.directory.room(stream);
        room.is_some_and(|room| room.notice.published())
    }

    /// What is live, with the time at which its media began (milliseconds since 1970).
    pub fn live_streams(&self) -> Vec<(StreamId, control::Presence, u64)> {
        let rooms = self.inner.directory.rooms().into_iter();
        let all = rooms.map(|room| {
            let notice = &room.notice;
            (room.stream, notice.presence(), notice.started_ms())
        });
        all.filter(|(_, presence, _)| presence.live).collect()
    }

    /// The broadcast behind a stream's room, as the media plane knows it.
    pub fn broadcast(&self, stream: StreamId) -> Option<BroadcastId> {
        Some(self.room(stream)?.broadcast)
    }

    /// Changes of what is live, from now on.
    pub fn subscribe_live(&self) -> broadcast::Receiver<LiveChange> {
        self.inner.live.subscribe()
    }

    /// The streams that have a room.
    pub fn rooms(&self) -> Vec<StreamId> {
        let rooms = self.inner.directory.rooms();
        rooms.into_iter().map(|room| room.stream).collect()
    }

    /// Rooms that open from now on, so that whoever registers state can do so. One that lags
    /// finds the rest in [`Hub::rooms`].
    pub fn subscribe_rooms(&self) -> broadcast::Receiver<StreamId> {
        self.inner.opened.subscribe()
    }

    async fn publication(&self, stream: StreamId, publication: Publication) -> Option<Position> {
        let (done, answer) = oneshot::channel();
        self.tell(stream, Command::Publish(Box::new(publication), done))
            .await;
        answer.await.ok().flatten()
    }

    async fn tell(&self, stream: StreamId, command: Command) {
        if let Some(room) = self.room(stream) {
            // An error means that the room has just ended: there is nobody left to tell.
            let _ = room.mailbox.send(command).await;
        }
    }

    fn room(&self, stream: StreamId) -> Option<RoomHandle> {
        self.inner.directory.room(stream)
    }
}

#[cfg(test)]
mod tests;
