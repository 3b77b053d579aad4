//! Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1): which
//! transport sequence numbers arrived, and when.
//!
//! A view onto the bytes. Parsing walks all statuses once, so a feedback that claims more than it
//! tells, or more than [`MAX_FEEDBACK_STATUSES`], is refused before anyone works with it.

use crate::limits::MAX_FEEDBACK_STATUSES;

/// Microseconds of one unit of the reference time.
const REFERENCE_US: i64 = 64_000;
/// Microseconds of one unit of a delta.
const TICK_US: i64 = 250;
/// Length up to where the chunks begin.
const HEADER: usize = 20;

/// See the module header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Feedback<'a> {
    base: u16,
    count: u16,
    reference: i32,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

/// What is told of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    /// Transport sequence number.
    pub(crate) sequence: u16,
    /// Microseconds on the receiver's clock, which wraps every 12 days; `None` when it did not
    /// arrive (so far).
    pub(crate) arrival: Option<i64>,
}

impl<'a> Feedback<'a> {
    /// Reads the body of a 205/15 part.
    pub(super) fn parse(body: &'a [u8]) -> Option<Self> {
        let word = |at: usize| Some(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
        let (base, count) = (word(12)?, word(14)?);
        let high = i32::from(i8::from_be_bytes([*body.get(16)?]));
        let reference = (high << 16) | i32::from(word(17)?);
        let rest = body.get(HEADER..)?;
        if usize::from(count) > MAX_FEEDBACK_STATUSES {
            return None;
        }
        let (mut told, mut deltas, mut at) = (0, 0, 0);
        while told < usize::from(count) {
            let chunk = u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]);
            at += 2;
            let room = usize::from(count) - told;
            for symbol in Symbols::new(chunk).take(room) {
                deltas += match symbol {
                    0 => 0,
                    1 => 1,
                    2 => 2,
                    _ => return None,
                };
                told += 1;
            }
        }
        let (chunks, rest) = rest.split_at(at);
        (rest.len() >= deltas).then_some(Self {
            base,
            count,
            reference,
            chunks,
            deltas: rest,
        })
    }

    /// Every status, by ascending sequence number.
    pub(crate) fn statuses(&self) -> impl Iterator<Item = Status> + use<'a> {
        let mut clock = i64::from(self.reference) * REFERENCE_US;
        let (mut sequence, mut deltas) = (self.base, self.deltas);
        let chunks = self.chunks.chunks_exact(2);
        chunks
            .flat_map(|chunk| Symbols::new(u16::from_be_bytes([chunk[0], chunk[1]])))
            .take(usize::from(self.count))
            .map(move |symbol| {
                let ticks = match (symbol, deltas) {
                    (1, [small, rest @ ..]) => {
                        deltas = rest;
                        Some(i64::from(*small))
                    }
                    (2, [high, low, rest @ ..]) => {
                        deltas = rest;
                        Some(i64::from(i16::from_be_bytes([*high, *low])))
                    }
                    _ => None,
                };
                let arrival = ticks.map(|ticks| {
                    clock += ticks * TICK_US;
                    clock
                });
                let status = Status { sequence, arrival };
                sequence = sequence.wrapping_add(1);
                status
            })
    }
}

/// The symbols of one chunk: a run, 14 bits, or seven pairs of bits.
#[derive(Clone, Copy)]
struct Symbols {
    chunk: u16,
    at: u16,
    len: u16,
}

impl Symbols {
    fn new(chunk: u16) -> Self {
        let len = match chunk >> 14 {
            0 | 1 => chunk & 0x1fff,
            2 => 14,
            _ => 7,
        };
        Self { chunk, at: 0, len }
    }
}

impl Iterator for Symbols {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.at == self.len {
            return None;
        }
        let at = self.at;
        self.at += 1;
        Some(match self.chunk >> 14 {
            0 | 1 => self.chunk >> 13,
            2 => (self.chunk >> (13 - at)) & 1,
            _ => (self.chunk >> (12 - 2 * at)) & 3,
        })
    }
}

#[cfg(test)]
mod tests;
