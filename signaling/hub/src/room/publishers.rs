//! Who publishes: newest wins, two encoders cannot flap for ever, and live outlasts a takeover.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use media_shard::PeerId;

use crate::limits::{LIVE_GRACE, TAKEOVER_WINDOW, TAKEOVERS_MAX};

/// The publishers of one room. Pure.
#[derive(Default)]
pub(crate) struct Publishers {
    takeovers: VecDeque<Instant>,
    /// Offers that are being answered; true for those that count as a takeover.
    pending: VecDeque<bool>,
    /// Whether the media of each has started.
    peers: BTreeMap<PeerId, bool>,
    live: bool,
    empty_since: Option<Instant>,
}

impl Publishers {
    /// Asks to publish. False when the stream changed hands too often of late.
    pub(crate) fn reserve(&mut self, now: Instant) -> bool {
        let old = |at: &Instant| now.saturating_duration_since(*at) >= TAKEOVER_WINDOW;
        while self.takeovers.front().is_some_and(old) {
            self.takeovers.pop_front();
        }
        let takeover = !self.peers.is_empty() || !self.pending.is_empty();
        if takeover && self.takeovers.len() >= TAKEOVERS_MAX {
            return false;
        }
        if takeover {
            self.takeovers.push_back(now);
        }
        self.pending.push_back(takeover);
        true
    }

    /// A reserved offer came to nothing.
    pub(crate) fn refund(&mut self) {
        if self.pending.pop_back() == Some(true) {
            self.takeovers.pop_back();
        }
    }

    /// A reserved offer was answered.
    pub(crate) fn enter(&mut self, peer: PeerId) {
        self.pending.pop_front();
        self.peers.insert(peer, false);
        self.empty_since = None;
    }

    /// The first media of a publisher; true if that made the room live.
    pub(crate) fn started(&mut self, peer: PeerId) -> bool {
        let Some(started) = self.peers.get_mut(&peer) else {
            return false;
        };
        *started = true;
        self.empty_since = None;
        !std::mem::replace(&mut self.live, true)
    }

    /// A publisher is gone. Live lasts a moment longer, or as long as a successor takes over.
    pub(crate) fn closed(&mut self, peer: PeerId, now: Instant) {
        if self.peers.remove(&peer).is_some() && self.peers.is_empty() && self.live {
            self.empty_since = Some(now);
        }
    }

    /// When live ends if nobody comes.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.empty_since.map(|since| since + LIVE_GRACE)
    }

    /// Ends live when its time is over; true if it just ended.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        if self.due().is_none_or(|due| due > now) {
            return false;
        }
        self.empty_since = None;
        std::mem::replace(&mut self.live, false)
    }

    /// Whether nobody holds a session to publish. Live may outlast the last one for a moment.
    pub(crate) fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// Whether this is one of them.
    pub(crate) fn knows(&self, peer: PeerId) -> bool {
        self.peers.contains_key(&peer)
    }

    pub(crate) const fn live(&self) -> bool {
        self.live
    }
}
