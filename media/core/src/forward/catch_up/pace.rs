//! What a shard spends on viewers that begin in the past, so that a storm of them costs the others
//! nothing: packets a second, handed out as they are sent and promised to those who run.

use std::time::Instant;

use crate::limits::{CATCH_UP_BURST, CATCH_UP_PACKETS};

/// See the module header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Packets that may be sent now, in millionths.
    credit: u64,
    at: Instant,
    /// Packets a second that are promised.
    promised: u32,
}

const PACKET: u64 = 1_000_000;

impl Pace {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            credit: u64::from(CATCH_UP_BURST) * PACKET,
            at: now,
            promised: 0,
        }
    }

    /// Earns what time has brought; `promised` are the packets a second of all who run.
    pub(crate) fn refill(&mut self, now: Instant, promised: u32) {
        let passed = now.saturating_duration_since(self.at).as_micros() as u64;
        self.at = now;
        let earned = passed.min(PACKET) * u64::from(CATCH_UP_PACKETS);
        self.credit = (self.credit + earned).min(u64::from(CATCH_UP_BURST) * PACKET);
        self.promised = promised;
    }

    /// Takes the right to send one packet.
    pub(crate) fn take(&mut self) -> bool {
        let left = self.credit.checked_sub(PACKET);
        self.credit = left.unwrap_or(self.credit);
        left.is_some()
    }

    /// Promises so many packets a second, if they are there.
    pub(crate) fn admit(&mut self, load: u32) -> bool {
        let promised = self.promised.saturating_add(load);
        let there = promised <= CATCH_UP_PACKETS;
        if there {
            self.promised = promised;
        }
        there
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_storm_gets_what_the_limits_say() {
        let start = Instant::now();
        let (mut pace, mut sent) = (Pace::new(start), 0u32);
        for millis in 0..2_000 {
            pace.refill(start + Duration::from_millis(millis), 0);
            while pace.take() {
                sent += 1;
            }
        }
        assert!(
            sent >= 2 * CATCH_UP_PACKETS - CATCH_UP_PACKETS / 100,
            "{sent}"
        );
        assert!(sent <= 2 * CATCH_UP_PACKETS + CATCH_UP_BURST, "{sent}");
    }

    #[test]
    fn promises_end_where_the_packets_do() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        pace.refill(now, CATCH_UP_PACKETS - 10);
        assert!(!pace.admit(11));
        assert!(pace.admit(10));
        assert!(!pace.admit(1));
    }
}
