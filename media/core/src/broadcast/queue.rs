//! Packets that wait for the fan-out of a broadcast, and how far the present one has come.
//!
//! Each stream has its own list, so that a viewer's copies of one stream lie together and a viewer
//! of one layer does not look at the packets of the others.

use std::time::{Duration, Instant};

use crate::border::Kind;
use crate::limits::{BATCH, HOLD, MAX_LAYERS, MAX_PENDING};

/// Indexes of waiting packets, stream by stream: audio, then the video layers.
type Lists = [Vec<u64>; 1 + MAX_LAYERS];

fn place(kind: Kind, layer: u8) -> usize {
    match kind {
        Kind::Audio => 0,
        Kind::Video => 1 + usize::from(layer).min(MAX_LAYERS - 1),
    }
}

/// See the module header.
#[derive(Default)]
pub(crate) struct Queue {
    pending: Lists,
    waiting: usize,
    since: Option<Instant>,
    urgent: bool,
    /// What is being fanned out, viewer by viewer from `cursor` on.
    batch: Lists,
    busy: bool,
    pub(crate) cursor: usize,
}

impl Queue {
    /// Returns whether there was room.
    pub(super) fn push(
        &mut self,
        now: Instant,
        kind: Kind,
        layer: u8,
        index: u64,
        ends_frame: bool,
    ) -> bool {
        if self.waiting >= MAX_PENDING {
            return false;
        }
        self.pending[place(kind, layer)].push(index);
        self.waiting += 1;
        self.since.get_or_insert(now);
        self.urgent |= ends_frame || self.waiting >= BATCH;
        true
    }

    /// The stream goes on with another source: its indexes mean nothing any more.
    pub(super) fn forget(&mut self, kind: Kind, layer: u8) {
        let place = place(kind, layer);
        self.waiting -= self.pending[place].len();
        self.pending[place].clear();
        self.batch[place].clear();
    }

    /// When the fan-out is due; `None` when nothing waits.
    pub(crate) fn due(&self) -> Option<Instant> {
        let hold = if self.urgent { Duration::ZERO } else { HOLD };
        self.since.map(|since| since + hold)
    }

    /// Makes what waits the present batch, if it is time and the last one is done. Returns whether
    /// it did.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let take = !self.busy && self.due().is_some_and(|due| due <= now);
        if take {
            std::mem::swap(&mut self.batch, &mut self.pending);
            (self.since, self.urgent, self.cursor) = (None, false, 0);
            (self.waiting, self.busy) = (0, true);
        }
        take
    }

    /// Whether there is a batch to work on.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    /// The present batch: audio, then the video layers.
    pub(super) fn batches(&self) -> impl Iterator<Item = &Vec<u64>> {
        self.batch.iter()
    }

    /// The packets of the present batch of one stream.
    pub(crate) fn batch(&self, kind: Kind, layer: u8) -> &[u64] {
        &self.batch[place(kind, layer)]
    }

    /// The present batch went to everyone.
    pub(crate) fn done(&mut self) {
        self.batch.iter_mut().for_each(Vec::clear);
        (self.busy, self.cursor) = (false, 0);
    }
}
