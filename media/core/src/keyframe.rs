//! What a video packet means to a decoder, from payload headers only: keyframes of H.264, H.265,
//! VP8, VP9 and AV1, scalable layers of VP9 and AV1, and what parameter sets say.
//!
//! Whatever cannot be parsed is "not a keyframe". Marks the first packet of a keyframe, not the
//! others of the same frame.

mod av1;
mod bits;
mod dependency;
mod h264;
mod h265;
mod parameters;
mod sps;
mod units;
mod vpx;

use crate::border::Svc;
use crate::peer::Codec;

pub(crate) use av1::completes_obu;
pub(crate) use dependency::{Dependencies, frame_number, renumber};
pub(crate) use parameters::ParameterSets;
pub(crate) use sps::Sps;

/// What a video packet means to a decoder that has nothing yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Key {
    /// Cannot start here.
    #[default]
    No,
    /// Begins a keyframe that may need parameter sets from packets of the same frame before it.
    Slice,
    /// Begins a keyframe, complete with what the decoder needs.
    Start,
}

/// Classifies the payload of one packet, and tells its place in a scalable stream.
pub(crate) fn look(codec: &Codec, payload: &[u8]) -> (Key, Svc) {
    match codec {
        Codec::H264 { .. } => (h264::key(payload), Svc::default()),
        Codec::H265 { .. } => (h265::key(payload), Svc::default()),
        Codec::Vp8 => (vpx::vp8(payload).unwrap_or_default(), Svc::default()),
        Codec::Vp9 { .. } => vpx::vp9(payload).unwrap_or_default(),
        Codec::Av1 { .. } => av1::look(payload).unwrap_or_default(),
        Codec::Opus => (Key::No, Svc::default()),
    }
}

/// Whether the packet begins a picture part that may refer to later pictures (H.264 B slices).
/// H.265 uses such slices without reordering as well; there the sequence set tells.
pub(crate) fn begins_b_slice(codec: &Codec, payload: &[u8]) -> bool {
    matches!(codec, Codec::H264 { .. }) && h264::begins_b_slice(payload)
}

#[cfg(test)]
mod tests;
