//! Between shards: viewers here whose publisher is elsewhere, and the other way round.
//!
//! A shard with viewers says so to all others every second; the one with the publisher gives it
//! every packet once. The rings between shards may drop anything: interest is repeated, keyframe
//! wishes are repeated, and lost media is repaired by the next keyframe.

use std::time::Instant;

use bytes::Bytes;

use super::Shard;
use crate::border::{Bridged, BroadcastId, Cached, Carried, Kind, Mapping, Packet};
use crate::limits::{MAX_BRIDGED, REPLAY_PORTION};
use crate::transmit::Transmits;

impl Shard {
    /// Takes what shard `from` has sent.
    pub fn handle_bridged(
        &mut self,
        now: Instant,
        from: usize,
        bridged: Bridged,
        out: &mut Transmits,
    ) {
        match bridged {
            Bridged::Interest { broadcast, cache } => {
                let entry = self.broadcasts.entry(broadcast).or_default();
                entry.interest.hear(now, from);
                if cache && entry.publisher.is_some() {
                    entry.replays.begin(&entry.video, from);
                    self.replay(now, broadcast);
                }
            }
            Bridged::KeyframeWanted { broadcast, layer } => {
                let entry = self.broadcasts.entry(broadcast).or_default();
                entry.interest.hear(now, from);
                if entry.publisher.is_some() {
                    self.want_keyframe(now, broadcast, layer, true, out);
                }
            }
            Bridged::Media {
                broadcast,
                kind,
                packet,
                cached,
                mapping,
            } => {
                self.stats.bridged_in += 1;
                let packet = packet.with(&packet.descriptor[..], &packet.payload[..]);
                match cached {
                    Cached::No => self.take_in(now, broadcast, kind, &packet, mapping),
                    _ => self.take_cached(now, broadcast, &packet, cached == Cached::Last),
                }
            }
        }
    }

    /// Gives a packet of a local publisher to the shards that have viewers.
    pub(super) fn bridge_media(
        &mut self,
        now: Instant,
        broadcast: BroadcastId,
        kind: Kind,
        packet: &Packet<'_>,
        mapping: Option<Mapping>,
    ) {
        let Some(entry) = self.broadcasts.get(&broadcast) else {
            return;
        };
        let mut payload = None;
        for shard in entry.interest.shards(now) {
            let payload = payload.get_or_insert_with(|| Bytes::copy_from_slice(packet.payload));
            let descriptor = Bytes::copy_from_slice(packet.descriptor);
            let media = Bridged::Media {
                broadcast,
                kind,
                packet: packet.with(descriptor, payload.clone()),
                cached: Cached::No,
                mapping,
            };
            if self.bridged.len() < MAX_BRIDGED {
                self.bridged.push_back((shard, media));
                self.stats.bridged_out += 1;
            } else {
                self.stats.drop_bridge_full += 1;
            }
        }
    }

    /// Gives shards that have just got viewers a portion of the cached packets that they wait for.
    pub(super) fn replay(&mut self, now: Instant, broadcast: BroadcastId) {
        let Some(entry) = self.broadcasts.get_mut(&broadcast) else {
            return;
        };
        for _ in 0..REPLAY_PORTION {
            let room = self.bridged.len() < MAX_BRIDGED / 2;
            let Some((shard, layer, index, last)) = entry.replays.next().filter(|_| room) else {
                break;
            };
            let stream = entry.video.get(usize::from(layer)).and_then(Option::as_ref);
            let Some((stream, stored)) = stream.and_then(|s| Some((s, s.ring.get(index)?))) else {
                continue;
            };
            let packet = Carried {
                source: stream.source,
                codec: stream.codec,
                index,
                timestamp: stored.timestamp,
                marker: stored.marker,
                key: stored.key,
                svc: stored.svc,
                descriptor: Bytes::copy_from_slice(stored.descriptor),
                payload: Bytes::copy_from_slice(stored.payload),
            };
            let media = Bridged::Media {
                broadcast,
                kind: Kind::Video,
                packet,
                cached: if last { Cached::Last } else { Cached::More },
                mapping: None,
            };
            self.bridged.push_back((shard, media));
            self.stats.bridged_out += 1;
        }
        if !entry.replays.is_empty() {
            self.hurry(now);
        }
    }

    /// A packet of the memory of another shard.
    fn take_cached(
        &mut self,
        now: Instant,
        broadcast: BroadcastId,
        packet: &Packet<'_>,
        last: bool,
    ) {
        let Some(entry) = self.broadcasts.get_mut(&broadcast) else {
            return;
        };
        entry.deliver(now, Kind::Video, packet, None, true);
        let layer = usize::from(packet.source.layer);
        if let Some(Some(stream)) = entry.video.get_mut(layer) {
            stream.filling = (!last).then_some(now);
        }
        if last {
            // Viewers who wait for it are looked after there.
            self.next_look = now;
            self.hurry(now);
        }
    }

    /// Tells the other shards that there are viewers here, if it is time to.
    pub(super) fn announce(&mut self, now: Instant, broadcast: BroadcastId) {
        let Some(entry) = self.broadcasts.get_mut(&broadcast) else {
            return;
        };
        if !entry.viewers.is_empty() && entry.interest.tell(now) {
            let cache = entry.publisher.is_none() && !entry.has_key(now);
            self.tell_others(Bridged::Interest { broadcast, cache });
        }
    }

    /// Queues something for every other shard.
    pub(super) fn tell_others(&mut self, what: Bridged) {
        for shard in (0..self.config.shards).filter(|shard| *shard != self.config.shard) {
            if self.bridged.len() < MAX_BRIDGED {
                self.bridged.push_back((shard, what.clone()));
            } else {
                self.stats.drop_bridge_full += 1;
            }
        }
    }
}
