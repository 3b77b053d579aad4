//! One connection in a room: a media peer or a socket, with its gate.
//!
//! Shared by the task that reads the connection and by the room task. The gate's lock is held for
//! single steps only, never across an await.

use std::sync::{Mutex, MutexGuard, PoisonError};

use media_shard::{BroadcastId, PeerId};
use signaling_wire::StreamId;
use tokio::sync::OwnedSemaphorePermit;

use crate::{gate::Gate, identity::SessionKey, queue::SocketQueue};

/// Which end of a broadcast a media session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// Came by WHIP.
    Publisher,
    /// Came by WHEP.
    Viewer,
}

/// One connection.
pub(crate) struct Session {
    pub(crate) key: SessionKey,
    pub(crate) stream: StreamId,
    /// The life of the room that it belongs to.
    pub(crate) room: BroadcastId,
    pub(crate) outlet: Outlet,
    gate: Mutex<Gate>,
    /// The place that it takes among all viewers; given back with the session.
    _seat: Option<OwnedSemaphorePermit>,
}

/// Where frames for a connection go.
pub(crate) enum Outlet {
    /// To the lanes of a media peer.
    Peer {
        peer: PeerId,
        kind: SessionKind,
        /// Name of its session resource.
        id: String,
    },
    /// To a socket's queue.
    Socket(SocketQueue),
}

impl Session {
    pub(crate) fn new(
        key: SessionKey,
        stream: StreamId,
        room: BroadcastId,
        outlet: Outlet,
        gate: Gate,
    ) -> Self {
        let gate = Mutex::new(gate);
        Self {
            key,
            stream,
            room,
            outlet,
            gate,
            _seat: None,
        }
    }

    /// The same connection on this place.
    pub(crate) fn seated(mut self, seat: Option<OwnedSemaphorePermit>) -> Self {
        self._seat = seat;
        self
    }

    /// The gate. A poisoned one is as good as any: each step leaves it whole.
    pub(crate) fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn peer(&self) -> Option<PeerId> {
        match &self.outlet {
            Outlet::Peer { peer, .. } => Some(*peer),
            Outlet::Socket(_) => None,
        }
    }

    pub(crate) fn queue(&self) -> Option<&SocketQueue> {
        match &self.outlet {
            Outlet::Peer { .. } => None,
            Outlet::Socket(queue) => Some(queue),
        }
    }

    pub(crate) fn is_publisher(&self) -> bool {
        matches!(
            &self.outlet,
            Outlet::Peer {
                kind: SessionKind::Publisher,
                ..
            }
        )
    }
}
