//! What several askers have in common: one keyframe request for many, and which shards want media.

use std::time::Instant;

use crate::limits::{INTEREST_EXPIRY, INTEREST_INTERVAL, MAX_SHARDS, PLI_INTERVAL};

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
