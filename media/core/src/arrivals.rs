//! Arrival times of packets by their transport-wide sequence number, and the feedback that tells
//! them (draft-holmer-rmcat-transport-wide-cc-extensions-01), as browsers send it.

use std::time::Instant;

/// Packets that one feedback may speak of, so that it fits into a datagram whatever their times
/// are; more are told by the next one.
const MAX_STATUSES: u64 = 448;
/// Arrivals that are remembered.
const MAX_ARRIVALS: usize = 2_048;
/// How long an arrival is remembered, to be told again when one before it comes late.
const MEMORY_US: u64 = 500_000;
/// Unit of a delta.
const TICK_US: i64 = 250;
/// Unit of the reference time.
const REFERENCE_US: u64 = 64_000;

/// See the module header.
#[derive(Debug)]
pub(crate) struct Arrivals {
    origin: Instant,
    /// Where the next feedback begins, once something arrived.
    next: Option<u64>,
    highest: u64,
    /// Numbers and microseconds since `origin`.
    arrived: Vec<(u64, u64)>,
    /// Whether something arrived since the last feedback.
    news: bool,
    feedbacks: u8,
}

impl Arrivals {
    pub(crate) fn new(origin: Instant) -> Self {
        Self {
            origin,
            next: None,
            highest: 0,
            arrived: Vec::new(),
            news: false,
            feedbacks: 0,
        }
    }

    /// A packet with this number arrived.
    pub(crate) fn note(&mut self, now: Instant, sequence: u16) {
        // One cycle up, so that an early reordering does not go below zero.
        let number = match self.next {
            None => u64::from(sequence) + 0x1_0000,
            Some(_) => extend(self.highest, sequence),
        };
        let next = *self.next.get_or_insert(number);
        self.highest = self.highest.max(number);
        let micros = now.saturating_duration_since(self.origin).as_micros() as u64;
        if self.arrived.len() == MAX_ARRIVALS {
            self.arrived.drain(..MAX_ARRIVALS / 2);
        }
        self.arrived.push((number, micros));
        // A late one, and what came before it, is told once more from its number on.
        self.next = Some(next.min(number));
        self.news = true;
    }

    /// The next feedback packet, if there is something to tell; a whole RTCP part, shorter than
    /// 1,100 bytes.
    pub(crate) fn feedback(&mut self, own_ssrc: u32, media_ssrc: u32) -> Option<Vec<u8>> {
        let next = self.next.filter(|_| self.news)?;
        self.arrived.sort_unstable();
        self.arrived.dedup_by_key(|(number, _)| *number);
        let from = self.arrived.partition_point(|(number, _)| *number < next);
        let first = *self.arrived.get(from)?;
        let base = next.max(first.0.saturating_sub(MAX_STATUSES / 2));
        let reference = first.1 / REFERENCE_US;
        let mut clock = (reference * REFERENCE_US) as i64;
        let (mut statuses, mut deltas) = (Vec::new(), Vec::new());
        for (number, at) in &self.arrived[from..] {
            let ticks = (*at as i64 - clock).div_euclid(TICK_US);
            let (Ok(ticks), true) = (i16::try_from(ticks), number - base < MAX_STATUSES) else {
                break;
            };
            statuses.resize((number - base) as usize, 0u8);
            match u8::try_from(ticks) {
                Ok(small) => {
                    statuses.push(1);
                    deltas.push(small);
                }
                Err(_) => {
                    statuses.push(2);
                    deltas.extend_from_slice(&ticks.to_be_bytes());
                }
            }
            clock += i64::from(ticks) * TICK_US;
        }
        let next = base + statuses.len() as u64;
        self.next = Some(next);
        self.news = self.highest >= next;
        let newest = self.arrived.iter().map(|(_, at)| *at).max().unwrap_or(0);
        self.arrived
            .retain(|(number, at)| *number >= next || at + MEMORY_US > newest);
        let mut packet = vec![0x8f, 205, 0, 0];
        packet.extend_from_slice(&own_ssrc.to_be_bytes());
        packet.extend_from_slice(&media_ssrc.to_be_bytes());
        packet.extend_from_slice(&(base as u16).to_be_bytes());
        packet.extend_from_slice(&(statuses.len() as u16).to_be_bytes());
        packet.extend_from_slice(&(reference as u32).to_be_bytes()[1..]);
        packet.push(self.feedbacks);
        self.feedbacks = self.feedbacks.wrapping_add(1);
        write_chunks(&statuses, &mut packet);
        packet.extend_from_slice(&deltas);
        pad(&mut packet);
        Some(packet)
    }

    /// Time of `origin`, for tests.
    #[cfg(test)]
    fn at(&self, micros: u64) -> Instant {
        self.origin + std::time::Duration::from_micros(micros)
    }
}

/// The number with these low bits that is nearest to `near`.
fn extend(near: u64, sequence: u16) -> u64 {
    near.wrapping_add_signed(i64::from(sequence.wrapping_sub(near as u16) as i16))
}

/// Run lengths where seven or more are equal, else vectors of seven two-bit symbols.
fn write_chunks(mut statuses: &[u8], out: &mut Vec<u8>) {
    while let Some(first) = statuses.first() {
        let run = statuses
            .iter()
            .take_while(|status| *status == first)
            .count();
        let (chunk, len) = if run >= 7 {
            (u16::from(*first) << 13 | run as u16, run)
        } else {
            let symbols = statuses.iter().copied().chain(std::iter::repeat(0)).take(7);
            let bits = symbols.fold(0u16, |bits, symbol| bits << 2 | u16::from(symbol));
            (0xc000 | bits, statuses.len().min(7))
        };
        out.extend_from_slice(&chunk.to_be_bytes());
        statuses = &statuses[len..];
    }
}

/// Pads to whole words as browsers do (padding bit and count) and writes the length.
fn pad(packet: &mut Vec<u8>) {
    let padding = packet.len().next_multiple_of(4) - packet.len();
    if padding > 0 {
        packet[0] |= 0x20;
        packet.resize(packet.len() + padding - 1, 0);
        packet.push(padding as u8);
    }
    let words = (packet.len() / 4 - 1) as u16;
    packet[2..4].copy_from_slice(&words.to_be_bytes());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::disallowed_methods)]
    use super::*;
    use crate::rtcp::{Compound, Item};

    #[test]
    fn arrivals_over_the_wrap_with_a_gap_are_told_once() {
        let mut arrivals = Arrivals::new(Instant::now());
        for (number, at) in [(65_534, 130_000), (65_535, 130_500), (1, 131_000)] {
            arrivals.note(arrivals.at(at), number);
        }
        let packet = arrivals.feedback(1, 2).unwrap();
        assert_eq!(packet.len() % 4, 0);
        assert_eq!(&packet[..4], &[0x8f | 0x20, 205, 0, 6]);
        // Base, count, reference of 2 * 64 ms, first feedback.
        assert_eq!(&packet[12..20], &[0xff, 0xfe, 0, 4, 0, 0, 2, 0]);
        // One vector: received, received, missing, received.
        assert_eq!(&packet[20..22], &[0b11_01_01_00, 0b01_00_00_00]);
        assert_eq!(&packet[22..25], &[8, 2, 2]);
        assert!(arrivals.feedback(1, 2).is_none());
        arrivals.note(arrivals.at(200_000), 3);
        let packet = arrivals.feedback(1, 2).unwrap();
        assert_eq!(&packet[12..20], &[0, 2, 0, 2, 0, 0, 3, 1]);
        // A late one is told with all that came after it.
        arrivals.note(arrivals.at(210_000), 0);
        let packet = arrivals.feedback(1, 2).unwrap();
        assert_eq!(&packet[12..16], &[0, 0, 0, 4]);
        assert_eq!(&packet[20..22], &[0b11_01_10_00, 0b10_00_00_00]);
    }

    /// What is written is what our own reader of such feedback, written apart from this, reads.
    #[test]
    fn what_is_told_is_what_arrived() {
        let mut arrivals = Arrivals::new(Instant::now());
        let came = |number: u16| !number.is_multiple_of(7) && !(300..340).contains(&number);
        let at =
            |number: u16| 1_000_000 + u64::from(number) * 1_000 + u64::from(number % 50) * 9_000;
        for number in (0..400).filter(|number| came(*number)) {
            arrivals.note(arrivals.at(at(number)), number);
        }
        let mut told = std::collections::BTreeMap::new();
        while let Some(packet) = arrivals.feedback(1, 2) {
            let compound = Compound::parse(&packet).unwrap();
            compound.visit(|item| {
                if let Item::Transport(feedback) = item {
                    told.extend(feedback.statuses().map(|s| (s.sequence, s.arrival)));
                }
            });
        }
        for number in 1..399 {
            let arrival = told[&number];
            assert_eq!(arrival.is_some(), came(number), "{number}");
            if let Some(arrival) = arrival {
                let off = arrival - at(number) as i64;
                assert!(
                    (-250..=250).contains(&off),
                    "{number} is {off} microseconds off"
                );
            }
        }
    }

    #[test]
    fn a_flood_is_told_in_part_and_never_stops_the_telling() {
        let mut arrivals = Arrivals::new(Instant::now());
        for round in 0..5u32 {
            for at in 0..3_000u32 {
                let number = round * 3_000 + at;
                arrivals.note(arrivals.at(u64::from(number) * 20), number as u16);
            }
            let mut told = 0;
            while let Some(packet) = arrivals.feedback(1, 2) {
                assert!(packet.len() < 1_100, "{}", packet.len());
                told += 1;
                assert!(told < 100, "it ends");
            }
            assert!(told > 0);
        }
        assert!(arrivals.arrived.len() <= MAX_ARRIVALS);
    }

    #[test]
    fn reordering_is_a_negative_delta_and_long_runs_are_run_lengths() {
        let mut arrivals = Arrivals::new(Instant::now());
        arrivals.note(arrivals.at(64_000), 11);
        arrivals.note(arrivals.at(60_000), 12);
        for number in 13..40 {
            arrivals.note(arrivals.at(64_000), number);
        }
        let packet = arrivals.feedback(1, 2).unwrap();
        assert_eq!(&packet[16..20], &[0, 0, 1, 0]);
        let symbols = u16::from_be_bytes([packet[20], packet[21]]);
        assert_eq!(symbols, 0b11_01_10_01_01_01_01_01);
        assert_eq!(u16::from_be_bytes([packet[22], packet[23]]), 1 << 13 | 22);
        assert_eq!(&packet[24..27], &[0, 0xff, 0xf0]);
    }
}
