//! One broadcast on one shard: who publishes and watches here, the streams (audio and one per video
//! layer), what waits for the fan-out, and who else wants the packets.
//!
//! The newest source of a stream wins: packets of an older one are refused as soon as a newer one
//! spoke, so two publishers never mix. It sends nothing; `forward.rs` does.

mod points;
mod queue;
mod requests;
mod stream;

use std::cmp::Reverse;
use std::time::Instant;

use crate::border::{Kind, Mapping, Packet, PeerId};
use crate::forward::Joins;
use crate::limits::{MAX_LAYERS, PAD};
use crate::ring::{Arrival, Push};
use queue::Queue;
use requests::{Interest, KeyframeRequests, Replays};

pub(crate) use points::MAX_POINTS;
pub(crate) use stream::Stream;

/// Place of a peer in the shard's list.
pub(crate) type Slot = u32;

/// See the module header.
#[derive(Default)]
pub(crate) struct Broadcast {
    /// The publisher, when it is on this shard.
    pub(crate) publisher: Option<Slot>,
    pub(crate) viewers: Vec<Slot>,
    /// The newest publisher heard of, here or on another shard.
    pub(crate) newest: Option<PeerId>,
    pub(crate) audio: Option<Stream>,
    /// By simulcast layer; only the first without simulcast.
    pub(crate) video: [Option<Stream>; MAX_LAYERS],
    /// By simulcast layer.
    pub(crate) keyframes: [KeyframeRequests; MAX_LAYERS],
    pub(crate) queue: Queue,
    /// Viewers here that begin in the past.
    pub(crate) joins: Joins,
    pub(crate) interest: Interest,
    pub(crate) replays: Replays,
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
    /// Of a publisher or a generation that has been replaced, or of no layer that can be.
    Outdated,
    Overrun,
}

impl Broadcast {
    /// The stream of a kind and layer (0 for audio), once something of it came.
    pub(crate) fn stream(&self, kind: Kind, layer: u8) -> Option<&Stream> {
        match kind {
            Kind::Audio => self.audio.as_ref(),
            Kind::Video => self.video.get(usize::from(layer))?.as_ref(),
        }
    }

    /// All streams that something came of.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.audio.iter().chain(self.video.iter().flatten())
    }

    /// Whether a viewer can begin at once.
    pub(crate) fn has_key(&self, now: Instant) -> bool {
        self.streams().any(|stream| stream.gop(now).is_some())
    }

    /// Whether a video layer can be shown now.
    pub(crate) fn is_living(&self, now: Instant, layer: u8) -> bool {
        self.stream(Kind::Video, layer)
            .is_some_and(|stream| stream.live(now) && self.newest == Some(stream.source.publisher))
    }

    /// The video layers that can be shown now, best first: by bitrate, then in the order of the
    /// offer.
    pub(crate) fn living(&self, now: Instant) -> impl Iterator<Item = u8> + use<> {
        let mut ranks = [None; MAX_LAYERS];
        for (layer, (rank, stream)) in ranks.iter_mut().zip(&self.video).enumerate() {
            *rank = stream
                .as_ref()
                .filter(|_| self.is_living(now, layer as u8))
                .map(|stream| (Reverse(stream.bitrate), layer as u8));
        }
        ranks.sort_unstable();
        ranks.into_iter().flatten().map(|(_, layer)| layer)
    }

    /// Whether nothing on this shard or elsewhere needs it any more.
    pub(crate) fn is_idle(&self, now: Instant) -> bool {
        self.publisher.is_none() && self.viewers.is_empty() && !self.interest.any(now)
    }

    /// Takes in one packet and queues it for the viewers here. A `cached` one comes from another
    /// shard's memory: it is kept for those who join, and goes to nobody by itself.
    pub(crate) fn deliver(
        &mut self,
        now: Instant,
        kind: Kind,
        packet: &Packet<'_>,
        mapping: Option<Mapping>,
        cached: bool,
    ) -> Delivery {
        let source = packet.source;
        if self.newest.is_some_and(|newest| source.publisher < newest) {
            return Delivery::Outdated;
        }
        self.newest = Some(source.publisher);
        let slot = match kind {
            Kind::Audio => Some(&mut self.audio),
            Kind::Video => self.video.get_mut(usize::from(source.layer)),
        };
        let Some(slot) = slot else {
            return Delivery::Outdated;
        };
        let stream = match slot {
            Some(stream) if source < stream.source => return Delivery::Outdated,
            Some(stream) => stream,
            None => slot.insert(Stream::new(now, source, packet.codec)),
        };
        if source != stream.source {
            stream.restart(now, source, packet.codec);
            self.queue.forget(kind, source.layer);
        }
        let arrival = match (cached, self.viewers.is_empty()) {
            (true, _) => Arrival::Cached,
            (false, true) => Arrival::Idle,
            (false, false) => Arrival::Waiting,
        };
        let (push, keyframe) = stream.push(now, packet, mapping, arrival);
        match push {
            Push::Duplicate => return Delivery::Duplicate,
            Push::Late => return Delivery::Late,
            Push::TooLong => return Delivery::TooLong,
            Push::Stored => {}
        }
        if arrival != Arrival::Waiting {
            return Delivery::Queued { keyframe };
        }
        let ends_frame = kind == Kind::Video && packet.marker;
        let queue = &mut self.queue;
        if queue.push(now, kind, source.layer, packet.index, ends_frame) {
            Delivery::Queued { keyframe }
        } else {
            stream.ring.release(packet.index);
            Delivery::Overrun
        }
    }

    /// Whether there is a batch for the viewers to work on.
    pub(crate) fn next_batch(&mut self, now: Instant) -> bool {
        if self.queue.take(now) {
            let Self {
                queue,
                audio,
                video,
                ..
            } = self;
            let streams = std::iter::once(audio).chain(video);
            for (stream, batch) in streams.zip(queue.batches()) {
                let Some(stream) = stream else { continue };
                let pad = if stream.codec.is_video() { PAD } else { 0 };
                stream.ring.release_padded(batch, pad);
            }
        }
        self.queue.is_busy()
    }

    /// Forgets a viewer; keeps the order of the others, which a fan-out may be walking.
    pub(crate) fn remove_viewer(&mut self, slot: Slot) {
        if let Some(at) = self.viewers.iter().position(|viewer| *viewer == slot) {
            self.joins.remove(slot);
            self.viewers.remove(at);
            if at < self.queue.cursor {
                self.queue.cursor -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
