//! H.264 in RTP (RFC 6184): keyframes, whole NAL units of a packet, B slices.

use super::Key;
use super::bits::Bits;

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

/// The units of an aggregate. Ends early where a length runs past the end.
#[derive(Clone)]
pub(super) struct Aggregate<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Aggregate<'a> {
    /// `None` inside is a unit that runs past the end.
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let [high, low, tail @ ..] = self.0 else {
            return None;
        };
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        let unit = tail.get(..len);
        self.0 = tail.get(len..).unwrap_or_default();
        Some(unit)
    }
}

pub(super) fn key(payload: &[u8]) -> Key {
    match kind(payload) {
        Some(STAP_A) => {
            let mut best = Key::No;
            for unit in Aggregate(&payload[1..]) {
                let Some(unit) = unit else {
                    return Key::No;
                };
                match kind(unit).map(nal) {
                    Some(Key::Start) => best = Key::Start,
                    Some(Key::Slice) if best == Key::No => best = Key::Slice,
                    _ => {}
                }
            }
            best
        }
        Some(FU_A) => match payload.get(1) {
            Some(header) if header & 0x80 != 0 => nal(header & 0x1f),
            _ => Key::No,
        },
        Some(kind) => nal(kind),
        None => Key::No,
    }
}

/// Hands every unit that this packet carries whole to `visit`.
pub(super) fn units<'a>(payload: &'a [u8], mut visit: impl FnMut(u8, &'a [u8])) {
    let mut hand = |unit: &'a [u8]| {
        if let Some(kind) = kind(unit) {
            visit(kind, unit);
        }
    };
    match kind(payload) {
        Some(STAP_A) => Aggregate(&payload[1..]).flatten().for_each(hand),
        Some(1..STAP_A) => hand(payload),
        _ => {}
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
