//! Which layers of a scalable stream (VP9, AV1) a viewer is given.
//!
//! Layers are taken away at the beginning of any picture. Temporal layers come back where the
//! stream says that they can be taken in, spatial ones with the next keyframe.

use crate::border::Svc;
use crate::keyframe::Key;
use crate::ring::Stored;

/// The highest layers that are wanted; the default is all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cap {
    pub(crate) spatial: u8,
    pub(crate) temporal: u8,
}

impl Cap {
    /// Everything: layers are numbered below this.
    pub(crate) const ALL: Cap = Cap {
        spatial: 7,
        temporal: 7,
    };
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    LeaveOut,
    /// With the marker bit set or as it was.
    Send {
        marker: bool,
    },
}

/// See the module header.
#[derive(Debug)]
pub(super) struct Layers {
    wanted: Cap,
    given: Cap,
    picture: Option<u32>,
}

impl Layers {
    /// Gives everything.
    pub(super) fn new() -> Self {
        Self {
            wanted: Cap::ALL,
            given: Cap::ALL,
            picture: None,
        }
    }

    /// Asks for other layers.
    pub(super) fn set(&mut self, wanted: Cap) {
        self.wanted = wanted;
    }

    /// Whether only a keyframe brings what is wanted.
    pub(super) fn needs_key(&self) -> bool {
        self.wanted.spatial > self.given.spatial
    }

    /// What becomes of the next packet at the front of the stream.
    pub(super) fn admit(&mut self, stored: &Stored<'_>) -> Admission {
        let svc = stored.svc;
        if self.picture != Some(stored.timestamp) {
            self.picture = Some(stored.timestamp);
            self.turn(stored.key, svc);
        }
        if svc.spatial > self.given.spatial || svc.temporal > self.given.temporal {
            return Admission::LeaveOut;
        }
        let last = svc.ends && svc.spatial == self.given.spatial;
        Admission::Send {
            marker: stored.marker || last,
        }
    }

    /// A picture begins.
    fn turn(&mut self, key: Key, svc: Svc) {
        let Cap { spatial, temporal } = self.wanted;
        if key != Key::No {
            self.given = self.wanted;
            return;
        }
        self.given.spatial = self.given.spatial.min(spatial);
        let higher = svc.temporal > self.given.temporal && svc.temporal <= temporal;
        if higher && svc.switch_up {
            self.given.temporal = match svc.temporal == temporal {
                true => temporal,
                false => svc.temporal,
            };
        }
        if svc.opens > self.given.temporal {
            self.given.temporal = svc.opens;
        }
        self.given.temporal = self.given.temporal.min(temporal);
    }
}

#[cfg(test)]
mod tests;
