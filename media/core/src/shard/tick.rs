//! Housekeeping by the clock: repairs, reports and keyframe requests to publishers, interest to
//! other shards, gauges, and broadcasts that nobody needs any more.

use std::time::{Duration, Instant};

use super::Shard;
use crate::border::{Bridged, BroadcastId};
use crate::broadcast::{Broadcast, Slot, Stream};
use crate::forward::{Ladder, adapt};
use crate::limits::{MAX_LAYERS, TICK_BUSY, TICK_IDLE};
use crate::members::{Members, Part};
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
        let ids: Vec<BroadcastId> = self.broadcasts.keys().copied().collect();
        for id in ids {
            self.look_after(now, id, out);
        }
        self.broadcasts
            .retain(|_, broadcast| !broadcast.is_idle(now));
        if self.next_gauges <= now {
            self.next_gauges = now + GAUGES;
            self.stats.lane_backlog_bytes = self.lane_backlog();
        }
        let used = |b: &&Broadcast| b.publisher.is_some() || !b.viewers.is_empty();
        self.stats.broadcasts = self.broadcasts.values().filter(used).count() as u64;
    }

    fn look_after(&mut self, now: Instant, id: BroadcastId, out: &mut Transmits) {
        self.announce(now, id);
        let Some(entry) = self.broadcasts.get_mut(&id) else {
            return;
        };
        let living = entry.living(now).fold(0u8, |set, layer| set | 1 << layer);
        let best = entry.living(now).next();
        let ladder = Ladder::new(entry, now);
        let Broadcast {
            viewers,
            keyframes,
            video,
            ..
        } = entry;
        for slot in viewers {
            if let Some(member) = self.members.get_mut(*slot)
                && let Part::Viewer(viewing) = &mut member.part
            {
                adapt(now, &ladder, viewing, member.peer.config());
            }
            let Some(layer) = waits_for_layer(&mut self.members, *slot, video, (living, best))
            else {
                continue;
            };
            if let Some(requests) = keyframes.get_mut(usize::from(layer)) {
                requests.want();
            }
        }
        for layer in 0..MAX_LAYERS as u8 {
            self.ask_for_keyframe(now, id, layer, out);
        }
    }

    /// Notes that someone needs a keyframe, and asks for it unless that was done just before.
    pub(super) fn want_keyframe(
        &mut self,
        now: Instant,
        id: BroadcastId,
        layer: u8,
        out: &mut Transmits,
    ) {
        let entry = self.broadcasts.get_mut(&id);
        if let Some(requests) = entry.and_then(|b| b.keyframes.get_mut(usize::from(layer))) {
            requests.want();
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
            Some(slot) => self.stats.plis_up += u64::from(self.send_pli(slot, layer, out)),
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

/// The layer whose next keyframe a viewer waits for. One that waits for a silent layer is given the
/// best of the living ones (a set, and the best of it).
fn waits_for_layer(
    members: &mut Members,
    slot: Slot,
    video: &[Option<Stream>],
    (living, best): (u8, Option<u8>),
) -> Option<u8> {
    let member = members.get_mut(slot).filter(|member| member.connected)?;
    let Part::Viewer(viewing) = &mut member.part else {
        return None;
    };
    let track = viewing.tracks.video.as_mut()?;
    if let Some(best) = best.filter(|_| living & (1 << track.want()) == 0) {
        track.set_want(best);
    }
    let stream = video.get(usize::from(track.want()))?.as_ref();
    let waits = track.waits_for(stream.map(|stream| stream.source));
    waits.then(|| track.want())
}
