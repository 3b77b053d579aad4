//! Whether a decoder can start at a packet.

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
