//! H.265 in RTP (RFC 7798): keyframes and whole NAL units of a packet. `sprop-max-don-diff` is
//! taken to be 0, as WebRTC has it: no DONL fields.

use super::Key;
use super::units::Units;

pub(super) const VPS: u8 = 32;
pub(super) const SPS: u8 = 33;
pub(super) const PPS: u8 = 34;
pub(super) const AP: u8 = 48;
const FU: u8 = 49;

/// `nal_unit_type` of a unit.
pub(super) fn kind(unit: &[u8]) -> Option<u8> {
    match unit {
        [first, _, ..] => Some(first >> 1 & 0x3f),
        _ => None,
    }
}

fn nal(kind: u8) -> Key {
    match kind {
        VPS => Key::Start,
        // BLA, IDR and CRA pictures (section 1.1.4 of RFC 7798); parameter sets without a VPS.
        16..=21 | SPS => Key::Slice,
        _ => Key::No,
    }
}

pub(super) fn key(payload: &[u8]) -> Key {
    match kind(payload) {
        Some(FU) => match payload.get(2) {
            Some(header) if header & 0x80 != 0 => nal(header & 0x3f),
            _ => Key::No,
        },
        _ => units(payload).best(|unit| kind(unit).map_or(Key::No, nal)),
    }
}

/// The units that this packet carries whole.
pub(super) fn units(payload: &[u8]) -> Units<'_> {
    match kind(payload) {
        Some(AP) => Units::Aggregate(&payload[2..]),
        Some(0..AP) => Units::One(payload),
        _ => Units::End,
    }
}
