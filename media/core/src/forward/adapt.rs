//! Fits the video of one viewer to its network: chooses its layer, holds video back, and sends
//! probes.

use std::time::Instant;

use super::choice::Rung;
use super::down_track::{DownTrack, Way};
use crate::border::Kind;
use crate::broadcast::{Broadcast, Stream};
use crate::limits::{MAX_LAYERS, PROBE_PACKETS};
use crate::members::Viewing;
use crate::peer::PeerConfig;

/// The video layers that can be shown now, with what they cost, best first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ladder {
    rungs: [Rung; MAX_LAYERS],
    len: usize,
    audio: u64,
}

impl Ladder {
    /// Those of `broadcast`.
    pub(crate) fn new(broadcast: &Broadcast, now: Instant) -> Self {
        let mut rungs = [Rung {
            layer: 0,
            bitrate: 0,
        }; MAX_LAYERS];
        let mut len = 0;
        for (rung, layer) in rungs.iter_mut().zip(broadcast.living(now)) {
            let stream = broadcast.stream(Kind::Video, layer);
            let bitrate = stream.map_or(0, |stream| stream.bitrate);
            *rung = Rung { layer, bitrate };
            len += 1;
        }
        let audio = broadcast.stream(Kind::Audio, 0);
        Self {
            rungs,
            len,
            audio: audio.map_or(0, |stream| stream.bitrate),
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
    let rungs = &ladder.rungs[..ladder.len];
    let verdict = viewing.network.choose(now, ladder.audio, rungs, repeats);
    let Some(verdict) = verdict.filter(|_| viewing.selected.is_none()) else {
        return;
    };
    video.set_want(verdict.layer);
    video.hold(verdict.hold);
    if verdict.stop && video.layer() != Some(verdict.layer) {
        video.restart();
    }
}

impl DownTrack {
    /// Whether packets can be sent again over RTX.
    fn can_repeat(&self, config: &PeerConfig) -> bool {
        let formats = self.section(config).map(|section| &section.formats[..]);
        self.rtx.is_some() && formats.is_some_and(|all| all.iter().any(|f| f.rtx.is_some()))
    }

    /// Sends a probe if one is wanted: the latest packets once more over RTX, as a train. The
    /// receiver drops what it has already and keeps what it lacks.
    pub(super) fn probe(&mut self, stream: &Stream, way: &mut Way<'_>) {
        let Some((number, bytes)) = way.network.wants_probe() else {
            return;
        };
        let (mut sent, mut packets) = (0, 0);
        if let Some(newest) = self.munger.newest() {
            let before = way.out.bytes();
            // A second round repeats the same packets, when there are not enough others.
            for back in (0..PROBE_PACKETS).chain(0..PROBE_PACKETS) {
                if sent >= bytes || packets >= PROBE_PACKETS {
                    break;
                }
                packets += u16::from(self.repeat(stream, newest.wrapping_sub(back), number, way));
                sent = way.out.bytes() - before;
            }
        }
        way.stats.probe_packets += u64::from(packets);
        way.network.probed(way.now, u32::from(packets));
    }

    fn repeat(&mut self, stream: &Stream, sequence: u16, probe: u8, way: &mut Way<'_>) -> bool {
        let Some((head, stored)) = self.sent_as(stream, sequence) else {
            return false;
        };
        match (self.rtx_pt(head.pt, way), &mut self.rtx) {
            (Some(pt), Some(rtx)) => rtx.write(way, head, pt, probe, &stored),
            _ => false,
        }
    }
}
