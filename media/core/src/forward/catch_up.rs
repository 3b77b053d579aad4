//! A viewer that begins in the past: the cached keyframe at once, the rest of its group paced and
//! with compressed time, until the live edge is reached.
//!
//! The keyframe is shown as it is. What came after it is sent on a schedule on which the source's
//! time passes faster than ours by a fixed ratio, and the timestamps say the same, so the picture
//! runs fast for a moment and never jumps. A live keyframe ends it at once. A viewer for whom there
//! is no room keeps its still picture until then.

mod pace;

use std::time::{Duration, Instant};

use super::down_track::{DownTrack, Way};
use super::munger::Scale;
use crate::broadcast::Stream;
use crate::limits::{
    CACHE_TIME, CATCH_UP_BITRATE, CATCH_UP_SPEED, CATCH_UP_TIME, FLUSH_DATAGRAMS, STILL_PATIENCE,
};
use crate::ring::{Gop, Stored};

pub(crate) use pace::Pace;

/// What is so young is sent as it is, without a change of time.
const YOUNG: Duration = Duration::from_millis(70);
/// Shortest time of a catch-up.
const SHORTEST: Duration = Duration::from_millis(100);

/// Where a viewer is in the past. See the module header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CatchUp {
    /// The next packet to send.
    next: u64,
    /// Timestamp of the keyframe.
    origin: u32,
    /// When the keyframe, or the running, began.
    since: Instant,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The keyframe is being sent.
    Key,
    /// It is out, and there is no room for more yet.
    Still,
    /// As before for so long that it is no longer in line.
    Left,
    /// The rest is sent on schedule; with the packets a second that it costs.
    Running { scale: Scale, load: u32 },
    /// The rest is so young that it is sent as it is.
    Young,
}

/// How far a piece of work on a catch-up has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pumped {
    /// There is more to send now, for which the shard has no room.
    Blocked,
    /// Nothing is due now.
    Waiting,
    /// The viewer is live, or waits for a live keyframe.
    Done,
}

impl CatchUp {
    /// Whether `index` has been passed already; if it comes now, it comes late.
    pub(super) fn is_past(&self, index: u64) -> bool {
        index < self.next
    }

    /// Whether a live packet belongs to a later keyframe, with which the past is over.
    pub(super) fn ends_at(&self, stored: &Stored<'_>) -> bool {
        stored.key != crate::keyframe::Key::No && stored.timestamp != self.origin
    }

    /// How far after the keyframe the source's time may be at `now`, in ticks.
    fn allowed(&self, now: Instant, rate: u32) -> i64 {
        match self.phase {
            Phase::Key | Phase::Still | Phase::Left => 0,
            Phase::Running { scale, .. } => {
                let passed = now.saturating_duration_since(self.since).as_micros() as i64;
                let ticks = passed * i64::from(rate) / 1_000_000;
                ticks * i64::from(scale.of) / i64::from(scale.out.max(1))
            }
            Phase::Young => i64::MAX,
        }
    }
}

impl DownTrack {
    /// Begins with the cached keyframe of the stream, if there is one and the viewer can take it.
    pub(crate) fn begin_cached(&mut self, stream: &Stream, way: &mut Way<'_>) -> bool {
        let Some(gop) = stream.gop(way.now) else {
            return false;
        };
        let Some(pt) = self.accepts(stream, way) else {
            return false;
        };
        self.anchor(stream, (gop.start, gop.timestamp), None, pt, way);
        self.next_report = None;
        self.catch_up = Some(CatchUp {
            next: gop.start,
            origin: gop.timestamp,
            since: way.now,
            phase: Phase::Key,
        });
        true
    }

    /// Whether it has a still picture, and is not in line for more.
    pub(crate) fn is_still(&self) -> bool {
        self.catch_up
            .is_some_and(|behind| behind.phase == Phase::Left)
    }

    /// Whether it may stand in line again for what comes after its still picture; it is there then.
    pub(crate) fn retry(&mut self) -> bool {
        let behind = self.catch_up.as_mut();
        let left = behind.filter(|behind| behind.phase == Phase::Left);
        left.map(|behind| behind.phase = Phase::Still).is_some()
    }

    /// What its catch-up costs, in packets a second.
    pub(crate) fn load(&self) -> u32 {
        match self.catch_up.map(|behind| behind.phase) {
            Some(Phase::Running { load, .. }) => load,
            _ => 0,
        }
    }

    /// Sends what is due of the past.
    pub(crate) fn pump(&mut self, stream: &Stream, way: &mut Way<'_>, pace: &mut Pace) -> Pumped {
        let Some(mut behind) = self.catch_up else {
            return Pumped::Done;
        };
        if !self.follows(stream.source) {
            self.catch_up = None;
            return Pumped::Done;
        }
        let pumped = self.pump_from(&mut behind, stream, way, pace);
        let live = pumped == Pumped::Done && behind.phase != Phase::Left;
        self.catch_up = (!live).then_some(behind);
        pumped
    }

    fn pump_from(
        &mut self,
        behind: &mut CatchUp,
        stream: &Stream,
        way: &mut Way<'_>,
        pace: &mut Pace,
    ) -> Pumped {
        if behind.phase == Phase::Still && !self.run(behind, stream, way, pace) {
            if way.now < behind.since + STILL_PATIENCE {
                return Pumped::Waiting;
            }
            behind.phase = Phase::Left;
            return Pumped::Done;
        }
        let rate = stream.codec.clock_rate();
        let mut allowed = behind.allowed(way.now, rate);
        let newest = stream.ring.newest();
        while behind.next <= newest {
            // What is missing or still with the fan-out is sent when it comes from there.
            let stored = stream
                .ring
                .get(behind.next)
                .filter(|stored| !stored.waiting);
            let Some(stored) = stored else {
                behind.next += 1;
                continue;
            };
            let ahead = stored.timestamp.wrapping_sub(behind.origin) as i32;
            if i64::from(ahead) > allowed {
                if behind.phase != Phase::Key {
                    return Pumped::Waiting;
                }
                behind.phase = Phase::Still;
                if !self.run(behind, stream, way, pace) {
                    return Pumped::Waiting;
                }
                allowed = behind.allowed(way.now, rate);
                continue;
            }
            if way.out.len() >= FLUSH_DATAGRAMS || !pace.take() {
                return Pumped::Blocked;
            }
            self.send(&stored, way);
            way.stats.caught_up += 1;
            behind.next += 1;
        }
        self.arrive(behind, stream, way);
        Pumped::Done
    }

    /// Plans the way from a keyframe that is out to the live edge. Returns whether there is one.
    fn run(
        &mut self,
        behind: &mut CatchUp,
        stream: &Stream,
        way: &mut Way<'_>,
        pace: &mut Pace,
    ) -> bool {
        let rate = stream.codec.clock_rate();
        let newest = stream.ring.newest();
        let edge = stream.ring.get(newest);
        let Some(edge) = edge.map(|edge| edge.timestamp) else {
            return false;
        };
        let ticks = (edge.wrapping_sub(behind.origin) as i32).max(0) as u64;
        let age = Duration::from_micros(ticks * 1_000_000 / u64::from(rate));
        if age <= YOUNG && way.now == behind.since {
            behind.phase = Phase::Young;
            return true;
        }
        // What came after a keyframe that is no longer kept has holes.
        let kept = |gop: Gop| gop.timestamp == behind.origin;
        if age > CACHE_TIME || !stream.gop(way.now).is_some_and(kept) {
            return false;
        }
        let bits = u64::from(stream.ring.bytes_after(behind.next.saturating_sub(1))) * 8;
        let most = way.network.figures.estimate.unwrap_or(CATCH_UP_BITRATE);
        let fits = |time: &Duration| bits * 1_000 / time.as_millis() as u64 <= most;
        let short = (age / CATCH_UP_SPEED).clamp(SHORTEST, CATCH_UP_TIME);
        let Some(time) = [short, CATCH_UP_TIME].into_iter().find(fits) else {
            return false;
        };
        let millis = time.as_millis() as u32;
        let packets = newest.saturating_sub(behind.next) + 1;
        let load = (packets * 1_000 / u64::from(millis)) as u32;
        if !pace.admit(load) {
            return false;
        }
        let scale = Scale {
            out: millis,
            of: millis + age.as_millis() as u32,
        };
        let passed = way.now.saturating_duration_since(behind.since).as_micros() as u64;
        let pause = (passed * u64::from(rate) / 1_000_000) as u32;
        self.munger
            .rescale(behind.next, behind.origin, pause, scale);
        behind.phase = Phase::Running { scale, load };
        behind.since = way.now;
        true
    }

    /// Everything is sent: from here on the viewer is live.
    fn arrive(&mut self, behind: &mut CatchUp, stream: &Stream, way: &mut Way<'_>) {
        let newest = stream.ring.newest();
        if let Phase::Running { .. } = behind.phase
            && let Some(edge) = stream.ring.get(newest)
        {
            // The frame at the edge may go on: for it, both rules say the same.
            self.munger
                .rescale(newest + 1, edge.timestamp, 0, Scale::ONE);
        }
        behind.phase = Phase::Young;
        self.next_report = Some(way.now);
    }
}
