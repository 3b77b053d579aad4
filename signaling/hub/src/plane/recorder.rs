//! A media plane that takes every offer (but `"bad"`) and writes down what it is told.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use media_shard::{
    AcceptError, Accepted, BroadcastId, OfferError, PeerId, RestartError, Restarted, Role,
};

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    Accept(Role, BroadcastId, PeerId),
    Close(PeerId),
    Restart(PeerId),
    Broadcast(u16, Bytes),
    Send(PeerId, u16, Bytes),
    Open(PeerId, Bytes),
}

#[derive(Clone, Default)]
pub(crate) struct Recorder {
    told: Arc<Mutex<Vec<Told>>>,
    peers: Arc<AtomicU64>,
}

impl Recorder {
    pub(crate) fn note(&self, told: Told) {
        let mut list = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        list.push(told);
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.told
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn restart(&self, peer: PeerId) -> Result<Restarted, RestartError> {
        self.note(Told::Restart(peer));
        Ok(Restarted {
            sdpfrag: format!("fragment {}", peer.0),
            ice_ufrag: format!("again{}", peer.0),
            ice_pwd: "pwd".to_owned(),
        })
    }

    pub(crate) fn accept(
        &self,
        role: Role,
        broadcast: BroadcastId,
        offer: &str,
    ) -> Result<Accepted, AcceptError> {
        if offer == "bad" {
            return Err(AcceptError::Offer(OfferError::Malformed("bad")));
        }
        let peer = PeerId(self.peers.fetch_add(1, Ordering::Relaxed) + 1);
        self.note(Told::Accept(role, broadcast, peer));
        Ok(Accepted {
            peer,
            answer: format!("answer {}", peer.0),
            ice_ufrag: format!("ufrag{}", peer.0),
            ice_pwd: "pwd".to_owned(),
            lanes: role == Role::Viewer,
        })
    }
}
