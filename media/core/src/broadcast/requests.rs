//! What several askers have in common: one keyframe request for many, and which shards want media.

use std::collections::VecDeque;
use std::time::Instant;

use super::Stream;
use crate::limits::{INTEREST_EXPIRY, INTEREST_INTERVAL, MAX_SHARDS, PLI_INTERVAL, STILL_REQUEST};

/// Many wishes for a keyframe become one request a second.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyframeRequests {
    /// Someone wants one, until it was asked for.
    wanted: bool,
    /// Nobody can go on without one, until it comes.
    needed: bool,
    asked: Option<Instant>,
    /// The latest request was answered.
    answered: bool,
}

impl KeyframeRequests {
    /// Somebody cannot decode without one, and says so again as long as that is so.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// Somebody cannot decode without one, and says it once.
    pub(crate) fn need(&mut self) {
        self.needed = true;
    }

    /// Somebody has a picture, but a still one: worth a request to a sender that may obey.
    pub(crate) fn want_for_still(&mut self, now: Instant) {
        let rested = |asked| now >= asked + STILL_REQUEST;
        self.wanted |= self.answered || self.asked.is_none_or(rested);
    }

    /// One has come.
    pub(crate) fn fulfilled(&mut self, now: Instant) {
        let soon = |asked| now < asked + PLI_INTERVAL;
        self.answered |= self.asked.is_some_and(soon);
        (self.wanted, self.needed) = (false, false);
    }

    /// Whether to ask at `now`; if so, not again for [`PLI_INTERVAL`].
    pub(crate) fn ask(&mut self, now: Instant) -> bool {
        let ready = self.asked.is_none_or(|asked| now >= asked + PLI_INTERVAL);
        let ask = ready && (self.wanted || self.needed);
        if ask {
            (self.asked, self.wanted, self.answered) = (Some(now), false, false);
        }
        ask
    }
}

/// Cached packets that other shards still have to be given: shard, layer, and a range of indexes.
#[derive(Debug, Default)]
pub(crate) struct Replays(VecDeque<(usize, u8, std::ops::RangeInclusive<u64>)>);

impl Replays {
    /// Shard `shard` has nothing: it gets each layer from the latest keyframe on.
    pub(crate) fn begin(&mut self, video: &[Option<Stream>], shard: usize) {
        self.0.retain(|(known, ..)| *known != shard);
        for (layer, stream) in video.iter().enumerate() {
            let Some(stream) = stream else { continue };
            if let Some(gop) = stream.ring.gop() {
                let range = gop.start..=stream.ring.newest();
                self.0.push_back((shard, layer as u8, range));
            }
        }
    }

    /// The next packet to give: shard, layer, index, and whether it is the last of its layer.
    pub(crate) fn next(&mut self) -> Option<(usize, u8, u64, bool)> {
        let (shard, layer, range) = self.0.front_mut()?;
        let (shard, layer, index) = (*shard, *layer, range.next()?);
        let last = range.is_empty();
        if last {
            self.0.pop_front();
        }
        Some((shard, layer, index, last))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
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

    pub(super) fn any(&self, now: Instant) -> bool {
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
