//! When a change of who is there is said: at once for live, every two seconds for the count.

use std::time::Instant;

use signaling_wire::frame::control::Presence;

use crate::limits::PRESENCE_INTERVAL;

const NOBODY: Presence = Presence {
    live: false,
    viewers: 0,
};

/// Paces presence frames. Pure.
pub(crate) struct Pacer {
    current: Presence,
    said: Presence,
    said_at: Option<Instant>,
}

impl Default for Pacer {
    fn default() -> Self {
        Self {
            current: NOBODY,
            said: NOBODY,
            said_at: None,
        }
    }
}

impl Pacer {
    pub(crate) const fn current(&self) -> Presence {
        self.current
    }

    pub(crate) fn set_live(&mut self, live: bool) {
        self.current.live = live;
    }

    pub(crate) fn set_viewers(&mut self, viewers: u32) {
        self.current.viewers = viewers;
    }

    /// When there is something to say; never, if nothing has changed.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        if self.current == self.said {
            return None;
        }
        if self.current.live != self.said.live {
            return Some(now);
        }
        Some(self.said_at.map_or(now, |at| at + PRESENCE_INTERVAL))
    }

    /// What is to be said now.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Presence> {
        if self.due(now)? > now {
            return None;
        }
        self.said = self.current;
        self.said_at = Some(now);
        Some(self.current)
    }
}
