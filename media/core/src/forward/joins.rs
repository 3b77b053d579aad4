//! The viewers of a broadcast that begin in the past, in the order in which they are served: the
//! keyframes of all first, then the rest of those who run.

use std::collections::VecDeque;
use std::time::Instant;

use super::catch_up::{Pace, Pumped};
use super::down_track::{DownTrack, Way};
use crate::border::Kind;
use crate::broadcast::{Broadcast, Slot, Stream};
use crate::limits::{CATCH_UP_TICK, FLUSH_DATAGRAMS};
use crate::members::{Members, Part, Viewing};
use crate::stats::Stats;
use crate::transmit::Transmits;

/// See the module header.
#[derive(Default)]
pub(crate) struct Joins {
    /// They have nothing yet, or not all of their keyframe.
    keys: VecDeque<Slot>,
    running: Vec<Slot>,
    cursor: usize,
    next: Option<Instant>,
    /// Packets a second of those who run, as of the last round.
    load: u32,
    sum: u32,
}

impl Joins {
    /// Puts a viewer into the line for a cached keyframe.
    pub(crate) fn push(&mut self, now: Instant, slot: Slot) {
        self.keys.push_back(slot);
        self.next = Some(now);
    }

    /// Puts a viewer with a still picture into the line of those who run, in case there is room.
    pub(crate) fn again(&mut self, now: Instant, slot: Slot) {
        self.running.push(slot);
        self.next.get_or_insert(now);
    }

    /// Forgets a viewer.
    pub(crate) fn remove(&mut self, slot: Slot) {
        self.keys.retain(|waiting| *waiting != slot);
        if let Some(at) = self.running.iter().position(|running| *running == slot) {
            self.running.remove(at);
            if at < self.cursor {
                self.cursor -= 1;
            }
        }
    }

    /// When to serve them; `None` when there are none.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.next
    }

    /// Packets a second that those who run need.
    pub(crate) fn load(&self) -> u32 {
        self.load
    }

    fn rest(&mut self, now: Instant) {
        let idle = self.keys.is_empty() && self.running.is_empty();
        self.next = (!idle).then_some(now + CATCH_UP_TICK);
    }
}

/// What serving needs besides the broadcast.
pub(crate) struct Service<'a> {
    pub(crate) now: Instant,
    pub(crate) members: &'a mut Members,
    pub(crate) pace: &'a mut Pace,
    pub(crate) out: &'a mut Transmits,
    pub(crate) stats: &'a mut Stats,
}

/// Sends what is due to viewers that begin in the past. Returns whether there is more to do for
/// which the queue had no room; then the caller sends, clears it and calls again.
pub(crate) fn serve(broadcast: &mut Broadcast, service: &mut Service<'_>) -> bool {
    let now = service.now;
    let due = broadcast.joins.next.is_some_and(|next| next <= now);
    // Packets of a fan-out that is under way would be sent twice.
    if !due || broadcast.queue.is_busy() {
        return false;
    }
    while let Some(slot) = broadcast.joins.keys.front().copied() {
        match pump(broadcast, slot, service) {
            Pumped::Blocked if service.out.len() >= FLUSH_DATAGRAMS => return true,
            Pumped::Blocked => {
                broadcast.joins.rest(now);
                return false;
            }
            Pumped::Waiting => broadcast.joins.running.push(slot),
            Pumped::Done => {}
        }
        broadcast.joins.keys.pop_front();
    }
    while let Some(slot) = broadcast.joins.running.get(broadcast.joins.cursor).copied() {
        match pump(broadcast, slot, service) {
            Pumped::Blocked if service.out.len() >= FLUSH_DATAGRAMS => return true,
            Pumped::Blocked | Pumped::Waiting => broadcast.joins.cursor += 1,
            Pumped::Done => {
                broadcast.joins.running.remove(broadcast.joins.cursor);
            }
        }
    }
    let joins = &mut broadcast.joins;
    (joins.load, joins.sum, joins.cursor) = (joins.sum, 0, 0);
    joins.rest(now);
    false
}

/// One viewer's turn.
fn pump(broadcast: &mut Broadcast, slot: Slot, service: &mut Service<'_>) -> Pumped {
    let Some(member) = service.members.get_mut(slot) else {
        return Pumped::Done;
    };
    let (true, Part::Viewer(viewing)) = (member.connected, &mut member.part) else {
        return Pumped::Done;
    };
    let Viewing {
        tracks, network, ..
    } = &mut **viewing;
    let (Some(track), Some(to)) = (tracks.video.as_mut(), member.peer.remote()) else {
        return Pumped::Done;
    };
    let mut way = Way {
        now: service.now,
        peer: &mut member.peer,
        to,
        network,
        out: service.out,
        stats: service.stats,
    };
    let Some(stream) = choose(broadcast, track, &mut way) else {
        return Pumped::Done;
    };
    let pumped = track.pump(stream, &mut way, service.pace);
    broadcast.joins.sum += track.load();
    pumped
}

/// The stream with whose past a viewer goes on; begins if it has not yet.
fn choose<'a>(
    broadcast: &'a Broadcast,
    track: &mut DownTrack,
    way: &mut Way<'_>,
) -> Option<&'a Stream> {
    if std::mem::take(&mut track.invited) {
        let wanted = broadcast.stream(Kind::Video, track.want());
        if !track.waits_for(wanted.map(|stream| stream.source)) {
            return None;
        }
        // Any layer is better than none.
        let others = track.begun().is_none().then(|| broadcast.living(way.now));
        let layers = std::iter::once(track.want()).chain(others.into_iter().flatten());
        let mut streams = layers.filter_map(|layer| broadcast.stream(Kind::Video, layer));
        return streams.find(|stream| track.begin_cached(stream, way));
    }
    broadcast.stream(Kind::Video, track.layer()?)
}
