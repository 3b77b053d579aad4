//! The timers of all peers of a shard, earliest first.
//!
//! Entries are not taken out when a peer's timer moves; a stale one is recognised when it comes up
//! (the peer's own `next_timeout` decides) and costs a look.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::broadcast::Slot;

/// See the module header.
#[derive(Default)]
pub(crate) struct Timers(BinaryHeap<Reverse<(Instant, Slot)>>);

impl Timers {
    pub(crate) fn push(&mut self, at: Instant, slot: Slot) {
        self.0.push(Reverse((at, slot)));
    }

    /// The next one that is due at `now`.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<Slot> {
        if self.next()? > now {
            return None;
        }
        self.0.pop().map(|Reverse((_, slot))| slot)
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse((at, _))| *at)
    }
}
