//! Finds rooms and connections by their names. Maps only: no guard outlives the call that took it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

use dashmap::DashMap;
use media_shard::{BroadcastId, MediaEvent, PeerId};
use signaling_wire::{StreamId, frame::control::Presence};
use tokio::sync::mpsc;

use crate::{
    identity::SessionKey,
    room_task::Command,
    session::{Outlet, Session, SessionKind},
};

/// One life of a room, as the rest of the process reaches it.
#[derive(Clone)]
pub(crate) struct RoomHandle {
    pub(crate) stream: StreamId,
    pub(crate) broadcast: BroadcastId,
    pub(crate) mailbox: mpsc::Sender<Command>,
    /// What the media plane says about peers.
    pub(crate) lifecycle: mpsc::Sender<MediaEvent>,
    pub(crate) notice: Arc<Notice>,
}

/// What is worth reading without asking the room.
#[derive(Default)]
pub(crate) struct Notice {
    live: AtomicBool,
    viewers: AtomicU32,
    started_ms: AtomicU64,
    published: AtomicBool,
}

impl Notice {
    /// Whether somebody holds a session to publish, media or not.
    pub(crate) fn write_published(&self, published: bool) {
        self.published.store(published, Ordering::Relaxed);
    }

    pub(crate) fn published(&self) -> bool {
        self.published.load(Ordering::Relaxed)
    }

    pub(crate) fn write(&self, presence: Presence, started_ms: u64) {
        self.live.store(presence.live, Ordering::Relaxed);
        self.viewers.store(presence.viewers, Ordering::Relaxed);
        self.started_ms.store(started_ms, Ordering::Relaxed);
    }

    pub(crate) fn presence(&self) -> Presence {
        Presence {
            live: self.live.load(Ordering::Relaxed),
            viewers: self.viewers.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn started_ms(&self) -> u64 {
        self.started_ms.load(Ordering::Relaxed)
    }
}

/// A media session's resource.
#[derive(Clone)]
pub(crate) struct MediaRecord {
    pub(crate) stream: StreamId,
    pub(crate) kind: SessionKind,
    pub(crate) peer: PeerId,
    pub(crate) video_mid: Option<String>,
    pub(crate) ice_ufrag: String,
}

/// All maps.
#[derive(Default)]
pub(crate) struct Directory {
    rooms: DashMap<StreamId, RoomHandle>,
    broadcasts: DashMap<BroadcastId, RoomHandle>,
    peers: DashMap<PeerId, Arc<Session>>,
    sockets: DashMap<SessionKey, Arc<Session>>,
    media: DashMap<String, MediaRecord>,
}

impl Directory {
    pub(crate) fn room(&self, stream: StreamId) -> Option<RoomHandle> {
        self.rooms.get(&stream).map(|room| room.value().clone())
    }

    pub(crate) fn room_of(&self, broadcast: BroadcastId) -> Option<RoomHandle> {
        self.broadcasts
            .get(&broadcast)
            .map(|room| room.value().clone())
    }

    pub(crate) fn rooms(&self) -> Vec<RoomHandle> {
        self.rooms.iter().map(|room| room.value().clone()).collect()
    }

    pub(crate) fn room_count(&self) -> usize {
        self.rooms.len()
    }

    /// Enters a room unless the stream has one; that one is returned then.
    pub(crate) fn open(&self, room: &RoomHandle) -> Result<(), RoomHandle> {
        match self.rooms.entry(room.stream) {
            dashmap::Entry::Occupied(entry) => return Err(entry.get().clone()),
            dashmap::Entry::Vacant(entry) => entry.insert(room.clone()),
        };
        self.broadcasts.insert(room.broadcast, room.clone());
        Ok(())
    }

    /// Hides a room from newcomers; its connections stay known. False if it was hidden already.
    pub(crate) fn hide(&self, room: &RoomHandle) -> bool {
        let same = |_: &StreamId, other: &RoomHandle| other.broadcast == room.broadcast;
        self.rooms.remove_if(&room.stream, same).is_some()
    }

    /// Forgets a room that was hidden, and returns the connections that it leaves behind.
    pub(crate) fn forget(&self, room: BroadcastId) -> Vec<Arc<Session>> {
        self.broadcasts.remove(&room);
        let of_room = |session: &Arc<Session>| session.room == room;
        let peers = self
            .peers
            .iter()
            .map(|entry| entry.value().clone())
            .filter(of_room);
        let mut left: Vec<_> = peers.collect();
        left.extend(
            self.sockets
                .iter()
                .map(|entry| entry.value().clone())
                .filter(of_room),
        );
        for session in &left {
            self.leave(session);
        }
        left
    }

    pub(crate) fn enter(&self, session: &Arc<Session>, record: Option<MediaRecord>) {
        match &session.outlet {
            Outlet::Peer { peer, id, .. } => {
                self.peers.insert(*peer, session.clone());
                if let Some(record) = record {
                    self.media.insert(id.clone(), record);
                }
            }
            Outlet::Socket(_) => {
                self.sockets.insert(session.key, session.clone());
            }
        }
    }

    pub(crate) fn leave(&self, session: &Session) {
        match &session.outlet {
            Outlet::Peer { peer, id, .. } => {
                self.peers.remove(peer);
                self.media.remove(id);
            }
            Outlet::Socket(_) => {
                self.sockets.remove(&session.key);
            }
        }
    }

    pub(crate) fn peer(&self, peer: PeerId) -> Option<Arc<Session>> {
        self.peers.get(&peer).map(|session| session.value().clone())
    }

    pub(crate) fn socket(&self, key: SessionKey) -> Option<Arc<Session>> {
        self.sockets
            .get(&key)
            .map(|session| session.value().clone())
    }

    pub(crate) fn media(&self, id: &str, kind: SessionKind) -> Option<MediaRecord> {
        let record = self.media.get(id).map(|record| record.value().clone());
        record.filter(|record| record.kind == kind)
    }

    /// The sessions that publish into a stream.
    pub(crate) fn publishers(&self, stream: StreamId) -> Vec<String> {
        let publishes =
            |record: &MediaRecord| record.stream == stream && record.kind == SessionKind::Publisher;
        let media = self.media.iter();
        let found = media.filter(|record| publishes(record.value()));
        found.map(|record| record.key().clone()).collect()
    }

    /// Names the ICE session of a media session anew. False if it is gone.
    pub(crate) fn rename_ice(&self, id: &str, ice_ufrag: String) -> bool {
        let record = self.media.get_mut(id);
        record
            .map(|mut record| record.ice_ufrag = ice_ufrag)
            .is_some()
    }

    /// Forgets the resource of a media session.
    pub(crate) fn take_media(&self, id: &str, kind: SessionKind) -> Option<MediaRecord> {
        let taken = self.media.remove_if(id, |_, record| record.kind == kind);
        taken.map(|(_, record)| record)
    }
}
