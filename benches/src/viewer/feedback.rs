//! What a full viewer tells the server: receiver reports, NACK, picture loss.
//!
//! RFC 3550 section 6.4.2 (receiver report), RFC 4585 section 6.2.1 (generic NACK) and 6.3.1
//! (picture loss indication), for the one video SSRC of a synthetic source. NACKs are sent in a
//! compound with a receiver report, as browsers do.

use std::collections::BTreeSet;

/// Gaps that are remembered at most; older ones are given up.
const GAPS_MAX: usize = 512;
/// Sequence numbers asked for in one NACK.
const NACK_MAX: usize = 64;
/// SSRC that a viewer reports with; any value is good, it sends no media.
const OWN_SSRC: u32 = 1;

/// Sequence state of the media that a viewer receives.
#[derive(Debug, Default)]
pub(super) struct Feedback {
    ssrc: Option<u32>,
    first: u64,
    highest: u64,
    received: u64,
    gaps: BTreeSet<u64>,
    given_up: u64,
}

impl Feedback {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Takes a plaintext RTP packet, returns its payload.
    pub(super) fn take<'a>(&mut self, packet: &'a [u8]) -> Option<&'a [u8]> {
        let header = packet.get(..12)?;
        let mut at = 12 + 4 * usize::from(header[0] & 0x0f);
        if header[0] & 0x10 != 0 {
            let words = packet.get(at + 2..at + 4)?;
            at += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
        }
        let sequence = u16::from_be_bytes([header[2], header[3]]);
        let ssrc = u32::from_be_bytes(header[8..12].try_into().ok()?);
        self.note(ssrc, sequence);
        packet.get(at..)
    }

    fn note(&mut self, ssrc: u32, sequence: u16) {
        if self.ssrc != Some(ssrc) {
            *self = Self {
                ssrc: Some(ssrc),
                ..Self::default()
            };
            self.first = u64::from(sequence) + (1 << 16);
            self.highest = self.first;
            self.received = 1;
            return;
        }
        let distance = sequence.wrapping_sub(self.highest as u16) as i16;
        let extended = self.highest.wrapping_add_signed(i64::from(distance));
        self.received += 1;
        if distance > 0 {
            self.gaps.extend(self.highest + 1..extended);
            self.highest = extended;
            while self.gaps.len() > GAPS_MAX {
                self.gaps.pop_first();
                self.given_up += 1;
            }
        } else if !self.gaps.remove(&extended) {
            self.received -= 1;
        }
    }

    /// Packets that have not arrived, given up or not.
    pub(super) fn missing(&self) -> u64 {
        self.gaps.len() as u64 + self.given_up
    }

    /// A receiver report, once something was received.
    pub(super) fn receiver_report(&self) -> Option<Vec<u8>> {
        let ssrc = self.ssrc?;
        let mut packet = vec![0x81, 201, 0, 7];
        packet.extend_from_slice(&OWN_SSRC.to_be_bytes());
        packet.extend_from_slice(&ssrc.to_be_bytes());
        let lost = self.missing().min(0x7f_ffff) as u32;
        packet.extend_from_slice(&lost.to_be_bytes());
        packet.extend_from_slice(&(self.highest as u32).to_be_bytes());
        packet.extend_from_slice(&[0; 12]);
        Some(packet)
    }

    /// A receiver report and a NACK for the oldest gaps, if there are any.
    pub(super) fn nack(&self) -> Option<Vec<u8>> {
        let mut packet = self.receiver_report()?;
        let mut pairs: Vec<(u16, u16)> = Vec::new();
        for &gap in self.gaps.iter().take(NACK_MAX) {
            let sequence = gap as u16;
            match pairs.last_mut() {
                Some((base, mask)) if matches!(sequence.wrapping_sub(*base), 1..=16) => {
                    *mask |= 1 << (sequence.wrapping_sub(*base) - 1);
                }
                _ => pairs.push((sequence, 0)),
            }
        }
        if pairs.is_empty() {
            return None;
        }
        packet.extend_from_slice(&[0x81, 205, 0, 2 + pairs.len() as u8]);
        packet.extend_from_slice(&OWN_SSRC.to_be_bytes());
        packet.extend_from_slice(&self.ssrc?.to_be_bytes());
        for (base, mask) in pairs {
            packet.extend_from_slice(&base.to_be_bytes());
            packet.extend_from_slice(&mask.to_be_bytes());
        }
        Some(packet)
    }

    /// A receiver report and a picture loss indication.
    pub(super) fn picture_loss(&self) -> Option<Vec<u8>> {
        let mut packet = self.receiver_report()?;
        packet.extend_from_slice(&[0x81, 206, 0, 2]);
        packet.extend_from_slice(&OWN_SSRC.to_be_bytes());
        packet.extend_from_slice(&self.ssrc?.to_be_bytes());
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn packet(sequence: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 96];
        packet.extend_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(&[0; 4]);
        packet.extend_from_slice(&9u32.to_be_bytes());
        packet
    }

    #[test]
    fn gaps_over_the_wrap_are_asked_for_and_filled() {
        let mut feedback = Feedback::new();
        for sequence in [65_534, 65_535, 2, 3] {
            feedback.take(&packet(sequence)).unwrap();
        }
        assert_eq!(feedback.missing(), 2);
        let nack = feedback.nack().unwrap();
        assert_eq!(nack[32..36], [0x81, 205, 0, 3]);
        assert_eq!(nack[44..48], [0, 0, 0, 1]);
        feedback.take(&packet(0)).unwrap();
        feedback.take(&packet(1)).unwrap();
        assert_eq!(feedback.missing(), 0);
        assert!(feedback.nack().is_none());
    }
}
