//! What is missing from a publisher's track, and when to ask for it again (RFC 4585).
//!
//! A gap is first taken for reordering, then asked for a limited number of times, then given up.
//! List, rate and tries are bounded (senders answer with the wrong layer or not at all).

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Instant;

use crate::limits::{MAX_MISSING, NACK_DELAY, NACK_INTERVAL};

/// See the module header.
#[derive(Debug)]
pub(crate) struct Missing {
    entries: VecDeque<Entry>,
    /// Requests for one packet before it is given up.
    tries: u8,
    /// Requests for any packet per [`NACK_INTERVAL`], and what is left of them.
    allowance: u32,
    budget: u32,
    /// Packets that were asked for since the beginning, each once.
    pub(crate) requested: u64,
    renewed: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    sequence: u64,
    due: Instant,
    tries: u8,
}

impl Missing {
    /// Nothing is missing; each packet will be asked for `tries` times, and at most `allowance` of
    /// them in one [`NACK_INTERVAL`].
    pub(crate) fn new(tries: u8, allowance: u32) -> Self {
        Self {
            entries: VecDeque::new(),
            tries,
            allowance,
            budget: 0,
            requested: 0,
            renewed: None,
        }
    }

    /// Gives everything up; returns how much that was.
    pub(crate) fn clear(&mut self) -> u64 {
        let lost = self.entries.len() as u64;
        self.entries.clear();
        lost
    }

    /// These extended sequence numbers were jumped over. Returns how many older ones were given
    /// up for them.
    pub(crate) fn gap(&mut self, now: Instant, gap: Range<u64>) -> u64 {
        let mut given_up = 0;
        for sequence in gap {
            if self.entries.len() == MAX_MISSING {
                self.entries.pop_front();
                given_up += 1;
            }
            self.entries.push_back(Entry {
                sequence,
                due: now + NACK_DELAY,
                tries: 0,
            });
        }
        given_up
    }

    /// A packet came. Returns whether it had been asked for.
    pub(crate) fn received(&mut self, sequence: u64) -> bool {
        let found = self
            .entries
            .binary_search_by_key(&sequence, |entry| entry.sequence);
        let entry = found.ok().and_then(|at| self.entries.remove(at));
        entry.is_some_and(|entry| entry.tries > 0)
    }

    /// Appends the sequence numbers to ask for at `now`, in ascending order, and returns how many
    /// were given up.
    pub(crate) fn due(&mut self, now: Instant, ask: &mut Vec<u16>) -> u64 {
        if self
            .renewed
            .is_none_or(|renewed| now >= renewed + NACK_INTERVAL)
        {
            self.renewed = Some(now);
            self.budget = self.allowance;
        }
        let before = self.entries.len();
        self.entries
            .retain(|entry| entry.tries < self.tries || entry.due > now);
        for entry in self.entries.iter_mut().filter(|entry| entry.due <= now) {
            if self.budget == 0 {
                entry.due = now + NACK_INTERVAL;
                continue;
            }
            self.budget -= 1;
            self.requested += u64::from(entry.tries == 0);
            entry.tries += 1;
            entry.due = now + NACK_INTERVAL;
            ask.push(entry.sequence as u16);
        }
        (before - self.entries.len()) as u64
    }

    /// Whether the packet with these low bits of its number is missing.
    pub(crate) fn has(&self, sequence: u16) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.sequence as u16 == sequence)
    }

    /// Whether anything is missing.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests;
