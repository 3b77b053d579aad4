//! How much one publisher may send: a bucket that fills at twice the bitrate that its offer
//! announced, or at the highest that is taken in.
//!
//! The bucket is deep, because encoders send keyframes at ten times their bitrate; what goes
//! beyond it is refused packet by packet, so that one host cannot use up the shard of others.

use std::time::Instant;

use crate::limits::{INGEST_BITRATE, INGEST_BURST, INGEST_HEADROOM, INGEST_LEAST, NACK_INTERVAL};

/// See the module header.
#[derive(Debug)]
pub(super) struct Police {
    /// Bytes a second.
    rate: u64,
    /// Bytes that may come at once, and at most.
    room: u64,
    depth: u64,
    /// Up to when the bucket was filled.
    filled: Instant,
    refused: Option<Instant>,
}

impl Police {
    /// For a publisher that announced so many bits a second, if it did.
    pub(super) fn new(now: Instant, announced: Option<u64>) -> Self {
        let bitrate = announced.map_or(INGEST_BITRATE, |bitrate| {
            let most = bitrate.saturating_mul(INGEST_HEADROOM);
            most.clamp(INGEST_LEAST, INGEST_BITRATE)
        });
        let rate = bitrate / 8;
        let depth = rate * INGEST_BURST.as_millis() as u64 / 1_000;
        Self {
            rate,
            room: depth,
            depth,
            filled: now,
            refused: None,
        }
    }

    /// Whether a packet of so many bytes is taken in.
    pub(super) fn allows(&mut self, now: Instant, bytes: usize) -> bool {
        let passed = now.saturating_duration_since(self.filled).as_micros();
        let earned = passed.min(u128::from(u32::MAX)) as u64 * self.rate / 1_000_000;
        // Fractions of a byte wait for the next packet.
        if earned > 0 {
            self.room = (self.room + earned).min(self.depth);
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
        let mut police = Police::new(start, None);
        // A keyframe of two megabytes at once.
        assert!((0..1_700).all(|_| police.allows(start, 1_200)));
        assert!(!police.is_busy(start));
        let (mut taken, mut now) = (0u64, start);
        for _ in 0..100_000 {
            now += Duration::from_micros(24);
            taken += u64::from(police.allows(now, 1_200)) * 1_200;
        }
        let seconds = (now - start).as_secs_f64();
        let fair = INGEST_BITRATE as f64 / 8.0 * (seconds + INGEST_BURST.as_secs_f64());
        assert!((taken as f64) < fair, "{taken} of {fair}");
        assert!((taken as f64) > 0.6 * fair, "{taken} of {fair}");
        assert!(police.is_busy(now));
        now += Duration::from_secs(1);
        assert!(police.allows(now, 1_200) && !police.is_busy(now));
    }

    #[test]
    fn b_r8_an_announced_bitrate_is_the_measure() {
        let start = Instant::now();
        for (announced, rate) in [
            (0, INGEST_LEAST),
            (4_000_000, 8_000_000),
            (u64::MAX, INGEST_BITRATE),
        ] {
            let mut police = Police::new(start, Some(announced));
            let taken = |police: &mut Police, millis: u64| -> u64 {
                let now = start + Duration::from_millis(millis);
                (0..60)
                    .map(|_| u64::from(police.allows(now, 1_200)) * 1_200)
                    .sum()
            };
            // 58 Mbit/s for ten seconds; the first one is the burst.
            let all: u64 = (0..10_000)
                .step_by(10)
                .map(|at| taken(&mut police, at))
                .sum();
            let fair = 11 * rate / 8;
            assert!(all <= fair && all * 10 >= fair * 9, "{all} of {fair}");
        }
    }
}
