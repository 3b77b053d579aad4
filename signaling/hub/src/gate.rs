//! What one connection may still do: its rate, its mistakes, and who it speaks as.
//!
//! Pure: time is an argument. A connection that floods or keeps sending nonsense is told off first
//! and closed later; nothing of it reaches a consumer meanwhile.

use std::time::Instant;

use signaling_wire::frame::control::Sanction;

use crate::{identity::Identity, limits};

/// The gate of one connection.
pub(crate) struct Gate {
    identity: Option<Identity>,
    sanction: Option<Sanction>,
    tokens: f64,
    filled_at: Instant,
    throttled: u32,
    bad: u32,
    shut: bool,
}

/// What becomes of a frame before anybody looks into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Look into it.
    Granted,
    /// Over the rate; refuse it.
    Throttled,
    /// Over the rate for so long that the connection must go.
    Flood,
    /// The connection is going; ignore it.
    Shut,
}

impl Gate {
    pub(crate) fn new(identity: Option<Identity>, now: Instant) -> Self {
        Self {
            identity,
            sanction: None,
            tokens: limits::FRAMES_BURST,
            filled_at: now,
            throttled: 0,
            bad: 0,
            shut: false,
        }
    }

    /// Asks for one frame.
    pub(crate) fn admit(&mut self, now: Instant) -> Admission {
        if self.shut {
            return Admission::Shut;
        }
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.filled_at = now;
        self.tokens = (self.tokens + passed * limits::FRAMES_PER_SECOND).min(limits::FRAMES_BURST);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            self.throttled = 0;
            return Admission::Granted;
        }
        self.throttled += 1;
        if self.throttled > limits::THROTTLED_MAX {
            self.shut = true;
            return Admission::Flood;
        }
        Admission::Throttled
    }

    /// Charges more for a frame that was granted than the one it counts as.
    pub(crate) fn charge(&mut self, frames: f64) {
        self.tokens -= frames - 1.0;
    }

    /// Counts a frame that was none; true when that was one too many.
    pub(crate) fn mistake(&mut self) -> bool {
        self.bad += 1;
        self.shut |= self.bad >= limits::BAD_FRAMES_MAX;
        self.shut
    }

    /// Who speaks at `now_ms`.
    pub(crate) fn identity(&self, now_ms: u64) -> Option<&Identity> {
        self.identity
            .as_ref()
            .filter(|identity| identity.holds_at(now_ms))
    }

    /// Changes who speaks; returns who did before.
    pub(crate) fn identify(&mut self, identity: Option<Identity>) -> Option<Identity> {
        std::mem::replace(&mut self.identity, identity)
    }

    /// What the hosts decided about whoever is behind the connection.
    pub(crate) fn sanction(&self, now_ms: u64) -> Option<Sanction> {
        self.sanction.filter(|sanction| sanction.holds_at(now_ms))
    }

    /// Changes what the hosts decided.
    pub(crate) fn restrict(&mut self, sanction: Option<Sanction>) {
        self.sanction = sanction;
    }

    /// Who spoke and no longer may, once.
    pub(crate) fn expire(&mut self, now_ms: u64) -> Option<Identity> {
        self.identity.take_if(|identity| !identity.holds_at(now_ms))
    }
}

#[cfg(test)]
mod tests;
