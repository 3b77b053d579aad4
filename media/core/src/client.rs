//! A sans-IO client: offers, controlling ICE, DTLS, SRTP and lanes, for tests and load tools.
//!
//! Same style as [`crate::peer::Peer`]: datagrams and time go in, datagrams and events come out.
//! It stands for a browser or an encoder. Not part of the server (feature `client`).

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::peer::dtls::{self, Dtls};
use crate::peer::link::Link;
use crate::peer::stun;
use crate::peer::{CLIENT_FLIGHT_INTERVAL, CloseReason, DropReason};
use crate::peer::{Certificate, Codec, Inbound, LaneError, OfferError, PeerEvent, Profile, Role};
use crate::transmit::Transmits;

mod checks;
mod offer;

use checks::Checks;

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

/// One client session. See the module header.
pub struct Client {
    config: ClientConfig,
    ufrag: String,
    offer: String,
    running: Option<(Checks, Link)>,
    events: VecDeque<PeerEvent>,
    media: BTreeMap<u32, Seen>,
    counts: Counts,
}

/// Sequence numbers of one SSRC, for the loss count.
struct Seen {
    first: u64,
    highest: u64,
    packets: u64,
}

impl Client {
    /// A client that has not sent anything.
    pub fn new(config: ClientConfig, now: Instant) -> Self {
        let _ = now;
        let mut random = StdRng::seed_from_u64(config.seed);
        let mut text = |len: usize| -> String {
            (0..len)
                .map(|_| char::from(b'a' + random.random_range(0..26u8)))
                .collect()
        };
        let (ufrag, pwd) = (text(8), text(24));
        let offer = offer::offer(&config, &ufrag, &pwd);
        Self {
            config,
            ufrag,
            offer,
            running: None,
            events: VecDeque::new(),
            media: BTreeMap::new(),
            counts: Counts::default(),
        }
    }

    /// The offer for `POST /whip` or `POST /whep`.
    pub fn offer(&self) -> String {
        self.offer.clone()
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
        let settled = offer::read_answer(answer)?;
        let certificate = self.config.certificate.clone();
        let dtls = if settled.dtls_client {
            let settings = dtls::build_config(
                certificate.dtls(),
                certificate.provider(),
                CLIENT_FLIGHT_INTERVAL,
                true,
                &self.config.profiles,
            )
            .map_err(|_| OfferError::Malformed("no SRTP profile to offer"))?;
            Dtls::client(certificate, settled.fingerprint, settings)
        } else {
            Dtls::server(certificate, settled.fingerprint)
        };
        let link = Link::new(dtls, self.config.lanes && settled.lanes, true);
        let username = format!("{}:{}", settled.ufrag, self.ufrag);
        let mut checks = Checks::new(
            now,
            settled.remote,
            username,
            settled.pwd,
            self.config.seed ^ 1,
        );
        checks.handle_timeout(now, out);
        self.running = Some((checks, link));
        Ok(())
    }

    /// Takes one datagram. Media is decrypted in place unless the client is light.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &mut [u8],
        out: &mut Transmits,
    ) -> Inbound {
        let Some((checks, link)) = &mut self.running else {
            return Inbound::Dropped(DropReason::NotReady);
        };
        if from != checks.remote {
            return Inbound::Dropped(DropReason::UnvalidatedSource);
        }
        if stun::is_stun(datagram) {
            if !checks.handle(now, datagram, out) {
                return Inbound::Dropped(DropReason::StunAuth);
            }
            link.start(now, checks.remote, out);
            self.events.extend(link.take_events());
            return Inbound::Handled;
        }
        if self.config.light && is_rtp(datagram) {
            count(&mut self.media, &mut self.counts, datagram);
            return Inbound::Rtp {
                len: datagram.len(),
            };
        }
        let remote = checks.remote;
        let inbound = link.handle(now, datagram, remote, out);
        self.events.extend(link.take_events());
        inbound
    }

    /// Runs the timers that are due: checks, handshake, lanes.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Transmits) {
        if let Some((checks, link)) = &mut self.running
            && !link.is_closed()
        {
            checks.handle_timeout(now, out);
            link.handle_timeout(now, checks.remote, out);
            self.events.extend(link.take_events());
        }
    }

    /// When [`Client::handle_timeout`] wants to be called.
    pub fn next_timeout(&self) -> Option<Instant> {
        let (checks, link) = self
            .running
            .as_ref()
            .filter(|(_, link)| !link.is_closed())?;
        let due = checks.next_timeout();
        Some(link.next_timeout().map_or(due, |other| other.min(due)))
    }

    /// The next thing that happened (`Connected`, `LanesOpen`, `Lane`, `Closed`).
    pub fn poll_event(&mut self) -> Option<PeerEvent> {
        self.events.pop_front()
    }

    /// Whether media keys are there.
    pub fn is_connected(&self) -> bool {
        self.running
            .as_ref()
            .is_some_and(|(_, link)| link.is_connected())
    }

    /// The SRTP profile that was negotiated, once connected.
    pub fn profile(&self) -> Option<Profile> {
        self.running.as_ref().and_then(|(_, link)| link.profile())
    }

    /// Seals an RTP packet in place, as [`crate::peer::Peer::seal_rtp`].
    pub fn seal_rtp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        self.running
            .as_mut()
            .and_then(|(_, link)| link.seal_rtp(buf, len))
    }

    /// Seals an RTCP packet in place.
    pub fn seal_rtcp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        self.running
            .as_mut()
            .and_then(|(_, link)| link.seal_rtcp(buf, len))
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
        let (checks, link) = self.running.as_mut().ok_or(LaneError::NotOpen)?;
        let sent = link.send_lane(now, lane, bytes, checks.remote, out);
        self.events.extend(link.take_events());
        sent
    }

    /// Where this client sends to: the first candidate of the answer.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.running.as_ref().map(|(checks, _)| checks.remote)
    }

    /// Payload type of `codec` as offered.
    pub fn payload_type(&self, codec: &Codec) -> Option<u8> {
        if codec == &Codec::Opus {
            return self.config.audio.then_some(offer::OPUS);
        }
        let at = self
            .config
            .video
            .iter()
            .position(|offered| offered == codec)?;
        u8::try_from(at).ok().map(|at| offer::FIRST_VIDEO + at)
    }

    /// What a light client has counted.
    pub fn counts(&self) -> Counts {
        let lost = self
            .media
            .values()
            .map(|seen| (seen.highest - seen.first + 1).saturating_sub(seen.packets));
        Counts {
            lost: lost.sum(),
            ..self.counts
        }
    }

    /// Ends the session with a close_notify.
    pub fn close(&mut self, now: Instant, out: &mut Transmits) {
        if let Some((checks, link)) = &mut self.running {
            link.close(now, CloseReason::Requested, Some(checks.remote), out);
            self.events.extend(link.take_events());
        }
    }

    /// How this client was made.
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }
}

/// RTP and not RTCP, by the first two bytes (RFC 5761, RFC 7983).
fn is_rtp(datagram: &[u8]) -> bool {
    datagram.len() >= 12 && (128..192).contains(&datagram[0]) && !(192..224).contains(&datagram[1])
}

fn count(media: &mut BTreeMap<u32, Seen>, counts: &mut Counts, datagram: &[u8]) {
    let sequence = u64::from(u16::from_be_bytes([datagram[2], datagram[3]]));
    let ssrc = u32::from_be_bytes([datagram[8], datagram[9], datagram[10], datagram[11]]);
    counts.packets += 1;
    counts.bytes += datagram.len() as u64;
    let seen = media.entry(ssrc).or_insert_with(|| {
        // One cycle up, so that an early reordering does not go below zero.
        Seen {
            first: sequence + 0x1_0000,
            highest: sequence + 0x1_0000,
            packets: 0,
        }
    });
    seen.packets += 1;
    let ahead = (sequence as u16).wrapping_sub(seen.highest as u16);
    if ahead < 0x8000 {
        seen.highest += u64::from(ahead);
    } else {
        let behind = u64::from((seen.highest as u16).wrapping_sub(sequence as u16));
        seen.first = seen.first.min(seen.highest - behind);
    }
}

#[cfg(test)]
mod tests;
