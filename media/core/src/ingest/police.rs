//! How much one publisher may send: a bucket that fills at the highest bitrate that is taken in.
//!
//! The bucket is deep, because encoders send keyframes at ten times their bitrate; what goes
//! beyond it is refused packet by packet, so that one host cannot use up the shard of others.

use std::time::Instant;

use crate::limits::{INGEST_BITRATE, INGEST_BURST_BYTES, NACK_INTERVAL};

/// See the module header.
#[derive(Debug)]
pub(super) struct Police {
    /// Bytes that may come at once.
    room: u64,
    /// Up to when the bucket was filled.
    filled: Instant,
    refused: Option<Instant>,
}

impl Police {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            room: INGEST_BURST_BYTES,
            filled: now,
            refused: None,
        }
    }

    /// Whether a packet of so many bytes is taken in.
    pub(super) fn allows(&mut self, now: Instant, bytes: usize) -> bool {
        let passed = now.saturating_duration_since(self.filled).as_micros();
        let earned = passed.min(u128::from(u32::MAX)) as u64 * (INGEST_BITRATE / 8) / 1_000_000;
        // Fractions of a byte wait for the next packet.
        if earned > 0 {
            self.room = (self.room + earned).min(INGEST_BURST_BYTES);
            self.filled = now;
        }
        let allows = self.room >= bytes as u64;
        if allows {
            self.room -= bytes as u64;
        } else {
            self.refused = Some(now);
        }
        allows
    }

    /// Whether something was refused just now: then what is missing must not be asked for again.
    pub(super) fn is_busy(&self, now: Instant) -> bool {
        self.refused
            .is_some_and(|refused| now.saturating_duration_since(refused) <= 2 * NACK_INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use std::time::Duration;

    use super::*;

    #[test]
    fn o10_a_burst_passes_and_b_r8_ten_times_the_bitrate_does_not() {
        let start = Instant::now();
        let mut police = Police::new(start);
        // A keyframe of two megabytes at once.
        assert!((0..1_700).all(|_| police.allows(start, 1_200)));
        assert!(!police.is_busy(start));
        let (mut taken, mut now) = (0u64, start);
        for _ in 0..100_000 {
            now += Duration::from_micros(24);
            taken += u64::from(police.allows(now, 1_200)) * 1_200;
        }
        let seconds = (now - start).as_secs_f64();
        let fair = INGEST_BITRATE as f64 / 8.0 * seconds + INGEST_BURST_BYTES as f64;
        assert!((taken as f64) < fair, "{taken} of {fair}");
        assert!((taken as f64) > 0.6 * fair, "{taken} of {fair}");
        assert!(police.is_busy(now));
        now += Duration::from_secs(1);
        assert!(police.allows(now, 1_200) && !police.is_busy(now));
    }
}
