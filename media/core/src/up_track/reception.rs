//! Reception statistics of one publisher's track for receiver reports (RFC 3550 section 6.4, A.3
//! and A.8).

use std::time::Instant;

use crate::clock::ntp_duration;
use crate::rtcp::Block;

/// See the module header.
#[derive(Debug, Default)]
pub(crate) struct Reception {
    base: u64,
    highest: u64,
    received: u64,
    expected_before: u64,
    received_before: u64,
    transit: Option<u32>,
    /// Sixteenths of RTP ticks.
    jitter: u32,
    report: Option<(u32, Instant)>,
    fraction_lost: u8,
}

impl Reception {
    /// A packet with this extended sequence number arrived for the first time. `arrival` is the
    /// time of arrival in RTP ticks.
    pub(crate) fn received(&mut self, sequence: u64, timestamp: u32, arrival: u32) {
        if self.received == 0 {
            self.base = sequence;
        }
        self.base = self.base.min(sequence);
        self.received += 1;
        if sequence <= self.highest {
            return;
        }
        self.highest = sequence;
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let change = (transit.wrapping_sub(before) as i32)
                .unsigned_abs()
                .min(1 << 24);
            self.jitter = self.jitter - ((self.jitter + 8) >> 4) + change;
        }
    }

    /// Packets so far, and the part of them that was lost by the last report, in 256ths.
    pub(crate) fn totals(&self) -> (u64, u8) {
        (self.received, self.fraction_lost)
    }

    /// A sender report with this NTP time arrived.
    pub(crate) fn sender_report(&mut self, ntp: u64, now: Instant) {
        self.report = Some(((ntp >> 16) as u32, now));
    }

    /// The block for the next receiver report; `None` before the first packet.
    pub(crate) fn block(&mut self, ssrc: u32, now: Instant) -> Option<Block> {
        if self.received == 0 {
            return None;
        }
        let expected = self.highest - self.base + 1;
        let (expected_now, received_now) = (
            expected - self.expected_before,
            self.received - self.received_before,
        );
        self.expected_before = expected;
        self.received_before = self.received;
        let lost_now = expected_now.saturating_sub(received_now);
        let fraction_lost = (lost_now * 256)
            .checked_div(expected_now)
            .unwrap_or(0)
            .min(255) as u8;
        self.fraction_lost = fraction_lost;
        let (last_sr, delay) = match self.report {
            Some((middle, at)) => (middle, (ntp_duration(now - at) >> 16) as u32),
            None => (0, 0),
        };
        Some(Block {
            ssrc,
            fraction_lost,
            lost: expected.saturating_sub(self.received).min(0x007f_ffff) as u32,
            highest: self.highest as u32,
            jitter: self.jitter >> 4,
            last_sr,
            delay_since_last_sr: delay,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::disallowed_methods)]
    use std::time::Duration;

    use super::*;

    #[test]
    fn loss_is_counted_per_interval_and_in_total() {
        let (mut reception, now) = (Reception::default(), Instant::now());
        assert!(reception.block(1, now).is_none());
        for sequence in (100..200).filter(|sequence| sequence % 4 != 3) {
            reception.received(sequence, 0, 0);
        }
        reception.received(99, 0, 0);
        let block = reception.block(1, now).unwrap();
        assert_eq!(
            (block.highest, block.lost, block.fraction_lost),
            (198, 24, 61)
        );
        for sequence in 199..300 {
            reception.received(sequence, 0, 0);
        }
        let block = reception.block(1, now).unwrap();
        assert_eq!((block.lost, block.fraction_lost), (24, 0));
    }

    #[test]
    fn jitter_and_delay_are_reported() {
        let (mut reception, now) = (Reception::default(), Instant::now());
        for sequence in 1..200u32 {
            reception.received(
                u64::from(sequence),
                sequence * 100,
                sequence * 100 + sequence % 2 * 50,
            );
        }
        reception.sender_report(0x1_2345_6789, now);
        let block = reception
            .block(1, now + Duration::from_millis(500))
            .unwrap();
        assert!((45..=55).contains(&block.jitter), "{}", block.jitter);
        assert_eq!(
            (block.last_sr, block.delay_since_last_sr),
            (0x1_2345, 0x8000)
        );
    }
}
