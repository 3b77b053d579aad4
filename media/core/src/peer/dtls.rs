//! DTLS 1.2 of one peer in either role (RFC 6347, RFC 5763): handshake, keys, encrypted data.
//!
//! Around the engine of `rtc-dtls` stand a filter for records, the choice of the SRTP profile, a
//! repetition of our last flight when the other side shows that it misses it, and the comparison
//! of the certificate with the signalled fingerprint. The engine is keyed by a made-up address, so
//! it does not notice when the peer's address changes. A peer whose certificate is another one
//! gets no keys and no data through.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use rtc_dtls::config::HandshakeConfig;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_shared::TransportProtocol;

use super::certificate::{Certificate, Fingerprint};
use super::event::{CloseReason, DropReason};
use super::srtp::{Profile, Session};
use crate::transmit::Transmits;

mod config;
mod flight;
mod hello;
mod records;

pub(crate) use config::Configs;
#[cfg(feature = "client")]
pub(crate) use config::build as build_config;
use flight::Flight;
use hello::Choice;
use records::Records;

/// The engine's name for the peer.
const PEER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 2), 9));
/// The engine's name for this side.
const HERE: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 9));
/// RFC 5764 section 4.2.
const EXPORTER: &str = "EXTRACTOR-dtls_srtp";
/// Flights that the engine writes anew before it gives up; it has seven tries.
const ENGINE_TRIES: u32 = 6;
const HANDSHAKE_FAILURE: u8 = 40;
const PROTOCOL_VERSION: u8 = 70;

/// Whether the first byte says DTLS (RFC 7983).
pub(crate) fn is_dtls(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|byte| (20..64).contains(byte))
}

/// What came out of DTLS.
pub(crate) enum DtlsEvent {
    /// The handshake is done with the right certificate.
    Connected(Box<Session>),
    /// Decrypted application data: one SCTP packet.
    Data(BytesMut),
    /// The connection ended.
    Closed(CloseReason),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Handshake,
    Finished,
    Closed,
}

/// DTLS of one peer. See the module header.
pub(crate) struct Dtls {
    client: Option<Arc<HandshakeConfig>>,
    certificate: Certificate,
    fingerprint: Fingerprint,
    engine: Option<Endpoint>,
    records: Records,
    phase: Phase,
    heard: bool,
    flight: Flight,
    engine_tries: u32,
    events: Vec<DtlsEvent>,
}

impl Dtls {
    /// Waits for a ClientHello.
    pub(crate) fn server(certificate: Certificate, fingerprint: Fingerprint) -> Self {
        Self {
            client: None,
            certificate,
            fingerprint,
            engine: None,
            records: Records::default(),
            phase: Phase::Handshake,
            heard: false,
            flight: Flight::default(),
            engine_tries: 0,
            events: Vec::new(),
        }
    }

    /// Sends the ClientHello when [`Dtls::start`] is called.
    pub(crate) fn client(
        certificate: Certificate,
        fingerprint: Fingerprint,
        config: Arc<HandshakeConfig>,
    ) -> Self {
        Self {
            client: Some(config),
            ..Self::server(certificate, fingerprint)
        }
    }

    /// Whether this side sends the ClientHello and has not done so.
    pub(crate) fn can_start(&self) -> bool {
        self.client.is_some() && self.engine.is_none() && self.phase == Phase::Handshake
    }

    /// Sends the ClientHello to `to`.
    pub(crate) fn start(&mut self, now: Instant, to: SocketAddr, out: &mut Transmits) {
        let Some(config) = self.client.clone() else {
            return;
        };
        let mut engine = Endpoint::new(HERE, TransportProtocol::UDP, None);
        if engine.connect(now, PEER, config, None).is_err() {
            self.close_with(CloseReason::Error);
            return;
        }
        self.engine = Some(engine);
        self.flush(now, to, out);
    }

    /// Takes a datagram from a validated source.
    pub(crate) fn handle(
        &mut self,
        now: Instant,
        datagram: &[u8],
        to: SocketAddr,
        out: &mut Transmits,
    ) -> Result<(), DropReason> {
        if self.phase == Phase::Closed {
            return Err(DropReason::NotReady);
        }
        let finished = self.phase == Phase::Finished;
        let sorted = self.records.sort(datagram, finished);
        if sorted.repeated && !finished {
            self.repeat(now, to, out);
        }
        if let (None, None, Some(hello)) = (&self.engine, &self.client, &sorted.first) {
            self.accept(hello, to, out);
        }
        if !sorted.records.is_empty() && self.engine.is_some() {
            self.heard = true;
            self.feed(now, &sorted.records, to, out);
        }
        if sorted.dropped {
            Err(DropReason::Dtls)
        } else {
            Ok(())
        }
    }

    /// Encrypts application data after the handshake.
    pub(crate) fn write(&mut self, now: Instant, data: &[u8], to: SocketAddr, out: &mut Transmits) {
        if self.phase != Phase::Finished {
            return;
        }
        if let Some(engine) = &mut self.engine {
            // Fails only for a connection that is gone; its end is reported by itself.
            let _ = engine.write(now, PEER, data);
        }
        self.flush(now, to, out);
    }

    /// When [`Dtls::handle_timeout`] is due.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        if self.phase != Phase::Handshake {
            return None;
        }
        self.flight.due(self.is_unheard())
    }

    /// Repeats our flight when that is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant, to: SocketAddr, out: &mut Transmits) {
        if self.next_timeout().is_some_and(|due| due <= now) {
            let fresh = if self.is_unheard() {
                None
            } else {
                self.rewritten()
            };
            if let Some(fresh) = fresh {
                self.flight.replace(fresh);
            }
            self.repeat(now, to, out);
        }
    }

    /// Says goodbye.
    pub(crate) fn close(&mut self, now: Instant, to: Option<SocketAddr>, out: &mut Transmits) {
        if let (Some(engine), Some(to), Phase::Finished) = (&mut self.engine, to, self.phase) {
            let _ = engine.close(now);
            self.flush(now, to, out);
        }
        self.phase = Phase::Closed;
        self.engine = None;
        self.flight.end();
    }

    /// What happened since the last call, in order.
    pub(crate) fn take_events(&mut self) -> Vec<DtlsEvent> {
        std::mem::take(&mut self.events)
    }

    fn close_with(&mut self, reason: CloseReason) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            self.engine = None;
            self.flight.end();
            self.events.push(DtlsEvent::Closed(reason));
        }
    }

    /// Builds the engine for the profile that the hello leads to.
    fn accept(&mut self, hello: &[u8], to: SocketAddr, out: &mut Transmits) {
        let refusal = match hello::choose(hello) {
            Choice::Profile(profile) => {
                let config = self.certificate.configs().server(profile);
                self.engine = Some(Endpoint::new(HERE, TransportProtocol::UDP, Some(config)));
                return;
            }
            Choice::OldVersion => PROTOCOL_VERSION,
            Choice::NoProfile | Choice::Malformed => HANDSHAKE_FAILURE,
        };
        out.push(to, &records::alert(refusal));
        self.close_with(CloseReason::Error);
    }

    fn feed(&mut self, now: Instant, records: &[u8], to: SocketAddr, out: &mut Transmits) {
        let Some(engine) = &mut self.engine else {
            return;
        };
        let result = engine.read(now, PEER, None, BytesMut::from(records));
        let events = match result {
            Ok(events) => events,
            Err(_) => {
                // Alerts of ours go out; an error of a finished connection is authentic.
                self.flush(now, to, out);
                let remote = self.phase == Phase::Finished;
                self.close_with(if remote {
                    CloseReason::Remote
                } else {
                    CloseReason::Error
                });
                return;
            }
        };
        self.flush(now, to, out);
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => self.finish(),
                EndpointEvent::ApplicationData(data) if self.phase == Phase::Finished => {
                    self.events.push(DtlsEvent::Data(data));
                }
                EndpointEvent::PeerClosed => self.close_with(CloseReason::Remote),
                _ => {}
            }
        }
    }

    /// Compares the certificate and takes the keys.
    fn finish(&mut self) {
        let session = self.session();
        match session {
            Some(session) => {
                self.phase = Phase::Finished;
                self.flight.end();
                self.events.push(DtlsEvent::Connected(Box::new(session)));
            }
            None => self.close_with(CloseReason::Error),
        }
    }

    fn session(&self) -> Option<Session> {
        let state = self.engine.as_ref()?.get_connection_state(PEER)?;
        if !self.fingerprint.matches(state.peer_certificates.first()?) {
            return None;
        }
        let id = state.srtp_protection_profile() as u16;
        let profile = Profile::ALL
            .into_iter()
            .find(|profile| profile.id() == id)?;
        let keys = state
            .export_keying_material(EXPORTER, &[], profile.keying_len())
            .ok()?;
        Session::new(profile, keys.as_ref(), self.client.is_some())
    }

    /// Moves what the engine wants to send into the transmits and remembers it as our last flight.
    fn flush(&mut self, now: Instant, to: SocketAddr, out: &mut Transmits) {
        let Some(engine) = &mut self.engine else {
            return;
        };
        let mut first = true;
        while let Some(transmit) = engine.poll_transmit() {
            out.push(to, &transmit.message);
            if self.phase == Phase::Handshake {
                if std::mem::take(&mut first) {
                    self.flight.begin(now);
                }
                self.flight.push(transmit.message);
            }
        }
    }

    /// We are the client, and nobody has answered the first hello.
    fn is_unheard(&self) -> bool {
        self.client.is_some() && !self.heard
    }

    /// Our last flight written anew by the engine, with new record numbers as RFC 6347 wants it.
    /// `None` when the engine waits for nothing or has spent its tries: the old bytes do too.
    fn rewritten(&mut self) -> Option<Vec<BytesMut>> {
        let engine = self.engine.as_mut()?;
        let due = engine.poll_timeout(&PEER)?;
        if self.engine_tries >= ENGINE_TRIES {
            return None;
        }
        self.engine_tries += 1;
        // Its own timer never runs out in the life of a handshake; this lets it.
        engine.handle_timeout(PEER, due).ok()?;
        let messages = std::iter::from_fn(|| engine.poll_transmit());
        let fresh: Vec<BytesMut> = messages.map(|transmit| transmit.message).collect();
        (!fresh.is_empty()).then_some(fresh)
    }

    /// Sends our last flight again.
    fn repeat(&mut self, now: Instant, to: SocketAddr, out: &mut Transmits) {
        if self.flight.is_rested(now) {
            self.flight.note_repeat(now);
            for datagram in self.flight.datagrams() {
                out.push(to, datagram);
            }
        }
    }
}
