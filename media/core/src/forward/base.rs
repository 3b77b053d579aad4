//! The lowest spatial layer of an AV1 stream, for viewers to whom nobody describes its frames.
//!
//! All spatial layers of a moment belong to one picture, but only the dependency descriptor tells a
//! receiver so. Without it libwebrtc takes each for a picture of its own, waits for what it never
//! finds, and shows nothing. The lowest layer alone is an ordinary stream, at whose keyframes any
//! decoder can start. VP9 says in every payload what belongs together, and needs none of this.

use super::layers::Admission;
use crate::keyframe::completes_obu;
use crate::peer::Codec;
use crate::ring::Stored;

/// See the module header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    /// The stream has more layers than this one.
    several: bool,
    /// Timestamp of the latest picture of which a higher layer was left out.
    left_out: Option<u32>,
}

impl Base {
    /// That of a stream, if its codec is one that needs it.
    pub(super) fn new(codec: &Codec, several: bool) -> Option<Self> {
        matches!(codec, Codec::Av1 { .. }).then_some(Self {
            several,
            left_out: None,
        })
    }

    /// What becomes of the next packet at the front of the stream.
    pub(super) fn admit(&mut self, stored: &Stored<'_>) -> Admission {
        // Without a descriptor only the first packet of a frame tells its layer. Layers follow each
        // other from the lowest on.
        let higher = match stored.svc.has_info {
            true => stored.svc.spatial > 0,
            false => self.left_out == Some(stored.timestamp),
        };
        if higher {
            self.left_out = Some(stored.timestamp);
            self.several = true;
            return Admission::LeaveOut;
        }
        let ends = match stored.descriptor.is_empty() {
            true => self.several && completes_obu(stored.payload),
            false => stored.svc.has_info && stored.svc.ends,
        };
        Admission::Send {
            marker: stored.marker || ends,
        }
    }
}

/// Whether a packet that came too late to be left out, as its number was given away, goes out
/// without its payload: it is of a layer that the viewer cannot use.
pub(super) fn is_blank(stored: &Stored<'_>) -> bool {
    stored.svc.has_info && stored.svc.spatial > 0
}
