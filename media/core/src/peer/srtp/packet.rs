//! The few header fields of RTP and RTCP that encryption needs (RFC 3550 sections 5.1 and 6.4).
//!
//! Every function that takes a whole packet checks its bounds; the field readers are called after
//! one of them has.

/// Fixed part of an RTP header.
const RTP_HEADER: usize = 12;
/// The part of an RTCP packet that stays clear: common header and SSRC.
pub(super) const RTCP_HEADER: usize = 8;

/// Length of the RTP header with CSRCs and extension; `None` when it runs past the end.
pub(super) fn rtp_header_len(packet: &[u8]) -> Option<usize> {
    if packet.len() < RTP_HEADER || packet[0] >> 6 != 2 {
        return None;
    }
    let mut len = RTP_HEADER + usize::from(packet[0] & 0x0f) * 4;
    if packet[0] & 0x10 != 0 {
        let words = packet.get(len + 2..len + 4)?;
        len += 4 + usize::from(u16::from_be_bytes([words[0], words[1]])) * 4;
    }
    (len <= packet.len()).then_some(len)
}

/// Sequence number of a checked RTP packet.
pub(super) fn sequence(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[2], packet[3]])
}

/// SSRC of a checked RTP packet.
pub(super) fn ssrc(packet: &[u8]) -> u32 {
    u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]])
}

/// Whether this can be (S)RTCP: version 2 and a whole header.
pub(super) fn is_rtcp(packet: &[u8]) -> bool {
    packet.len() >= RTCP_HEADER && packet[0] >> 6 == 2
}

/// Whether the type is one of RTCP where both share a port (RFC 5761 section 4: payload types 64 to
/// 95 with the marker bit).
pub(crate) fn is_rtcp_type(packet: &[u8]) -> bool {
    packet.get(1).is_some_and(|kind| (192..224).contains(kind))
}

/// SSRC of a checked RTCP packet.
pub(super) fn rtcp_ssrc(packet: &[u8]) -> u32 {
    u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]])
}

/// Whether the padding of a plaintext RTP packet lies inside its payload.
pub(super) fn padding_fits(packet: &[u8], header: usize) -> bool {
    let payload = &packet[header..];
    packet[0] & 0x20 == 0
        || payload
            .last()
            .is_some_and(|&count| count > 0 && usize::from(count) <= payload.len())
}
