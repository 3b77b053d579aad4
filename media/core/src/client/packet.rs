//! Reading and writing RTP headers (RFC 3550 section 5.1, RFC 8285 one-byte extensions).

/// Header fields of a plaintext or still sealed RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Payload type.
    pub pt: u8,
    /// Marker bit.
    pub marker: bool,
    /// Whether padding follows the payload.
    pub padding: bool,
    /// Sequence number.
    pub sequence: u16,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Where the payload begins.
    pub payload: usize,
    /// Where the extension elements are, if there are any (one-byte form only).
    extension: (usize, usize),
}

/// Profile of one-byte header extensions.
const ONE_BYTE: u16 = 0xbede;

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

impl Header {
    /// Reads a header; `None` when it runs past the end.
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let first = *packet.first()?;
        let second = *packet.get(1)?;
        let mut payload = 12 + 4 * usize::from(first & 0x0f);
        let mut extension = (0, 0);
        if first & 0x10 != 0 {
            let words = usize::from(be16(packet, payload + 2)?);
            let begin = payload + 4;
            if be16(packet, payload)? == ONE_BYTE {
                extension = (begin, begin + 4 * words);
            }
            payload = begin + 4 * words;
        }
        (first >> 6 == 2 && packet.len() >= payload).then_some(())?;
        Some(Self {
            pt: second & 0x7f,
            marker: second & 0x80 != 0,
            padding: first & 0x20 != 0,
            sequence: be16(packet, 2)?,
            timestamp: be32(packet, 4)?,
            ssrc: be32(packet, 8)?,
            payload,
            extension,
        })
    }

    /// The value of the header extension `id`.
    pub fn extension<'a>(&self, packet: &'a [u8], id: u8) -> Option<&'a [u8]> {
        let mut rest = packet.get(self.extension.0..self.extension.1)?;
        while let [first, tail @ ..] = rest {
            if *first == 0 {
                rest = tail;
                continue;
            }
            let len = usize::from(first & 0x0f) + 1;
            if first >> 4 == id {
                return tail.get(..len);
            }
            rest = tail.get(len..)?;
        }
        None
    }

    /// The payload of a plaintext packet without padding; `None` when the padding is nonsense.
    pub fn payload<'a>(&self, packet: &'a [u8]) -> Option<&'a [u8]> {
        let payload = packet.get(self.payload..)?;
        if !self.padding {
            return Some(payload);
        }
        let padding = usize::from(*payload.last()?);
        payload.get(..payload.len().checked_sub(padding)?)
    }
}

/// What a packet is written from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    pub(super) pt: u8,
    pub(super) marker: bool,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) ssrc: u32,
    /// Ids and values, in order; values have 1 to 16 bytes.
    pub(super) extensions: &'a [(u8, &'a [u8])],
}

/// Appends a header.
pub(super) fn write_header(fields: &Fields<'_>, out: &mut Vec<u8>) {
    let extended = !fields.extensions.is_empty();
    out.extend_from_slice(&[
        if extended { 0x90 } else { 0x80 },
        u8::from(fields.marker) << 7 | fields.pt,
    ]);
    out.extend_from_slice(&fields.sequence.to_be_bytes());
    out.extend_from_slice(&fields.timestamp.to_be_bytes());
    out.extend_from_slice(&fields.ssrc.to_be_bytes());
    if extended {
        let bytes: usize = fields.extensions.iter().map(|(_, v)| 1 + v.len()).sum();
        out.extend_from_slice(&ONE_BYTE.to_be_bytes());
        out.extend_from_slice(&(bytes.div_ceil(4) as u16).to_be_bytes());
        for (id, value) in fields.extensions {
            out.push(id << 4 | (value.len() as u8).wrapping_sub(1) & 0x0f);
            out.extend_from_slice(value);
        }
        out.resize(out.len() + bytes.next_multiple_of(4) - bytes, 0);
    }
}

/// Extends `sequence` to the number nearest to `near`.
pub(super) fn extend(near: u64, sequence: u16) -> u64 {
    near.wrapping_add_signed(i64::from(sequence.wrapping_sub(near as u16) as i16))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let fields = Fields {
            pt: 96,
            marker: true,
            sequence: 65_535,
            timestamp: 7,
            ssrc: 9,
            extensions: &[(3, &[1, 2]), (2, b"hi")],
        };
        let mut packet = Vec::new();
        write_header(&fields, &mut packet);
        assert_eq!(packet.len(), 12 + 4 + 8);
        packet.extend_from_slice(b"payload\0\0\x03");
        packet[0] |= 0x20;
        let header = Header::parse(&packet).unwrap();
        assert_eq!(
            (header.pt, header.marker, header.sequence),
            (96, true, 65_535)
        );
        assert_eq!(header.extension(&packet, 3), Some(&[1, 2][..]));
        assert_eq!(header.extension(&packet, 2), Some(&b"hi"[..]));
        assert_eq!(header.extension(&packet, 1), None);
        assert_eq!(header.payload(&packet), Some(&b"payload"[..]));
        assert_eq!(extend(65_536, 65_535), 65_535);
        assert_eq!(Header::parse(&packet[..14]), None);
    }
}
