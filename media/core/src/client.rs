//! A sans-IO client: offers, controlling ICE, DTLS, SRTP and lanes, for tests and load tools.
//!
//! Same style as [`crate::peer::Peer`]: datagrams and time go in, datagrams and events come out.
//! It stands for a browser or an encoder. Not part of the server (feature `client`).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::peer::dtls::{self, Dtls};
use crate::peer::link::Link;
use crate::peer::stun;
use crate::peer::{CloseReason, DropReason, SRTP_OVERHEAD};
use crate::peer::{Codec, Inbound, LaneError, OfferError, PeerEvent, Profile, Role};
use crate::transmit::Transmits;

mod answer;
mod checks;
mod config;
mod count;
mod offer;
mod packet;
mod receive;
mod restart;
mod rtcp;
mod send;
mod stream;

use checks::Checks;
pub use config::{ClientConfig, Feedback, Repair, Sending, Setup};
use count::Counter;
pub use count::Counts;
pub use packet::Header;
use receive::Receiver;
pub use receive::Reception;
pub use rtcp::{Control, parse as parse_rtcp};
use send::Sender;
pub use send::{Delivery, Sample, Track};

/// One client session. See the module header.
pub struct Client {
    config: ClientConfig,
    ufrag: String,
    pwd: String,
    offer: String,
    running: Option<Running>,
    /// ICE restarts that were asked for.
    restarts: u64,
    events: VecDeque<PeerEvent>,
    counter: Counter,
}

/// What there is once the answer came.
struct Running {
    checks: Checks,
    link: Link,
    receiver: Option<Receiver>,
    sender: Option<Sender>,
}

impl Running {
    /// Seals a compound and queues it.
    fn send_rtcp(link: &mut Link, to: SocketAddr, plain: &[u8], out: &mut Transmits) {
        let buf = out.reserve(plain.len() + SRTP_OVERHEAD);
        buf[..plain.len()].copy_from_slice(plain);
        if let Some(sealed) = link.seal_rtcp(buf, plain.len()) {
            out.commit(to, sealed);
        }
    }

    fn send_rtp(link: &mut Link, to: SocketAddr, plain: &[u8], out: &mut Transmits) {
        let buf = out.reserve(plain.len() + SRTP_OVERHEAD);
        buf[..plain.len()].copy_from_slice(plain);
        if let Some(sealed) = link.seal_rtp(buf, plain.len()) {
            out.commit(to, sealed);
        }
    }

    /// Reports that are due, once there are keys.
    fn report(&mut self, now: Instant, out: &mut Transmits) {
        if !self.link.is_connected() {
            return;
        }
        let (link, to) = (&mut self.link, self.checks.remote);
        if let Some(receiver) = &mut self.receiver {
            receiver.due(now, |plain| Self::send_rtcp(link, to, plain, out));
        }
        if let Some(sender) = &mut self.sender {
            sender.due(now, |plain| Self::send_rtcp(link, to, plain, out));
        }
    }

    fn next_timeout(&self) -> Option<Instant> {
        if self.link.is_closed() {
            return None;
        }
        let connected = self.link.is_connected();
        let receiver = self.receiver.as_ref().and_then(Receiver::next_timeout);
        let sender = self.sender.as_ref().and_then(Sender::next_timeout);
        let reports = [receiver, sender].into_iter().filter(|_| connected);
        let link = [Some(self.checks.next_timeout()), self.link.next_timeout()];
        reports.chain(link).flatten().min()
    }

    /// Takes the plaintext of a packet; what a decoder gets of it.
    fn take(
        &mut self,
        now: Instant,
        inbound: Inbound,
        datagram: &mut [u8],
        out: &mut Transmits,
    ) -> Inbound {
        let (link, to) = (&mut self.link, self.checks.remote);
        match inbound {
            Inbound::Rtp { len } => {
                let Some(receiver) = &mut self.receiver else {
                    return inbound;
                };
                let taken = receiver.take(now, &mut datagram[..len]);
                taken.map_or(Inbound::Handled, |len| Inbound::Rtp { len })
            }
            Inbound::Rtcp { len } => {
                if let Some(receiver) = &mut self.receiver {
                    receiver.take_rtcp(now, &datagram[..len]);
                }
                if let Some(sender) = &mut self.sender {
                    sender.take_rtcp(&datagram[..len], |packet| {
                        Self::send_rtp(link, to, &packet, out);
                    });
                }
                inbound
            }
            Inbound::Handled | Inbound::Refused | Inbound::Dropped(_) => inbound,
        }
    }
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
            pwd,
            offer,
            running: None,
            restarts: 0,
            events: VecDeque::new(),
            counter: Counter::default(),
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
        let settled = answer::read_answer(answer)?;
        let certificate = self.config.certificate.clone();
        let dtls = if settled.dtls_client {
            let settings = dtls::build_config(
                Some(certificate.dtls()).filter(|_| !self.config.anonymous),
                certificate.provider(),
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
            (settled.pwd, self.pwd.clone()),
            self.config.seed ^ 1,
        );
        checks.handle_timeout(now, out);
        let media = settled.media;
        let (mut receiver, mut sender) = (None, None);
        match self.config.role {
            Role::Viewer => {
                receiver = self.config.feedback.map(|mut feedback| {
                    feedback.nacks &= !self.config.light;
                    Receiver::new(now, feedback, media)
                });
            }
            Role::Publisher => sender = Some(Sender::new(now, self.config.clone(), media)),
        }
        self.running = Some(Running {
            checks,
            link,
            receiver,
            sender,
        });
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
        let Some(running) = &mut self.running else {
            return Inbound::Dropped(DropReason::NotReady);
        };
        let (checks, link) = (&mut running.checks, &mut running.link);
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
        if self.config.light && count::is_rtp(datagram) {
            self.counter.count(datagram);
            if let Some(receiver) = &mut running.receiver {
                receiver.glance(now, datagram);
            }
            return Inbound::Rtp {
                len: datagram.len(),
            };
        }
        let remote = checks.remote;
        let inbound = link.handle(now, datagram, remote, out);
        self.events.extend(link.take_events());
        running.take(now, inbound, datagram, out)
    }

    /// Runs the timers that are due: checks, handshake, lanes, reports.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Transmits) {
        if let Some(running) = &mut self.running
            && !running.link.is_closed()
        {
            running.checks.handle_timeout(now, out);
            let remote = running.checks.remote;
            running.link.handle_timeout(now, remote, out);
            self.events.extend(running.link.take_events());
            running.report(now, out);
        }
    }

    /// When [`Client::handle_timeout`] wants to be called.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.running.as_ref().and_then(Running::next_timeout)
    }

    /// The next thing that happened (`Connected`, `LanesOpen`, `Lane`, `Closed`).
    pub fn poll_event(&mut self) -> Option<PeerEvent> {
        self.events.pop_front()
    }

    /// Whether media keys are there.
    pub fn is_connected(&self) -> bool {
        self.running
            .as_ref()
            .is_some_and(|running| running.link.is_connected())
    }

    /// The SRTP profile that was negotiated, once connected.
    pub fn profile(&self) -> Option<Profile> {
        self.running
            .as_ref()
            .and_then(|running| running.link.profile())
    }

    /// Seals an RTP packet in place, as [`crate::peer::Peer::seal_rtp`].
    pub fn seal_rtp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        self.running
            .as_mut()
            .and_then(|running| running.link.seal_rtp(buf, len))
    }

    /// Seals an RTCP packet in place.
    pub fn seal_rtcp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        self.running
            .as_mut()
            .and_then(|running| running.link.seal_rtcp(buf, len))
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
        let running = self.running.as_mut().ok_or(LaneError::NotOpen)?;
        let link = &mut running.link;
        let sent = link.send_lane(now, lane, bytes, running.checks.remote, out);
        self.events.extend(link.take_events());
        sent
    }

    /// Where this client sends to: the first candidate of the answer.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.running.as_ref().map(|running| running.checks.remote)
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

    /// Seals and queues one packet of a publisher, numbered, with the extensions that were
    /// negotiated, and remembered for NACKs. Nothing happens before there are keys.
    pub fn send_media(&mut self, now: Instant, sample: &Sample<'_>, out: &mut Transmits) {
        let Some(running) = self.running.as_mut().filter(|r| r.link.is_connected()) else {
            return;
        };
        if let Some(sender) = &mut running.sender {
            let packet = sender.packet(now, sample);
            Running::send_rtp(&mut running.link, running.checks.remote, &packet, out);
        }
    }

    /// Seals and queues a compound RTCP packet.
    pub fn send_rtcp(&mut self, plain: &[u8], out: &mut Transmits) {
        if let Some(running) = &mut self.running {
            Running::send_rtcp(&mut running.link, running.checks.remote, plain, out);
        }
    }

    /// Viewers with feedback: tells that the video decoder is lost (PLI).
    pub fn request_keyframe(&mut self, now: Instant, out: &mut Transmits) {
        if let Some(running) = &mut self.running
            && let Some(plain) = running.receiver.as_mut().and_then(|r| r.pli(now))
        {
            Running::send_rtcp(&mut running.link, running.checks.remote, &plain, out);
        }
    }

    /// Viewers with feedback: adds REMB to the receiver reports from now on.
    pub fn set_remb(&mut self, bitrate: Option<u64>) {
        let running = self.running.as_mut();
        if let Some(receiver) = running.and_then(|running| running.receiver.as_mut()) {
            receiver.set_remb(bitrate);
        }
    }

    /// Publishers: the layers that were asked for a key frame since the last call, one bit each.
    pub fn take_keyframe_requests(&mut self) -> u8 {
        let running = self.running.as_mut();
        running
            .and_then(|running| running.sender.as_mut())
            .map_or(0, Sender::take_wanted)
    }

    /// Viewers with feedback: what was received.
    pub fn reception(&self) -> Reception {
        let receiver = self.running.as_ref().and_then(|r| r.receiver.as_ref());
        receiver.map(Receiver::reception).unwrap_or_default()
    }

    /// Publishers: what was sent and asked for.
    pub fn delivery(&self) -> Delivery {
        let sender = self.running.as_ref().and_then(|r| r.sender.as_ref());
        sender.map(Sender::delivery).unwrap_or_default()
    }

    /// What a light client has counted.
    pub fn counts(&self) -> Counts {
        self.counter.counts()
    }

    /// Ends the session with a close_notify.
    pub fn close(&mut self, now: Instant, out: &mut Transmits) {
        if let Some(running) = &mut self.running {
            let (link, remote) = (&mut running.link, running.checks.remote);
            link.close(now, CloseReason::Requested, Some(remote), out);
            self.events.extend(link.take_events());
        }
    }

    /// How this client was made.
    pub fn config(&self) -> &ClientConfig {
        &self.config
    }
}

#[cfg(test)]
mod tests;
