//! One remote side of a WebRTC session: ICE-lite, DTLS, SRTP and data-channel lanes in one value.
//!
//! Sans-IO: datagrams, time and timers go in as arguments, datagrams come out in [`Transmits`],
//! news by [`Peer::poll_event`]. Nothing but STUN is looked at from an address that has not passed
//! an authenticated check of this peer. This file and the files in `peer/` are the only ones that
//! name the protocol crates. It forwards nothing and knows no other peer.

use std::net::SocketAddr;
use std::time::Instant;

use crate::transmit::Transmits;

mod answer;
mod certificate;
mod event;
mod format;
mod limits;
mod sdp;
mod sdpfrag;
mod srtp;

pub use answer::{LocalFacts, answer};
pub use certificate::{Certificate, CertificateError, Fingerprint};
pub use event::{CloseReason, DropReason, Inbound, LaneError, PeerEvent};
pub use format::{Codec, Format, Section};
pub use limits::{
    CONSENT_TIMEOUT, HANDSHAKE_TIMEOUT, LANES, MAX_DATAGRAM, MAX_LANE_BACKLOG, MAX_LANE_MESSAGE,
    MAX_LANE_MESSAGE_OUT, MAX_SDP, MAX_SSRCS, MAX_TUPLES, SRTP_OVERHEAD,
};
pub use sdp::OfferError;
pub use sdpfrag::{SdpFrag, parse_sdpfrag};
pub use srtp::Profile;

/// What a peer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sends media to us (WHIP).
    Publisher,
    /// Gets media from us (WHEP).
    Viewer,
}

/// What an offer and its answer settled. Plain data, handed to the shard with a command.
#[derive(Clone)]
pub struct PeerConfig {
    /// Publisher or viewer.
    pub role: Role,
    /// Our ICE user name fragment; the first half of the user name in the peer's checks.
    pub local_ufrag: String,
    /// Our ICE password; authenticates the peer's checks.
    pub local_pwd: String,
    /// The peer's ICE user name fragment.
    pub remote_ufrag: String,
    /// The peer's ICE password. ICE-lite never needs it.
    pub remote_pwd: String,
    /// Whether we are the DTLS client (the offer said `passive`).
    pub dtls_client: bool,
    /// What the peer's certificate must hash to.
    pub remote_fingerprint: Fingerprint,
    /// The accepted audio section.
    pub audio: Option<Section>,
    /// The accepted video section.
    pub video: Option<Section>,
    /// Whether a data section was accepted.
    pub lanes: bool,
    /// `a=rtcp-rsize` was offered and answered: single RTCP packets may go alone (RFC 5506).
    pub rtcp_rsize: bool,
    /// The identity of this process.
    pub certificate: Certificate,
    /// Seed for what this peer must make up.
    pub seed: u64,
}

/// One remote side. See the module header.
pub struct Peer {
    config: PeerConfig,
}

impl Peer {
    /// A peer that waits for the first check.
    pub fn new(config: PeerConfig, now: Instant) -> Self {
        let _ = now;
        Self { config }
    }

    /// Takes one datagram that was routed here by its validated source or by its STUN user name.
    /// Media is decrypted in place. Never panics, whatever the bytes are.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &mut [u8],
        out: &mut Transmits,
    ) -> Inbound {
        let _ = (now, from, datagram, out);
        Inbound::Dropped(DropReason::NotReady)
    }

    /// Runs the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Transmits) {
        let _ = (now, out);
    }

    /// When [`Peer::handle_timeout`] wants to be called; `None` once closed.
    pub fn next_timeout(&self) -> Option<Instant> {
        None
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<PeerEvent> {
        None
    }

    /// Where everything is sent: the nominated address, else the latest validated one.
    pub fn remote(&self) -> Option<SocketAddr> {
        None
    }

    /// Whether the SRTP keys are there and the peer is not closed.
    pub fn is_connected(&self) -> bool {
        false
    }

    /// Whether the peer has ended.
    pub fn is_closed(&self) -> bool {
        false
    }

    /// Seals the RTP packet `buf[..len]` in place; `buf` has [`SRTP_OVERHEAD`] spare bytes behind
    /// it. Returns the sealed length; `None` before the keys are there, for something that is no
    /// RTP packet, or when the room is missing. Allocates nothing once an SSRC is known.
    ///
    /// A sequence number may be sealed twice only with exactly the same bytes (a retransmission):
    /// under AES-GCM two different packets with one number would give the key away.
    pub fn seal_rtp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        let _ = (buf, len);
        None
    }

    /// Seals the RTCP packet `buf[..len]` in place, under the same terms.
    pub fn seal_rtcp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        let _ = (buf, len);
        None
    }

    /// Queues one text message on a lane and sends what the congestion window allows.
    ///
    /// # Errors
    /// [`LaneError::NotOpen`] before the association is up or for an unknown lane,
    /// [`LaneError::Backlog`] when the reader is too slow, [`LaneError::TooLong`].
    pub fn send_lane(
        &mut self,
        now: Instant,
        lane: u16,
        bytes: &[u8],
        out: &mut Transmits,
    ) -> Result<(), LaneError> {
        let _ = (now, lane, bytes, out);
        Err(LaneError::NotOpen)
    }

    /// Bytes of a lane that SCTP has not seen acknowledged yet.
    pub fn lane_backlog(&self, lane: u16) -> usize {
        let _ = lane;
        0
    }

    /// Says goodbye (DTLS close_notify) and ends the peer. `Closed(Requested)` follows.
    pub fn close(&mut self, now: Instant, out: &mut Transmits) {
        let _ = (now, out);
    }

    /// What was settled with this peer.
    pub fn config(&self) -> &PeerConfig {
        &self.config
    }

    /// Accepts datagrams from any source. Only for tests that show what the check is good for.
    #[cfg(any(test, feature = "negative-controls"))]
    pub fn disable_tuple_check(&mut self) {}
}

/// The local ICE user name fragment that a STUN request is addressed to: the part of USERNAME
/// before the colon (RFC 8445 section 7.2.2). `None` for anything else. Does not authenticate.
pub fn stun_local_ufrag(datagram: &[u8]) -> Option<&str> {
    let _ = datagram;
    None
}
