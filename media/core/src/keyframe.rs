//! Whether a decoder that has nothing yet can start at a packet: H.264 (RFC 6184), VP8 (RFC 7741)
//! and VP9 (RFC 9628).
//!
//! Looks at payload headers only; whatever cannot be parsed is "not a keyframe". Marks the first
//! packet of a keyframe, not the others of the same frame.

use crate::peer::Codec;

/// What a video packet means to a decoder that has nothing yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Key {
    /// Cannot start here.
    #[default]
    No,
    /// Begins a keyframe that may need parameter sets from packets of the same frame before it.
    Slice,
    /// Begins a keyframe, complete with what the decoder needs.
    Start,
}

/// Classifies the payload of one packet.
pub(crate) fn classify(codec: &Codec, payload: &[u8]) -> Key {
    match codec {
        Codec::H264 { .. } => h264(payload),
        Codec::Vp8 => vp8(payload).unwrap_or_default(),
        Codec::Vp9 { .. } => vp9(payload).unwrap_or_default(),
        Codec::H265 { .. } | Codec::Av1 { .. } | Codec::Opus => Key::No,
    }
}

const IDR: u8 = 5;
const SPS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

fn nal(kind: u8) -> Key {
    match kind {
        SPS => Key::Start,
        IDR => Key::Slice,
        _ => Key::No,
    }
}

fn h264(payload: &[u8]) -> Key {
    let Some(first) = payload.first() else {
        return Key::No;
    };
    match first & 0x1f {
        STAP_A => {
            let (mut best, mut rest) = (Key::No, &payload[1..]);
            while let [high, low, tail @ ..] = rest {
                let len = usize::from(u16::from_be_bytes([*high, *low]));
                let Some(unit) = tail.get(..len) else {
                    return Key::No;
                };
                match unit.first().map(|first| nal(first & 0x1f)) {
                    Some(Key::Start) => best = Key::Start,
                    Some(Key::Slice) if best == Key::No => best = Key::Slice,
                    _ => {}
                }
                rest = &tail[len..];
            }
            best
        }
        FU_A => match payload.get(1) {
            Some(header) if header & 0x80 != 0 => nal(header & 0x1f),
            _ => Key::No,
        },
        kind => nal(kind),
    }
}

fn vp8(payload: &[u8]) -> Option<Key> {
    let first = *payload.first()?;
    let starts = first & 0x10 != 0 && first & 0x07 == 0;
    let mut at = 1;
    if first & 0x80 != 0 {
        let flags = *payload.get(1)?;
        at += 1;
        if flags & 0x80 != 0 {
            at += if *payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
        }
        at += usize::from(flags & 0x40 != 0);
        at += usize::from(flags & 0x30 != 0);
    }
    let inter = *payload.get(at)? & 0x01 != 0;
    Some(if starts && !inter {
        Key::Start
    } else {
        Key::No
    })
}

fn vp9(payload: &[u8]) -> Option<Key> {
    let first = *payload.first()?;
    let (id, inter, layers) = (first & 0x80 != 0, first & 0x40 != 0, first & 0x20 != 0);
    let begins = first & 0x08 != 0;
    let mut at = 1;
    if id {
        at += if *payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
    }
    let spatial = if layers {
        (*payload.get(at)? >> 1) & 0x07
    } else {
        0
    };
    Some(if begins && !inter && spatial == 0 {
        Key::Start
    } else {
        Key::No
    })
}

#[cfg(test)]
mod tests;
