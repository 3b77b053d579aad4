//! VP8 (RFC 7741) and VP9 (RFC 9628) in RTP: keyframes from the payload descriptor, and the
//! layers of scalable VP9.

use super::Key;
use crate::border::Svc;

pub(super) fn vp8(payload: &[u8]) -> Option<Key> {
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

/// RFC 9628 section 4.2. Without layer indices (`L`) the stream has one layer and no [`Svc`].
pub(super) fn vp9(payload: &[u8]) -> Option<(Key, Svc)> {
    let first = *payload.first()?;
    let (id, inter, layered) = (first & 0x80 != 0, first & 0x40 != 0, first & 0x20 != 0);
    let (begins, ends) = (first & 0x08 != 0, first & 0x04 != 0);
    let mut at = 1;
    if id {
        at += if *payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
    }
    let mut svc = Svc::default();
    if layered {
        let indices = *payload.get(at)?;
        svc = Svc {
            has_info: true,
            temporal: indices >> 5,
            switch_up: indices & 0x10 != 0,
            spatial: (indices >> 1) & 0x07,
            begins,
            ends,
            // `Z` speaks of the higher layers of the same picture only.
            opens: 0,
            discardable: false,
        };
    }
    let starts = begins && !inter && svc.spatial == 0;
    Some((if starts { Key::Start } else { Key::No }, svc))
}
