//! The counters of one shard where the async side can read them: written by the shard thread about
//! ten times a second, summed by `MediaHandle::stats`.

use std::sync::atomic::{AtomicU64, Ordering};

use media_core::stats::Stats;

/// A published copy of [`Stats`]. Single values are exact; a set of them may straddle two writes.
pub(crate) struct Counters([AtomicU64; Stats::LEN]);

impl Counters {
    pub(crate) fn new() -> Self {
        Self([const { AtomicU64::new(0) }; Stats::LEN])
    }

    pub(crate) fn publish(&self, stats: &Stats) {
        for (slot, value) in self.0.iter().zip(stats.values()) {
            slot.store(value, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self) -> Stats {
        let mut values = [0; Stats::LEN];
        for (value, slot) in values.iter_mut().zip(&self.0) {
            *value = slot.load(Ordering::Relaxed);
        }
        Stats::from_values(values)
    }
}
