//! The body of a trickle PATCH (RFC 8840): read and checked, its candidates are not used.

use super::sdp::OfferError;

/// What a fragment says about the ICE session that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SdpFrag {
    /// `a=ice-ufrag`, when present.
    pub ufrag: Option<String>,
    /// `a=ice-pwd`, when present.
    pub pwd: Option<String>,
    /// Number of `a=candidate` lines; they are never contacted.
    pub candidates: usize,
    /// Whether `a=end-of-candidates` was there.
    pub end_of_candidates: bool,
}

/// Reads a fragment.
///
/// # Errors
/// When it is too large or not a fragment.
pub fn parse_sdpfrag(body: &str) -> Result<SdpFrag, OfferError> {
    let _ = body;
    Err(OfferError::Malformed("not yet"))
}
