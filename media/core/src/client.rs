//! A sans-IO client: offers, controlling ICE, DTLS, SRTP and lanes, for tests and load tools.
//!
//! Same style as [`crate::peer::Peer`]: datagrams and time go in, datagrams and events come out.
//! It stands for a browser or an encoder. Not part of the server (feature `client`).

use std::net::SocketAddr;
use std::time::Instant;

use crate::peer::{Certificate, Codec, Inbound, LaneError, OfferError, PeerEvent, Profile, Role};
use crate::transmit::Transmits;

/// DTLS role that the offer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// The answerer chooses (browsers, OBS).
    ActPass,
    /// The client starts the handshake.
    Active,
    /// The server starts the handshake (FFmpeg).
    Passive,
}

/// What a client is like.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Publisher (WHIP, `sendonly`) or viewer (WHEP, `recvonly`).
    pub role: Role,
    /// DTLS role of the offer.
    pub setup: Setup,
    /// SRTP profiles in the order in which they are offered.
    pub profiles: Vec<Profile>,
    /// Whether Opus is offered (payload type 111).
    pub audio: bool,
    /// Video codecs in the order of the offer (payload types from 96 on); none: no video section.
    pub video: Vec<Codec>,
    /// Whether a data section is offered.
    pub lanes: bool,
    /// Viewers only: count packets by their clear header, do not decrypt media.
    pub light: bool,
    /// SSRC that a publisher sends audio with.
    pub audio_ssrc: u32,
    /// SSRC that a publisher sends video with.
    pub video_ssrc: u32,
    /// The identity of this client; may be shared by many.
    pub certificate: Certificate,
    /// Seed of ICE credentials, transaction ids and the tie breaker.
    pub seed: u64,
}

impl ClientConfig {
    /// A client that is like a browser: `actpass`, all profiles with SHA-1 first, H.264, VP8 and
    /// VP9, Opus; lanes for viewers.
    pub fn new(role: Role, certificate: Certificate, seed: u64) -> Self {
        Self {
            role,
            setup: Setup::ActPass,
            profiles: vec![Profile::Sha1, Profile::Gcm256, Profile::Gcm128],
            audio: true,
            video: vec![
                Codec::H264 {
                    profile_level_id: 0x42_e0_1f,
                    packetization_mode: 1,
                },
                Codec::Vp8,
                Codec::Vp9 { profile: 0 },
            ],
            lanes: role == Role::Viewer,
            light: false,
            audio_ssrc: (seed as u32) | 1,
            video_ssrc: (seed as u32 | 1).wrapping_add(2),
            certificate,
            seed,
        }
    }
}

/// Media that a light client has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// RTP packets that arrived.
    pub packets: u64,
    /// Their bytes, tags included.
    pub bytes: u64,
    /// Gaps in the sequence numbers that were not filled: highest minus first plus one minus got,
    /// summed over SSRCs.
    pub lost: u64,
}

/// One client session.
pub struct Client {
    config: ClientConfig,
}

impl Client {
    /// A client that has not sent anything.
    pub fn new(config: ClientConfig, now: Instant) -> Self {
        let _ = now;
        Self { config }
    }

    /// The offer for `POST /whip` or `POST /whep`.
    pub fn offer(&self) -> String {
        String::new()
    }

    /// Takes the answer and starts checks to its first candidate.
    ///
    /// # Errors
    /// When the answer lacks what a client needs.
    pub fn accept_answer(
        &mut self,
        now: Instant,
        answer: &str,
        out: &mut Transmits,
    ) -> Result<(), OfferError> {
        let _ = (now, answer, out);
        Err(OfferError::Malformed("not yet"))
    }

    /// Takes one datagram. Media is decrypted in place unless the client is light.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &mut [u8],
        out: &mut Transmits,
    ) -> Inbound {
        let _ = (now, from, datagram, out);
        Inbound::Handled
    }

    /// Runs the timers that are due: checks, handshake, lanes.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Transmits) {
        let _ = (now, out);
    }

    /// When [`Client::handle_timeout`] wants to be called.
    pub fn next_timeout(&self) -> Option<Instant> {
        None
    }

    /// The next thing that happened (`Connected`, `LanesOpen`, `Lane`, `Closed`).
    pub fn poll_event(&mut self) -> Option<PeerEvent> {
        None
    }

    /// Whether media keys are there.
    pub fn is_connected(&self) -> bool {
        false
    }

    /// Seals an RTP packet in place, as [`crate::peer::Peer::seal_rtp`].
    pub fn seal_rtp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        let _ = (buf, len);
        None
    }

    /// Seals an RTCP packet in place.
    pub fn seal_rtcp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        let _ = (buf, len);
        None
    }

    /// Sends a text message on a lane.
    ///
    /// # Errors
    /// As [`crate::peer::Peer::send_lane`].
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

    /// Where this client sends to: the first candidate of the answer.
    pub fn remote(&self) -> Option<SocketAddr> {
        None
    }

    /// Payload type of `codec` as offered.
    pub fn payload_type(&self, codec: &Codec) -> Option<u8> {
        let _ = codec;
        None
    }

    /// What a light client has counted.
    pub fn counts(&self) -> Counts {
        Counts::default()
    }

    /// Ends the session with a close_notify.
    pub fn close(&mut self, now: Instant, out: &mut Transmits) {
        let _ = (now, out);
    }

    /// How this client was made.
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }
}
