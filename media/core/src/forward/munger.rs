//! One viewer's sequence numbers and timestamps over all sources that it is given.
//!
//! A viewer sees one SSRC whose numbers never jump, while publishers come and go. Each source that
//! it follows is a segment with fixed offsets, so a resend is byte for byte what was sent before
//! (AES-GCM must never seal two different packets with one number). The last segments are kept to
//! answer NACKs.

use std::collections::VecDeque;
use std::time::Instant;

use crate::border::Source;

/// Segments that are remembered.
const SEGMENTS: usize = 3;
/// What the clock moves on by at least when the source changes, as a part of a second.
const MIN_STEP: u32 = 50;

/// See the module header.
#[derive(Debug)]
pub(crate) struct Munger {
    segments: VecDeque<Segment>,
    next: u64,
    last: Option<(u32, Instant)>,
}

/// One source as the viewer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) source: Source,
    pub(crate) pt: u8,
    first_index: u64,
    first_out: u64,
    timestamp_offset: u32,
}

impl Segment {
    /// The first packet of the source that belongs to it.
    pub(crate) fn first_index(&self) -> u64 {
        self.first_index
    }

    /// What a packet of this segment looks like to the viewer.
    pub(crate) fn timestamp(&self, timestamp: u32) -> u32 {
        timestamp.wrapping_add(self.timestamp_offset)
    }
}

impl Munger {
    /// `seed` chooses the first sequence number.
    pub(crate) fn new(seed: u64) -> Self {
        // Below 2^15, so that receivers cannot mistake an early loss for a wrap-around.
        let next = (1 << 32) | (seed & 0x7fff);
        Self {
            segments: VecDeque::with_capacity(SEGMENTS),
            next,
            last: None,
        }
    }

    /// The highest number that was used.
    pub(crate) fn newest(&self) -> Option<u16> {
        self.last.map(|_| (self.next - 1) as u16)
    }

    /// The source that is followed now.
    pub(crate) fn current(&self) -> Option<&Segment> {
        self.segments.back()
    }

    /// Follows `source` from its packet `index` with `timestamp` on.
    pub(crate) fn anchor(
        &mut self,
        now: Instant,
        source: Source,
        index: u64,
        timestamp: u32,
        clock_rate: u32,
        pt: u8,
    ) {
        let timestamp_offset = match self.last {
            None => 0,
            Some((last, at)) => {
                let elapsed = now.saturating_duration_since(at).as_micros();
                let ticks = (elapsed * u128::from(clock_rate) / 1_000_000) as u32;
                let target = last.wrapping_add(ticks.max(clock_rate / MIN_STEP));
                target.wrapping_sub(timestamp)
            }
        };
        if self.segments.len() == SEGMENTS {
            self.segments.pop_front();
        }
        let first_out = self.next;
        self.segments.push_back(Segment {
            source,
            pt,
            first_index: index,
            first_out,
            timestamp_offset,
        });
    }

    /// Sequence number and timestamp of a packet of the current source. `None` when it lies before
    /// the place where the viewer began to follow.
    pub(crate) fn map(&mut self, now: Instant, index: u64, timestamp: u32) -> Option<(u16, u32)> {
        let segment = self.segments.back()?;
        let out = segment.first_out + index.checked_sub(segment.first_index)?;
        let timestamp = segment.timestamp(timestamp);
        if out >= self.next {
            self.next = out + 1;
            self.last = Some((timestamp, now));
        }
        Some((out as u16, timestamp))
    }

    /// The segment and source index of something sent before. `None` for a number that was never
    /// used or is forgotten.
    pub(crate) fn unmap(&self, sequence: u16) -> Option<(&Segment, u64)> {
        let newest = self.next.checked_sub(1)?;
        let back = u64::from((newest as u16).wrapping_sub(sequence));
        let out = newest.checked_sub(back).filter(|_| back < 1 << 15)?;
        let segment = self
            .segments
            .iter()
            .rev()
            .find(|segment| segment.first_out <= out)?;
        Some((segment, segment.first_index + (out - segment.first_out)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::disallowed_methods)]
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::border::PeerId;

    fn source(publisher: u64) -> Source {
        Source {
            publisher: PeerId(publisher),
            generation: 1,
            layer: 0,
        }
    }

    #[test]
    fn a_switch_continues_numbers_and_time() {
        let mut now = Instant::now();
        let mut munger = Munger::new(0x1234);
        munger.anchor(now, source(1), 500, 9_000, 90_000, 96);
        assert_eq!(munger.map(now, 500, 9_000), Some((0x1234, 9_000)));
        assert_eq!(munger.map(now, 501, 12_000), Some((0x1235, 12_000)));
        assert_eq!(munger.map(now, 499, 6_000), None, "before the anchor");
        now += Duration::from_secs(2);
        munger.anchor(now, source(2), 7, u32::MAX - 5, 90_000, 97);
        assert_eq!(munger.map(now, 7, u32::MAX - 5), Some((0x1236, 192_000)));
        assert_eq!(
            munger.unmap(0x1235).map(|(s, i)| (s.source, s.pt, i)),
            Some((source(1), 96, 501))
        );
        assert_eq!(
            munger.unmap(0x1236).map(|(s, i)| (s.source, s.pt, i)),
            Some((source(2), 97, 7))
        );
        assert_eq!(munger.unmap(0x1237), None, "never sent");
        assert_eq!(munger.unmap(0x1233), None, "before the beginning");
    }

    #[test]
    fn time_moves_on_even_when_a_switch_takes_none() {
        let now = Instant::now();
        let mut munger = Munger::new(0);
        munger.anchor(now, source(1), 1, 100, 90_000, 96);
        munger.map(now, 1, 100);
        munger.anchor(now, source(2), 1, 100, 90_000, 96);
        assert_eq!(munger.map(now, 1, 100), Some((1, 1_900)));
    }

    proptest! {
        /// Over any switches, numbers used are without reuse, and unmapping inverts mapping for
        /// everything that is remembered.
        #[test]
        fn numbers_are_never_used_twice(
            seed in any::<u64>(),
            segments in proptest::collection::vec(
                (any::<u32>(), any::<u32>(), proptest::collection::vec(0u64..6, 1..40)), 1..6),
        ) {
            let mut munger = Munger::new(seed);
            let mut now = Instant::now();
            let (mut used, mut newest) = (std::collections::BTreeMap::new(), None);
            for (at, (first, timestamp, steps)) in segments.iter().enumerate() {
                let (source, first) = (source(at as u64), u64::from(*first));
                munger.anchor(now, source, first, *timestamp, 90_000, 96);
                let mut index = first;
                let mut indexes = std::collections::BTreeSet::new();
                for step in std::iter::once(&1).chain(steps) {
                    // A step back is a late packet.
                    index = if *step == 0 { index.saturating_sub(1).max(first) } else { index + step - 1 };
                    if !indexes.insert(index) { continue; }
                    let (out, _) = munger.map(now, index, *timestamp).unwrap();
                    prop_assert_eq!(used.insert(out, (source, index)), None);
                    prop_assert!(newest.is_none() || indexes.len() > 1 || newest.unwrap() + 1 == out);
                    let ahead = newest.is_none_or(|newest: u16| out.wrapping_sub(newest) < 1 << 15);
                    if ahead { newest = Some(out); }
                    now += Duration::from_millis(5);
                }
                let recent = segments.len() - at <= SEGMENTS;
                for (out, (source, index)) in &used {
                    if recent && munger.segments.iter().any(|s| s.source == *source) {
                        let (segment, unmapped) = munger.unmap(*out).unwrap();
                        prop_assert_eq!((segment.source, unmapped), (*source, *index));
                    }
                }
            }
        }
    }
}
