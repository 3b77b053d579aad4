//! The looping clip: frames out of H.264 Annex B, packets out of Ogg Opus.
//!
//! Reads only what `web/server/demo/make.sh` writes (one slice a frame, one Opus stream), and says
//! so when it is something else.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;

const VIDEO: &[u8] = include_bytes!("../../demo/loop.h264");
const AUDIO: &[u8] = include_bytes!("../../demo/loop.ogg");

/// One picture. A nanosecond over a thirtieth, so that it is 3,000 ticks of 90 kHz, not 2,999.
pub(super) const FRAME: Duration = Duration::from_nanos(33_333_334);
/// One Opus packet.
pub(super) const PACKET: Duration = Duration::from_millis(20);

/// Frames and packets of one round.
pub(super) struct Clip {
    /// Access units, in Annex B form.
    pub(super) frames: Vec<Bytes>,
    /// Opus packets.
    pub(super) packets: Vec<Bytes>,
}

impl Clip {
    /// The embedded clip.
    pub(super) fn embedded() -> anyhow::Result<Self> {
        let clip = Self {
            frames: frames(VIDEO).context("demo/loop.h264")?,
            packets: packets(AUDIO).context("demo/loop.ogg")?,
        };
        let (picture, sound) = (clip.frames.len() * 2, clip.packets.len() * 6 / 5);
        // 30 frames last as long as 50 packets; the last packet may be cut.
        ensure!(
            picture.abs_diff(sound) <= 4,
            "picture and sound are not equally long"
        );
        Ok(clip)
    }
}

/// Splits Annex B into access units: everything up to and including a slice.
fn frames(stream: &'static [u8]) -> anyhow::Result<Vec<Bytes>> {
    let starts: Vec<usize> = (0..stream.len().saturating_sub(3))
        .filter(|&at| stream[at..at + 3] == [0, 0, 1])
        .collect();
    ensure!(
        starts.first().is_some_and(|first| *first <= 1),
        "does not start with a start code"
    );
    let mut units = Vec::new();
    let mut from = 0;
    for (index, start) in starts.iter().enumerate() {
        // A start code may have a leading zero that belongs to it.
        let end = starts.get(index + 1).map_or(stream.len(), |next| {
            if stream[next - 1] == 0 {
                next - 1
            } else {
                *next
            }
        });
        match stream[start + 3] & 0x1f {
            1 | 5 => {
                units.push(Bytes::from_static(&stream[from..end]));
                from = end;
            }
            6..=9 => {}
            kind => bail!("unexpected NAL unit of type {kind}"),
        }
    }
    Ok(units)
}

/// Takes the packets out of the pages of one logical stream (RFC 3533), without the two headers of
/// Opus (RFC 7845).
fn packets(mut file: &[u8]) -> anyhow::Result<Vec<Bytes>> {
    let mut packets = Vec::new();
    let mut packet = Vec::new();
    while !file.is_empty() {
        ensure!(
            file.len() >= 27 && file.starts_with(b"OggS"),
            "not an Ogg page"
        );
        let segments = usize::from(file[26]);
        let table = file
            .get(27..27 + segments)
            .context("page cut in its table")?;
        let mut at = 27 + segments;
        for lacing in table {
            let size = usize::from(*lacing);
            packet.extend_from_slice(file.get(at..at + size).context("page cut in its body")?);
            at += size;
            if size < 255 {
                packets.push(Bytes::from(std::mem::take(&mut packet)));
            }
        }
        file = &file[at..];
    }
    ensure!(
        packets
            .first()
            .is_some_and(|head| head.starts_with(b"OpusHead")),
        "not Opus"
    );
    Ok(packets.split_off(2.min(packets.len())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_clip_is_twelve_seconds_of_both_with_a_keyframe_each_second() {
        let clip = Clip::embedded().unwrap();
        assert_eq!(clip.frames.len(), 360);
        assert!(
            (598..=602).contains(&clip.packets.len()),
            "{}",
            clip.packets.len()
        );
        for (index, frame) in clip.frames.iter().enumerate() {
            let key = frame
                .windows(4)
                .any(|four| four[..3] == [0, 0, 1] && four[3] & 0x1f == 5);
            assert_eq!(key, index % 30 == 0, "frame {index}");
        }
        assert!(VIDEO.len() + AUDIO.len() < 2_000_000);
        let whole: usize = clip.frames.iter().map(Bytes::len).sum();
        assert_eq!(whole, VIDEO.len());
    }

    #[test]
    fn other_files_are_refused() {
        assert!(frames(b"RIFF").is_err());
        assert!(packets(b"RIFF").is_err());
        assert!(packets(&AUDIO[..AUDIO.len() - 1]).is_err());
    }

    #[test]
    fn a_frame_is_a_whole_number_of_ticks() {
        assert_eq!((FRAME.as_secs_f64() * 90_000.0) as u32, 3_000);
        assert_eq!((PACKET.as_secs_f64() * 48_000.0) as u32, 960);
    }
}
