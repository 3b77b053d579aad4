//! The simulated network between one peer and one client: delay, loss by rule, address changes.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::client::{Client, ClientConfig};
use crate::peer::{
    Candidates, Certificate, Inbound, LocalFacts, Peer, PeerEvent, Role, SRTP_OVERHEAD, answer,
};
use crate::transmit::Transmits;

pub(super) static SERVER: LazyLock<Certificate> =
    LazyLock::new(|| Certificate::generate().unwrap());
pub(super) static CLIENT: LazyLock<Certificate> =
    LazyLock::new(|| Certificate::generate().unwrap());

pub(super) const PASSWORD: &str = "server-password-24-chars";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    ToPeer,
    ToClient,
}

struct Flying {
    due: Instant,
    way: Way,
    from: SocketAddr,
    bytes: Vec<u8>,
}

/// Whether the n-th datagram of this way is lost.
pub(super) type Loss = fn(Way, usize, &[u8]) -> bool;

pub(super) struct Pair {
    pub(super) now: Instant,
    pub(super) peer: Peer,
    pub(super) client: Client,
    pub(super) client_addr: SocketAddr,
    pub(super) server_addr: SocketAddr,
    pub(super) delay: Duration,
    pub(super) loss: Loss,
    /// What the peer made of datagrams that were no media.
    pub(super) peer_events: Vec<PeerEvent>,
    pub(super) client_events: Vec<PeerEvent>,
    /// Plaintext media: (RTCP?, bytes).
    pub(super) peer_media: Vec<(bool, Vec<u8>)>,
    pub(super) client_media: Vec<(bool, Vec<u8>)>,
    pub(super) dropped: Vec<crate::peer::DropReason>,
    flying: Vec<Flying>,
    sent: [usize; 2],
    out: Transmits,
}

impl Pair {
    /// Offer and answer are exchanged; the client's first check is under way.
    pub(super) fn new(config: ClientConfig) -> Self {
        Self::with_answer(config, |answer| answer)
    }

    /// The answer is changed on its way.
    pub(super) fn with_answer(config: ClientConfig, change: fn(String) -> String) -> Self {
        let now = Instant::now();
        let server_addr = SocketAddr::from(([192, 0, 2, 10], 5000));
        let role = config.role;
        let mut client = Client::new(config, now);
        let local = LocalFacts {
            candidates: Candidates {
                udp: &[server_addr],
                tcp: &[],
            },
            certificate: &SERVER,
            ufrag: "serverUfrag",
            pwd: PASSWORD,
            audio_ssrc: 71,
            video_rtx_ssrc: 73,
            video_ssrc: 72,
            cname: "souk",
            session_id: 9,
            seed: 1,
        };
        let (text, settled) = answer(role, &client.offer(), &local).unwrap();
        let mut out = Transmits::new();
        client.accept_answer(now, &change(text), &mut out).unwrap();
        let mut pair = Self {
            now,
            peer: Peer::new(settled, now),
            client,
            client_addr: SocketAddr::from(([198, 51, 100, 1], 6000)),
            server_addr,
            delay: Duration::from_millis(5),
            loss: |_, _, _| false,
            peer_events: Vec::new(),
            client_events: Vec::new(),
            peer_media: Vec::new(),
            client_media: Vec::new(),
            dropped: Vec::new(),
            flying: Vec::new(),
            sent: [0; 2],
            out,
        };
        pair.send(Way::ToPeer);
        pair
    }

    /// A pair that is connected.
    pub(super) fn connected(config: ClientConfig) -> Self {
        let mut pair = Self::new(config);
        assert!(
            pair.run(Duration::from_secs(20), Pair::both_connected),
            "not connected"
        );
        pair
    }

    pub(super) fn both_connected(&self) -> bool {
        self.peer.is_connected() && self.client.is_connected()
    }

    pub(super) fn browser(role: Role) -> ClientConfig {
        ClientConfig::new(role, CLIENT.clone(), 42)
    }

    /// Puts what was written to `out` on the wire.
    fn send(&mut self, way: Way) {
        let from = match way {
            Way::ToPeer => self.client_addr,
            Way::ToClient => self.server_addr,
        };
        let target = match way {
            Way::ToPeer => self.server_addr,
            Way::ToClient => self.client_addr,
        };
        for (to, datagram) in self.out.iter() {
            assert!(
                datagram.len() <= 1300,
                "a datagram of {} bytes",
                datagram.len()
            );
            let number = self.sent[way as usize];
            self.sent[way as usize] += 1;
            // What goes to an address that nobody has any more is gone.
            if to == target && !(self.loss)(way, number, datagram) {
                let due = self.now + self.delay;
                self.flying.push(Flying {
                    due,
                    way,
                    from,
                    bytes: datagram.to_vec(),
                });
            }
        }
        self.out.clear();
    }

    /// Lets time pass until `done` or for `limit`; returns whether it was done.
    pub(super) fn run(&mut self, limit: Duration, done: fn(&Pair) -> bool) -> bool {
        let end = self.now + limit;
        while !done(self) {
            let wire = self.flying.iter().map(|flying| flying.due).min();
            let timers = [self.peer.next_timeout(), self.client.next_timeout()];
            let next = timers.into_iter().flatten().chain(wire).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return done(self);
            };
            self.now = self.now.max(next);
            if let Some(at) = self.flying.iter().position(|flying| flying.due <= self.now) {
                let flying = self.flying.remove(at);
                self.deliver(flying);
            } else {
                self.peer.handle_timeout(self.now, &mut self.out);
                self.send(Way::ToClient);
                self.client.handle_timeout(self.now, &mut self.out);
                self.send(Way::ToPeer);
            }
            self.collect();
        }
        true
    }

    fn deliver(&mut self, flying: Flying) {
        let mut bytes = flying.bytes;
        let (way, from) = (flying.way, flying.from);
        if way == Way::ToPeer {
            self.inject(from, &mut bytes);
            return;
        }
        let inbound = self
            .client
            .handle_datagram(self.now, from, &mut bytes, &mut self.out);
        match inbound {
            Inbound::Rtp { len } => self.client_media.push((false, bytes[..len].to_vec())),
            Inbound::Rtcp { len } => self.client_media.push((true, bytes[..len].to_vec())),
            _ => {}
        }
        self.send(Way::ToPeer);
    }

    /// Gives the peer a datagram from anywhere and returns what it made of it.
    pub(super) fn inject(&mut self, from: SocketAddr, bytes: &mut [u8]) -> Inbound {
        let inbound = self
            .peer
            .handle_datagram(self.now, from, bytes, &mut self.out);
        match inbound {
            Inbound::Rtp { len } => self.peer_media.push((false, bytes[..len].to_vec())),
            Inbound::Rtcp { len } => self.peer_media.push((true, bytes[..len].to_vec())),
            Inbound::Dropped(reason) => self.dropped.push(reason),
            Inbound::Handled | Inbound::Refused => {}
        }
        self.send(Way::ToClient);
        self.collect();
        inbound
    }

    /// Gives the peer a datagram and returns how many bytes it sent in answer, to anybody.
    pub(super) fn probe(&mut self, from: SocketAddr, bytes: &mut [u8]) -> (Inbound, usize) {
        let mut out = Transmits::new();
        let inbound = self.peer.handle_datagram(self.now, from, bytes, &mut out);
        self.collect();
        (inbound, out.bytes())
    }

    /// The same, with the datagram that it sent.
    pub(super) fn answer(&mut self, from: SocketAddr, bytes: &mut [u8]) -> (Inbound, Vec<u8>) {
        let mut out = Transmits::new();
        let inbound = self.peer.handle_datagram(self.now, from, bytes, &mut out);
        self.collect();
        let sent = out.iter().next();
        (
            inbound,
            sent.map_or(Vec::new(), |(_, bytes)| bytes.to_vec()),
        )
    }

    fn collect(&mut self) {
        self.peer_events
            .extend(std::iter::from_fn(|| self.peer.poll_event()));
        self.client_events
            .extend(std::iter::from_fn(|| self.client.poll_event()));
    }

    /// One side seals and sends a media packet.
    pub(super) fn send_media(&mut self, way: Way, rtcp: bool, plain: &[u8]) {
        let mut buf = plain.to_vec();
        buf.resize(plain.len() + SRTP_OVERHEAD, 0);
        let len = match (way, rtcp) {
            (Way::ToPeer, false) => self.client.seal_rtp(&mut buf, plain.len()),
            (Way::ToPeer, true) => self.client.seal_rtcp(&mut buf, plain.len()),
            (Way::ToClient, false) => self.peer.seal_rtp(&mut buf, plain.len()),
            (Way::ToClient, true) => self.peer.seal_rtcp(&mut buf, plain.len()),
        };
        let to = match way {
            Way::ToPeer => self.server_addr,
            Way::ToClient => self.peer.remote().unwrap(),
        };
        self.out.push(to, &buf[..len.unwrap()]);
        self.send(way);
    }

    /// One side sends a lane message.
    pub(super) fn send_lane(&mut self, way: Way, lane: u16, bytes: &[u8]) {
        match way {
            Way::ToPeer => self
                .client
                .send_lane(self.now, lane, bytes, &mut self.out)
                .unwrap(),
            Way::ToClient => self
                .peer
                .send_lane(self.now, lane, bytes, &mut self.out)
                .unwrap(),
        }
        self.send(way);
    }

    /// The client takes the answer to its ICE restart.
    pub(super) fn accept_restart(&mut self, fragment: &str) {
        let accepted = self
            .client
            .accept_restart(self.now, fragment, &mut self.out);
        accepted.unwrap();
        self.send(Way::ToPeer);
    }

    /// One side closes.
    pub(super) fn close(&mut self, way: Way) {
        match way {
            Way::ToPeer => self.client.close(self.now, &mut self.out),
            Way::ToClient => self.peer.close(self.now, &mut self.out),
        }
        self.send(way);
        self.collect();
    }

    /// Loses everything that is under way.
    pub(super) fn clear_wire(&mut self) {
        self.flying.clear();
    }

    /// Takes what is under way to the peer off the wire, checks excepted.
    pub(super) fn steal_to_peer(&mut self) -> Vec<Vec<u8>> {
        let (stolen, kept) = std::mem::take(&mut self.flying)
            .into_iter()
            .partition(|flying| flying.way == Way::ToPeer && flying.bytes[0] >= 20);
        self.flying = kept;
        stolen
            .into_iter()
            .map(|flying: Flying| flying.bytes)
            .collect()
    }
}

/// An RTP packet with a recognisable payload.
pub(super) fn rtp(pt: u8, sequence: u16, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, pt];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&(u32::from(sequence) * 3000).to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend((0..200).map(|at| at as u8 ^ sequence as u8));
    packet
}

/// A picture loss indication.
pub(super) fn pli(from: u32, about: u32) -> Vec<u8> {
    let mut packet = vec![0x81, 206, 0, 2];
    packet.extend_from_slice(&from.to_be_bytes());
    packet.extend_from_slice(&about.to_be_bytes());
    packet
}
