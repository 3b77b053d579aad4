//! RTCP as a client writes and reads it (RFC 3550, RFC 4585, RFC 5104, draft-alvestrand-rmcat-remb).
//!
//! Written apart from the server's own RTCP, so that one checks the other.

/// One packet of a compound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// A sender report.
    SenderReport {
        /// Of which source.
        ssrc: u32,
        /// The sender's clock, NTP in 32.32 fixed point.
        ntp: u64,
        /// RTP timestamp of that moment.
        rtp: u32,
        /// Packets sent so far.
        packets: u32,
    },
    /// A report block about what we send.
    Report {
        /// About which source.
        ssrc: u32,
        /// Share lost since the last report, in 256ths.
        fraction_lost: u8,
        /// Extended highest sequence number.
        highest: u32,
    },
    /// Packets that are missing.
    Nack {
        /// Of which source.
        media_ssrc: u32,
        /// Their numbers.
        sequences: Vec<u16>,
    },
    /// A decoder is lost.
    Pli {
        /// In which source.
        media_ssrc: u32,
    },
    /// A key frame is demanded (FIR).
    Fir,
    /// Transport-wide feedback: how many packets it speaks of.
    Twcc {
        /// Packet status count.
        packets: u16,
    },
    /// Receiver estimated maximum bitrate.
    Remb {
        /// Bits a second.
        bitrate: u64,
    },
    /// The source ended.
    Bye,
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Reads what it knows in a compound and leaves the rest out.
pub fn parse(compound: &[u8]) -> Vec<Control> {
    let (mut found, mut rest) = (Vec::new(), compound);
    while let [first, kind, high, low, ..] = rest {
        let len = 4 * (usize::from(u16::from_be_bytes([*high, *low])) + 1);
        let Some(part) = rest.get(..len) else {
            break;
        };
        // A part that is too short for its kind is left out.
        let _ = read(first & 0x1f, *kind, part, &mut found);
        rest = &rest[len..];
    }
    found
}

fn read(count: u8, kind: u8, part: &[u8], found: &mut Vec<Control>) -> Option<()> {
    let blocks = match (kind, count) {
        (200, _) => {
            found.push(Control::SenderReport {
                ssrc: be32(part, 4)?,
                ntp: u64::from(be32(part, 8)?) << 32 | u64::from(be32(part, 12)?),
                rtp: be32(part, 16)?,
                packets: be32(part, 20)?,
            });
            28
        }
        (201, _) => 8,
        (203, _) => {
            found.push(Control::Bye);
            return Some(());
        }
        (205, 1) => {
            let mut sequences = Vec::new();
            for pair in part.get(12..)?.chunks_exact(4) {
                let pid = u16::from_be_bytes([pair[0], pair[1]]);
                let mask = u16::from_be_bytes([pair[2], pair[3]]);
                sequences.push(pid);
                let ahead = (0..16).filter(|bit| mask & (1 << bit) != 0);
                sequences.extend(ahead.map(|bit| pid.wrapping_add(bit + 1)));
            }
            found.push(Control::Nack {
                media_ssrc: be32(part, 8)?,
                sequences,
            });
            return Some(());
        }
        (205, 15) => {
            let packets = (be32(part, 12)? & 0xffff) as u16;
            found.push(Control::Twcc { packets });
            return Some(());
        }
        (206, 1) => {
            let media_ssrc = be32(part, 8)?;
            found.push(Control::Pli { media_ssrc });
            return Some(());
        }
        (206, 4) => {
            found.push(Control::Fir);
            return Some(());
        }
        (206, 15) if part.get(12..16)? == b"REMB" => {
            let word = be32(part, 16)?;
            let bitrate = u64::from(word & 0x3_ffff) << (word >> 18 & 0x3f).min(44);
            found.push(Control::Remb { bitrate });
            return Some(());
        }
        _ => return None,
    };
    for block in part
        .get(blocks..)?
        .chunks_exact(24)
        .take(usize::from(count))
    {
        found.push(Control::Report {
            ssrc: be32(block, 0)?,
            fraction_lost: block[4],
            highest: be32(block, 8)?,
        });
    }
    Some(())
}

/// One report block to write.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block {
    pub(super) ssrc: u32,
    pub(super) fraction_lost: u8,
    pub(super) lost: u32,
    pub(super) highest: u32,
    pub(super) jitter: u32,
    pub(super) last_sr: u32,
    pub(super) since_sr: u32,
}

/// Begins a compound with a receiver report.
pub(super) fn receiver_report(own: u32, blocks: &[Block]) -> Vec<u8> {
    let blocks = &blocks[..blocks.len().min(31)];
    let mut out = vec![
        0x80 | blocks.len() as u8,
        201,
        0,
        1 + 6 * blocks.len() as u8,
    ];
    out.extend_from_slice(&own.to_be_bytes());
    for block in blocks {
        let lost = u32::from(block.fraction_lost) << 24 | block.lost.min(0x7f_ffff);
        for word in [
            block.ssrc,
            lost,
            block.highest,
            block.jitter,
            block.last_sr,
            block.since_sr,
        ] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }
    out
}

/// A sender report without report blocks.
pub(super) fn sender_report(ssrc: u32, ntp: u64, rtp: u32, packets: u32, bytes: u32) -> Vec<u8> {
    let mut out = vec![0x80, 200, 0, 6];
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&ntp.to_be_bytes());
    for word in [rtp, packets, bytes] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    out
}

/// Appends a NACK for numbers in ascending order.
pub(super) fn nack(own: u32, media: u32, sequences: &[u16], out: &mut Vec<u8>) {
    let mut pairs: Vec<(u16, u16)> = Vec::new();
    for sequence in sequences {
        match pairs.last_mut() {
            Some((base, mask)) if matches!(sequence.wrapping_sub(*base), 1..=16) => {
                *mask |= 1 << (sequence.wrapping_sub(*base) - 1);
            }
            _ => pairs.push((*sequence, 0)),
        }
    }
    out.extend_from_slice(&[0x81, 205, 0, 2 + pairs.len() as u8]);
    out.extend_from_slice(&own.to_be_bytes());
    out.extend_from_slice(&media.to_be_bytes());
    for (base, mask) in pairs {
        out.extend_from_slice(&base.to_be_bytes());
        out.extend_from_slice(&mask.to_be_bytes());
    }
}

/// Appends a picture loss indication.
pub(super) fn pli(own: u32, media: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x81, 206, 0, 2]);
    out.extend_from_slice(&own.to_be_bytes());
    out.extend_from_slice(&media.to_be_bytes());
}

/// Appends a REMB for one source.
pub(super) fn remb(own: u32, media: u32, bitrate: u64, out: &mut Vec<u8>) {
    let exponent = (64 - bitrate.leading_zeros()).saturating_sub(18);
    let word = 1 << 24 | exponent << 18 | (bitrate >> exponent) as u32;
    out.extend_from_slice(&[0x8f, 206, 0, 5]);
    out.extend_from_slice(&own.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(b"REMB");
    out.extend_from_slice(&word.to_be_bytes());
    out.extend_from_slice(&media.to_be_bytes());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let block = Block {
            ssrc: 7,
            fraction_lost: 3,
            highest: 70_000,
            ..Block::default()
        };
        let mut compound = receiver_report(1, &[block]);
        nack(1, 7, &[65_535, 0, 14, 15, 40], &mut compound);
        pli(1, 7, &mut compound);
        remb(1, 7, 2_400_000, &mut compound);
        compound.extend(sender_report(9, 1 << 33, 5, 2, 3));
        let report = |control: &Control| {
            matches!(
                control,
                Control::Report {
                    ssrc: 7,
                    fraction_lost: 3,
                    highest: 70_000
                }
            )
        };
        let found = parse(&compound);
        assert!(report(&found[0]));
        assert_eq!(
            found[1..],
            [
                Control::Nack {
                    media_ssrc: 7,
                    sequences: vec![65_535, 0, 14, 15, 40],
                },
                Control::Pli { media_ssrc: 7 },
                Control::Remb {
                    bitrate: 2_400_000 / 16 * 16
                },
                Control::SenderReport {
                    ssrc: 9,
                    ntp: 1 << 33,
                    rtp: 5,
                    packets: 2
                },
            ]
        );
    }
}
