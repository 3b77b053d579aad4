//! A synthetic H.264 source whose packets say when they were sent.
//!
//! Shape: 30 frames a second, each frame a run of equal packets, so that a bitrate and a packet
//! rate follow from each other; a key frame is larger and starts with parameter sets. Every FU-A
//! packet carries a stamp behind its two header bytes; servers forward payloads unread, so that a
//! viewer on the same machine can tell the forward delay and whether a frame is complete.

use std::time::{SystemTime, UNIX_EPOCH};

/// Frames per second.
pub const FRAME_RATE: u32 = 30;
/// RTP clock of video.
const CLOCK_RATE: u32 = 90_000;
/// Payload of one packet, bytes; with header and tag it stays below a 1,200-byte datagram.
pub const PAYLOAD_BYTES: usize = 1_160;
/// A key frame is this many times as large as another frame.
const KEY_FRAME_FACTOR: usize = 4;

const FU_A: u8 = 28;
const NRI: u8 = 0x60;
/// STAP-A with a constrained-baseline SPS (320x180) and a PPS.
const PARAMETER_SETS: &[u8] = &[
    0x78, 0x00, 0x0b, 0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x07, 0xe8, 0x40, 0x00, 0x00, 0x00, 0x04,
    0x68, 0xce, 0x3c, 0x80,
];

/// What a packet says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Number of the frame, from 0.
    pub frame: u32,
    /// Number of the packet in its frame, from 0.
    pub index: u16,
    /// Stamped packets of the frame.
    pub count: u16,
    /// Whether the frame is a key frame.
    pub key: bool,
    /// When it was made, microseconds since 1970.
    pub sent_us: u64,
}

/// Microseconds since 1970.
pub fn now_us() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_micros() as u64)
}

impl Stamp {
    const BYTES: usize = 17;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.frame.to_be_bytes());
        out.extend_from_slice(&self.index.to_be_bytes());
        out.extend_from_slice(&self.count.to_be_bytes());
        out.push(u8::from(self.key));
        out.extend_from_slice(&self.sent_us.to_be_bytes());
    }

    /// Reads the stamp of an RTP payload; `None` for parameter sets and foreign media.
    pub fn read(payload: &[u8]) -> Option<Self> {
        if payload.first()? & 0x1f != FU_A {
            return None;
        }
        let stamp = payload.get(2..2 + Self::BYTES)?;
        Some(Self {
            frame: u32::from_be_bytes(stamp[0..4].try_into().ok()?),
            index: u16::from_be_bytes(stamp[4..6].try_into().ok()?),
            count: u16::from_be_bytes(stamp[6..8].try_into().ok()?),
            key: stamp[8] == 1,
            sent_us: u64::from_be_bytes(stamp[9..17].try_into().ok()?),
        })
    }
}

/// One RTP packet to send, without its header.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Simulcast layer.
    pub layer: u8,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Last of its frame.
    pub marker: bool,
    /// Everything behind the header.
    pub payload: Vec<u8>,
}

/// Makes the packets of one frame of one layer after the other.
#[derive(Debug)]
pub struct Source {
    layer: u8,
    frame: u32,
    packets_per_frame: usize,
    key_interval: u32,
    key_wanted: bool,
}

impl Source {
    /// A source of about `kbit_per_s`, with a key frame every `key_interval` frames.
    pub fn new(layer: u8, kbit_per_s: u32, key_interval: u32) -> Self {
        let bytes_per_frame = kbit_per_s as usize * 1000 / 8 / FRAME_RATE as usize;
        let packets_per_frame = (bytes_per_frame / PAYLOAD_BYTES).max(1);
        Self {
            layer,
            frame: 0,
            packets_per_frame,
            key_interval,
            key_wanted: false,
        }
    }

    /// Makes the next frame a key frame, as an encoder that obeys PLI.
    pub fn want_key(&mut self) {
        self.key_wanted = true;
    }

    /// The packets of the next frame, in order.
    pub fn next_frame(&mut self) -> Vec<Piece> {
        let regular = self.frame.is_multiple_of(self.key_interval.max(1));
        let key = std::mem::take(&mut self.key_wanted) || regular;
        let count = self.packets_per_frame * if key { KEY_FRAME_FACTOR } else { 1 };
        let mut pieces = Vec::with_capacity(count + 1);
        let timestamp = self.frame.wrapping_mul(CLOCK_RATE / FRAME_RATE);
        let piece = |marker: bool, payload: Vec<u8>| Piece {
            layer: self.layer,
            timestamp,
            marker,
            payload,
        };
        if key {
            pieces.push(piece(false, PARAMETER_SETS.to_vec()));
        }
        for index in 0..count {
            let last = index + 1 == count;
            let kind: u8 = if key { 5 } else { 1 };
            let edges = u8::from(index == 0) << 7 | u8::from(last) << 6;
            let mut payload = Vec::with_capacity(PAYLOAD_BYTES);
            payload.extend_from_slice(&[NRI | FU_A, edges | kind]);
            let stamp = Stamp {
                frame: self.frame,
                index: index as u16,
                count: count as u16,
                key,
                sent_us: now_us(),
            };
            stamp.write(&mut payload);
            payload.resize(PAYLOAD_BYTES, 0x5a);
            pieces.push(piece(last, payload));
        }
        self.frame = self.frame.wrapping_add(1);
        pieces
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_source_of_2400_kbit_makes_8_packets_a_frame_and_stamps_come_back() {
        let mut source = Source::new(0, 2_400, 60);
        let key = source.next_frame();
        assert_eq!(key.len(), 8 * KEY_FRAME_FACTOR + 1);
        assert_eq!(Stamp::read(&key[0].payload), None);
        let delta = source.next_frame();
        assert_eq!(delta.len(), 8);
        let stamp = Stamp::read(&delta[7].payload).unwrap();
        assert_eq!(
            (stamp.frame, stamp.index, stamp.count, stamp.key),
            (1, 7, 8, false)
        );
        assert!(delta[7].marker);
        assert!(
            delta
                .iter()
                .all(|piece| piece.payload.len() == PAYLOAD_BYTES)
        );
        source.want_key();
        assert_eq!(source.next_frame().len(), key.len());
    }
}
