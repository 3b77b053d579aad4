//! What loss says about the rate, for ways that drop instead of queueing.
//!
//! Loss that stays whatever is sent (radio, a bad cable) is not ours to cure by sending less: the
//! least loss of the last seconds is taken off before the rest counts. The bound never goes below
//! what arrives, because that much gets through.

use super::super::history::Sent;
use crate::limits::MIN_ESTIMATE;

/// A sample is taken after so many packets and so much time.
const SAMPLE: (u32, i64) = (20, 300_000);
/// Samples among which the least loss is looked for.
const SAMPLES: usize = 8;
/// Loss above this is never a property of the way.
const MOST_INHERENT: f64 = 0.2;
/// Loss beyond the inherent one that lowers the bound, and below which it rises.
const TOO_MUCH: f64 = 0.12;
const LITTLE: f64 = 0.05;
/// Loss beyond the inherent one at which the bound falls at once to what arrives.
const FLOOD: f64 = 0.3;
/// Growth of the bound in one sample, about eight percent a second.
const GROWTH: f64 = 1.025;

/// See the module header.
pub(super) struct Loss {
    told: u32,
    lost: i32,
    since: Option<i64>,
    samples: [f64; SAMPLES],
    taken: usize,
    recent: f64,
    bound: Option<f64>,
}

impl Loss {
    pub(super) fn new() -> Self {
        Self {
            told: 0,
            lost: 0,
            since: None,
            samples: [0.0; SAMPLES],
            taken: 0,
            recent: 0.0,
            bound: None,
        }
    }

    /// Bits a second; `None` while loss does not matter.
    pub(super) fn bound(&self) -> Option<u64> {
        self.bound.map(|bound| bound as u64)
    }

    /// Feedback spoke of one packet.
    pub(super) fn note(&mut self, sent: &Sent, arrived: bool) {
        match (arrived, sent.was_missing) {
            (true, true) => self.lost -= 1,
            (true, false) => self.told += 1,
            (false, _) => (self.told, self.lost) = (self.told + 1, self.lost + 1),
        }
    }

    /// Takes a sample if it is time to. Returns whether the bound went down.
    pub(super) fn update(&mut self, now: i64, bitrate: u64, acked: Option<u64>) -> bool {
        let since = *self.since.get_or_insert(now);
        if self.told < SAMPLE.0 || now - since < SAMPLE.1 {
            return false;
        }
        let sample = (f64::from(self.lost) / f64::from(self.told)).clamp(0.0, 1.0);
        (self.told, self.lost, self.since) = (0, 0, Some(now));
        self.samples[self.taken % SAMPLES] = sample;
        self.taken += 1;
        self.recent = (self.recent + sample) / 2.0;
        let least = self
            .samples
            .iter()
            .fold(MOST_INHERENT, |least, loss| least.min(*loss));
        let excess = (self.recent.min(sample) - least).max(0.0);
        let arrived = acked
            .map_or(0.0, |acked| acked as f64)
            .max(MIN_ESTIMATE as f64);
        if excess > TOO_MUCH {
            let part = if excess > FLOOD {
                0.0
            } else {
                1.0 - excess / 2.0
            };
            let lower = (bitrate as f64 * part).max(arrived);
            let lowered = lower < bitrate as f64;
            self.bound = Some(self.bound.map_or(lower, |bound| bound.min(lower)));
            return lowered;
        }
        if excess < LITTLE {
            // Far above the other estimate it has nothing to say any more.
            let grown = self.bound.map(|bound| bound * GROWTH);
            self.bound = grown.filter(|bound| *bound < 2.0 * bitrate as f64);
        }
        false
    }

    /// A probe showed that the way bears `bitrate`.
    pub(super) fn raise(&mut self, bitrate: u64) {
        self.bound = self.bound.map(|bound| bound.max(bitrate as f64));
    }
}
