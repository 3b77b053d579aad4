//! Opens and closes rooms, and brings one back whose task failed.
//!
//! A room's task is watched. If it panics, its connections are told to reconnect, and the room
//! opens again with a new epoch and the state that was registered last; other rooms do not notice.

use std::sync::{Arc, Mutex, PoisonError};

use signaling_wire::{
    Epoch, Lane, StreamId,
    frame::{
        chat::Backlog,
        control::{ByeReason, Stream},
        shop::Shelf,
    },
};
use tokio::sync::{mpsc, oneshot};

use super::{Hub, Inner, LiveChange};
use crate::{
    clock,
    directory::{Notice, RoomHandle},
    limits, queue,
    room::{Registered, Room},
    room_task::{Command, RoomTask},
    session::{Outlet, Session},
};

impl Hub {
    /// Opens the room of a stream, or brings its title and seller up to date. Beyond the limit of
    /// rooms nothing is opened, and a warning is logged.
    pub async fn open_room(&self, stream: Stream) {
        let id = stream.id;
        if self.room(id).is_none() {
            if self.inner.directory.room_count() >= limits::ROOMS {
                tracing::warn!(stream = %id, "too many rooms; the stream gets none");
                return;
            }
            let (shelf, chat) = (Shelf::default(), Backlog::default());
            let registered = Registered {
                stream: stream.clone(),
                shelf,
                chat,
                sanctions: Default::default(),
            };
            if open(&self.inner, registered) {
                // Nobody listening is fine.
                let _ = self.inner.opened.send(id);
                return;
            }
        }
        self.tell(id, Command::Stream(stream)).await;
    }

    /// Ends a room: everybody is told that the stream has ended, then media and sockets close.
    pub async fn close_room(&self, stream: StreamId) {
        if let Some(room) = self.room(stream) {
            self.end_room(&room, ByeReason::Ended).await;
        }
    }

    /// Ends all rooms before the process stops; everybody is told to reconnect.
    pub async fn shutdown(&self) {
        for room in self.inner.directory.rooms() {
            self.end_room(&room, ByeReason::Restart).await;
        }
    }

    async fn end_room(&self, room: &RoomHandle, reason: ByeReason) {
        if !self.inner.directory.hide(room) {
            return;
        }
        metrics::gauge!("souk_rooms").decrement(1.0);
        let (done, said) = oneshot::channel();
        if room
            .mailbox
            .send(Command::Close(reason, done))
            .await
            .is_ok()
        {
            // An error means that the task failed; its watcher cleans up.
            let _ = said.await;
        }
    }
}

/// Opens a room with this state. False if the stream has one already.
fn open(hub: &Arc<Inner>, registered: Registered) -> bool {
    let stream = registered.stream.id;
    let (mailbox, commands) = mpsc::channel(limits::ROOM_MAILBOX);
    let (lifecycle, events) = mpsc::channel(limits::ROOM_LIFECYCLE);
    let broadcast = hub.next_broadcast();
    let notice = Arc::new(Notice::default());
    let room = RoomHandle {
        stream,
        broadcast,
        mailbox,
        lifecycle,
        notice,
    };
    if hub.directory.open(&room).is_err() {
        return false;
    }
    metrics::gauge!("souk_rooms").increment(1.0);
    let kept = Arc::new(Mutex::new(registered.clone()));
    let state = Room::new(Epoch(clock::now_ms()), registered);
    let task = RoomTask::new(
        hub.clone(),
        room.clone(),
        state,
        kept.clone(),
        commands,
        events,
    );
    tokio::spawn(watch(hub.clone(), room, kept, task));
    true
}

async fn watch(hub: Arc<Inner>, room: RoomHandle, kept: Arc<Mutex<Registered>>, task: RoomTask) {
    let ended = tokio::spawn(task.run()).await;
    let failed = ended.is_err_and(|error| error.is_panic());
    let hidden = hub.directory.hide(&room);
    let left = hub.directory.forget(room.broadcast);
    close_all(&hub, left, failed).await;
    if room.notice.presence().live {
        let (stream, started_ms) = (room.stream, room.notice.started_ms());
        // Nobody listening is fine.
        let _ = hub.live.send(LiveChange {
            stream,
            live: false,
            started_ms,
        });
    }
    if !failed || !hidden {
        return;
    }
    metrics::gauge!("souk_rooms").decrement(1.0);
    metrics::counter!("souk_room_failures_total").increment(1);
    tracing::error!(stream = %room.stream, "a room failed and opens again");
    tokio::time::sleep(limits::ROOM_RESTART_AFTER).await;
    let registered = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
    open(&hub, registered);
}

/// Closes connections whose room is gone. Only when it failed they do not know why already.
async fn close_all(hub: &Inner, left: Vec<Arc<Session>>, failed: bool) {
    let mut peers = Vec::new();
    for session in left {
        match &session.outlet {
            Outlet::Socket(queue) => queue.close(ByeReason::Restart),
            Outlet::Peer { peer, .. } => peers.push(*peer),
        }
    }
    if failed && !peers.is_empty() {
        for peer in &peers {
            let bye = queue::bye(ByeReason::Restart);
            hub.plane.send(*peer, Lane::Control.id(), bye).await;
        }
        tokio::time::sleep(limits::BYE_LINGER).await;
    }
    for peer in peers {
        hub.plane.close(peer).await;
    }
}
