//! AV1 in RTP (RTP Payload Format For AV1, version 1.0): keyframes from the aggregation header
//! and the OBUs, layers from the OBU extension.

use super::Key;
use crate::border::Svc;

const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const FRAME_HEADER: u8 = 3;
const FRAME: u8 = 6;
/// OBU elements looked at per packet; keyframes begin with two or three.
const MAX_ELEMENTS: usize = 8;

/// LEB128 of at most eight bytes; the value and what follows. `None` past the end or beyond 32
/// bits (AV1 section 4.10.5).
pub(super) fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0u64;
    for (at, byte) in bytes.iter().enumerate().take(8) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let value = usize::try_from(u32::try_from(value).ok()?).ok()?;
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

/// What an OBU header says (AV1 section 5.3).
struct Obu<'a> {
    kind: u8,
    /// Temporal and spatial layer, if it has the extension.
    layers: Option<(u8, u8)>,
    body: &'a [u8],
}

fn obu(element: &[u8]) -> Option<Obu<'_>> {
    let (first, mut rest) = element.split_first()?;
    if first & 0x80 != 0 {
        return None;
    }
    let mut layers = None;
    if first & 0x04 != 0 {
        let (extension, tail) = rest.split_first()?;
        layers = Some((extension >> 5, extension >> 3 & 0x03));
        rest = tail;
    }
    if first & 0x02 != 0 {
        (_, rest) = leb128(rest)?;
    }
    Some(Obu {
        kind: first >> 3 & 0x0f,
        layers,
        body: rest,
    })
}

/// Whether a frame header begins a shown or hidden KEY_FRAME: `show_existing_frame` is 0 and
/// `frame_type` is 0 (AV1 section 5.9.2).
fn is_key_frame(header: &[u8]) -> bool {
    header.first().is_some_and(|first| first & 0xe0 == 0)
}

/// Whether the last OBU of the packet ends with it, by the aggregation header.
pub(crate) fn completes_obu(payload: &[u8]) -> bool {
    payload.first().is_some_and(|first| first & 0x40 == 0)
}

/// What the packet means, if its lengths hold.
pub(super) fn look(payload: &[u8]) -> Option<(Key, Svc)> {
    let (aggregation, mut rest) = payload.split_first()?;
    let (continues, goes_on) = (aggregation & 0x80 != 0, aggregation & 0x40 != 0);
    let count = usize::from(aggregation >> 4 & 0x03);
    let new_sequence = aggregation & 0x08 != 0;
    let (mut sequence, mut key_frame, mut layers, mut begins) = (false, false, None, false);
    let mut at = 0;
    while !rest.is_empty() && at < MAX_ELEMENTS {
        at += 1;
        let element;
        if at == count {
            (element, rest) = (rest, &rest[..0]);
        } else {
            let (len, tail) = leb128(rest)?;
            element = tail.get(..len)?;
            rest = &tail[len..];
        }
        if (at == 1 && continues) || element.is_empty() {
            continue;
        }
        let Obu {
            kind,
            layers: own,
            body,
        } = obu(element)?;
        layers = layers.or(own.filter(|_| kind != TEMPORAL_DELIMITER));
        sequence |= kind == SEQUENCE_HEADER;
        key_frame |= matches!(kind, FRAME | FRAME_HEADER) && is_key_frame(body);
        begins |= matches!(kind, FRAME | FRAME_HEADER | SEQUENCE_HEADER);
    }
    let key = if sequence && (new_sequence || key_frame) {
        Key::Start
    } else {
        Key::No
    };
    let svc = layers.map(|(temporal, spatial)| Svc {
        has_info: true,
        spatial,
        temporal,
        begins,
        ends: !goes_on,
        switch_up: false,
        opens: 0,
        discardable: false,
    });
    Some((key, svc.unwrap_or_default()))
}
