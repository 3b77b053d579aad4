//! Reading of SDP.

/// Why an offer, answer or sdpfrag was refused. Texts are one line for the person at the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Not SDP, or SDP that breaks its own rules (400).
    #[error("the SDP is malformed: {0}")]
    Malformed(&'static str),
    /// Longer than `MAX_SDP` (413).
    #[error("the SDP is too large")]
    TooLarge,
    /// A line, the number of lines, candidates or payload types is over its limit (422).
    #[error("the SDP has too many or too long lines")]
    TooComplex,
    /// More than one audio, video or data section, or a section of another kind (422).
    #[error("the offer may hold one audio, one video and one data section")]
    TooManySections,
    /// No audio or video section at all (422).
    #[error("the offer has no audio or video section")]
    NoMedia,
    /// A publisher that does not send, or a viewer that does not receive (422).
    #[error("the direction of the offer does not fit: a publisher sends, a viewer receives")]
    WrongDirection,
    /// No user name fragment or password, or one of a wrong length (422).
    #[error("the offer has no usable ICE user name and password")]
    NoIce,
    /// No DTLS fingerprint (422).
    #[error("the offer has no DTLS fingerprint")]
    NoFingerprint,
    /// A fingerprint by md5, sha-1 or an unknown hash (422).
    #[error("the fingerprint of the offer uses a weak hash; sha-256 or stronger is needed")]
    WeakFingerprint,
    /// `a=setup` is missing or unknown (422).
    #[error("the offer has no usable a=setup")]
    BadSetup,
    /// A section without `a=mid`, or two with the same (422).
    #[error("every section needs its own a=mid")]
    BadMid,
    /// Sections that are not bundled, or RTP without rtcp-mux (422).
    #[error("BUNDLE and rtcp-mux are needed")]
    NoBundle,
    /// A section whose payload types are all unknown here (422).
    #[error("no codec of the offer is supported: H264, VP8, VP9 or Opus is needed")]
    NoCommonCodec,
    /// Several media streams in one offer (422).
    #[error("the offer holds more than one media stream")]
    TooManyStreams,
}

impl OfferError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            OfferError::Malformed(_) => "malformed",
            OfferError::TooLarge => "too_large",
            OfferError::TooComplex => "too_complex",
            OfferError::TooManySections => "too_many_sections",
            OfferError::NoMedia => "no_media",
            OfferError::WrongDirection => "wrong_direction",
            OfferError::NoIce => "no_ice",
            OfferError::NoFingerprint => "no_fingerprint",
            OfferError::WeakFingerprint => "weak_fingerprint",
            OfferError::BadSetup => "bad_setup",
            OfferError::BadMid => "bad_mid",
            OfferError::NoBundle => "no_bundle",
            OfferError::NoCommonCodec => "no_common_codec",
            OfferError::TooManyStreams => "too_many_streams",
        }
    }
}
