//! Housekeeping by the clock: repairs, reports and keyframe requests to publishers, interest to
//! other shards, gauges, and broadcasts that nobody needs any more.

use std::time::{Duration, Instant};

use super::Shard;
use crate::border::{Bridged, BroadcastId, Kind};
use crate::broadcast::Slot;
use crate::limits::{TICK_BUSY, TICK_IDLE};
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
        let used =
            |b: &&crate::broadcast::Broadcast| b.publisher.is_some() || !b.viewers.is_empty();
        self.stats.broadcasts = self.broadcasts.values().filter(used).count() as u64;
    }

    fn look_after(&mut self, now: Instant, id: BroadcastId, out: &mut Transmits) {
        self.announce(now, id);
        let Some(entry) = self.broadcasts.get_mut(&id) else {
            return;
        };
        let source = entry.stream(Kind::Video).map(|stream| stream.source);
        let waits = |slot: &Slot| waits_for_video(&self.members, *slot, source);
        if entry.viewers.iter().any(waits) {
            entry.keyframes.want();
        }
        self.ask_for_keyframe(now, id, out);
    }

    /// Notes that someone needs a keyframe, and asks for it unless that was done just before.
    pub(super) fn want_keyframe(&mut self, now: Instant, id: BroadcastId, out: &mut Transmits) {
        if let Some(entry) = self.broadcasts.get_mut(&id) {
            entry.keyframes.want();
        }
        self.ask_for_keyframe(now, id, out);
    }

    fn ask_for_keyframe(&mut self, now: Instant, id: BroadcastId, out: &mut Transmits) {
        let Some(entry) = self.broadcasts.get_mut(&id) else {
            return;
        };
        let publisher = entry.publisher;
        // A publisher that has sent nothing yet will begin with a keyframe anyway.
        let ready = match publisher {
            Some(slot) => self
                .members
                .get(slot)
                .is_some_and(|m| m.connected && has_video(&m.part)),
            None => true,
        };
        if !ready || !entry.keyframes.ask(now) {
            return;
        }
        match publisher {
            Some(slot) => self.stats.plis_up += u64::from(self.send_pli(slot, out)),
            None => self.tell_others(Bridged::KeyframeWanted { broadcast: id }),
        }
    }

    /// Repairs are wanted soon: the next housekeeping is not far.
    pub(super) fn hurry(&mut self, now: Instant) {
        self.next_tick = self.next_tick.min(now + TICK_BUSY);
    }
}

fn has_video(part: &Part) -> bool {
    matches!(part, Part::Publisher(publishing) if publishing.video.ssrc().is_some())
}

fn waits_for_video(members: &Members, slot: Slot, source: Option<crate::border::Source>) -> bool {
    let Some(member) = members.get(slot) else {
        return false;
    };
    match &member.part {
        Part::Viewer(viewing) if member.connected => viewing
            .video
            .as_ref()
            .is_some_and(|track| track.waits_for(source)),
        _ => false,
    }
}
