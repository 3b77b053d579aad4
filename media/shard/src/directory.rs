//! Which peers are where: placement on shards, the current publisher of each broadcast, and the
//! shards that a broadcast's messages must go to.
//!
//! One short lock, taken by the async side for joins and messages and by a shard thread when a
//! peer has ended; never on the way of a packet, never across an await. It only counts: what a
//! peer is, its shard alone knows.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use media_core::border::{BroadcastId, PeerId};
use media_core::peer::Role;
use media_core::report::LiveCodecs;

use crate::limits::{MAX_PEERS_PER_SHARD, MAX_SHARDS, SHARD_BITS};

/// See the module header.
pub(crate) struct Directory {
    inner: Mutex<Inner>,
    shards: usize,
}

struct Inner {
    next: u64,
    load: [usize; MAX_SHARDS],
    broadcasts: HashMap<BroadcastId, Broadcast>,
}

#[derive(Default)]
struct Broadcast {
    publisher: Option<PeerId>,
    peers: [u32; MAX_SHARDS],
    /// Who is on air with what.
    on_air: Option<(PeerId, LiveCodecs)>,
}

/// The outcome of [`Directory::enter`].
pub(crate) struct Entered {
    pub(crate) peer: PeerId,
    /// The publisher that the new one replaces.
    pub(crate) replaced: Option<PeerId>,
}

/// The shard of a peer.
pub(crate) fn shard_of(peer: PeerId) -> usize {
    (peer.0 & ((1 << SHARD_BITS) - 1)) as usize
}

impl Directory {
    pub(crate) fn new(shards: usize) -> Self {
        let inner = Inner {
            next: 1,
            load: [0; MAX_SHARDS],
            broadcasts: HashMap::new(),
        };
        Self {
            inner: Mutex::new(inner),
            shards,
        }
    }

    /// The shard with the fewest peers; `None` when all are full.
    pub(crate) fn place(&self) -> Option<usize> {
        let inner = self.lock();
        let shard = (0..self.shards).min_by_key(|shard| inner.load[*shard])?;
        (inner.load[shard] < MAX_PEERS_PER_SHARD).then_some(shard)
    }

    /// Gives out a peer's number on `shard`. `None` when the shard has filled up meanwhile.
    pub(crate) fn enter(
        &self,
        role: Role,
        broadcast: BroadcastId,
        shard: usize,
    ) -> Option<Entered> {
        let mut inner = self.lock();
        if inner.load[shard] >= MAX_PEERS_PER_SHARD {
            return None;
        }
        let peer = PeerId(inner.next << SHARD_BITS | shard as u64);
        inner.next += 1;
        inner.load[shard] += 1;
        let entry = inner.broadcasts.entry(broadcast).or_default();
        entry.peers[shard] += 1;
        let replaced = match role {
            Role::Publisher => entry.publisher.replace(peer),
            Role::Viewer => None,
        };
        Some(Entered { peer, replaced })
    }

    /// Whether a newer publisher has taken the place of `peer`.
    pub(crate) fn is_superseded(&self, broadcast: BroadcastId, peer: PeerId) -> bool {
        let inner = self.lock();
        let publisher = inner
            .broadcasts
            .get(&broadcast)
            .and_then(|entry| entry.publisher);
        publisher.is_some_and(|current| current > peer)
    }

    /// What the publisher of a broadcast sends; an older publisher's word does not count.
    pub(crate) fn on_air(&self, broadcast: BroadcastId, publisher: PeerId, codecs: LiveCodecs) {
        if let Some(entry) = self.lock().broadcasts.get_mut(&broadcast)
            && entry.on_air.is_none_or(|(before, _)| before <= publisher)
        {
            entry.on_air = Some((publisher, codecs));
        }
    }

    /// What a broadcast has on air.
    pub(crate) fn codecs(&self, broadcast: BroadcastId) -> LiveCodecs {
        let inner = self.lock();
        let on_air = inner
            .broadcasts
            .get(&broadcast)
            .and_then(|entry| entry.on_air);
        on_air.map_or_else(LiveCodecs::default, |(_, codecs)| codecs)
    }

    /// Forgets a peer that has ended.
    pub(crate) fn leave(&self, broadcast: BroadcastId, peer: PeerId) {
        let mut inner = self.lock();
        let shard = shard_of(peer);
        inner.load[shard] = inner.load[shard].saturating_sub(1);
        let Some(entry) = inner.broadcasts.get_mut(&broadcast) else {
            return;
        };
        entry.peers[shard] = entry.peers[shard].saturating_sub(1);
        if entry.publisher == Some(peer) {
            entry.publisher = None;
        }
        if entry.on_air.is_some_and(|(on_air, _)| on_air == peer) {
            entry.on_air = None;
        }
        if entry.peers.iter().all(|count| *count == 0) {
            inner.broadcasts.remove(&broadcast);
        }
    }

    /// The shards that have peers of the broadcast.
    pub(crate) fn shards_of(&self, broadcast: BroadcastId) -> impl Iterator<Item = usize> + use<> {
        let peers = self
            .lock()
            .broadcasts
            .get(&broadcast)
            .map(|entry| entry.peers);
        let peers = peers.unwrap_or_default();
        (0..self.shards).filter(move |shard| peers[*shard] > 0)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Counters stay consistent between any two statements, so a poisoned lock is still good.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ROOM: BroadcastId = BroadcastId(7);

    #[test]
    fn peers_spread_and_are_forgotten() {
        let directory = Directory::new(2);
        let mut peers = Vec::new();
        for _ in 0..4 {
            let shard = directory.place().unwrap();
            peers.push(directory.enter(Role::Viewer, ROOM, shard).unwrap().peer);
        }
        assert_eq!(peers.iter().filter(|peer| shard_of(**peer) == 0).count(), 2);
        assert_eq!(directory.shards_of(ROOM).collect::<Vec<_>>(), [0, 1]);
        for peer in &peers {
            directory.leave(ROOM, *peer);
        }
        assert_eq!(directory.shards_of(ROOM).count(), 0);
        assert!(directory.lock().broadcasts.is_empty());
        assert_eq!(directory.lock().load, [0; MAX_SHARDS]);
    }

    #[test]
    fn the_newest_publisher_wins() {
        let directory = Directory::new(2);
        let old = directory.enter(Role::Publisher, ROOM, 1).unwrap();
        assert!(old.replaced.is_none());
        let new = directory.enter(Role::Publisher, ROOM, 0).unwrap();
        assert_eq!(new.replaced, Some(old.peer));
        assert!(new.peer > old.peer);
        assert!(directory.is_superseded(ROOM, old.peer));
        assert!(!directory.is_superseded(ROOM, new.peer));
        directory.leave(ROOM, old.peer);
        assert!(!directory.is_superseded(ROOM, new.peer));
    }

    #[test]
    fn a_full_shard_refuses() {
        let directory = Directory::new(1);
        for _ in 0..MAX_PEERS_PER_SHARD {
            directory.enter(Role::Viewer, ROOM, 0).unwrap();
        }
        assert!(directory.place().is_none());
        assert!(directory.enter(Role::Viewer, ROOM, 0).is_none());
    }
}
