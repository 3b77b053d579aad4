//! A publisher's sequence numbers made plain: extended to 64 bits, without the packets that carry
//! padding only, and with wild jumps told apart from loss.
//!
//! The places that it gives out (`index`) are what rings and viewers count by. A padding-only
//! packet takes no place when it comes in order; one that comes late fills the hole that was left
//! for it, since viewers have counted it already.

use std::collections::VecDeque;
use std::ops::Range;

use crate::limits::{MAX_SEQUENCE_GAP, MAX_SKIPS, VIDEO_RING};

/// See the module header.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    highest: Option<u64>,
    /// Padding-only packets that took no place, ascending.
    skips: VecDeque<u64>,
    /// How many skips were forgotten, and up to which sequence number.
    forgotten: u64,
    floor: u64,
    /// The number that would confirm a jump.
    jump: Option<u16>,
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
            self.skip(extended);
            return Place::Skipped { extended, gap };
        }
        let index = extended - self.forgotten - self.skips.len() as u64;
        Place::At {
            index,
            extended,
            gap,
        }
    }

    fn place_old(&self, extended: u64) -> Place {
        let before = match self.skips.binary_search(&extended) {
            Ok(_) => return Place::Duplicate,
            Err(before) => before as u64,
        };
        if extended <= self.floor {
            return Place::Late;
        }
        let index = extended - self.forgotten - before;
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

    fn skip(&mut self, extended: u64) {
        if self.skips.len() == MAX_SKIPS
            && let Some(oldest) = self.skips.pop_front()
        {
            self.forgotten += 1;
            self.floor = oldest;
        }
        self.skips.push_back(extended);
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
