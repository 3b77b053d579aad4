//! H.264 in RTP (RFC 6184): keyframes, whole NAL units of a packet, B slices.

use super::Key;
use super::bits::Bits;
use super::units::Units;

const SLICE: u8 = 1;
const IDR: u8 = 5;
pub(super) const SPS: u8 = 7;
pub(super) const PPS: u8 = 8;
pub(super) const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// `nal_unit_type` of a unit.
pub(super) fn kind(unit: &[u8]) -> Option<u8> {
    unit.first().map(|first| first & 0x1f)
}

fn nal(kind: u8) -> Key {
    match kind {
        SPS => Key::Start,
        IDR => Key::Slice,
        _ => Key::No,
    }
}

pub(super) fn key(payload: &[u8]) -> Key {
    match kind(payload) {
        Some(FU_A) => match payload.get(1) {
            Some(header) if header & 0x80 != 0 => nal(header & 0x1f),
            _ => Key::No,
        },
        _ => units(payload).best(|unit| kind(unit).map_or(Key::No, nal)),
    }
}

/// The units that this packet carries whole.
pub(super) fn units(payload: &[u8]) -> Units<'_> {
    match kind(payload) {
        Some(STAP_A) => Units::Aggregate(&payload[1..]),
        Some(1..STAP_A) => Units::One(payload),
        _ => Units::End,
    }
}

/// Whether the packet begins a B slice (section 7.4.3: `slice_type` 1 or 6).
pub(super) fn begins_b_slice(payload: &[u8]) -> bool {
    let body = match kind(payload) {
        Some(SLICE) => &payload[1..],
        Some(FU_A)
            if payload
                .get(1)
                .is_some_and(|header| header & 0x9f == 0x80 | SLICE) =>
        {
            &payload[2..]
        }
        _ => return false,
    };
    let mut bits = Bits::new(body);
    let _first_macroblock = bits.ue();
    matches!(bits.ue(), Some(1 | 6))
}
