//! Whether the parts of a compound are what they say: lengths, counts, padding, text ends.
//!
//! Every length and count is held against the bytes that are there, so that reading a part later
//! cannot fail. A part of an unknown kind only has to have its own length right.

use super::feedback::Feedback;

pub(super) const SENDER_REPORT: u8 = 200;
pub(super) const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
pub(super) const TRANSPORT_FEEDBACK: u8 = 205;
pub(super) const PAYLOAD_FEEDBACK: u8 = 206;
const EXTENDED_REPORT: u8 = 207;
/// Format of transport-wide feedback among the transport feedbacks.
pub(super) const TRANSPORT_WIDE: usize = 15;

/// Splits off one part by its length field.
pub(super) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = 4 * (usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])) + 1);
    (bytes[0] >> 6 == 2 && bytes.len() >= len).then(|| bytes.split_at(len))
}

/// The five bits that are a count or a format.
pub(super) fn count(part: &[u8]) -> usize {
    usize::from(part[0] & 0x1f)
}

/// The part without its padding.
pub(super) fn body(part: &[u8]) -> Option<&[u8]> {
    if part[0] & 0x20 == 0 {
        return Some(part);
    }
    let padding = usize::from(*part.last()?);
    let len = part.len().checked_sub(padding)?;
    (padding > 0 && len >= 4).then(|| &part[..len])
}

/// Whether the part holds what it says.
pub(super) fn holds(part: &[u8]) -> Option<()> {
    let body = body(part)?;
    let count = count(part);
    let needed = match part[1] {
        SENDER_REPORT => 28 + 24 * count,
        RECEIVER_REPORT => 8 + 24 * count,
        TRANSPORT_FEEDBACK | PAYLOAD_FEEDBACK => 12,
        GOODBYE => 4 + 4 * count,
        EXTENDED_REPORT => 8,
        _ => 4,
    };
    if body.len() < needed {
        return None;
    }
    match part[1] {
        DESCRIPTION => descriptions(&body[4..], count),
        GOODBYE => reason(&body[needed..]),
        EXTENDED_REPORT => blocks(&body[needed..]),
        TRANSPORT_FEEDBACK if count == TRANSPORT_WIDE => Feedback::parse(body).map(|_| ()),
        _ => Some(()),
    }
}

/// SDES chunks (RFC 3550 section 6.5): each list of items ends with a zero and at a whole word.
fn descriptions(mut rest: &[u8], chunks: usize) -> Option<()> {
    for _ in 0..chunks {
        let mut at = 4;
        while *rest.get(at)? != 0 {
            at += 2 + usize::from(*rest.get(at + 1)?);
        }
        rest = rest.get((at + 1).next_multiple_of(4)..)?;
    }
    Some(())
}

/// The reason of a BYE (RFC 3550 section 6.6), which may be absent.
fn reason(rest: &[u8]) -> Option<()> {
    match rest {
        [] => Some(()),
        [len, text @ ..] => (text.len() >= usize::from(*len)).then_some(()),
    }
}

/// XR blocks (RFC 3611 section 3).
fn blocks(mut rest: &[u8]) -> Option<()> {
    while !rest.is_empty() {
        let words = u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]);
        rest = rest.get(4 * (usize::from(words) + 1)..)?;
    }
    Some(())
}
