//! The bitrate that arrived, by the receiver's clock: a sliding half second in ten parts.

const PARTS: usize = 10;
const PART_US: i64 = 50_000;
/// Before so much was seen there is no rate.
const ENOUGH_US: i64 = 3 * PART_US;

/// See the module header.
pub(super) struct Acked {
    parts: [u32; PARTS],
    /// Number of the newest part since the receiver's clock began.
    newest: Option<i64>,
    first: i64,
}

impl Acked {
    pub(super) fn new() -> Self {
        Self {
            parts: [0; PARTS],
            newest: None,
            first: 0,
        }
    }

    /// `size` bytes arrived at `arrival` microseconds.
    pub(super) fn note(&mut self, arrival: i64, size: u16) {
        let part = arrival.div_euclid(PART_US);
        let newest = *self.newest.get_or_insert_with(|| {
            self.first = part;
            part
        });
        if part > newest + 4 * PARTS as i64 {
            // Nothing came for so long that what came before says nothing any more.
            self.first = part;
        }
        for passed in (newest + 1..=part).take(PARTS) {
            self.parts[passed.rem_euclid(PARTS as i64) as usize] = 0;
        }
        if part > newest {
            if part - newest > PARTS as i64 {
                self.parts = [0; PARTS];
            }
            self.newest = Some(part);
        } else if newest - part >= PARTS as i64 {
            return;
        }
        self.parts[part.rem_euclid(PARTS as i64) as usize] += u32::from(size);
    }

    /// Bits a second over the whole window.
    pub(super) fn bitrate(&self) -> Option<u64> {
        self.over(PARTS as i64 - 1)
    }

    /// Bits a second while the way was busiest: over the window or its end. What a source that
    /// sends in bursts gets through a full way shows at the end.
    pub(super) fn busiest(&self) -> Option<u64> {
        self.bitrate().max(self.over(ENOUGH_US / PART_US))
    }

    /// Over the latest `parts` that are over.
    fn over(&self, parts: i64) -> Option<u64> {
        let newest = self.newest?;
        let parts = (newest - self.first).min(parts);
        if parts * PART_US < ENOUGH_US {
            return None;
        }
        let bytes: u64 = (newest - parts..newest)
            .map(|part| u64::from(self.parts[part.rem_euclid(PARTS as i64) as usize]))
            .sum();
        Some(bytes * 8 * 1_000_000 / (parts * PART_US) as u64)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_window_slides() {
        let mut acked = Acked::new();
        let mut at = 123_456_789;
        for _ in 0..200 {
            acked.note(at, 1_250);
            at += 10_000;
        }
        assert_eq!(acked.bitrate(), Some(1_000_000));
        for _ in 0..25 {
            acked.note(at, 2_500);
            at += 10_000;
        }
        assert_eq!(acked.busiest(), Some(2_000_000));
        assert!(acked.bitrate() < Some(1_700_000));
        for _ in 0..60 {
            acked.note(at, 125);
            at += 10_000;
        }
        assert_eq!(acked.bitrate(), Some(100_000));
        // A silence longer than the window.
        acked.note(at + 5_000_000, 125);
        assert_eq!(acked.bitrate(), None);
    }
}
