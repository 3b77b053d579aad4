//! A publisher's sequence numbers made plain: extended to 64 bits, without the packets that carry
//! padding only, and with wild jumps told apart from loss.
//!
//! The places that it gives out (`index`) are what rings and viewers count by. A padding-only
//! packet takes no place when it comes in order; one that comes late fills the hole that was left
//! for it, since viewers have counted it already. Packets of our own get places between two others.

use std::collections::VecDeque;
use std::ops::Range;

use crate::limits::{MAX_SEQUENCE_GAP, MAX_SHIFTS, VIDEO_RING};

/// See the module header.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    highest: Option<u64>,
    /// Where places and numbers drift apart, ascending.
    shifts: VecDeque<Shift>,
    /// Sum of all shifts, and of those that were forgotten up to which number.
    shift: i64,
    forgotten: i64,
    floor: u64,
    /// The number that would confirm a jump.
    jump: Option<u16>,
}

/// Places from the number `at` on are moved by so many: -1 where padding took none, more than 0
/// where packets of our own stand in front.
#[derive(Clone, Copy, Debug)]
struct Shift {
    at: u64,
    by: i64,
}

/// Where a packet belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// At `index`; `extended` is its own number and `gap` the numbers that it jumped over.
    At {
        index: u64,
        extended: u64,
        gap: Range<u64>,
    },
    /// Padding without a place.
    Skipped { extended: u64, gap: Range<u64> },
    /// Padding that came before.
    Duplicate,
    /// Too old to have a place.
    Late,
    /// Far off. Dropped; if the next packet follows it, that one is a [`Place::Restart`].
    Wild,
    /// The source counts anew from here: begin with a new `Sequence` and place the packet there.
    Restart,
}

impl Sequence {
    /// Places the next packet to arrive.
    pub(crate) fn place(&mut self, sequence: u16, padding_only: bool) -> Place {
        let Some(highest) = self.highest else {
            let extended = (1 << 32) | u64::from(sequence);
            // The first packet always has a place, so that there is something to count from.
            self.highest = Some(extended);
            return Place::At {
                index: extended,
                extended,
                gap: extended..extended,
            };
        };
        let ahead = sequence.wrapping_sub(highest as u16);
        if ahead == 0 || ahead >= 1 << 15 {
            let back = u64::from(0u16.wrapping_sub(ahead));
            if back >= VIDEO_RING as u64 {
                return self.far_off(sequence);
            }
            return self.place_old(highest - back);
        }
        if ahead > MAX_SEQUENCE_GAP {
            return self.far_off(sequence);
        }
        self.jump = None;
        let extended = highest + u64::from(ahead);
        let gap = highest + 1..extended;
        self.highest = Some(extended);
        if padding_only {
            self.shift_from(extended, -1);
            return Place::Skipped { extended, gap };
        }
        let index = extended.wrapping_add_signed(self.shift);
        Place::At {
            index,
            extended,
            gap,
        }
    }

    /// Makes room for `count` packets in front of the newest one, which was at `index`. Returns
    /// its new place.
    pub(crate) fn insert(&mut self, index: u64, count: usize) -> u64 {
        if let Some(highest) = self.highest {
            self.shift_from(highest, count as i64);
        }
        index + count as u64
    }

    /// Whether a number can be placed without being a jump.
    pub(crate) fn is_near(&self, sequence: u16) -> bool {
        self.highest.is_some_and(|highest| {
            let ahead = sequence.wrapping_sub(highest as u16);
            ahead <= MAX_SEQUENCE_GAP || usize::from(0u16.wrapping_sub(ahead)) < VIDEO_RING
        })
    }

    /// Whether nothing newer has come.
    pub(crate) fn is_newest(&self, extended: u64) -> bool {
        self.highest == Some(extended)
    }

    fn place_old(&self, extended: u64) -> Place {
        let before = self.shifts.partition_point(|shift| shift.at <= extended);
        let mut known = self.shifts.range(..before);
        if known
            .clone()
            .next_back()
            .is_some_and(|last| last.at == extended && last.by < 0)
        {
            return Place::Duplicate;
        }
        if extended <= self.floor {
            return Place::Late;
        }
        let shift = known.try_fold(self.forgotten, |sum, shift| sum.checked_add(shift.by));
        let index = extended.wrapping_add_signed(shift.unwrap_or_default());
        Place::At {
            index,
            extended,
            gap: extended..extended,
        }
    }

    fn far_off(&mut self, sequence: u16) -> Place {
        if self.jump == Some(sequence) {
            return Place::Restart;
        }
        self.jump = Some(sequence.wrapping_add(1));
        Place::Wild
    }

    fn shift_from(&mut self, at: u64, by: i64) {
        if self.shifts.len() == MAX_SHIFTS
            && let Some(oldest) = self.shifts.pop_front()
        {
            self.forgotten += oldest.by;
            self.floor = oldest.at;
        }
        self.shifts.push_back(Shift { at, by });
        self.shift += by;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn index(place: Place) -> u64 {
        match place {
            Place::At { index, .. } => index,
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn numbers_go_on_over_the_wrap() {
        let mut sequence = Sequence::default();
        let first = index(sequence.place(0xfffe, false));
        assert_eq!(index(sequence.place(0xffff, false)), first + 1);
        let gap = first + 2..first + 3;
        assert_eq!(
            sequence.place(1, false),
            Place::At {
                index: first + 3,
                extended: first + 3,
                gap
            }
        );
        assert_eq!(index(sequence.place(0, false)), first + 2);
        assert_eq!(index(sequence.place(0xfffd, false)), first - 1);
    }

    #[test]
    fn padding_takes_no_place_in_order_and_fills_holes_late() {
        let mut sequence = Sequence::default();
        let first = index(sequence.place(10, false));
        assert!(matches!(sequence.place(11, true), Place::Skipped { .. }));
        assert_eq!(sequence.place(11, true), Place::Duplicate);
        assert_eq!(index(sequence.place(12, false)), first + 1);
        assert_eq!(index(sequence.place(14, false)), first + 3);
        assert_eq!(index(sequence.place(13, true)), first + 2);
        assert_eq!(index(sequence.place(9, false)), first - 1);
    }

    #[test]
    fn packets_of_our_own_get_places_between_others() {
        let mut sequence = Sequence::default();
        let first = index(sequence.place(10, false));
        let bare = index(sequence.place(12, false));
        assert_eq!(sequence.insert(bare, 2), first + 4);
        assert_eq!(index(sequence.place(13, false)), first + 5);
        assert_eq!(index(sequence.place(12, false)), first + 4, "a duplicate");
        assert_eq!(index(sequence.place(11, false)), first + 1, "a late one");
        for at in 0..3 * MAX_SHIFTS as u16 {
            let place = index(sequence.place(14 + at, false));
            assert_eq!(place, first + 6 + 2 * u64::from(at));
            assert_eq!(sequence.insert(place, 1), place + 1);
        }
        assert_eq!(
            sequence.place(12, false),
            Place::Late,
            "too long ago to tell"
        );
    }

    #[test]
    fn a_wild_jump_needs_confirmation() {
        let mut sequence = Sequence::default();
        let first = index(sequence.place(100, false));
        assert_eq!(sequence.place(20_000, false), Place::Wild);
        assert_eq!(index(sequence.place(101, false)), first + 1);
        assert_eq!(sequence.place(20_001, false), Place::Wild);
        assert_eq!(sequence.place(20_002, false), Place::Restart);
    }

    proptest! {
        /// Whatever the order, every media packet gets a place of its own, and in a stream
        /// without reordering the places have no holes.
        #[test]
        fn places_are_unique(
            start in any::<u16>(),
            padding in proptest::collection::vec(any::<bool>(), 2..300),
            swaps in proptest::collection::vec(0usize..300, 0..40),
        ) {
            let mut order: Vec<usize> = (0..padding.len()).collect();
            for at in &swaps {
                let at = at % (order.len() - 1);
                order.swap(at, at + 1);
            }
            let mut sequence = Sequence::default();
            let (mut seen, mut holes) = (BTreeSet::new(), 0u64);
            for at in order {
                match sequence.place(start.wrapping_add(at as u16), padding[at]) {
                    Place::At { index, gap, .. } => {
                        prop_assert!(seen.insert(index));
                        holes += gap.end - gap.start;
                    }
                    Place::Skipped { gap, .. } => holes += gap.end - gap.start,
                    Place::Late => {}
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            let (first, last) = (*seen.first().unwrap(), *seen.last().unwrap());
            if swaps.is_empty() {
                prop_assert_eq!(holes, 0);
                prop_assert_eq!(last - first + 1, seen.len() as u64);
            }
        }
    }
}
