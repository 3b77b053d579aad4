//! The rate that follows the delay: down to a part of what arrives when a queue grows, up slowly
//! otherwise (draft-ietf-rmcat-gcc-02 section 5.5).
//!
//! Near the rate at which the way was full before, it grows by about a packet a round trip; far
//! from it, by eight percent a second. It never grows far beyond what arrives: that would be hope.

use super::trend::Usage;
use crate::limits::{MAX_BITRATE, MIN_ESTIMATE};

/// What is left of the arriving rate when a queue grows.
const BACK_OFF: f64 = 0.85;
/// Growth a second, far from where the way was full.
const GROWTH: f64 = 0.08;
/// The part of what arrives that is believed at once.
const PROVEN: f64 = 0.95;
/// The least growth a second near that rate.
const SLOW_GROWTH: f64 = 0.04;
/// Bits of a packet, for the slow growth.
const PACKET_BITS: f64 = 8.0 * 1_200.0;
/// Two decreases are at least a round trip apart, within these bounds.
const PAUSE_US: (i64, i64) = (50_000, 300_000);

/// See the module header.
pub(super) struct Rate {
    bitrate: f64,
    /// Mean of what arrived when the way was full, and its normalised variance.
    full: Option<(f64, f64)>,
    hold: bool,
    updated: Option<i64>,
    decreased: i64,
}

impl Rate {
    pub(super) fn new(bitrate: u64) -> Self {
        Self {
            bitrate: bitrate as f64,
            full: None,
            hold: false,
            updated: None,
            decreased: i64::MIN / 2,
        }
    }

    pub(super) fn bitrate(&self) -> u64 {
        self.bitrate as u64
    }

    /// Follows the verdict of one feedback, with what arrived on the whole and while the way was
    /// busiest. Returns whether it went down.
    pub(super) fn update(
        &mut self,
        now: i64,
        usage: Usage,
        (acked, busiest): (Option<u64>, Option<u64>),
        rtt: i64,
    ) -> bool {
        let passed = (now - self.updated.unwrap_or(now)).clamp(0, 1_000_000) as f64 / 1e6;
        self.updated = Some(now);
        match usage {
            Usage::Over => {
                self.hold = true;
                self.decrease(now, busiest, rtt)
            }
            // The queue drains: wait until it has.
            Usage::Under => {
                self.hold = true;
                false
            }
            Usage::Normal if std::mem::take(&mut self.hold) => false,
            Usage::Normal => {
                self.increase(passed, acked, rtt);
                false
            }
        }
    }

    fn decrease(&mut self, now: i64, acked: Option<u64>, rtt: i64) -> bool {
        if now - self.decreased < rtt.clamp(PAUSE_US.0, PAUSE_US.1) {
            return false;
        }
        let arrived = acked.map_or(self.bitrate, |acked| acked as f64);
        let lower = BACK_OFF * arrived;
        if let Some((mean, _)) = self.full
            && arrived < self.bounds().map_or(mean, |bounds| bounds.0)
        {
            self.full = None;
        }
        self.learn(arrived);
        if lower >= self.bitrate {
            return false;
        }
        self.decreased = now;
        self.bitrate = lower.max(MIN_ESTIMATE as f64);
        true
    }

    fn increase(&mut self, passed: f64, acked: Option<u64>, rtt: i64) {
        let acked = acked.map(|acked| acked as f64);
        if let (Some(acked), Some((_, upper))) = (acked, self.bounds())
            && acked > upper
        {
            self.full = None;
        }
        let step = if self.full.is_some() {
            let response = rtt as f64 / 1e6 + 0.1;
            (PACKET_BITS / response).max(self.bitrate * SLOW_GROWTH) * passed
        } else {
            (self.bitrate * GROWTH * passed).max(1_000.0 * passed)
        };
        if let Some(acked) = acked {
            // It gets through without a queue, so the way bears it.
            self.bitrate = self.bitrate.max(PROVEN * acked);
        }
        let most = acked.map_or(f64::MAX, |acked| 1.5 * acked + 10_000.0);
        if self.bitrate < most {
            self.bitrate = (self.bitrate + step).min(most).min(MAX_BITRATE as f64);
        }
    }

    /// A probe showed that the way bears `bitrate`.
    pub(super) fn raise(&mut self, now: i64, bitrate: u64) {
        self.updated = Some(now);
        self.bitrate = self.bitrate.max(bitrate.min(MAX_BITRATE) as f64);
        if self
            .bounds()
            .is_some_and(|(_, upper)| bitrate as f64 > upper)
        {
            self.full = None;
        }
    }

    fn learn(&mut self, arrived: f64) {
        let sample = arrived / 1e3;
        let (mut mean, mut variance) = self.full.unwrap_or((sample, 0.4));
        if self.full.is_some() {
            mean = 0.95 * mean + 0.05 * sample;
        }
        let error = mean - sample;
        variance = (0.95 * variance + 0.05 * error * error / mean.max(1.0)).clamp(0.4, 2.5);
        self.full = Some((mean, variance));
    }

    /// Three standard deviations around the rate at which the way was full, in bits a second.
    fn bounds(&self) -> Option<(f64, f64)> {
        let (mean, variance) = self.full?;
        let deviation = 3.0 * (variance * mean).sqrt();
        Some((1e3 * (mean - deviation), 1e3 * (mean + deviation)))
    }
}
