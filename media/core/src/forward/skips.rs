//! What a viewer of a part of a scalable stream was not given: sequence numbers go on as if it had
//! never been sent.
//!
//! Packets are left out only at the front of the stream. One that comes late keeps the place that
//! was reserved for it, whatever layer it turns out to be of. Two rings say where everything of
//! the last packets went, in both directions, so that repetitions are what they were.

/// Packets that are remembered; as many as a NACK can speak of.
const MEMORY: usize = 1_024;

const LEFT_OUT: u8 = 1;
const MARKED: u8 = 2;

/// See the module header.
#[derive(Debug)]
pub(super) struct Skips {
    /// Left out since the beginning of the segment.
    count: u64,
    /// Left out before an index of the source.
    before: Box<[u16; MEMORY]>,
    flags: Box<[u8; MEMORY]>,
    /// The index that went out with a number, cut to 32 bits.
    index_of: Box<[u32; MEMORY]>,
    /// Numbers before this one were given without leaving anything out.
    from: u64,
}

impl Skips {
    /// Nothing left out yet; the next number is `next`.
    pub(super) fn new(next: u64) -> Self {
        Self {
            count: 0,
            before: Box::new([0; MEMORY]),
            flags: Box::new([0; MEMORY]),
            index_of: Box::new([0; MEMORY]),
            from: next,
        }
    }

    /// Another segment begins, whose indexes mean something else.
    pub(super) fn restart(&mut self) {
        self.count = 0;
        self.before.fill(0);
        self.flags.fill(0);
    }

    /// Left out since the beginning of the segment.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// `index` goes out with the number `out`.
    pub(super) fn give(&mut self, index: u64, out: u64) {
        let at = index as usize % MEMORY;
        self.before[at] = self.count as u16;
        self.flags[at] = 0;
        self.index_of[out as usize % MEMORY] = index as u32;
    }

    /// `index` is left out.
    pub(super) fn leave_out(&mut self, index: u64) {
        let at = index as usize % MEMORY;
        self.before[at] = self.count as u16;
        self.flags[at] = LEFT_OUT;
        self.count += 1;
    }

    /// How many were left out before `index`, which is `back` behind the newest one. `None` when
    /// it was left out itself or is forgotten.
    pub(super) fn before(&self, index: u64, back: u64) -> Option<u64> {
        let at = index as usize % MEMORY;
        if back >= MEMORY as u64 || self.flags[at] & LEFT_OUT != 0 {
            return None;
        }
        let since = (self.count as u16).wrapping_sub(self.before[at]);
        self.count.checked_sub(u64::from(since))
    }

    /// The marker bit of `index` was set for this viewer.
    pub(super) fn mark(&mut self, index: u64) {
        self.flags[index as usize % MEMORY] |= MARKED;
    }

    /// Whether the marker bit of `index` was set for this viewer.
    pub(super) fn is_marked(&self, index: u64) -> bool {
        self.flags[index as usize % MEMORY] & MARKED != 0
    }

    /// The index that went out with `out`, which is `back` behind the newest number; `least` is
    /// what it would be if nothing had been left out. `None` when it is forgotten.
    pub(super) fn index_of(&self, out: u64, back: u64, least: u64) -> Option<u64> {
        if out < self.from {
            return Some(least);
        }
        if back >= MEMORY as u64 {
            return None;
        }
        let low = self.index_of[out as usize % MEMORY];
        Some(least + u64::from(low.wrapping_sub(least as u32)))
    }
}
