//! What was sent to one viewer under which transport-wide sequence number.
//!
//! A ring of eight bytes a packet over audio, video, repetitions and probes alike. Writing is a few
//! stores; feedback looks its packets up. Too old ones are forgotten, and nothing is told twice.

use crate::limits::SENT_HISTORY;

const _: () = assert!(SENT_HISTORY.is_power_of_two() && SENT_HISTORY <= 1 << 15);

/// No feedback has spoken of it.
const UNKNOWN: u8 = 0;
/// A feedback said that it has not arrived; a later one may say otherwise.
const MISSING: u8 = 1;
const ARRIVED: u8 = 2;

/// See the module header.
pub(crate) struct History {
    ring: Box<[Entry; SENT_HISTORY]>,
    /// Counts from 2^16, so that the first numbers have predecessors that were never sent.
    next: u64,
    first: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    /// Microseconds, cut to 32 bits.
    at: u32,
    size: u16,
    probe: u8,
    state: u8,
}

/// One packet that feedback speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Microseconds on our clock.
    pub(crate) at: i64,
    /// Bytes on the wire below UDP's header.
    pub(crate) size: u16,
    /// Number of the probe that it belongs to, or 0.
    pub(crate) probe: u8,
    /// An earlier feedback said that it is missing.
    pub(crate) was_missing: bool,
}

impl History {
    /// Nothing sent yet; the first number is `first`.
    pub(crate) fn new(first: u16) -> Self {
        let next = (1 << 16) | u64::from(first);
        let entry = Entry {
            at: 0,
            size: 0,
            probe: 0,
            state: ARRIVED,
        };
        Self {
            ring: Box::new([entry; SENT_HISTORY]),
            next,
            first: next,
        }
    }

    /// See `ahead.rs`.
    #[inline]
    pub(crate) fn touch(&self) -> u64 {
        let near = [self.next, self.next + 7];
        let at = near.map(|number| self.ring[number as usize % SENT_HISTORY].at);
        u64::from(at[0] ^ at[1])
    }

    /// The number of the packet that is sent next.
    pub(crate) fn next(&self) -> u16 {
        self.next as u16
    }

    /// The next number went out at `at` microseconds.
    pub(crate) fn push(&mut self, at: i64, size: usize, probe: u8) {
        self.ring[self.next as usize % SENT_HISTORY] = Entry {
            at: at as u32,
            size: size as u16,
            probe,
            state: UNKNOWN,
        };
        self.next += 1;
    }

    /// What feedback at `now` microseconds says of `sequence`. `None` when that number was never
    /// used, is forgotten, or when this is not news.
    pub(crate) fn told(&mut self, now: i64, sequence: u16, arrived: bool) -> Option<Sent> {
        let back = u64::from(((self.next as u16).wrapping_sub(1)).wrapping_sub(sequence));
        let number = (self.next - 1).checked_sub(back)?;
        if number < self.first || back >= SENT_HISTORY as u64 {
            return None;
        }
        let entry = &mut self.ring[number as usize % SENT_HISTORY];
        let before = entry.state;
        if before == ARRIVED || (before == MISSING && !arrived) {
            return None;
        }
        entry.state = if arrived { ARRIVED } else { MISSING };
        let age = (now as u32).wrapping_sub(entry.at);
        Some(Sent {
            at: now - i64::from(age),
            size: entry.size,
            probe: entry.probe,
            was_missing: before == MISSING,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn packets_are_found_by_number_over_the_wrap_and_told_once() {
        let mut history = History::new(65_535);
        let start = i64::from(u32::MAX) - 500;
        assert_eq!(history.next(), 65_535);
        for at in 0..3 {
            history.push(start + at * 400, 100 + at as usize, at as u8);
        }
        assert_eq!(history.next(), 2);
        let now = start + 10_000;
        assert_eq!(history.told(now, 65_534, true), None, "never used");
        assert_eq!(history.told(now, 2, true), None, "not used yet");
        let sent = |at, size, probe, was_missing| {
            Some(Sent {
                at,
                size,
                probe,
                was_missing,
            })
        };
        assert_eq!(history.told(now, 65_535, true), sent(start, 100, 0, false));
        assert_eq!(history.told(now, 65_535, true), None);
        assert_eq!(
            history.told(now, 0, false),
            sent(start + 400, 101, 1, false)
        );
        assert_eq!(history.told(now, 0, false), None);
        assert_eq!(history.told(now, 0, true), sent(start + 400, 101, 1, true));
        assert_eq!(history.told(now, 0, false), None);
        assert_eq!(history.told(now, 1, true), sent(start + 800, 102, 2, false));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut history = History::new(0);
        for at in 0..SENT_HISTORY as i64 + 1 {
            history.push(at, 1, 0);
        }
        assert_eq!(history.told(9_999, 0, true), None);
        assert!(history.told(9_999, 1, true).is_some());
    }
}
