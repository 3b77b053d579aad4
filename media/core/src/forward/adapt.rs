//! Fits the video of one viewer to its network: chooses its layer, holds video back, and sends
//! probes.

use std::time::Instant;

use super::choice::Rung;
use super::down_track::{DownTrack, Way};
use super::egress::Head;
use super::layers::Cap;
use crate::border::Kind;
use crate::broadcast::{Broadcast, MAX_POINTS, Stream};
use crate::limits::{MAX_LAYERS, PROBE_PACKETS};
use crate::members::Viewing;
use crate::peer::{Codec, PeerConfig};

const _: () = assert!(
    MAX_LAYERS <= 4,
    "a layer has two bits in the name of a rung"
);
/// Most that there is to choose from.
const MAX_RUNGS: usize = if MAX_LAYERS > MAX_POINTS {
    MAX_LAYERS
} else {
    MAX_POINTS
};

/// What can be shown now and what it costs, best first: simulcast layers, or parts of the one
/// scalable stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ladder {
    rungs: [Rung; MAX_RUNGS],
    len: usize,
    /// Those before this one are not for viewers without descriptors; see `base.rs`.
    bare: usize,
    described: bool,
    audio: u64,
}

/// The name of a rung: a simulcast layer in the low two bits, then the cap of a scalable stream.
fn name(layer: u8, cap: Cap) -> u8 {
    (layer & 3) | ((cap.spatial & 7) << 2) | (cap.temporal << 5)
}

/// See [`name`].
fn named(name: u8) -> (u8, Cap) {
    let cap = Cap {
        spatial: (name >> 2) & 7,
        temporal: name >> 5,
    };
    (name & 3, cap)
}

impl Ladder {
    /// That of `broadcast`.
    pub(crate) fn new(broadcast: &Broadcast, now: Instant) -> Self {
        let audio = broadcast.stream(Kind::Audio, 0);
        let mut ladder = Self {
            rungs: [Rung {
                layer: 0,
                bitrate: 0,
            }; MAX_RUNGS],
            len: 0,
            bare: 0,
            described: false,
            audio: audio.map_or(0, |stream| stream.bitrate),
        };
        let mut living = broadcast.living(now);
        if let (Some(layer), None) = (living.next(), living.next())
            && let Some(stream) = broadcast.stream(Kind::Video, layer)
            && let Some(points) = stream.points.as_ref()
        {
            let whole = !matches!(stream.codec, Codec::Av1 { .. });
            ladder.described = stream.described;
            for point in points.all() {
                ladder.bare += usize::from(point.spatial > 0 && !whole);
                let cap = Cap {
                    spatial: point.spatial,
                    temporal: point.temporal,
                };
                ladder.push(name(layer, cap), point.bitrate);
            }
            return ladder;
        }
        for layer in broadcast.living(now) {
            let stream = broadcast.stream(Kind::Video, layer);
            let bitrate = stream.map_or(0, |stream| stream.bitrate);
            ladder.push(name(layer, Cap::ALL), bitrate);
        }
        ladder
    }

    fn push(&mut self, layer: u8, bitrate: u64) {
        if let Some(rung) = self.rungs.get_mut(self.len) {
            *rung = Rung { layer, bitrate };
            self.len += 1;
        }
    }
}

/// Decides what video a viewer gets from now on, if it is time to. A layer that it has asked for
/// itself is never changed.
pub(crate) fn adapt(now: Instant, ladder: &Ladder, viewing: &mut Viewing, config: &PeerConfig) {
    if !viewing.network.is_due(now) {
        return;
    }
    let Some(video) = viewing.tracks.video.as_mut() else {
        return;
    };
    let repeats = video.can_repeat(config);
    let all = video.dependency.is_some() && ladder.described;
    let first = if all { 0 } else { ladder.bare };
    let rungs = &ladder.rungs[first.min(ladder.len)..ladder.len];
    let verdict = viewing.network.choose(now, ladder.audio, rungs, repeats);
    let Some(verdict) = verdict.filter(|_| viewing.selected.is_none()) else {
        return;
    };
    let (layer, cap) = named(verdict.layer);
    video.set_want(layer);
    video.set_cap(cap);
    video.hold(verdict.hold);
    if verdict.stop && video.layer() != Some(layer) {
        video.restart();
    }
}

impl DownTrack {
    /// Whether packets can be sent again over RTX.
    fn can_repeat(&self, config: &PeerConfig) -> bool {
        let formats = self.section(config).map(|section| &section.formats[..]);
        self.rtx.is_some() && formats.is_some_and(|all| all.iter().any(|f| f.rtx.is_some()))
    }

    /// Sends a probe if one is wanted, as a train: the latest packets once more over RTX, of which
    /// the receiver drops what it has and keeps what it lacks; padding where there are none.
    pub(super) fn probe(&mut self, stream: Option<&Stream>, way: &mut Way<'_>) {
        let Some((number, bytes)) = way.network.wants_probe() else {
            return;
        };
        let before = way.out.bytes();
        let mut packets = 0;
        if let Some(newest) = self.munger.newest() {
            // A second round repeats the same packets, when there are not enough others.
            for back in (0..PROBE_PACKETS).chain(0..PROBE_PACKETS) {
                if way.out.bytes() - before >= bytes || packets >= PROBE_PACKETS {
                    break;
                }
                let sequence = newest.wrapping_sub(back);
                packets += u16::from(self.repeat(stream, sequence, number, way));
            }
            let least = packets == 0;
            while least && way.out.bytes() - before < bytes && packets < PROBE_PACKETS {
                if !self.pad(newest, number, way) {
                    break;
                }
                packets += 1;
            }
        }
        way.stats.probe_packets += u64::from(packets);
        way.network.probed(way.now, u32::from(packets));
    }

    fn repeat(
        &mut self,
        stream: Option<&Stream>,
        sequence: u16,
        probe: u8,
        way: &mut Way<'_>,
    ) -> bool {
        let Some((head, stored)) = stream.and_then(|stream| self.sent_as(stream, sequence)) else {
            return false;
        };
        match (self.rtx_pt(head.pt, way), &mut self.rtx) {
            (Some(pt), Some(rtx)) => rtx.write(way, head, pt, probe, &stored),
            _ => false,
        }
    }

    fn pad(&mut self, newest: u16, probe: u8, way: &mut Way<'_>) -> bool {
        let Some((segment, _)) = self.munger.unmap(newest) else {
            return false;
        };
        let head = Head {
            pt: segment.pt,
            marker: false,
            pad: 0,
            sequence: newest,
            timestamp: self.munger.last_timestamp(),
            ssrc: self.ssrc,
            extension: self.extension,
            dependency: None,
        };
        match (self.rtx_pt(head.pt, way), &mut self.rtx) {
            (Some(pt), Some(rtx)) => rtx.pad(way, head, pt, probe),
            _ => false,
        }
    }
}
