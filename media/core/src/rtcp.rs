//! RTCP (RFC 3550 section 6, RFC 4585, RFC 5104): reading what peers send.
//!
//! A compound is checked as a whole and dropped as a whole; only then its parts are looked at, as
//! views onto the bytes. Unknown parts are skipped. Writing is `rtcp/write.rs`.

pub(crate) mod write;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;

/// One report block (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) ssrc: u32,
    pub(crate) fraction_lost: u8,
    /// Clamped to 24 bits when written.
    pub(crate) lost: u32,
    pub(crate) highest: u32,
    pub(crate) jitter: u32,
    pub(crate) last_sr: u32,
    pub(crate) delay_since_last_sr: u32,
}

/// What a peer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    SenderReport {
        ssrc: u32,
        ntp: u64,
        rtp: u32,
    },
    Report(Block),
    /// Sequence number `pid` and those whose bit is set in `blp` after it (RFC 4585 6.2.1).
    Nack {
        media_ssrc: u32,
        pid: u16,
        blp: u16,
    },
    Pli {
        media_ssrc: u32,
    },
    Fir {
        media_ssrc: u32,
    },
}

/// A compound whose lengths and counts hold.
pub(crate) struct Compound<'a> {
    bytes: &'a [u8],
}

impl<'a> Compound<'a> {
    /// Checks all parts. `None` when one of them does not fit.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (part, tail) = split(rest)?;
            check(part)?;
            rest = tail;
        }
        (!bytes.is_empty()).then_some(Self { bytes })
    }

    /// Hands every known part to `visit`, in order.
    pub(crate) fn visit(&self, mut visit: impl FnMut(Item)) {
        let mut rest = self.bytes;
        while let Some((part, tail)) = split(rest) {
            items(part, &mut visit);
            rest = tail;
        }
    }
}

/// Splits off one part by its length field.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = 4 * (usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])) + 1);
    (bytes[0] >> 6 == 2 && bytes.len() >= len).then(|| bytes.split_at(len))
}

fn count(part: &[u8]) -> usize {
    usize::from(part[0] & 0x1f)
}

/// The part without its padding.
fn body(part: &[u8]) -> Option<&[u8]> {
    if part[0] & 0x20 == 0 {
        return Some(part);
    }
    let padding = usize::from(*part.last()?);
    let len = part.len().checked_sub(padding)?;
    (padding > 0 && len >= 4).then(|| &part[..len])
}

fn check(part: &[u8]) -> Option<()> {
    let body = body(part)?;
    let needed = match part[1] {
        SENDER_REPORT => 28 + 24 * count(part),
        RECEIVER_REPORT => 8 + 24 * count(part),
        TRANSPORT_FEEDBACK | PAYLOAD_FEEDBACK => 12,
        203 => 4 + 4 * count(part),
        _ => 4,
    };
    (body.len() >= needed).then_some(())
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
}

/// The items of one checked part.
fn items(part: &[u8], visit: &mut impl FnMut(Item)) {
    let Some(body) = body(part) else { return };
    match (part[1], count(part)) {
        (SENDER_REPORT, blocks) => {
            let ntp = (u64::from(be32(body, 8)) << 32) | u64::from(be32(body, 12));
            visit(Item::SenderReport {
                ssrc: be32(body, 4),
                ntp,
                rtp: be32(body, 16),
            });
            body[28..]
                .chunks_exact(24)
                .take(blocks)
                .for_each(|block| visit(report(block)));
        }
        (RECEIVER_REPORT, blocks) => {
            body[8..]
                .chunks_exact(24)
                .take(blocks)
                .for_each(|block| visit(report(block)));
        }
        (TRANSPORT_FEEDBACK, 1) => {
            for pair in body[12..].chunks_exact(4) {
                let pid = u16::from_be_bytes([pair[0], pair[1]]);
                let blp = u16::from_be_bytes([pair[2], pair[3]]);
                visit(Item::Nack {
                    media_ssrc: be32(body, 8),
                    pid,
                    blp,
                });
            }
        }
        (PAYLOAD_FEEDBACK, 1) => visit(Item::Pli {
            media_ssrc: be32(body, 8),
        }),
        (PAYLOAD_FEEDBACK, 4) => {
            for entry in body[12..].chunks_exact(8) {
                visit(Item::Fir {
                    media_ssrc: be32(entry, 0),
                });
            }
        }
        _ => {}
    }
}

fn report(block: &[u8]) -> Item {
    Item::Report(Block {
        ssrc: be32(block, 0),
        fraction_lost: block[4],
        lost: be32(block, 4) & 0x00ff_ffff,
        highest: be32(block, 8),
        jitter: be32(block, 12),
        last_sr: be32(block, 16),
        delay_since_last_sr: be32(block, 20),
    })
}

#[cfg(test)]
mod tests;
