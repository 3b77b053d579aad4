//! The rings between shards: one per ordered pair, bounded, without locks.
//!
//! What does not fit is dropped and counted by the sender; `media-core` repeats what matters. A
//! shard is woken once a turn, not per packet.

use media_core::border::Bridged;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::limits::BRIDGE;
use crate::wake::Waker;

/// The ends that one shard holds.
pub(crate) struct Bridges {
    /// By the number of the other shard; none for itself.
    outbound: Vec<Option<Outbound>>,
    inbound: Vec<(usize, Consumer<Bridged>)>,
}

struct Outbound {
    ring: Producer<Bridged>,
    waker: Waker,
    written: bool,
}

/// The ends for all shards, in their order.
pub(crate) fn connect(wakers: &[Waker]) -> Vec<Bridges> {
    let count = wakers.len();
    let empty = || Bridges {
        outbound: (0..count).map(|_| None).collect(),
        inbound: Vec::new(),
    };
    let mut all: Vec<Bridges> = (0..count).map(|_| empty()).collect();
    for from in 0..count {
        for to in (0..count).filter(|to| *to != from) {
            let (ring, consumer) = RingBuffer::new(BRIDGE);
            let waker = wakers[to].clone();
            all[from].outbound[to] = Some(Outbound {
                ring,
                waker,
                written: false,
            });
            all[to].inbound.push((from, consumer));
        }
    }
    all
}

impl Bridges {
    /// Puts something into the ring to shard `to`. Returns whether there was room.
    pub(crate) fn push(&mut self, to: usize, bridged: Bridged) -> bool {
        let Some(Some(outbound)) = self.outbound.get_mut(to) else {
            return false;
        };
        outbound.written = true;
        outbound.ring.push(bridged).is_ok()
    }

    /// Wakes the shards that got something since the last call.
    pub(crate) fn wake(&mut self) {
        for outbound in self.outbound.iter_mut().flatten() {
            if std::mem::take(&mut outbound.written) {
                outbound.waker.wake();
            }
        }
    }

    /// Hands up to `limit` pieces of each other shard to `take`.
    pub(crate) fn drain(&mut self, limit: usize, mut take: impl FnMut(usize, Bridged)) {
        for (from, ring) in &mut self.inbound {
            for _ in 0..limit {
                let Ok(bridged) = ring.pop() else { break };
                take(*from, bridged);
            }
        }
    }

    /// Whether nothing waits to be drained.
    pub(crate) fn is_empty(&self) -> bool {
        self.inbound.iter().all(|(_, ring)| ring.is_empty())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use media_core::border::BroadcastId;

    use super::*;

    #[test]
    fn a_full_ring_refuses_and_goes_on_after_a_drain() {
        let wakers: Vec<Waker> = (0..2).map(|_| crate::wake::pair().unwrap().0).collect();
        let mut all = connect(&wakers);
        let interest = || Bridged::Interest {
            broadcast: BroadcastId(1),
            cache: false,
        };
        assert!((0..BRIDGE).all(|_| all[0].push(1, interest())));
        assert!(!all[0].push(1, interest()));
        assert!(!all[0].push(0, interest()), "no ring to itself");
        let mut got = 0;
        all[1].drain(10, |from, _| got += from + 1);
        assert_eq!(got, 10);
        assert!(all[0].push(1, interest()));
        assert!(!all[1].is_empty());
        all[1].drain(BRIDGE, |_, _| {});
        assert!(all[1].is_empty());
    }
}
