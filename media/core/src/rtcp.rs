//! RTCP (RFC 3550 section 6, RFC 4585, RFC 5104): reading what peers send.
//!
//! A compound is checked as a whole and dropped as a whole; only then its parts are looked at, as
//! views onto the bytes. Unknown parts are skipped. A compound need not begin with a report
//! (RFC 5506, reduced size). Writing is `rtcp/write.rs`.

mod check;
mod feedback;
pub(crate) mod write;

use check::{
    PAYLOAD_FEEDBACK, RECEIVER_REPORT, SENDER_REPORT, TRANSPORT_FEEDBACK, TRANSPORT_WIDE, body,
    count, holds, split,
};
pub(crate) use feedback::Feedback;

use crate::limits::MAX_BITRATE;

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
pub(crate) enum Item<'a> {
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
    /// What arrived, by transport-wide sequence number.
    Transport(Feedback<'a>),
    /// Receiver-estimated maximum bitrate in bits a second, at most [`MAX_BITRATE`]
    /// (draft-alvestrand-rmcat-remb-03).
    Remb {
        bitrate: u64,
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
            holds(part)?;
            rest = tail;
        }
        (!bytes.is_empty()).then_some(Self { bytes })
    }

    /// Hands every known part to `visit`, in order.
    pub(crate) fn visit(&self, mut visit: impl FnMut(Item<'a>)) {
        let mut rest = self.bytes;
        while let Some((part, tail)) = split(rest) {
            items(part, &mut visit);
            rest = tail;
        }
    }
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..at + 4)
        .map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
}

/// The items of one checked part.
fn items<'a>(part: &'a [u8], visit: &mut impl FnMut(Item<'a>)) {
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
        (TRANSPORT_FEEDBACK, TRANSPORT_WIDE) => {
            if let Some(feedback) = Feedback::parse(body) {
                visit(Item::Transport(feedback));
            }
        }
        (PAYLOAD_FEEDBACK, 15) => {
            if let Some(bitrate) = remb(&body[12..]) {
                visit(Item::Remb { bitrate });
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

/// A mantissa of 18 bits and an exponent of six, so up to 2^81.
fn remb(body: &[u8]) -> Option<u64> {
    let [b'R', b'E', b'M', b'B', _ssrcs, high, middle, low, ..] = body else {
        return None;
    };
    let mantissa = u128::from(u32::from_be_bytes([0, high & 3, *middle, *low]));
    let bitrate = mantissa << (high >> 2);
    Some(u64::try_from(bitrate).unwrap_or(u64::MAX).min(MAX_BITRATE))
}

fn report(block: &[u8]) -> Item<'static> {
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
