//! Sockets in rooms: the same frames as on the lanes, in one stream, without media.

use std::sync::Arc;

use signaling_wire::StreamId;
use tokio::sync::oneshot;

use super::Hub;
use crate::{
    clock,
    gate::Gate,
    identity::{Identity, SessionKey},
    pump,
    queue::{SocketReceiver, socket_queue},
    room_task::Command,
    session::{Outlet, Session},
};

/// A socket's place in a room.
pub struct SocketSession {
    /// Names the connection in [`Hub::socket_frame`] and [`Hub::leave_socket`].
    pub key: SessionKey,
    /// Frames for the socket; the first is the snapshot. `None` means: close it.
    pub rx: SocketReceiver,
}

impl Hub {
    /// Takes a socket into a room. `None` if there is no such room, or if it takes no more (then
    /// [`Hub::presence`] still answers).
    pub async fn join_socket(
        &self,
        stream: StreamId,
        identity: Option<Identity>,
    ) -> Option<SocketSession> {
        let room = self.room(stream)?;
        let key = self.inner.next_session();
        let (queue, rx) = socket_queue();
        let gate = Gate::new(identity, clock::now());
        let outlet = Outlet::Socket(queue);
        let session = Arc::new(Session::new(key, stream, room.broadcast, outlet, gate));
        let (done, entered) = oneshot::channel();
        room.mailbox
            .send(Command::Enter {
                session,
                record: None,
                done,
            })
            .await
            .ok()?;
        entered.await.ok()?.then_some(SocketSession { key, rx })
    }

    /// Takes one message of a socket. Never waits for the room.
    pub async fn socket_frame(&self, stream: StreamId, session: SessionKey, bytes: &[u8]) {
        let found = self.inner.directory.socket(session);
        if let Some(session) = found.filter(|found| found.stream == stream) {
            pump::receive(&self.inner, &session, None, bytes);
        }
    }

    /// Lets a socket go. Dropping its receiver does the same a little later.
    pub async fn leave_socket(&self, stream: StreamId, session: SessionKey) {
        self.tell(stream, Command::Leave(session)).await;
    }
}
