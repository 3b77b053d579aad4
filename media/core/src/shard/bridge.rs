//! Between shards: viewers here whose publisher is elsewhere, and the other way round.
//!
//! A shard with viewers says so to all others every second; the one with the publisher gives it
//! every packet once. The rings between shards may drop anything: interest is repeated, keyframe
//! wishes are repeated, and lost media is repaired by the next keyframe.

use std::time::Instant;

use bytes::Bytes;

use super::Shard;
use crate::border::{Bridged, BroadcastId, Kind, Mapping, Packet};
use crate::limits::MAX_BRIDGED;
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
            Bridged::Interest { broadcast } => {
                self.broadcasts
                    .entry(broadcast)
                    .or_default()
                    .interest
                    .hear(now, from);
            }
            Bridged::KeyframeWanted { broadcast, layer } => {
                let entry = self.broadcasts.entry(broadcast).or_default();
                entry.interest.hear(now, from);
                if entry.publisher.is_some() {
                    self.want_keyframe(now, broadcast, layer, out);
                }
            }
            Bridged::Media {
                broadcast,
                kind,
                source,
                codec,
                index,
                timestamp,
                marker,
                key,
                svc,
                mapping,
                payload,
            } => {
                self.stats.bridged_in += 1;
                let payload = &payload[..];
                let packet = Packet {
                    source,
                    codec,
                    index,
                    timestamp,
                    marker,
                    key,
                    svc,
                    payload,
                };
                self.take_in(now, broadcast, kind, &packet, mapping);
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
            let Packet {
                source,
                codec,
                index,
                timestamp,
                marker,
                key,
                svc,
                ..
            } = *packet;
            let media = Bridged::Media {
                broadcast,
                kind,
                source,
                codec,
                index,
                timestamp,
                marker,
                key,
                svc,
                mapping,
                payload: payload.clone(),
            };
            if self.bridged.len() < MAX_BRIDGED {
                self.bridged.push_back((shard, media));
                self.stats.bridged_out += 1;
            } else {
                self.stats.drop_bridge_full += 1;
            }
        }
    }

    /// Tells the other shards that there are viewers here, if it is time to.
    pub(super) fn announce(&mut self, now: Instant, broadcast: BroadcastId) {
        let Some(entry) = self.broadcasts.get_mut(&broadcast) else {
            return;
        };
        if !entry.viewers.is_empty() && entry.interest.tell(now) {
            self.tell_others(Bridged::Interest { broadcast });
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
