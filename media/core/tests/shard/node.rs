//! A client on the simulated network: a publisher that answers NACKs, or a viewer that sends them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use media_core::border::PeerId;
use media_core::client::{Client, ClientConfig};
use media_core::peer::{Codec, Inbound, PeerConfig, PeerEvent, Role, SRTP_OVERHEAD};
use media_core::transmit::Transmits;

use crate::net::CLIENT;

mod gaps;
pub mod screen;

use gaps::Gaps;

const NACK_EVERY: Duration = Duration::from_millis(40);

/// The fields of one received media packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub at: Instant,
    pub pt: u8,
    pub marker: bool,
    pub timestamp: u32,
    pub payload: Vec<u8>,
    /// What comes before it, with the extensions.
    pub header: Vec<u8>,
}

/// A sender report that arrived.
#[derive(Clone, Copy, Debug)]
pub struct SenderReport {
    pub ssrc: u32,
    pub ntp: u64,
    pub rtp: u32,
}

pub struct Node {
    pub client: Client,
    pub peer: PeerId,
    pub address: SocketAddr,
    pub events: Vec<PeerEvent>,
    /// By SSRC and extended sequence number.
    pub media: BTreeMap<u32, BTreeMap<u32, Received>>,
    /// Packets that arrived twice.
    pub duplicates: usize,
    /// Packets that came in a stream for repeated ones.
    pub repeated: usize,
    pub reports: Vec<SenderReport>,
    pub plis: Vec<Instant>,
    pub nacked: usize,
    /// Viewers: ask for what is missing. Publishers: answer.
    pub repairs: bool,
    /// Viewers: ask for a keyframe when a packet of the video is missing for so long.
    pub pli_after: Option<Duration>,
    /// Viewers: how long frames wait before they are shown ([`screen`]).
    pub buffer: Duration,
    /// Payload types that carry repeated packets (RFC 4588), with the SSRC that they repair.
    pub rtx: BTreeMap<u8, u32>,
    pub codec: Codec,
    /// Changes what its answer settled, for what the client cannot offer.
    pub tweak: fn(&mut PeerConfig),
    sequences: [u16; 2],
    history: BTreeMap<(u32, u16), Vec<u8>>,
    gaps: Gaps,
}

impl Node {
    pub fn new(role: Role, seed: u64) -> Self {
        Self::with(ClientConfig::new(role, CLIENT.clone(), seed))
    }

    pub fn with(config: ClientConfig) -> Self {
        let seed = config.seed as u16;
        let codec = if config.video.contains(&Codec::Vp8) {
            Codec::Vp8
        } else {
            config.video[0]
        };
        Self {
            client: Client::new(config, Instant::now()),
            peer: PeerId(0),
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            events: Vec::new(),
            media: BTreeMap::new(),
            duplicates: 0,
            repeated: 0,
            reports: Vec::new(),
            plis: Vec::new(),
            nacked: 0,
            repairs: true,
            pli_after: None,
            buffer: Duration::ZERO,
            rtx: BTreeMap::new(),
            codec,
            tweak: |_| {},
            // Close to the wrap-around, so that every test passes it.
            sequences: [65_000u16.wrapping_add(seed), 65_500u16.wrapping_sub(seed)],
            history: BTreeMap::new(),
            gaps: Gaps::default(),
        }
    }

    /// Lets the video sequence numbers jump.
    pub fn jump(&mut self, by: u16) {
        self.sequences[1] = self.sequences[1].wrapping_add(by);
    }

    /// Sends one RTP packet: `timestamp` in ticks, `payload` as it is.
    pub fn send_rtp(
        &mut self,
        video: bool,
        timestamp: u32,
        marker: bool,
        payload: &[u8],
        out: &mut Transmits,
    ) {
        let packet = self.packet(video, timestamp, marker, payload);
        self.seal_and_send(&packet, out);
    }

    /// The next packet in plain form, not sent and not remembered: a late one.
    pub fn plain(&mut self, video: bool, timestamp: u32, marker: bool, payload: &[u8]) -> Vec<u8> {
        let packet = self.packet(video, timestamp, marker, payload);
        let ssrc = u32::from_be_bytes(packet[8..12].try_into().unwrap());
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        self.history.remove(&(ssrc, sequence));
        packet
    }

    /// The next packet in plain form; remembered to answer NACKs.
    fn packet(&mut self, video: bool, timestamp: u32, marker: bool, payload: &[u8]) -> Vec<u8> {
        let config = self.client.config();
        let (codec, ssrc) = match video {
            true => (self.codec, config.video_ssrc),
            false => (Codec::Opus, config.audio_ssrc),
        };
        let pt = self.client.payload_type(&codec).unwrap();
        let sequence = &mut self.sequences[usize::from(video)];
        let mut packet = vec![0x80, (u8::from(marker) << 7) | pt];
        packet.extend_from_slice(&sequence.to_be_bytes());
        packet.extend_from_slice(&timestamp.to_be_bytes());
        packet.extend_from_slice(&ssrc.to_be_bytes());
        packet.extend_from_slice(payload);
        self.history.insert((ssrc, *sequence), packet.clone());
        *sequence = sequence.wrapping_add(1);
        packet
    }

    /// The next video packet, sealed but not sent.
    pub fn sealed(&mut self, timestamp: u32, payload: &[u8]) -> Vec<u8> {
        let mut packet = self.packet(true, timestamp, true, payload);
        let len = packet.len();
        packet.resize(len + SRTP_OVERHEAD, 0);
        let sealed = self.client.seal_rtp(&mut packet, len).unwrap();
        packet.truncate(sealed);
        packet
    }

    /// A VP8 frame of `packets` packets; each payload tells who sent it and when.
    pub fn send_frame(&mut self, number: u32, key: bool, packets: u8, out: &mut Transmits) {
        for at in 0..packets {
            let first = if at == 0 { 0x10 } else { 0x00 };
            let mut payload = vec![first, u8::from(!key), self.peer.0 as u8, at];
            payload.extend_from_slice(&number.to_be_bytes());
            payload.resize(200, 7);
            self.send_rtp(
                true,
                number.wrapping_mul(3_000),
                at + 1 == packets,
                &payload,
                out,
            );
        }
    }

    /// An RTCP compound, sealed but not sent.
    pub fn sealed_rtcp(&mut self, plain: &[u8]) -> Vec<u8> {
        let mut buf = plain.to_vec();
        buf.resize(plain.len() + SRTP_OVERHEAD, 0);
        let sealed = self.client.seal_rtcp(&mut buf, plain.len()).unwrap();
        buf.truncate(sealed);
        buf
    }

    pub fn send_rtcp(&mut self, plain: &[u8], out: &mut Transmits) {
        let Some(to) = self.client.remote() else {
            return;
        };
        let mut buf = plain.to_vec();
        buf.resize(plain.len() + SRTP_OVERHEAD, 0);
        if let Some(sealed) = self.client.seal_rtcp(&mut buf, plain.len()) {
            out.push(to, &buf[..sealed]);
        }
    }

    /// A sender report that pairs `ntp` with `rtp`.
    pub fn send_report(&mut self, video: bool, ntp: u64, rtp: u32, out: &mut Transmits) {
        let config = self.client.config();
        let ssrc = if video {
            config.video_ssrc
        } else {
            config.audio_ssrc
        };
        let mut plain = vec![0x80, 200, 0, 6];
        plain.extend_from_slice(&ssrc.to_be_bytes());
        plain.extend_from_slice(&ntp.to_be_bytes());
        plain.extend_from_slice(&rtp.to_be_bytes());
        plain.extend_from_slice(&[0; 8]);
        self.send_rtcp(&plain, out);
    }

    pub fn send_pli(&mut self, media_ssrc: u32, out: &mut Transmits) {
        let mut plain = vec![0x81, 206, 0, 2, 0, 0, 0, 1];
        plain.extend_from_slice(&media_ssrc.to_be_bytes());
        self.send_rtcp(&plain, out);
    }

    /// All packets of the video (the greater SSRC) or audio track, by sequence number.
    pub fn track(&self, video: bool) -> Vec<(u32, &Received)> {
        // Our SSRCs for viewers: audio even, video odd.
        let track = self
            .media
            .iter()
            .find(|(ssrc, _)| *ssrc % 2 == u32::from(video));
        track
            .into_iter()
            .flat_map(|(_, packets)| packets.iter().map(|(at, got)| (*at, got)))
            .collect()
    }

    /// Numbers missing between the first and the last packet of a track.
    pub fn holes(&self, video: bool) -> usize {
        let track = self.track(video);
        match (track.first(), track.last()) {
            (Some((first, _)), Some((last, _))) => (last - first + 1) as usize - track.len(),
            _ => 0,
        }
    }

    pub fn take(&mut self, now: Instant, from: SocketAddr, bytes: &mut [u8], out: &mut Transmits) {
        match self.client.handle_datagram(now, from, bytes, out) {
            Inbound::Rtp { len } => self.take_rtp(now, &bytes[..len]),
            Inbound::Rtcp { len } => {
                let plain = bytes[..len].to_vec();
                self.take_rtcp(now, &plain, out);
            }
            Inbound::Handled | Inbound::Refused | Inbound::Dropped(_) => {}
        }
        while let Some(event) = self.client.poll_event() {
            self.events.push(event);
        }
    }

    pub fn next_timeout(&self) -> Option<Instant> {
        [self.client.next_timeout(), self.gaps.next_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    pub fn handle_timeout(&mut self, now: Instant, out: &mut Transmits) {
        if self.client.next_timeout().is_some_and(|at| at <= now) {
            self.client.handle_timeout(now, out);
            while let Some(event) = self.client.poll_event() {
                self.events.push(event);
            }
        }
        self.ask(now, out);
    }

    pub fn seal_and_send(&mut self, packet: &[u8], out: &mut Transmits) {
        let Some(to) = self.client.remote() else {
            return;
        };
        let mut buf = packet.to_vec();
        buf.resize(packet.len() + SRTP_OVERHEAD, 0);
        if let Some(sealed) = self.client.seal_rtp(&mut buf, packet.len()) {
            out.push(to, &buf[..sealed]);
        }
    }

    fn take_rtp(&mut self, at: Instant, packet: &[u8]) {
        let Some(body) = body(packet) else {
            return;
        };
        let be = |at: usize| u32::from_be_bytes(packet[at..at + 4].try_into().unwrap());
        let (mut pt, marker) = (packet[1] & 0x7f, packet[1] & 0x80 != 0);
        let (mut ssrc, mut sequence, mut payload) = (be(8), be(0) as u16, &packet[body.clone()]);
        if let Some(repaired) = self.rtx.get(&pt)
            && let Some((original, rest)) = payload.split_first_chunk::<2>()
        {
            self.repeated += 1;
            (ssrc, sequence, payload) = (*repaired, u16::from_be_bytes(*original), rest);
            let track = self.media.get(&ssrc).and_then(BTreeMap::first_key_value);
            pt = track.map_or(pt, |(_, got)| got.pt);
        }
        let track = self.media.entry(ssrc).or_default();
        let newest = track.keys().next_back().copied();
        let near = newest.unwrap_or(0x10_0000 | u32::from(sequence));
        let sequence =
            near.wrapping_add_signed(i32::from(sequence.wrapping_sub(near as u16) as i16));
        let got = Received {
            at,
            pt,
            marker,
            timestamp: be(4),
            payload: payload.to_vec(),
            header: packet[..body.start].to_vec(),
        };
        self.duplicates += usize::from(track.insert(sequence, got).is_some());
        if self.repairs {
            self.gaps.arrived(ssrc, near, sequence, at, NACK_EVERY);
        }
    }

    /// Asks for what is missing, if it is time.
    fn ask(&mut self, now: Instant, out: &mut Transmits) {
        let wishes = self.gaps.ask(now, NACK_EVERY, self.pli_after);
        for (ssrc, sequence) in wishes.nacks {
            let mut plain = vec![0x81, 205, 0, 3, 0, 0, 0, 1];
            plain.extend_from_slice(&ssrc.to_be_bytes());
            plain.extend_from_slice(&sequence.to_be_bytes());
            plain.extend_from_slice(&[0, 0]);
            self.send_rtcp(&plain, out);
        }
        for ssrc in wishes.plis {
            self.send_pli(ssrc, out);
        }
    }

    fn take_rtcp(&mut self, now: Instant, compound: &[u8], out: &mut Transmits) {
        let mut rest = compound;
        while rest.len() >= 4 {
            let len = 4 * (usize::from(u16::from_be_bytes([rest[2], rest[3]])) + 1);
            let (part, tail) = rest.split_at(len);
            let be = |at: usize| u32::from_be_bytes(part[at..at + 4].try_into().unwrap());
            match (part[1], part[0] & 0x1f) {
                (200, _) => {
                    let ntp = (u64::from(be(8)) << 32) | u64::from(be(12));
                    self.reports.push(SenderReport {
                        ssrc: be(4),
                        ntp,
                        rtp: be(16),
                    });
                }
                (205, 1) => {
                    for pair in part[12..].chunks_exact(4) {
                        let pid = u16::from_be_bytes([pair[0], pair[1]]);
                        let blp = u16::from_be_bytes([pair[2], pair[3]]);
                        let bits = (0..16)
                            .filter(|bit| blp & (1 << bit) != 0)
                            .map(|bit| bit + 1);
                        for ahead in std::iter::once(0).chain(bits) {
                            self.answer_nack(be(8), pid.wrapping_add(ahead), out);
                        }
                    }
                }
                (206, 1) => self.plis.push(now),
                _ => {}
            }
            rest = tail;
        }
    }

    fn answer_nack(&mut self, ssrc: u32, sequence: u16, out: &mut Transmits) {
        self.nacked += 1;
        let Some(packet) = self.history.get(&(ssrc, sequence)).filter(|_| self.repairs) else {
            return;
        };
        let packet = packet.clone();
        self.seal_and_send(&packet, out);
    }
}

/// Where the payload is: behind CSRCs and the header extension, before padding.
fn body(packet: &[u8]) -> Option<std::ops::Range<usize>> {
    let mut begin = 12 + 4 * usize::from(packet.first()? & 0x0f);
    if packet[0] & 0x10 != 0 {
        let words = packet.get(begin + 2..begin + 4)?;
        begin += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
    }
    let padding = match packet[0] & 0x20 {
        0 => 0,
        _ => usize::from(*packet.last()?),
    };
    let end = packet.len().checked_sub(padding)?;
    (begin <= end).then_some(begin..end)
}
