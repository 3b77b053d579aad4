//! Everything of a session behind ICE: DTLS, SRTP and lanes joined together.
//!
//! The server's peer and the test client share it; they differ in ICE and signalling only. The
//! owner decides which datagrams get here (validated sources only) and where answers go.

use std::net::SocketAddr;
use std::time::Instant;

use super::dtls::{self, Dtls, DtlsEvent};
use super::event::{CloseReason, DropReason, Inbound, LaneError, PeerEvent};
use super::lanes::{Lanes, LanesEvent};
use super::srtp::{Profile, Session, is_rtcp_type};
use crate::transmit::Transmits;

/// DTLS, SRTP and lanes of one session.
pub(crate) struct Link {
    dtls: Dtls,
    session: Option<Box<Session>>,
    lanes: Option<Lanes>,
    lanes_client: bool,
    events: Vec<PeerEvent>,
    closed: bool,
}

impl Link {
    /// `lanes`: whether a data section was agreed. `lanes_client`: whether this side begins SCTP.
    pub(crate) fn new(dtls: Dtls, lanes: bool, lanes_client: bool) -> Self {
        let lanes = lanes.then(Lanes::new);
        Self {
            dtls,
            session: None,
            lanes,
            lanes_client,
            events: Vec::new(),
            closed: false,
        }
    }

    /// Sends the ClientHello if that is this side's part and has not been done.
    pub(crate) fn start(&mut self, now: Instant, to: SocketAddr, out: &mut Transmits) {
        if self.dtls.can_start() {
            self.dtls.start(now, to, out);
            self.after_dtls(now, to, out);
        }
    }

    /// Takes a datagram that is no STUN. Answers go to `to`.
    pub(crate) fn handle(
        &mut self,
        now: Instant,
        datagram: &mut [u8],
        to: SocketAddr,
        out: &mut Transmits,
    ) -> Inbound {
        if self.closed {
            return Inbound::Dropped(DropReason::NotReady);
        }
        match datagram.first() {
            Some(128..192) => self.handle_media(datagram),
            _ if dtls::is_dtls(datagram) => {
                let taken = self.dtls.handle(now, datagram, to, out);
                let abuse = self.after_dtls(now, to, out);
                match taken {
                    _ if abuse => Inbound::Dropped(DropReason::LaneAbuse),
                    Ok(()) => Inbound::Handled,
                    Err(reason) => Inbound::Dropped(reason),
                }
            }
            _ => Inbound::Dropped(DropReason::Malformed),
        }
    }

    fn handle_media(&mut self, datagram: &mut [u8]) -> Inbound {
        let Some(session) = &mut self.session else {
            return Inbound::Dropped(DropReason::NotReady);
        };
        let rtcp = is_rtcp_type(datagram);
        let opened = if rtcp {
            session.open_rtcp(datagram)
        } else {
            session.open_rtp(datagram)
        };
        match opened {
            Ok(len) if rtcp => Inbound::Rtcp { len },
            Ok(len) => Inbound::Rtp { len },
            Err(reason) => Inbound::Dropped(reason),
        }
    }

    /// Runs timers; answers go to `to`.
    pub(crate) fn handle_timeout(&mut self, now: Instant, to: SocketAddr, out: &mut Transmits) {
        if self.closed {
            return;
        }
        self.dtls.handle_timeout(now, to, out);
        self.after_dtls(now, to, out);
        if let Some(lanes) = &mut self.lanes
            && lanes.next_timeout().is_some_and(|due| due <= now)
        {
            lanes.handle_timeout(now);
            self.after_lanes(now, to, out);
        }
    }

    /// When [`Link::handle_timeout`] is due.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        if self.closed {
            return None;
        }
        let lanes = self.lanes.as_ref().and_then(Lanes::next_timeout);
        [self.dtls.next_timeout(), lanes]
            .into_iter()
            .flatten()
            .min()
    }

    /// See `Peer::seal_rtp`.
    pub(crate) fn seal_rtp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        self.session.as_mut()?.seal_rtp(buf, len)
    }

    /// See `Peer::seal_rtcp`.
    pub(crate) fn seal_rtcp(&mut self, buf: &mut [u8], len: usize) -> Option<usize> {
        self.session.as_mut()?.seal_rtcp(buf, len)
    }

    /// Keys and numbers, once they are there.
    #[inline]
    pub(crate) fn session(&self) -> Option<&Session> {
        self.session.as_deref()
    }

    /// Whether the keys are there.
    pub(crate) fn is_connected(&self) -> bool {
        self.session.is_some() && !self.closed
    }

    /// The negotiated SRTP profile.
    pub(crate) fn profile(&self) -> Option<Profile> {
        self.session.as_ref().map(|session| session.profile())
    }

    /// See `Peer::send_lane`.
    pub(crate) fn send_lane(
        &mut self,
        now: Instant,
        lane: u16,
        bytes: &[u8],
        to: SocketAddr,
        out: &mut Transmits,
    ) -> Result<(), LaneError> {
        let lanes = self
            .lanes
            .as_mut()
            .filter(|_| !self.closed)
            .ok_or(LaneError::NotOpen)?;
        lanes.send(lane, bytes)?;
        self.after_lanes(now, to, out);
        Ok(())
    }

    /// See `Peer::lane_backlog`.
    pub(crate) fn lane_backlog(&self, lane: u16) -> usize {
        self.lanes.as_ref().map_or(0, |lanes| lanes.backlog(lane))
    }

    /// Ends the session; `Closed` with `reason` is the last event.
    pub(crate) fn close(
        &mut self,
        now: Instant,
        reason: CloseReason,
        to: Option<SocketAddr>,
        out: &mut Transmits,
    ) {
        if !self.closed {
            self.dtls.close(now, to, out);
            self.end(reason);
        }
    }

    /// Whether the session has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// What happened since the last call, in order.
    pub(crate) fn take_events(&mut self) -> impl Iterator<Item = PeerEvent> {
        self.events.drain(..)
    }

    /// Takes an SCTP packet as if DTLS had decrypted it.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn take_sctp(
        &mut self,
        now: Instant,
        packet: &[u8],
        to: SocketAddr,
        out: &mut Transmits,
    ) {
        if let Some(lanes) = &mut self.lanes {
            lanes.handle(now, bytes::Bytes::copy_from_slice(packet));
            self.after_lanes(now, to, out);
        }
    }

    /// See `Peer::sctp_tag`.
    #[cfg(feature = "fuzzing")]
    pub(crate) fn sctp_tag(&self) -> Option<[u8; 4]> {
        self.lanes.as_ref()?.tag
    }

    fn end(&mut self, reason: CloseReason) {
        self.closed = true;
        self.session = None;
        self.lanes = None;
        self.events.push(PeerEvent::Closed(reason));
    }

    /// Moves what DTLS produced on; true when the lanes were abused.
    fn after_dtls(&mut self, now: Instant, to: SocketAddr, out: &mut Transmits) -> bool {
        let mut sctp = false;
        for event in self.dtls.take_events() {
            match event {
                DtlsEvent::Connected(session) => {
                    self.session = Some(session);
                    self.events.push(PeerEvent::Connected);
                    sctp = self.begin_lanes();
                }
                DtlsEvent::Data(data) => {
                    if let Some(lanes) = &mut self.lanes {
                        lanes.handle(now, data.freeze());
                        sctp = true;
                    }
                }
                DtlsEvent::Closed(reason) => {
                    self.end(reason);
                    return false;
                }
            }
        }
        sctp && self.after_lanes(now, to, out)
    }

    #[cfg(any(test, feature = "client"))]
    fn begin_lanes(&mut self) -> bool {
        if let (true, Some(lanes)) = (self.lanes_client, &mut self.lanes) {
            lanes.connect();
        }
        self.lanes_client
    }

    #[cfg(not(any(test, feature = "client")))]
    fn begin_lanes(&mut self) -> bool {
        self.lanes_client
    }

    /// Sends what the lanes want to send and passes their events on; true on abuse.
    fn after_lanes(&mut self, now: Instant, to: SocketAddr, out: &mut Transmits) -> bool {
        let Some(lanes) = &mut self.lanes else {
            return false;
        };
        let dtls = &mut self.dtls;
        lanes.transmit(now, |packet| dtls.write(now, packet, to, out));
        for event in lanes.take_events() {
            match event {
                LanesEvent::Open => self.events.push(PeerEvent::LanesOpen),
                LanesEvent::Message { lane, bytes } => {
                    self.events.push(PeerEvent::Lane { lane, bytes });
                }
                LanesEvent::Lost => {
                    self.close(now, CloseReason::Remote, Some(to), out);
                    return false;
                }
                LanesEvent::Abuse => {
                    self.close(now, CloseReason::Error, Some(to), out);
                    return true;
                }
            }
        }
        false
    }
}
