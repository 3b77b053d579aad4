//! Which NACKs of a viewer are answered: one resend per packet and round trip, and no more than a
//! fifth of what was sent, or a few a second where that is more: on a narrow network a keyframe
//! loses more packets than a fifth of the few that a low layer has.

use std::time::{Duration, Instant};

use crate::limits::{DEFAULT_RTT, RESEND_BURST, RESEND_FLOOR, RESEND_MEMORY, RESEND_SHARE};

const SECOND: Duration = Duration::from_secs(1);
/// How often time is paid for.
const PAY: Duration = Duration::from_millis(100);
/// Round trips outside of this are not believed.
const RTT_RANGE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// See the module header.
#[derive(Debug)]
pub(crate) struct Resend {
    /// In parts of a resend: [`RESEND_SHARE`] of them pay for one.
    credit: u32,
    /// Until when time has been paid for.
    paid: Option<Instant>,
    /// Credit that packets have brought since then.
    earned: u32,
    rtt: Duration,
    recent: Vec<(u16, Instant)>,
    oldest: usize,
}

impl Resend {
    pub(crate) fn new() -> Self {
        let credit = RESEND_BURST * RESEND_SHARE;
        Self {
            credit,
            paid: None,
            earned: 0,
            rtt: DEFAULT_RTT,
            recent: Vec::new(),
            oldest: 0,
        }
    }

    /// See `ahead.rs`.
    #[inline]
    pub(crate) fn touch(&self) -> u64 {
        u64::from(self.credit)
    }

    /// A packet was sent for the first time.
    pub(crate) fn earn(&mut self) {
        self.credit = (self.credit + 1).min(RESEND_BURST * RESEND_SHARE);
        self.earned = self.earned.saturating_add(1);
    }

    /// Time has passed: it brings what packets have not brought.
    fn earn_time(&mut self, now: Instant) {
        let paid = *self.paid.get_or_insert(now);
        let passed = now.saturating_duration_since(paid);
        if passed < PAY {
            return;
        }
        let floor = passed.min(SECOND).as_millis() as u32 * RESEND_FLOOR * RESEND_SHARE / 1_000;
        let missing = floor.saturating_sub(self.earned);
        self.credit = (self.credit + missing).min(RESEND_BURST * RESEND_SHARE);
        (self.paid, self.earned) = (Some(now), 0);
    }

    /// The viewer's round-trip time was measured.
    pub(crate) fn set_rtt(&mut self, rtt: Duration) {
        self.rtt = rtt.clamp(RTT_RANGE.0, RTT_RANGE.1);
    }

    /// Whether `sequence` may be sent again at `now`; if so, it is paid for.
    pub(crate) fn allow(&mut self, now: Instant, sequence: u16) -> bool {
        let known = self.recent.iter().position(|(known, _)| *known == sequence);
        if let Some(at) = known
            && now.saturating_duration_since(self.recent[at].1) < self.rtt
        {
            return false;
        }
        self.earn_time(now);
        let Some(credit) = self.credit.checked_sub(RESEND_SHARE) else {
            return false;
        };
        self.credit = credit;
        match known {
            Some(at) => self.recent[at].1 = now,
            None if self.recent.len() < RESEND_MEMORY => self.recent.push((sequence, now)),
            None => {
                self.recent[self.oldest] = (sequence, now);
                self.oldest = (self.oldest + 1) % RESEND_MEMORY;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use super::*;

    #[test]
    fn one_resend_per_round_trip() {
        let (mut resend, now) = (Resend::new(), Instant::now());
        assert!(resend.allow(now, 7));
        assert!(!resend.allow(now + DEFAULT_RTT / 2, 7));
        assert!(resend.allow(now + DEFAULT_RTT, 7));
        resend.set_rtt(Duration::from_secs(9));
        assert!(!resend.allow(now + DEFAULT_RTT * 5, 7));
    }

    #[test]
    fn a_flood_gets_a_fifth_of_what_was_sent() {
        let (mut resend, mut now, mut resent) = (Resend::new(), Instant::now(), 0);
        for packet in 0..10_000u32 {
            resend.earn();
            now += Duration::from_millis(1);
            for flood in 0..20u32 {
                resent += u32::from(resend.allow(now, (packet * 20 + flood) as u16));
            }
        }
        assert!(resent <= 10_000 / RESEND_SHARE + RESEND_BURST, "{resent}");
        assert!(resent >= 10_000 / RESEND_SHARE, "{resent}");
    }

    #[test]
    fn a_thin_layer_gets_the_floor_and_no_more() {
        let (mut resend, start) = (Resend::new(), Instant::now());
        let mut resent = 0;
        for millis in 0..10_000u32 {
            let now = start + Duration::from_millis(millis.into());
            for flood in 0..20u32 {
                resent += u32::from(resend.allow(now, (millis * 20 + flood) as u16));
            }
        }
        assert!(resent <= RESEND_BURST + 10 * RESEND_FLOOR, "{resent}");
        assert!(resent >= RESEND_BURST + 9 * RESEND_FLOOR, "{resent}");
    }
}
