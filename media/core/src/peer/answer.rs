//! The answer to an offer (RFC 8829, RFC 9725): offer text in, answer text and settled facts out.
use std::net::SocketAddr;

use super::certificate::Certificate;
pub use super::sdp::OfferError;
use super::{PeerConfig, Role};

/// What this side puts into an answer. All randomness comes from the caller.
#[derive(Clone, Debug)]
pub struct LocalFacts<'a> {
    /// Addresses of the shard that got the peer; at least one.
    pub candidates: &'a [SocketAddr],
    /// The identity of this process.
    pub certificate: &'a Certificate,
    /// ICE user name fragment: 4 to 256 ice-chars, unique among the peers of the shard.
    pub ufrag: &'a str,
    /// ICE password: 22 to 256 ice-chars.
    pub pwd: &'a str,
    /// SSRC for audio that we send or report from.
    pub audio_ssrc: u32,
    /// SSRC for video that we send or report from.
    pub video_ssrc: u32,
    /// CNAME and media stream id of what we send.
    pub cname: &'a str,
    /// `o=` session id.
    pub session_id: u64,
    /// Seed for what the peer must make up later.
    pub seed: u64,
}

/// Answers `offer` for `role`.
///
/// # Errors
/// An [`OfferError`] with a stable code when the offer cannot be served; all or nothing.
pub fn answer(
    role: Role,
    offer: &str,
    local: &LocalFacts<'_>,
) -> Result<(String, PeerConfig), OfferError> {
    let _ = (role, offer, local);
    Err(OfferError::Malformed("not yet"))
}
