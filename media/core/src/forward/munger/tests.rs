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

#[test]
fn a_changed_pace_keeps_numbers_and_meets_at_the_seam() {
    let now = Instant::now();
    let mut munger = Munger::new(0);
    munger.anchor(now, source(1), 10, 9_000, 90_000, 96);
    assert_eq!(munger.map(now, 10, 9_000), Some((0, 9_000)));
    // From packet 12 on, a sixth of the time.
    munger.rescale(12, 9_000, 0, Scale { out: 1, of: 6 });
    assert_eq!(munger.map(now, 12, 12_000), Some((2, 9_500)));
    assert_eq!(munger.map(now, 14, 18_000), Some((4, 10_500)));
    munger.rescale(15, 18_000, 0, Scale::ONE);
    assert_eq!(
        munger.map(now, 15, 18_000),
        Some((5, 10_500)),
        "the same frame"
    );
    assert_eq!(munger.map(now, 16, 21_000), Some((6, 13_500)));
    // Late ones get what they would have got.
    assert_eq!(munger.map(now, 13, 15_000), Some((3, 10_000)));
    assert_eq!(munger.map(now, 11, 9_000), Some((1, 9_000)));
    assert_eq!(munger.map(now, 9, 6_000), None, "before the anchor");
    let (segment, index) = munger.unmap(3).unwrap();
    assert_eq!((segment.timestamp(15_000), index), (10_000, 13));
    munger.anchor(now, source(2), 15, 0, 90_000, 96);
    assert_eq!(munger.map(now, 14, 18_000), None, "of another source");
}

proptest! {
    /// Over any switches and changes of pace, whatever part is left out, numbers are used once,
    /// and whatever is asked for again looks as it did.
    #[test]
    fn numbers_are_never_used_twice(
        seed in any::<u64>(),
        left_out in 0u64..3,
        segments in proptest::collection::vec(
            (any::<bool>(), any::<u32>(), any::<u32>(), (1u32..2_000, 1u32..14_000),
             proptest::collection::vec(0u64..6, 1..40)), 1..8),
    ) {
        let mut munger = Munger::new(seed);
        let mut now = Instant::now();
        let mut used = std::collections::BTreeMap::new();
        let mut indexes = std::collections::BTreeSet::new();
        let (mut highest, mut origin, mut publisher) = (0, (0, 0), 0);
        // 33 ms a frame of two packets.
        let at = |origin: (u64, u32), index: u64| {
            let frames = (index / 2) as i64 - (origin.0 / 2) as i64;
            origin.1.wrapping_add((frames * 3_000) as u32)
        };
        for (number, (switch, first, timestamp, scale, steps)) in segments.iter().enumerate() {
            let mut index;
            if *switch || number == 0 {
                (publisher, index) = (publisher + 1, u64::from(*first) + 100);
                (origin, highest) = ((index, *timestamp), index);
                indexes.clear();
                munger.anchor(now, source(publisher), index, *timestamp, 90_000, 96);
            } else {
                // Nothing from the seam on has been sent.
                index = highest + 1;
                let seam = at(origin, index);
                let before = munger.current().unwrap().timestamp(seam);
                munger.rescale(index, seam, 0, Scale { out: scale.0, of: scale.1 });
                prop_assert_eq!(munger.current().unwrap().timestamp(seam), before);
            }
            for step in steps {
                // A step back is a late packet.
                index = if *step == 0 { index.saturating_sub(3) } else { index + step };
                highest = highest.max(index);
                let timestamp = at(origin, index);
                if indexes.contains(&index) { continue; }
                if index % 3 < left_out && munger.is_front(index) {
                    munger.skip(index);
                    indexes.insert(index);
                    continue;
                }
                let Some((out, told)) = munger.map(now, index, timestamp) else {
                    continue;
                };
                indexes.insert(index);
                let before = used.insert(out, (source(publisher), index, timestamp, told));
                prop_assert_eq!(before, None);
                now += Duration::from_millis(5);
            }
            for (out, (source, index, timestamp, told)) in &used {
                let Some((segment, unmapped)) = munger.unmap(*out) else {
                    continue;
                };
                if munger.segments.iter().any(|s| s.source == *source) && segment.source == *source {
                    prop_assert_eq!(unmapped, *index);
                    prop_assert_eq!(segment.timestamp(*timestamp), *told, "a resend is the same");
                }
            }
        }
    }
}
