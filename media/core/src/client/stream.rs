//! One received SSRC: sequence numbers, jitter, what is missing, the report about it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::packet::{Header, extend};
use super::rtcp::Block;

/// Gaps that are remembered; older ones are given up.
const MAX_GAPS: usize = 1_024;
/// How often a packet is asked for.
const MAX_TRIES: u8 = 10;
/// Time between two requests for one packet (browsers: the round trip, 100 ms while unknown).
const RETRY: Duration = Duration::from_millis(100);
/// A jump by more is a new beginning, not a gap.
const MAX_JUMP: u64 = 3_000;

struct Gap {
    ask: Instant,
    tries: u8,
}

/// See the module header.
pub(super) struct Stream {
    pub(super) ssrc: u32,
    clock_rate: f64,
    first: u64,
    highest: u64,
    received: u64,
    duplicates: u64,
    gaps: BTreeMap<u64, Gap>,
    lost: u64,
    jitter: f64,
    /// Arrival and timestamp of the last packet.
    last: (Instant, u32),
    /// Packets expected and received at the last report.
    reported: (u64, u64),
    /// Middle bits of the last sender report's NTP time and its arrival.
    sender_report: Option<(u32, Instant)>,
}

/// What a packet is to its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In order, or after a gap.
    New,
    /// Fills a gap.
    Late,
    /// Was there already.
    Duplicate,
}

impl Stream {
    pub(super) fn new(now: Instant, header: &Header, clock_rate: u32) -> Self {
        // One cycle up, so that an early reordering does not go below zero.
        let first = u64::from(header.sequence) + 0x1_0000;
        Self {
            ssrc: header.ssrc,
            clock_rate: f64::from(clock_rate),
            first,
            highest: first - 1,
            received: 0,
            duplicates: 0,
            gaps: BTreeMap::new(),
            lost: 0,
            jitter: 0.0,
            last: (now, header.timestamp),
            reported: (0, 0),
            sender_report: None,
        }
    }

    /// Takes a packet that came by itself.
    pub(super) fn take(&mut self, now: Instant, header: &Header, patience: Duration) -> Place {
        let place = self.place(now, header.sequence, patience);
        if place == Place::New {
            let ticks = header.timestamp.wrapping_sub(self.last.1) as i32;
            let elapsed = (now - self.last.0).as_secs_f64() * self.clock_rate;
            self.jitter += ((elapsed - f64::from(ticks)).abs() - self.jitter) / 16.0;
            self.last = (now, header.timestamp);
        }
        place
    }

    /// Takes a packet that came as a retransmission.
    pub(super) fn repair(&mut self, now: Instant, sequence: u16, patience: Duration) -> Place {
        self.place(now, sequence, patience)
    }

    fn place(&mut self, now: Instant, sequence: u16, patience: Duration) -> Place {
        let number = extend(self.highest, sequence);
        if number > self.highest {
            if number - self.highest > MAX_JUMP {
                self.gaps.clear();
                self.first += number - self.highest - 1;
            } else {
                let ask = now + patience;
                let missing = self.highest + 1..number;
                self.gaps
                    .extend(missing.map(|at| (at, Gap { ask, tries: 0 })));
                while self.gaps.len() > MAX_GAPS {
                    self.gaps.pop_first();
                    self.lost += 1;
                }
            }
            self.highest = number;
            self.received += 1;
            return Place::New;
        }
        if number < self.first && self.first - number < 256 {
            // What lies between is missing as well, as far as anybody knows now.
            let ask = now + patience;
            let missing = number + 1..self.first;
            self.gaps
                .extend(missing.map(|at| (at, Gap { ask, tries: 0 })));
            self.first = number;
        } else if self.gaps.remove(&number).is_none() {
            self.duplicates += 1;
            return Place::Duplicate;
        }
        self.received += 1;
        Place::Late
    }

    /// Packets that never came, so far.
    pub(super) fn missing(&self) -> u64 {
        self.lost + self.gaps.len() as u64
    }

    /// Browsers ask for video only.
    fn is_asked_for(&self) -> bool {
        self.clock_rate == 90_000.0
    }

    /// When something has to be asked for again.
    pub(super) fn next_ask(&self) -> Option<Instant> {
        self.gaps
            .values()
            .filter(|gap| self.is_asked_for() && gap.tries < MAX_TRIES)
            .map(|gap| gap.ask)
            .min()
    }

    /// Numbers to ask for now, and whether one was asked for the last time in vain.
    pub(super) fn ask(&mut self, now: Instant, max: usize) -> (Vec<u16>, bool) {
        let (mut asked, mut hopeless) = (Vec::new(), false);
        if !self.is_asked_for() {
            return (asked, hopeless);
        }
        for (number, gap) in &mut self.gaps {
            if gap.tries >= MAX_TRIES || gap.ask > now || asked.len() >= max {
                continue;
            }
            gap.tries += 1;
            gap.ask = now + RETRY;
            hopeless |= gap.tries == MAX_TRIES;
            asked.push(*number as u16);
        }
        (asked, hopeless)
    }

    /// A sender report of this source arrived.
    pub(super) fn sender_report(&mut self, now: Instant, ntp: u64) {
        self.sender_report = Some(((ntp >> 16) as u32, now));
    }

    /// The report about everything up to now.
    pub(super) fn report(&mut self, now: Instant) -> Block {
        let expected = self.highest + 1 - self.first;
        let (since, got) = (
            expected.saturating_sub(self.reported.0),
            self.received - self.reported.1,
        );
        self.reported = (expected, self.received);
        let fraction = since.saturating_sub(got) * 256 / since.max(1);
        let since_sr = self
            .sender_report
            .map_or(0, |(_, at)| ((now - at).as_secs_f64() * 65_536.0) as u32);
        Block {
            ssrc: self.ssrc,
            fraction_lost: fraction.min(255) as u8,
            lost: expected.saturating_sub(self.received) as u32,
            highest: (self.highest - 0x1_0000) as u32,
            jitter: self.jitter as u32,
            last_sr: self.sender_report.map_or(0, |(ntp, _)| ntp),
            since_sr,
        }
    }

    /// Packets received, without duplicates.
    pub(super) fn received(&self) -> u64 {
        self.received
    }
}
