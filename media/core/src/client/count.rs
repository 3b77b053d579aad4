//! Counting of sealed media by its clear headers.

/// Media that a light client has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// RTP packets that arrived.
    pub packets: u64,
    /// Their bytes, tags included.
    pub bytes: u64,
    /// Gaps in the sequence numbers that were not filled: highest minus first plus one minus got,
    /// summed over SSRCs.
    pub lost: u64,
}

/// Sequence numbers of one SSRC, for the loss count.
struct Seen {
    ssrc: u32,
    first: u64,
    highest: u64,
    packets: u64,
}

/// All SSRCs of one client.
#[derive(Default)]
pub(super) struct Counter {
    media: Vec<Seen>,
    counts: Counts,
}

/// RTP and not RTCP, by the first two bytes (RFC 5761, RFC 7983).
pub(super) fn is_rtp(datagram: &[u8]) -> bool {
    datagram.len() >= 12 && (128..192).contains(&datagram[0]) && !(192..224).contains(&datagram[1])
}

impl Counter {
    /// Counts a packet of at least 12 bytes.
    pub(super) fn count(&mut self, datagram: &[u8]) {
        let sequence = u16::from_be_bytes([datagram[2], datagram[3]]);
        let ssrc = u32::from_be_bytes([datagram[8], datagram[9], datagram[10], datagram[11]]);
        self.counts.packets += 1;
        self.counts.bytes += datagram.len() as u64;
        let Some(seen) = self.media.iter_mut().find(|seen| seen.ssrc == ssrc) else {
            // One cycle up, so that an early reordering does not go below zero.
            let first = u64::from(sequence) + 0x1_0000;
            self.media.push(Seen {
                ssrc,
                first,
                highest: first,
                packets: 1,
            });
            return;
        };
        seen.packets += 1;
        let ahead = sequence.wrapping_sub(seen.highest as u16);
        if ahead < 0x8000 {
            seen.highest += u64::from(ahead);
        } else {
            let behind = u64::from((seen.highest as u16).wrapping_sub(sequence));
            seen.first = seen.first.min(seen.highest - behind);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        let lost = self
            .media
            .iter()
            .map(|seen| (seen.highest - seen.first + 1).saturating_sub(seen.packets));
        Counts {
            lost: lost.sum(),
            ..self.counts
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16, ssrc: u32) -> Vec<u8> {
        let mut packet = vec![0x80, 96];
        packet.extend_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(&[0; 4]);
        packet.extend_from_slice(&ssrc.to_be_bytes());
        packet
    }

    #[test]
    fn gaps_are_lost_packets_and_reordering_and_wraps_are_not() {
        let mut counter = Counter::default();
        for (sequence, ssrc) in [
            (65_534, 1),
            (0, 1),
            (65_535, 1),
            (2, 1),
            (1, 1),
            (5, 1),
            (0, 2),
        ] {
            counter.count(&packet(sequence, ssrc));
        }
        let counts = counter.counts();
        assert_eq!((counts.packets, counts.bytes, counts.lost), (7, 84, 2));
        counter.count(&packet(65_535, 2));
        assert_eq!(counter.counts().lost, 2);
    }
}
