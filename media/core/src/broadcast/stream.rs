//! The packets of one track or layer as viewers get them, and what is known about them.

use std::time::Instant;

use super::points::Points;
use crate::border::{Mapping, Packet, Source};
use crate::keyframe::Key;
use crate::limits::{BITRATE_WINDOW, LAYER_SILENCE, REPLAY_PATIENCE};
use crate::peer::Codec;
use crate::ring::{self, Arrival, Gop, Push, Ring};

/// See the module header.
pub(crate) struct Stream {
    pub(crate) ring: Ring,
    pub(crate) source: Source,
    pub(crate) codec: Codec,
    /// How the source's timestamps map to our time.
    pub(crate) mapping: Option<Mapping>,
    /// Bits a second of payload, over the last full window; 0 before there was one.
    pub(crate) bitrate: u64,
    /// Since when packets of another shard's memory come, until the last one is here.
    pub(crate) filling: Option<Instant>,
    /// Timestamp of the latest keyframe.
    keyframe: Option<u32>,
    heard: Instant,
    window: (Instant, u64),
    /// What the layers of a scalable stream cost, once there are any.
    pub(crate) points: Option<Box<Points>>,
    /// Its publisher describes its frames (AV1).
    pub(crate) described: bool,
}

impl Stream {
    pub(crate) fn new(now: Instant, source: Source, codec: Codec) -> Self {
        Self {
            ring: ring::for_codec(&codec),
            source,
            codec,
            mapping: None,
            bitrate: 0,
            filling: None,
            keyframe: None,
            heard: now,
            window: (now, 0),
            points: None,
            described: false,
        }
    }

    /// Goes on with another source.
    pub(super) fn restart(&mut self, now: Instant, source: Source, codec: Codec) {
        self.ring.clear();
        (self.source, self.codec) = (source, codec);
        (self.mapping, self.keyframe, self.filling) = (None, None, None);
        (self.bitrate, self.window) = (0, (now, 0));
        (self.points, self.described) = (None, false);
    }

    /// Remembers a packet. With [`Push::Stored`] comes whether it begins a keyframe.
    pub(super) fn push(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        mapping: Option<Mapping>,
        arrival: Arrival,
    ) -> (Push, bool) {
        let push = self.ring.push(now, packet, arrival);
        if push != Push::Stored || arrival == Arrival::Cached {
            return (push, false);
        }
        self.mapping = mapping.or(self.mapping);
        self.heard = now;
        self.measure(now, packet.payload.len());
        if packet.svc.has_info {
            let points = self.points.get_or_insert_default();
            points.note(packet.svc, packet.payload.len());
            self.described |= !packet.descriptor.is_empty();
        }
        // Several packets of one keyframe may look like its beginning.
        let keyframe = packet.key != Key::No && self.keyframe != Some(packet.timestamp);
        if keyframe {
            self.keyframe = Some(packet.timestamp);
        }
        (push, keyframe)
    }

    fn measure(&mut self, now: Instant, bytes: usize) {
        let (since, sum) = &mut self.window;
        let passed = now.saturating_duration_since(*since);
        if passed >= BITRATE_WINDOW {
            let millis = passed.as_millis() as u64;
            self.bitrate = *sum * 8 * 1_000 / millis.max(1);
            (*since, *sum) = (now, 0);
            if let Some(points) = &mut self.points {
                points.turn(millis);
            }
        }
        *sum += bytes as u64;
    }

    /// Where a decoder can start, if everything since is here.
    pub(crate) fn gop(&self, now: Instant) -> Option<Gop> {
        let filling = self.filling.is_some_and(|at| now < at + REPLAY_PATIENCE);
        self.ring.gop().filter(|_| !filling)
    }

    /// Whether it has more than one spatial layer.
    pub(crate) fn is_spatial(&self) -> bool {
        self.points
            .as_ref()
            .is_some_and(|points| points.is_spatial())
    }

    /// Whether packets still come.
    pub(crate) fn live(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.heard) <= LAYER_SILENCE
    }
}
