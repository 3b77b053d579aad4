//! Housekeeping by the clock: repairs, reports and keyframe requests to publishers, interest to
//! other shards, gauges, and broadcasts that nobody needs any more.

use std::time::{Duration, Instant};

use super::Shard;
use crate::border::{Bridged, BroadcastId, Kind};
use crate::broadcast::{Broadcast, Slot};
use crate::forward::{Ladder, adapt};
use crate::limits::{MAX_LAYERS, SHARD_CACHE_BYTES, TICK_BUSY, TICK_IDLE};
use crate::members::Part;
use crate::transmit::Transmits;

const GAUGES: Duration = Duration::from_secs(1);

impl Shard {
    pub(super) fn tick(&mut self, now: Instant, out: &mut Transmits) {
        self.next_tick = now + TICK_IDLE;
        let publishers: Vec<Slot> = self
            .broadcasts
            .values()
            .filter_map(|broadcast| broadcast.publisher)
            .collect();
        for slot in publishers {
            self.report_to_publisher(now, slot, out);
            let member = self.members.get(slot);
            let missing = member.is_some_and(|member| match &member.part {
                Part::Publisher(publishing) => publishing.is_missing_any(),
                Part::Viewer(_) => false,
            });
            if missing {
                self.next_tick = now + TICK_BUSY;
            }
        }
        // Repairs and replays hurry the tick; a walk over all viewers does not come with them.
        let look = self.next_look <= now;
        if look {
            self.next_look = now + TICK_IDLE;
        }
        let ids: Vec<BroadcastId> = self.broadcasts.keys().copied().collect();
        for id in ids {
            self.announce(now, id);
            self.replay(now, id);
            if look {
                self.look_after(now, id, out);
            }
        }
        self.broadcasts
            .retain(|_, broadcast| !broadcast.is_idle(now));
        self.bound_cache(now);
        if self.next_gauges <= now {
            self.next_gauges = now + GAUGES;
            self.stats.lane_backlog_bytes = self.lane_backlog();
        }
        let used = |b: &&Broadcast| b.publisher.is_some() || !b.viewers.is_empty();
        self.stats.broadcasts = self.broadcasts.values().filter(used).count() as u64;
    }

    fn look_after(&mut self, now: Instant, id: BroadcastId, out: &mut Transmits) {
        let Some(entry) = self.broadcasts.get_mut(&id) else {
            return;
        };
        let ladder = Ladder::new(entry, now);
        for at in 0..entry.viewers.len() {
            let slot = self.broadcasts.get(&id).and_then(|b| b.viewers.get(at));
            let Some(slot) = slot.copied() else { break };
            if let Some(member) = self.members.get_mut(slot)
                && let Part::Viewer(viewing) = &mut member.part
            {
                adapt(now, &ladder, viewing, member.peer.config());
            }
            self.look_after_viewer(now, slot);
        }
        for layer in 0..MAX_LAYERS as u8 {
            self.ask_for_keyframe(now, id, layer, out);
        }
    }

    /// Counts the memory of packets; over the limit, the largest layers give up what they keep for
    /// new viewers.
    fn bound_cache(&mut self, now: Instant) {
        let rings = |shard: &Self| -> u64 {
            let streams = shard.broadcasts.values().flat_map(Broadcast::streams);
            streams.map(|stream| stream.ring.bytes() as u64).sum()
        };
        self.stats.cache_bytes = rings(self);
        while self.stats.cache_bytes > SHARD_CACHE_BYTES as u64 {
            let video = self.broadcasts.values_mut().flat_map(|b| &mut b.video);
            let largest = video.flatten().max_by_key(|stream| stream.ring.spared());
            let Some(stream) = largest.filter(|stream| stream.ring.spared() > 0) else {
                return;
            };
            stream.ring.give_up(now);
            self.stats.cache_bytes = rings(self);
        }
    }

    /// A viewer has just connected: it gets a picture from the cache, or a keyframe is asked for.
    pub(super) fn begin_video(&mut self, now: Instant, slot: Slot, out: &mut Transmits) {
        self.look_after_viewer(now, slot);
        let Some(broadcast) = self.members.get(slot).map(|member| member.broadcast) else {
            return;
        };
        for layer in 0..MAX_LAYERS as u8 {
            self.ask_for_keyframe(now, broadcast, layer, out);
        }
    }

    /// What a viewer needs in order to show the layer that it wants: the cached keyframe, or a new
    /// one. One that wants a silent layer is given the best of the living ones.
    fn look_after_viewer(&mut self, now: Instant, slot: Slot) {
        let Some(member) = self.members.get_mut(slot).filter(|m| m.connected) else {
            return;
        };
        let Part::Viewer(viewing) = &mut member.part else {
            return;
        };
        let (Some(track), Some(entry)) = (
            viewing.tracks.video.as_mut(),
            self.broadcasts.get_mut(&member.broadcast),
        ) else {
            return;
        };
        let selected = viewing.selected.unwrap_or(track.want());
        if entry.is_living(now, selected) {
            track.set_want(selected);
        } else if !entry.is_living(now, track.want())
            && let Some(best) = entry.living(now).next()
        {
            track.set_want(best);
        }
        let want = track.want();
        let stream = entry.stream(Kind::Video, want);
        let waits = track.waits_for(stream.map(|stream| stream.source));
        if waits && track.is_frozen(now) {
            // Any layer is better than none; after that, only what was asked for.
            let cached = match track.begun() {
                None => entry.has_key(now),
                Some(_) => stream.is_some_and(|stream| stream.gop(now).is_some()),
            };
            #[cfg(any(test, feature = "negative-controls"))]
            let cached = cached && !self.cache_off;
            if cached {
                if track.invite() {
                    entry.joins.push(now, slot);
                }
                return;
            }
        }
        let Some(requests) = entry.keyframes.get_mut(usize::from(want)) else {
            return;
        };
        if waits {
            requests.want();
        } else if track.is_still() {
            requests.want_for_still(now);
            if track.retry() {
                entry.joins.again(now, slot);
            }
        }
    }

    /// Notes that a viewer here (`repeats`: another shard, which says so again) needs a keyframe,
    /// and asks for it unless that was done just before.
    pub(super) fn want_keyframe(
        &mut self,
        now: Instant,
        id: BroadcastId,
        layer: u8,
        repeats: bool,
        out: &mut Transmits,
    ) {
        let entry = self.broadcasts.get_mut(&id);
        if let Some(requests) = entry.and_then(|b| b.keyframes.get_mut(usize::from(layer))) {
            match repeats {
                true => requests.want(),
                false => requests.need(),
            }
            self.ask_for_keyframe(now, id, layer, out);
        }
    }

    fn ask_for_keyframe(&mut self, now: Instant, id: BroadcastId, layer: u8, out: &mut Transmits) {
        let Some(entry) = self.broadcasts.get_mut(&id) else {
            return;
        };
        let publisher = entry.publisher;
        let Some(requests) = entry.keyframes.get_mut(usize::from(layer)) else {
            return;
        };
        // A publisher that has sent nothing yet will begin with a keyframe anyway.
        let ready = match publisher {
            Some(slot) => self
                .members
                .get(slot)
                .is_some_and(|m| m.connected && has_video(&m.part, layer)),
            None => true,
        };
        if !ready || !requests.ask(now) {
            return;
        }
        match publisher {
            Some(slot) => self.stats.plis_up += u64::from(self.send_pli(now, slot, layer, out)),
            None => self.tell_others(Bridged::KeyframeWanted {
                broadcast: id,
                layer,
            }),
        }
    }

    /// Repairs are wanted soon: the next housekeeping is not far.
    pub(super) fn hurry(&mut self, now: Instant) {
        self.next_tick = self.next_tick.min(now + TICK_BUSY);
    }
}

fn has_video(part: &Part, layer: u8) -> bool {
    matches!(part, Part::Publisher(publishing) if publishing.video_ssrc(layer).is_some())
}
