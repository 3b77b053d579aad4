//! An H.264 elementary stream from a file (Annex B, `ffmpeg -bsf:v h264_mp4toannexb -f h264`),
//! packetized by RFC 6184 and repeated for ever at [`FRAME_RATE`](crate::synthetic::FRAME_RATE).

use std::path::Path;

use anyhow::{Context, Result};

use crate::synthetic::{FRAME_RATE, PAYLOAD_BYTES, Piece};

/// A file in memory, as frames of NAL units.
#[derive(Debug)]
pub struct Film {
    frames: Vec<Vec<Vec<u8>>>,
    next: usize,
    timestamp: u32,
}

impl Film {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or holds no picture.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
        let frames = frames(&bytes);
        anyhow::ensure!(!frames.is_empty(), "{}: no H.264 in it", path.display());
        Ok(Self {
            frames,
            next: 0,
            timestamp: 0,
        })
    }

    /// The packets of the next frame.
    pub fn next_frame(&mut self) -> Vec<Piece> {
        let frame = &self.frames[self.next];
        self.next = (self.next + 1) % self.frames.len();
        self.timestamp = self.timestamp.wrapping_add(90_000 / FRAME_RATE);
        let mut payloads = Vec::new();
        for unit in frame {
            packetize(unit, &mut payloads);
        }
        let last = payloads.len().saturating_sub(1);
        let piece = |(at, payload)| Piece {
            layer: 0,
            timestamp: self.timestamp,
            marker: at == last,
            payload,
        };
        payloads.into_iter().enumerate().map(piece).collect()
    }
}

/// A NAL unit as it is, or in fragments (FU-A).
fn packetize(unit: &[u8], out: &mut Vec<Vec<u8>>) {
    if unit.len() <= PAYLOAD_BYTES {
        out.push(unit.to_vec());
        return;
    }
    let (head, body) = (unit[0], &unit[1..]);
    let chunks = body.chunks(PAYLOAD_BYTES - 2);
    let last = chunks.len() - 1;
    for (at, chunk) in chunks.enumerate() {
        let edges = u8::from(at == 0) << 7 | u8::from(at == last) << 6;
        let mut payload = vec![head & 0xe0 | 28, edges | head & 0x1f];
        payload.extend_from_slice(chunk);
        out.push(payload);
    }
}

/// Splits at start codes and gathers units up to and with the last slice of a picture.
fn frames(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let (mut frames, mut frame, mut has_slice) = (Vec::new(), Vec::new(), false);
    for unit in units(bytes) {
        let kind = unit[0] & 0x1f;
        let slice = matches!(kind, 1..=5);
        // A slice with first_mb_in_slice 0 (a one bit first) begins a picture, as do all that
        // may stand before it.
        let begins = match slice {
            true => unit.get(1).is_some_and(|first| first & 0x80 != 0),
            false => matches!(kind, 6..=9),
        };
        if begins && has_slice {
            frames.push(std::mem::take(&mut frame));
            has_slice = false;
        }
        has_slice |= slice;
        // Access unit delimiters are for elementary streams only.
        if kind != 9 {
            frame.push(unit.to_vec());
        }
    }
    if has_slice {
        frames.push(frame);
    }
    frames
}

fn units(bytes: &[u8]) -> Vec<&[u8]> {
    let mut starts = Vec::new();
    let mut at = 0;
    while at + 3 <= bytes.len() {
        if bytes[at..at + 3] == [0, 0, 1] {
            starts.push(at + 3);
            at += 3;
        } else {
            at += 1;
        }
    }
    let ends = starts.iter().skip(1).map(|start| start - 3);
    let ends = ends.chain(std::iter::once(bytes.len()));
    let trim = |unit: &'_ [u8]| {
        unit.iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |at| at + 1)
    };
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &bytes[*start..end])
        .map(|unit| &unit[..trim(unit)])
        .filter(|unit| !unit.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_found_and_long_units_are_cut() {
        let mut file = vec![0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2];
        file.extend_from_slice(&[0, 0, 1, 0x65, 0x88]);
        file.extend(vec![7; 3_000]);
        file.extend_from_slice(&[0, 0, 1, 0x41, 0x9a, 3, 0, 0, 1, 0x41, 0x1a, 4]);
        file.extend_from_slice(&[0, 0, 1, 0x41, 0x9a, 5]);
        let frames = frames(&file);
        let sizes: Vec<usize> = frames.iter().map(Vec::len).collect();
        assert_eq!(sizes, [3, 2, 1]);
        let mut film = Film {
            frames,
            next: 0,
            timestamp: 0,
        };
        let first = film.next_frame();
        assert_eq!(first.len(), 2 + 3);
        assert!(first[4].marker && !first[3].marker);
        assert_eq!((first[2].payload[1], first[4].payload[1]), (0x85, 0x45));
        assert_eq!(film.next_frame().len(), 2);
    }
}
