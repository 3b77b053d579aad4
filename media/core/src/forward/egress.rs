//! The last step of every packet to a viewer: header, payload, seal, queue, and a note under which
//! transport-wide number it went out.
//!
//! A sequence number of an SSRC is sealed with one content only, or AES-GCM would repeat a nonce:
//! whoever sends a packet again on its own SSRC gives it the transport number that it had.

use std::net::SocketAddr;

use super::down_track::Way;
use crate::keyframe::renumber;
use crate::limits::{REPEAT_MEMORY, RTP_HEADER, TRANSPORT_EXTENSION};
use crate::peer::{Peer, SRTP_OVERHEAD};
use crate::ring::Stored;
use crate::rtcp::write::Writer;
use crate::rtp::{extensions_len, write_extensions, write_header, write_transport_extension};
use crate::transmit::Transmits;

/// The bit of the first byte that tells of padding (RFC 3550 section 5.1).
const PADDED: u8 = 0x20;

/// What a packet looks like to the viewer, but for its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) pt: u8,
    pub(super) marker: bool,
    /// Bytes of RTP padding.
    pub(super) pad: u8,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) ssrc: u32,
    /// Id of the transport-wide sequence number, if the viewer's section has it.
    pub(super) extension: Option<u8>,
    /// Id of the dependency descriptor, if the viewer's section has it, and what is added to its
    /// frame number.
    pub(super) dependency: Option<(u8, u16)>,
}

/// Bytes of padding in a packet that carries nothing else.
const PADDING: [u8; 224] = {
    let mut padding = [0; 224];
    padding[223] = 224;
    padding
};

/// Which transport-wide number a packet gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// The next one, with the number of the probe that it belongs to, or 0.
    Next { probe: u8 },
    /// What it had when it was sent first.
    Again(u16),
}

/// Writes, seals and queues one packet: the only place where media leaves for a viewer. `prefix`
/// goes before what is sent of `stored`: descriptor and payload. Returns the transport-wide number that it had (0 without).
#[inline]
pub(super) fn write(
    way: &mut Way<'_>,
    head: Head,
    number: Number,
    prefix: &[u8],
    (descriptor, payload): (&[u8], &[u8]),
) -> Option<u16> {
    let dependency = head.dependency.filter(|_| !descriptor.is_empty());
    let before = RTP_HEADER
        + match (head.extension, dependency) {
            (None, None) => 0,
            (Some(_), None) => TRANSPORT_EXTENSION,
            (transport, Some(_)) => extensions_len(transport.is_some(), descriptor.len()),
        };
    let at = before + prefix.len();
    let end = at + payload.len();
    let len = end + usize::from(head.pad);
    let buf = way.out.reserve(len + SRTP_OVERHEAD);
    let Head {
        pt,
        marker,
        pad,
        sequence,
        timestamp,
        ssrc,
        extension,
        ..
    } = head;
    write_header(buf, marker, pt, sequence, timestamp, ssrc);
    let mut transport = 0;
    if let Some(id) = extension {
        transport = match number {
            Number::Next { .. } => way.network.next_number(),
            Number::Again(number) => number,
        };
        if dependency.is_none() {
            write_transport_extension(buf, id, transport);
        }
    }
    if let Some(dependency) = dependency {
        let transport = extension.map(|id| (id, transport));
        describe(buf, transport, dependency, descriptor);
    }
    buf[before..at].copy_from_slice(prefix);
    buf[at..end].copy_from_slice(payload);
    if pad > 0 {
        buf[0] |= PADDED;
        buf[end..len].fill(0);
        buf[len - 1] = pad;
    }
    let sealed = way.peer.seal_rtp(buf, len)?;
    way.out.commit(way.to, sealed);
    if let (Some(_), Number::Next { probe }) = (extension, number) {
        way.network.sent(way.now, sealed, probe);
    }
    Some(transport)
}

/// Writes the descriptor with the number of the frame as the viewer counts them.
#[cold]
fn describe(
    buf: &mut [u8],
    transport: Option<(u8, u16)>,
    (id, offset): (u8, u16),
    descriptor: &[u8],
) {
    let mut own = [0; u8::MAX as usize];
    let own = &mut own[..descriptor.len()];
    own.copy_from_slice(descriptor);
    renumber(own, offset);
    write_extensions(buf, transport, (id, own));
}

/// RFC 4588 towards one viewer: an SSRC of its own with numbers of its own.
pub(super) struct Rtx {
    ssrc: u32,
    next: u16,
}

impl Rtx {
    /// `None` when the viewer takes no RTX. `seed` chooses the first number.
    pub(super) fn new(ssrc: u32, seed: u64) -> Option<Self> {
        let next = (seed >> 8) as u16 & 0x7fff;
        (ssrc != 0).then_some(Self { ssrc, next })
    }

    /// Sends a packet again that went out as `head`; `pt` is the payload type for repetitions.
    pub(super) fn write(
        &mut self,
        way: &mut Way<'_>,
        head: Head,
        pt: u8,
        probe: u8,
        stored: &Stored<'_>,
    ) -> bool {
        let original = head.sequence.to_be_bytes();
        let head = Head {
            pt,
            pad: 0,
            sequence: self.next,
            ssrc: self.ssrc,
            ..head
        };
        let parts = (stored.descriptor, stored.payload);
        let sent = write(way, head, Number::Next { probe }, &original, parts);
        self.next = self.next.wrapping_add(u16::from(sent.is_some()));
        sent.is_some()
    }

    /// Sends a packet of padding alone, for a probe when there is nothing to repeat.
    pub(super) fn pad(&mut self, way: &mut Way<'_>, head: Head, pt: u8, probe: u8) -> bool {
        let head = Head {
            pt,
            sequence: self.next,
            ssrc: self.ssrc,
            ..head
        };
        let sent = write_padding(way, head, probe);
        self.next = self.next.wrapping_add(u16::from(sent));
        sent
    }
}

/// See [`Rtx::pad`]: the bit in the first byte that says so has to be set before sealing.
fn write_padding(way: &mut Way<'_>, head: Head, probe: u8) -> bool {
    let Some(id) = head.extension else {
        return false;
    };
    let at = RTP_HEADER + TRANSPORT_EXTENSION;
    let len = at + PADDING.len();
    let buf = way.out.reserve(len + SRTP_OVERHEAD);
    write_header(
        buf,
        false,
        head.pt,
        head.sequence,
        head.timestamp,
        head.ssrc,
    );
    buf[0] |= 0x20;
    write_transport_extension(buf, id, way.network.next_number());
    buf[at..len].copy_from_slice(&PADDING);
    let Some(sealed) = way.peer.seal_rtp(buf, len) else {
        return false;
    };
    way.out.commit(way.to, sealed);
    way.network.sent(way.now, sealed, probe);
    true
}

/// Seals and queues one RTCP compound. Returns whether there were keys.
pub(crate) fn send_rtcp(
    writer: &Writer,
    peer: &mut Peer,
    to: SocketAddr,
    out: &mut Transmits,
) -> bool {
    let plain = writer.bytes();
    let buf = out.reserve(plain.len() + SRTP_OVERHEAD);
    buf[..plain.len()].copy_from_slice(plain);
    let sealed = peer.seal_rtcp(buf, plain.len());
    if let Some(sealed) = sealed {
        out.commit(to, sealed);
    }
    sealed.is_some()
}

/// Transport-wide numbers of the latest packets of one SSRC, for those that repeat on it.
pub(super) struct Numbers {
    /// Sequence number and transport-wide number: a place that was never written, or by an older
    /// packet only, must not be taken for this one's.
    ring: Box<[(u16, u16); REPEAT_MEMORY]>,
    newest: Option<u16>,
}

impl Numbers {
    pub(super) fn new() -> Self {
        Self {
            ring: Box::new([(0, 0); REPEAT_MEMORY]),
            newest: None,
        }
    }

    /// `sequence` went out with `number`.
    pub(super) fn note(&mut self, sequence: u16, number: u16) {
        self.ring[usize::from(sequence) % self.ring.len()] = (sequence, number);
        let newest = *self.newest.get_or_insert(sequence);
        if sequence.wrapping_sub(newest) < 1 << 15 {
            self.newest = Some(sequence);
        }
    }

    /// What `sequence` went out with; `None` when that is forgotten.
    pub(super) fn get(&self, sequence: u16) -> Option<u16> {
        let back = self.newest?.wrapping_sub(sequence);
        let (noted, number) = self.ring[usize::from(sequence) % self.ring.len()];
        (usize::from(back) < self.ring.len() && noted == sequence).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_packet_is_kept_as_long_as_its_place() {
        let mut numbers = Numbers::new();
        assert_eq!(numbers.get(7), None);
        for sequence in 65_530..=65_535 {
            numbers.note(sequence, sequence - 65_000);
        }
        numbers.note(1, 600);
        numbers.note(0, 601);
        assert_eq!(numbers.get(65_535), Some(535));
        assert_eq!((numbers.get(0), numbers.get(1)), (Some(601), Some(600)));
        assert_eq!(numbers.get(2), None, "not sent yet");
        numbers.note(4, 602);
        assert_eq!(numbers.get(3), None, "left out so far");
        numbers.note(REPEAT_MEMORY as u16, 9);
        assert_eq!(numbers.get(0), None, "its place is taken");
        assert_eq!(numbers.get(1), Some(600));
    }
}
