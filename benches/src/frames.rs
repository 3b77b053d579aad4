//! When the first whole key frame has arrived: H.264 (RFC 6184) and VP8 (RFC 7741), whoever sends.
//!
//! A key frame is whole when all packets from its first (parameter sets, IDR slice, or VP8 key
//! frame header) to its marker are there, in whatever order they came.

use std::collections::VecDeque;

use media_core::client::Header;

/// Packets of one frame that are followed at most.
const FRAME_PACKETS_MAX: usize = 2_048;
/// Frames that may be incomplete at the same time: retransmissions come late.
const FRAMES_MAX: usize = 64;

/// What came of one frame.
#[derive(Debug, Default)]
struct Frame {
    timestamp: u32,
    begins: Option<u16>,
    ends: Option<u16>,
    seen: Vec<u16>,
}

/// See the module header.
#[derive(Debug, Default)]
pub struct KeyWatch {
    frames: VecDeque<Frame>,
    done: bool,
}

impl KeyWatch {
    /// Whether the first key frame is whole.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Takes a video packet; true when it made the first key frame whole.
    pub fn take(&mut self, h264: bool, header: &Header, payload: &[u8]) -> bool {
        if self.done || payload.is_empty() {
            return false;
        }
        let known = |frame: &Frame| frame.timestamp == header.timestamp;
        let at = self.frames.iter().position(known).unwrap_or_else(|| {
            if self.frames.len() == FRAMES_MAX {
                self.frames.pop_front();
            }
            self.frames.push_back(Frame {
                timestamp: header.timestamp,
                ..Frame::default()
            });
            self.frames.len() - 1
        });
        let key = match h264 {
            true => begins_h264(payload),
            false => begins_vp8(payload),
        };
        self.done = self.frames[at].take(key, header);
        if self.done {
            self.frames.clear();
        }
        self.done
    }
}

impl Frame {
    /// Takes one of its packets; true when it is a key frame and whole.
    fn take(&mut self, key: bool, header: &Header) -> bool {
        if self.seen.contains(&header.sequence) || self.seen.len() >= FRAME_PACKETS_MAX {
            return false;
        }
        self.seen.push(header.sequence);
        // Parameter sets and the slice behind them both begin a key frame: the earlier counts.
        let earlier = |known: u16| (known.wrapping_sub(header.sequence) as i16) > 0;
        if key && self.begins.is_none_or(earlier) {
            self.begins = Some(header.sequence);
        }
        if header.marker {
            self.ends = Some(header.sequence);
        }
        let (Some(first), Some(last)) = (self.begins, self.ends) else {
            return false;
        };
        let wanted = usize::from(last.wrapping_sub(first)) + 1;
        let inside = |at: &&u16| usize::from(at.wrapping_sub(first)) < wanted;
        self.seen.iter().filter(inside).count() == wanted
    }
}

fn begins_h264(payload: &[u8]) -> bool {
    let key = |kind: u8| matches!(kind & 0x1f, 5 | 7);
    match payload[0] & 0x1f {
        24 => payload.get(3).is_some_and(|first| key(*first)),
        28 => payload
            .get(1)
            .is_some_and(|header| header & 0x80 != 0 && key(*header)),
        kind => key(kind),
    }
}

fn begins_vp8(payload: &[u8]) -> bool {
    let first = payload[0];
    let mut at = 1;
    if first & 0x80 != 0 {
        let flags = payload.get(1).copied().unwrap_or(0);
        let long = payload.get(2).is_some_and(|id| id & 0x80 != 0);
        at += 1 + match flags & 0x80 != 0 {
            true => 1 + usize::from(long),
            false => 0,
        };
        at += usize::from(flags & 0x40 != 0) + usize::from(flags & 0x30 != 0);
    }
    first & 0x17 == 0x10 && payload.get(at).is_some_and(|tag| tag & 1 == 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn take(watch: &mut KeyWatch, sequence: u16, timestamp: u32, marker: bool, p: &[u8]) -> bool {
        let mut packet = vec![0x80, u8::from(marker) << 7 | 96];
        packet.extend_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(&timestamp.to_be_bytes());
        packet.extend_from_slice(&[0, 0, 0, 1]);
        packet.extend_from_slice(p);
        let header = Header::parse(&packet).unwrap();
        watch.take(true, &header, p)
    }

    #[test]
    fn a_key_frame_is_whole_with_its_last_packet_whatever_the_order() {
        let mut watch = KeyWatch::default();
        let (sets, first, rest) = (
            &[0x78, 0, 1, 0x67][..],
            &[0x7c, 0x85][..],
            &[0x7c, 0x05][..],
        );
        assert!(!take(&mut watch, 9, 1, true, &[0x41]));
        assert!(!take(&mut watch, 65_535, 2, false, sets));
        assert!(!take(&mut watch, 2, 2, true, rest));
        assert!(!take(&mut watch, 0, 2, false, first));
        assert!(!take(&mut watch, 3, 3, true, &[0x41]));
        assert!(!take(&mut watch, 0, 2, false, first));
        assert!(take(&mut watch, 1, 2, false, rest));
        assert!(!take(&mut watch, 3, 3, true, sets));
    }
}
