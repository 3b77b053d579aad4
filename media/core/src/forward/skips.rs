//! What a viewer of a part of a scalable stream was not given: sequence numbers go on as if it had
//! never been sent.
//!
//! Packets are left out only at the front of the stream. One that comes late keeps the place that
//! was reserved for it, whatever layer it turns out to be of. Two rings say where everything of
//! the last packets went, in both directions, so that repetitions are what they were.

/// Packets that are remembered; as many as a NACK can speak of.
const MEMORY: usize = 1_024;

/// See the module header.
#[derive(Debug)]
pub(super) struct Skips {
    /// Left out since the beginning of the segment.
    count: u64,
    /// Left out before an index of the source.
    before: Box<[u16; MEMORY]>,
    left_out: Box<[bool; MEMORY]>,
    /// The index that went out with a number, cut to 32 bits.
    index_of: Box<[u32; MEMORY]>,
    /// Whether its marker bit was set for this viewer only.
    marked: Box<[bool; MEMORY]>,
    /// Numbers before this one were given without leaving anything out.
    from: u64,
}

impl Skips {
    /// Nothing left out yet; the next number is `next`.
    pub(super) fn new(next: u64) -> Self {
        Self {
            count: 0,
            before: Box::new([0; MEMORY]),
            left_out: Box::new([false; MEMORY]),
            index_of: Box::new([0; MEMORY]),
            marked: Box::new([false; MEMORY]),
            from: next,
        }
    }

    /// Another segment begins, whose indexes mean something else.
    pub(super) fn restart(&mut self) {
        self.count = 0;
        self.before.fill(0);
        self.left_out.fill(false);
    }

    /// Left out since the beginning of the segment.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// `index` goes out with the number `out`.
    pub(super) fn give(&mut self, index: u64, out: u64) {
        let at = index as usize % MEMORY;
        self.before[at] = self.count as u16;
        self.left_out[at] = false;
        self.index_of[out as usize % MEMORY] = index as u32;
        self.marked[out as usize % MEMORY] = false;
    }

    /// `index` is left out.
    pub(super) fn leave_out(&mut self, index: u64) {
        let at = index as usize % MEMORY;
        self.before[at] = self.count as u16;
        self.left_out[at] = true;
        self.count += 1;
    }

    /// How many were left out before `index`, which is `back` behind the newest one. `None` when
    /// it was left out itself or is forgotten.
    pub(super) fn before(&self, index: u64, back: u64) -> Option<u64> {
        let at = index as usize % MEMORY;
        if back >= MEMORY as u64 || self.left_out[at] {
            return None;
        }
        let since = (self.count as u16).wrapping_sub(self.before[at]);
        self.count.checked_sub(u64::from(since))
    }

    /// The marker bit of `out` was set for this viewer.
    pub(super) fn mark(&mut self, out: u64) {
        self.marked[out as usize % MEMORY] = true;
    }

    /// Whether the marker bit of `out` was set for this viewer; it is `back` behind the newest.
    pub(super) fn is_marked(&self, out: u64, back: u64) -> bool {
        out >= self.from && back < MEMORY as u64 && self.marked[out as usize % MEMORY]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_agree_over_what_was_left_out() {
        let mut skips = Skips::new(100);
        // Every third index is left out.
        let mut out = 100;
        for index in 500..2_000u64 {
            if index % 3 == 0 {
                skips.leave_out(index);
            } else {
                skips.give(index, out);
                out += 1;
            }
        }
        let newest = out - 1;
        let mut at = 500;
        for number in 100..out {
            while at % 3 == 0 {
                at += 1;
            }
            let least = 500 + (number - 100);
            let found = skips.index_of(number, newest - number, least);
            let known = newest - number < MEMORY as u64;
            assert_eq!(found, known.then_some(at));
            at += 1;
        }
        assert_eq!(skips.before(1_500, 499), None, "left out");
        assert_eq!(skips.before(1_501, 498), Some(334));
        assert_eq!(skips.before(600, 1_399), None, "forgotten");
        assert_eq!(skips.index_of(99, newest - 99, 499), Some(499));
    }

    #[test]
    fn a_mark_ends_with_its_place() {
        let mut skips = Skips::new(7);
        skips.give(70, 7);
        skips.mark(7);
        assert!(skips.is_marked(7, 0));
        assert!(!skips.is_marked(6, 1), "before anything was left out");
        skips.restart();
        assert!(skips.is_marked(7, 5), "numbers outlive their segment");
        skips.give(71, 7 + MEMORY as u64);
        assert!(!skips.is_marked(7 + MEMORY as u64, 0));
    }
}
