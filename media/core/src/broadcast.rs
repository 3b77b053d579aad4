//! One broadcast on one shard: who publishes and watches here, the two streams, what waits for
//! the fan-out, and who else wants the packets.
//!
//! The newest source wins: packets of an older one are refused as soon as a newer one spoke, so
//! two publishers never mix. It sends nothing; `forward.rs` does.

use std::time::Instant;

use crate::border::{Kind, Mapping, Packet, PeerId, Source};
use crate::keyframe::Key;
use crate::limits::{
    BATCH, HOLD, INTEREST_EXPIRY, INTEREST_INTERVAL, MAX_PENDING, MAX_SHARDS, PLI_INTERVAL,
};
use crate::peer::Codec;
use crate::ring::{self, Push, Ring};

/// Place of a peer in the shard's list.
pub(crate) type Slot = u32;

/// The packets of one kind as viewers get them.
pub(crate) struct Stream {
    pub(crate) ring: Ring,
    pub(crate) source: Source,
    pub(crate) codec: Codec,
    /// How the source's timestamps map to our time.
    pub(crate) mapping: Option<Mapping>,
    /// Timestamp of the latest keyframe.
    keyframe: Option<u32>,
}

/// See the module header.
#[derive(Default)]
pub(crate) struct Broadcast {
    /// The publisher, when it is on this shard.
    pub(crate) publisher: Option<Slot>,
    pub(crate) viewers: Vec<Slot>,
    /// The newest publisher heard of, here or on another shard.
    pub(crate) newest: Option<PeerId>,
    pub(crate) audio: Option<Stream>,
    pub(crate) video: Option<Stream>,
    pub(crate) keyframes: KeyframeRequests,
    pub(crate) queue: Queue,
    pub(crate) interest: Interest,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Queued {
        keyframe: bool,
    },
    Duplicate,
    Late,
    TooLong,
    /// Of a publisher or a generation that has been replaced.
    Outdated,
    Overrun,
}

impl Broadcast {
    pub(crate) fn stream(&self, kind: Kind) -> Option<&Stream> {
        match kind {
            Kind::Audio => self.audio.as_ref(),
            Kind::Video => self.video.as_ref(),
        }
    }

    /// Whether nothing on this shard or elsewhere needs it any more.
    pub(crate) fn is_idle(&self, now: Instant) -> bool {
        self.publisher.is_none() && self.viewers.is_empty() && !self.interest.any(now)
    }

    /// Takes in one packet and queues it for the viewers here.
    pub(crate) fn deliver(
        &mut self,
        now: Instant,
        kind: Kind,
        packet: &Packet<'_>,
        mapping: Option<Mapping>,
    ) -> Delivery {
        if self
            .newest
            .is_some_and(|newest| packet.source.publisher < newest)
        {
            return Delivery::Outdated;
        }
        self.newest = Some(packet.source.publisher);
        let slot = match kind {
            Kind::Audio => &mut self.audio,
            Kind::Video => &mut self.video,
        };
        let stream = match slot {
            Some(stream) if packet.source < stream.source => return Delivery::Outdated,
            Some(stream) => stream,
            None => slot.insert(Stream {
                ring: ring::for_codec(&packet.codec),
                source: packet.source,
                codec: packet.codec,
                mapping: None,
                keyframe: None,
            }),
        };
        if packet.source != stream.source {
            stream.ring.clear();
            (stream.source, stream.codec) = (packet.source, packet.codec);
            (stream.mapping, stream.keyframe) = (None, None);
            self.queue.forget(kind);
        }
        stream.mapping = mapping.or(stream.mapping);
        match stream.ring.push(packet) {
            Push::Duplicate => return Delivery::Duplicate,
            Push::Late => return Delivery::Late,
            Push::TooLong => return Delivery::TooLong,
            Push::Stored => {}
        }
        // Several packets of one keyframe may look like its beginning.
        let keyframe = packet.key != Key::No && stream.keyframe != Some(packet.timestamp);
        if keyframe {
            stream.keyframe = Some(packet.timestamp);
        }
        if self.viewers.is_empty() {
            return Delivery::Queued { keyframe };
        }
        let ends_frame = kind == Kind::Video && packet.marker;
        if self.queue.push(now, kind, packet.index, ends_frame) {
            Delivery::Queued { keyframe }
        } else {
            Delivery::Overrun
        }
    }

    /// Forgets a viewer; keeps the order of the others, which a fan-out may be walking.
    pub(crate) fn remove_viewer(&mut self, slot: Slot) {
        if let Some(at) = self.viewers.iter().position(|viewer| *viewer == slot) {
            self.viewers.remove(at);
            if at < self.queue.cursor {
                self.queue.cursor -= 1;
            }
        }
    }
}

/// Packets that wait for the fan-out, and how far the present one has come.
#[derive(Default)]
pub(crate) struct Queue {
    pending: Vec<(Kind, u64)>,
    since: Option<Instant>,
    urgent: bool,
    /// The packets that are being fanned out, viewer by viewer from `cursor` on.
    pub(crate) batch: Vec<(Kind, u64)>,
    pub(crate) cursor: usize,
}

impl Queue {
    fn push(&mut self, now: Instant, kind: Kind, index: u64, ends_frame: bool) -> bool {
        if self.pending.len() >= MAX_PENDING {
            return false;
        }
        self.pending.push((kind, index));
        self.since.get_or_insert(now);
        self.urgent |= ends_frame || self.pending.len() >= BATCH;
        true
    }

    fn forget(&mut self, kind: Kind) {
        self.pending.retain(|(pending, _)| *pending != kind);
        self.batch.retain(|(pending, _)| *pending != kind);
    }

    /// When the fan-out is due; `None` when nothing waits.
    pub(crate) fn due(&self) -> Option<Instant> {
        let hold = if self.urgent {
            std::time::Duration::ZERO
        } else {
            HOLD
        };
        self.since.map(|since| since + hold)
    }

    /// Makes what waits the present batch, if it is time and the last one is done. Returns whether
    /// there is a batch to work on.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        if self.batch.is_empty() && self.due().is_some_and(|due| due <= now) {
            std::mem::swap(&mut self.batch, &mut self.pending);
            (self.since, self.urgent, self.cursor) = (None, false, 0);
        }
        !self.batch.is_empty()
    }

    /// The present batch went to everyone.
    pub(crate) fn done(&mut self) {
        self.batch.clear();
        self.cursor = 0;
    }
}

/// Many wishes for a keyframe become one request a second.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyframeRequests {
    wanted: bool,
    asked: Option<Instant>,
}

impl KeyframeRequests {
    /// Somebody cannot decode without one.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// One has come.
    pub(crate) fn fulfilled(&mut self) {
        self.wanted = false;
    }

    /// Whether to ask at `now`; if so, not again for [`PLI_INTERVAL`].
    pub(crate) fn ask(&mut self, now: Instant) -> bool {
        let ready = self.asked.is_none_or(|asked| now >= asked + PLI_INTERVAL);
        if self.wanted && ready {
            self.asked = Some(now);
        }
        self.wanted && ready
    }
}

/// Which other shards have viewers, and when they were told about ours.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Interest {
    heard: [Option<Instant>; MAX_SHARDS],
    told: Option<Instant>,
}

impl Interest {
    /// Shard `shard` has viewers.
    pub(crate) fn hear(&mut self, now: Instant, shard: usize) {
        if let Some(heard) = self.heard.get_mut(shard) {
            *heard = Some(now);
        }
    }

    /// The shards that have viewers.
    pub(crate) fn shards(&self, now: Instant) -> impl Iterator<Item = usize> + use<> {
        let heard = self.heard;
        let fresh = move |at: Option<Instant>| at.is_some_and(|at| now < at + INTEREST_EXPIRY);
        (0..MAX_SHARDS).filter(move |shard| fresh(heard[*shard]))
    }

    fn any(&self, now: Instant) -> bool {
        self.shards(now).next().is_some()
    }

    /// Whether it is time to tell the others about our viewers.
    pub(crate) fn tell(&mut self, now: Instant) -> bool {
        let due = self.told.is_none_or(|told| now >= told + INTEREST_INTERVAL);
        if due {
            self.told = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests;
