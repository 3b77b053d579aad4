//! One remote side of a WebRTC session: ICE-lite, DTLS, SRTP and data-channel lanes in one value.
//!
//! Sans-IO: datagrams, time and timers go in as arguments, datagrams come out in [`Transmits`],
//! news by [`Peer::poll_event`]. Nothing but STUN is looked at from an address that has not passed
//! an authenticated check of this peer. This file and the files in `peer/` are the only ones that
//! name the protocol crates. It forwards nothing and knows no other peer.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use crate::transmit::Transmits;

mod answer;
mod candidates;
mod certificate;
pub(crate) mod dtls;
mod event;
mod format;
mod framing;
mod ice;
mod lanes;
mod limits;
pub(crate) mod link;
mod moved;
mod sdp;
mod sdpfrag;
mod srtp;
pub(crate) mod stun;

pub use answer::{Counter, LocalFacts, answer, counter_offer};
pub use candidates::Candidates;
pub use certificate::{Certificate, CertificateError, Fingerprint};
pub use event::{CloseReason, DropReason, Inbound, LaneError, PeerEvent};
pub use format::{Codec, Format, Section};
pub use framing::{Deframer, FRAME_HEADER, FrameTooLong, frame_header};
pub use ice::IceCredentials;
pub use limits::{
    CONSENT_TIMEOUT, HANDSHAKE_TIMEOUT, LANES, MAX_DATAGRAM, MAX_LANE_BACKLOG, MAX_LANE_MESSAGE,
    MAX_LANE_MESSAGE_OUT, MAX_SDP, MAX_SSRCS, MAX_TUPLES, SRTP_OVERHEAD,
};
pub use sdp::OfferError;
pub use sdpfrag::{SdpFrag, parse_sdpfrag};
#[cfg(feature = "fuzzing")]
pub use stun::signed_request;

use dtls::Dtls;
use ice::{Ice, Outcome};
use link::Link;
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
    /// ICE user name fragments and passwords of both sides.
    pub ice: IceCredentials,
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

impl fmt::Debug for PeerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerConfig")
            .field("role", &self.role)
            .field("ice", &self.ice)
            .field("dtls_client", &self.dtls_client)
            .field("audio", &self.audio)
            .field("video", &self.video)
            .field("lanes", &self.lanes)
            .finish_non_exhaustive()
    }
}

/// One remote side. See the module header.
pub struct Peer {
    config: PeerConfig,
    ice: Ice,
    link: Link,
    events: VecDeque<PeerEvent>,
    created: Instant,
    last_seen: Instant,
    /// Checks of ours so far.
    asks: u64,
    any_source: bool,
}

impl Peer {
    /// A peer that waits for the first check.
    pub fn new(config: PeerConfig, now: Instant) -> Self {
        let (certificate, fingerprint) = (
            config.certificate.clone(),
            config.remote_fingerprint.clone(),
        );
        let dtls = if config.dtls_client {
            let settings = certificate.configs().client();
            Dtls::client(certificate, fingerprint, settings)
        } else {
            Dtls::server(certificate, fingerprint)
        };
        Self {
            ice: Ice::new(config.ice.clone(), now),
            // Every browser and library begins SCTP itself; waiting avoids a collision.
            link: Link::new(dtls, config.lanes, false),
            config,
            events: VecDeque::new(),
            created: now,
            last_seen: now,
            asks: 0,
            any_source: false,
        }
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
        if self.link.is_closed() {
            return Inbound::Dropped(DropReason::NotReady);
        }
        if datagram.len() > MAX_DATAGRAM {
            return Inbound::Dropped(DropReason::Oversized);
        }
        if stun::is_stun(datagram) {
            return self.handle_check(now, from, datagram, out);
        }
        if !self.any_source && !self.ice.is_validated(from) {
            return Inbound::Dropped(DropReason::UnvalidatedSource);
        }
        let to = self.ice.target().unwrap_or(from);
        let inbound = self.link.handle(now, datagram, to, out);
        if matches!(inbound, Inbound::Rtp { .. } | Inbound::Rtcp { .. }) {
            self.last_seen = now;
            if self.ice.heard(now, from) {
                self.events.push_back(PeerEvent::Remote(from));
            }
        } else {
            self.events.extend(self.link.take_events());
        }
        inbound
    }

    fn handle_check(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        out: &mut Transmits,
    ) -> Inbound {
        let change = match self.ice.handle(now, from, datagram) {
            Outcome::Accepted(answer, change) => {
                out.push(from, &answer);
                change
            }
            Outcome::Answered(change) => change,
            Outcome::Refused(answer) => {
                out.push(from, &answer);
                return Inbound::Refused;
            }
            Outcome::Ignored => return Inbound::Handled,
            Outcome::Dropped(reason) => return Inbound::Dropped(reason),
        };
        self.last_seen = now;
        let moved = change.moved.then_some(PeerEvent::Remote(from));
        let validated = change.validated.then_some(PeerEvent::Validated(from));
        let forgotten = change.forgotten.map(PeerEvent::Forgotten);
        let restarted = change.restarted.then(|| {
            let ended = std::mem::replace(&mut self.config.ice, self.ice.credentials().clone());
            PeerEvent::Restarted {
                ended: ended.local_ufrag,
            }
        });
        let news = [restarted, forgotten, validated, moved];
        self.events.extend(news.into_iter().flatten());
        if let Some(to) = self.ice.target() {
            self.link.start(now, to, out);
            self.events.extend(self.link.take_events());
        }
        Inbound::Handled
    }

    /// ICE restart (RFC 8445 section 9): checks with these credentials are accepted besides those
    /// with the present ones. The first one that passes ends the present ones
    /// ([`PeerEvent::Restarted`]); until then nothing changes, so a restart that fails does no
    /// harm. A later restart takes the place of one that has not been checked.
    pub fn restart_ice(&mut self, credentials: IceCredentials) {
        self.ice.restart(credentials);
    }

    /// Our user name fragments that checks may be addressed to: the present one, and that of a
    /// restart under way.
    pub fn local_ufrags(&self) -> impl Iterator<Item = &str> {
        let next = self.ice.next_credentials();
        let both = [Some(self.ice.credentials()), next];
        both.into_iter()
            .flatten()
            .map(|ice| ice.local_ufrag.as_str())
    }

    /// Runs the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Transmits) {
        if now >= self.deadline() {
            self.end(now, CloseReason::Timeout, out);
        } else if let Some(to) = self.ice.target() {
            self.link.handle_timeout(now, to, out);
            self.events.extend(self.link.take_events());
        }
    }

    /// When [`Peer::handle_timeout`] wants to be called; `None` once closed.
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.link.is_closed() {
            return None;
        }
        let deadline = self.deadline();
        Some(
            self.link
                .next_timeout()
                .map_or(deadline, |due| due.min(deadline)),
        )
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<PeerEvent> {
        self.events.pop_front()
    }

    /// Where everything is sent: the nominated address, else the latest validated one.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.ice.target()
    }

    /// Whether the SRTP keys are there and the peer is not closed.
    pub fn is_connected(&self) -> bool {
        self.link.is_connected()
    }

    /// Whether the peer has ended.
    pub fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    /// The SRTP profile that was negotiated, once connected.
    pub fn profile(&self) -> Option<Profile> {
        self.link.profile()
    }

    /// Seals the RTP packet `buf[..len]` in place; `buf` has [`SRTP_OVERHEAD`] spare bytes behind
    /// it. Returns the sealed length; `None` before the keys are there, for something that is no
    /// RTP packet, or when the room is missing. Allocates nothing.
    ///
    /// A sequence number may be sealed twice only with exactly the same bytes (a retransmission):
    /// under AES-GCM two different packets with one number would give the key away.
    pub fn seal_rtp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        self.link.seal_rtp(buf, len)
    }

    /// Seals the RTCP packet `buf[..len]` in place, under the same terms.
    pub fn seal_rtcp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        self.link.seal_rtcp(buf, len)
    }

    /// Reads what sending reads; see `forward/ahead.rs`.
    #[inline]
    pub(crate) fn touch(&self) -> u64 {
        u64::from(self.ice.target().is_some()) ^ u64::from(self.link.is_connected())
    }

    /// See [`Peer::touch`].
    #[inline]
    pub(crate) fn touch_session(&self) -> u64 {
        self.link.session().map_or(0, srtp::Session::touch)
    }

    /// See [`Peer::touch`].
    #[inline]
    pub(crate) fn touch_key(&self) -> u64 {
        self.link.session().map_or(0, srtp::Session::touch_key)
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
        let to = self.ice.target().ok_or(LaneError::NotOpen)?;
        let sent = self.link.send_lane(now, lane, bytes, to, out);
        self.events.extend(self.link.take_events());
        sent
    }

    /// Bytes of a lane that SCTP has not seen acknowledged yet.
    pub fn lane_backlog(&self, lane: u16) -> usize {
        self.link.lane_backlog(lane)
    }

    /// Says goodbye (DTLS close_notify) and ends the peer. `Closed(Requested)` follows.
    pub fn close(&mut self, now: Instant, out: &mut Transmits) {
        self.end(now, CloseReason::Requested, out);
    }

    /// What was settled with this peer.
    pub fn config(&self) -> &PeerConfig {
        &self.config
    }

    /// Accepts datagrams from any source. Only for tests that show what the check is good for.
    #[cfg(any(test, feature = "negative-controls"))]
    pub fn disable_tuple_check(&mut self) {
        self.any_source = true;
    }

    /// Takes an SCTP packet as if DTLS had decrypted it.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn take_sctp(&mut self, now: Instant, packet: &[u8], out: &mut Transmits) {
        if let Some(to) = self.ice.target() {
            self.link.take_sctp(now, packet, to, out);
            self.events.extend(self.link.take_events());
        }
    }

    /// The verification tag that the peer uses.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn sctp_tag(&self) -> Option<[u8; 4]> {
        self.link.sctp_tag()
    }

    fn end(&mut self, now: Instant, reason: CloseReason, out: &mut Transmits) {
        self.link.close(now, reason, self.ice.target(), out);
        self.events.extend(self.link.take_events());
    }

    fn deadline(&self) -> Instant {
        if self.link.is_connected() {
            self.last_seen + CONSENT_TIMEOUT
        } else {
            self.created + HANDSHAKE_TIMEOUT
        }
    }
}

/// The local ICE user name fragment that a STUN request is addressed to: the part of USERNAME
/// before the colon (RFC 8445 section 7.2.2). `None` for anything else. Does not authenticate.
pub fn stun_local_ufrag(datagram: &[u8]) -> Option<&str> {
    let reading = stun::Reading::parse(datagram)?;
    (reading.kind == stun::Kind::Request).then(|| reading.local_ufrag())?
}

#[cfg(all(test, feature = "client"))]
mod tests;
