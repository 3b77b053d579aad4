//! RTP headers (RFC 3550 section 5.1): reading those of publishers, writing those for viewers.
//!
//! A view onto bytes; allocates nothing and never panics. Payload formats are `keyframe.rs`.

use std::ops::Range;

use crate::limits::{RTP_HEADER, TRANSPORT_EXTENSION};

/// Profile of one-byte header extensions, and the longest element that it has (RFC 8285).
const ONE_BYTE: u16 = 0xbede;
const ONE_BYTE_MAX: usize = 16;

/// The fields of one packet and where its parts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) marker: bool,
    pub(crate) pt: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    /// Payload without padding; empty when the packet carries padding only.
    pub(crate) payload: Range<usize>,
    extension: Option<(u16, Range<usize>)>,
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

impl Header {
    /// Reads a plaintext packet. `None` when version, CSRCs, extension or padding do not fit.
    pub(crate) fn parse(packet: &[u8]) -> Option<Header> {
        let (first, second) = (*packet.first()?, *packet.get(1)?);
        if first >> 6 != 2 {
            return None;
        }
        let mut start = RTP_HEADER + 4 * usize::from(first & 0x0f);
        let mut extension = None;
        if first & 0x10 != 0 {
            let profile = be16(packet, start)?;
            let len = 4 * usize::from(be16(packet, start + 2)?);
            extension = Some((profile, start + 4..start + 4 + len));
            start += 4 + len;
        }
        let mut end = packet.len();
        if first & 0x20 != 0 {
            let padding = usize::from(*packet.last()?);
            if padding == 0 {
                return None;
            }
            end = end.checked_sub(padding)?;
        }
        if start > end {
            return None;
        }
        Some(Header {
            marker: second & 0x80 != 0,
            pt: second & 0x7f,
            sequence: be16(packet, 2)?,
            timestamp: be32(packet, 4)?,
            ssrc: be32(packet, 8)?,
            payload: start..end,
            extension,
        })
    }

    /// The header extension element `id` (RFC 8285, one-byte and two-byte form).
    pub(crate) fn extension<'a>(&self, packet: &'a [u8], id: u8) -> Option<&'a [u8]> {
        let (profile, range) = self.extension.clone()?;
        let mut rest = packet.get(range)?;
        let two_bytes = match profile {
            ONE_BYTE => false,
            profile if profile & 0xfff0 == 0x1000 => true,
            _ => return None,
        };
        loop {
            let first = *rest.first()?;
            if first == 0 {
                rest = &rest[1..];
                continue;
            }
            let (element, len, header) = if two_bytes {
                (first, usize::from(*rest.get(1)?), 2)
            } else {
                (first >> 4, usize::from(first & 0x0f) + 1, 1)
            };
            if !two_bytes && element == 15 {
                return None;
            }
            let body = rest.get(header..header + len)?;
            if element == id {
                return Some(body);
            }
            rest = &rest[header + len..];
        }
    }
}

/// Writes a header without CSRCs, extension and padding to the start of `buf`.
pub(crate) fn write_header(
    buf: &mut [u8],
    marker: bool,
    pt: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
) {
    buf[0] = 0x80;
    buf[1] = (u8::from(marker) << 7) | (pt & 0x7f);
    buf[2..4].copy_from_slice(&sequence.to_be_bytes());
    buf[4..8].copy_from_slice(&timestamp.to_be_bytes());
    buf[8..12].copy_from_slice(&ssrc.to_be_bytes());
}

/// Makes room for the transport-wide sequence number in a header that [`write_header`] has written:
/// [`TRANSPORT_EXTENSION`] bytes more (RFC 8285, one-byte form; `id` from 1 to 14).
pub(crate) fn write_transport_extension(buf: &mut [u8], id: u8, number: u16) {
    buf[0] |= 0x10;
    let [high, low] = number.to_be_bytes();
    let element = (id << 4) | 1;
    buf[RTP_HEADER..RTP_HEADER + TRANSPORT_EXTENSION]
        .copy_from_slice(&[0xbe, 0xde, 0, 1, element, high, low, 0]);
}

/// Bytes of a header's extensions: the transport-wide sequence number, and a descriptor of so many
/// bytes (0 without), which takes the two-byte form when it is long.
pub(crate) fn extensions_len(transport: bool, descriptor: usize) -> usize {
    if descriptor == 0 {
        return if transport { TRANSPORT_EXTENSION } else { 0 };
    }
    let element = if descriptor > ONE_BYTE_MAX { 2 } else { 1 };
    let transport = if transport { element + 2 } else { 0 };
    4 + (transport + element + descriptor).next_multiple_of(4)
}

/// As [`write_transport_extension`], with a descriptor of 1 to 255 bytes (and its id) besides.
pub(crate) fn write_extensions(
    buf: &mut [u8],
    transport: Option<(u8, u16)>,
    (id, descriptor): (u8, &[u8]),
) {
    buf[0] |= 0x10;
    let len = extensions_len(transport.is_some(), descriptor.len());
    let long = descriptor.len() > ONE_BYTE_MAX;
    let profile = if long { 0x1000 } else { ONE_BYTE };
    let block = &mut buf[RTP_HEADER..RTP_HEADER + len];
    block.fill(0);
    block[..2].copy_from_slice(&u16::to_be_bytes(profile));
    block[2..4].copy_from_slice(&((len / 4 - 1) as u16).to_be_bytes());
    let mut at = 4;
    let mut element = |id: u8, bytes: &[u8]| {
        if long {
            (block[at], block[at + 1]) = (id, bytes.len() as u8);
        } else {
            block[at] = (id << 4) | (bytes.len() - 1) as u8;
        }
        at += if long { 2 } else { 1 };
        block[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    if let Some((id, number)) = transport {
        element(id, &number.to_be_bytes());
    }
    element(id, descriptor);
}

#[cfg(test)]
mod tests;
