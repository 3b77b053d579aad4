//! A guess at what the way to a viewer carries, for those who tell no more than their loss.
//!
//! Down when two reports in a row tell of much loss, up by trial after a time without any. A trial
//! that ends in loss makes the next one wait longer.

use std::time::{Duration, Instant};

use crate::limits::{MIN_ESTIMATE, START_ESTIMATE};

/// Loss in 1/256: this is much, and this is none to speak of.
const MUCH: u8 = 26;
const NONE: u8 = 5;
/// What is left of what was sent, in percent, after much loss.
const LEFT: u64 = 70;
/// Growth by one trial, in percent.
const TRIAL: u64 = 150;
/// Times what is used that a trial begins below.
const MOST: u64 = 4;
/// Time without loss before a trial.
const PAUSE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(80));

/// See the module header.
#[derive(Debug)]
pub(super) struct Blind {
    bitrate: u64,
    bad: u32,
    clean: Option<Instant>,
    tried: Option<Instant>,
    pause: Duration,
}

impl Blind {
    pub(super) fn new() -> Self {
        Self {
            bitrate: START_ESTIMATE,
            bad: 0,
            clean: None,
            tried: None,
            pause: PAUSE.0,
        }
    }

    /// Bits a second.
    pub(super) fn bitrate(&self) -> u64 {
        self.bitrate
    }

    /// A report of `loss` came while `sent` bits a second were sent.
    pub(super) fn reported(&mut self, now: Instant, loss: u8, sent: u64) {
        if loss >= MUCH {
            (self.bad, self.clean) = (self.bad + 1, None);
            if self.bad < 2 {
                return;
            }
            self.bad = 0;
            let left = (sent * LEFT / 100).max(MIN_ESTIMATE);
            self.bitrate = self.bitrate.min(left);
            if self.tried.take().is_some_and(|at| now < at + self.pause) {
                self.pause = (self.pause * 2).min(PAUSE.1);
            }
            return;
        }
        self.bad = 0;
        if loss > NONE {
            self.clean = None;
            return;
        }
        let since = *self.clean.get_or_insert(now);
        // Far more than what is used already needs no trial.
        if now >= since + self.pause && self.bitrate < MOST * sent.max(MIN_ESTIMATE) {
            self.bitrate = self.bitrate * TRIAL / 100;
            (self.clean, self.tried) = (Some(now), Some(now));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use super::*;

    fn second(at: u64) -> Duration {
        Duration::from_secs(at)
    }

    #[test]
    fn one_bad_report_is_an_accident_and_two_are_not() {
        let (mut blind, now) = (Blind::new(), Instant::now());
        blind.reported(now, 60, 4_000_000);
        assert_eq!(blind.bitrate(), START_ESTIMATE);
        blind.reported(now + second(1), 0, 4_000_000);
        blind.reported(now + second(2), 60, 2_000_000);
        blind.reported(now + second(3), 60, 2_000_000);
        assert_eq!(blind.bitrate(), 1_400_000);
    }

    #[test]
    fn a_clean_way_is_tried_and_failures_make_trials_rare() {
        let (mut blind, now) = (Blind::new(), Instant::now());
        let (mut trials, mut before) = (0, START_ESTIMATE);
        for at in 0..300 {
            let sent = blind.bitrate();
            let loss = if sent > 3_000_000 { 80 } else { 0 };
            blind.reported(now + second(at), loss, sent);
            trials += u32::from(blind.bitrate() > before);
            before = blind.bitrate();
        }
        assert!((3..=9).contains(&trials), "{trials}");
    }

    #[test]
    fn what_is_not_used_is_not_tried() {
        let (mut blind, now) = (Blind::new(), Instant::now());
        for at in 0..100 {
            blind.reported(now + second(at), 0, 300_000);
        }
        assert_eq!(blind.bitrate(), START_ESTIMATE);
    }
}
