//! One viewer's copy of a track: which source it follows, how its packets look, its reports.
//!
//! Video begins at a place where a decoder can start, audio anywhere. A viewer that cannot take
//! the codec of a source gets nothing of it and loses nothing else.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::munger::Munger;
use super::resend::Resend;
use crate::border::{Kind, Source};
use crate::broadcast::Stream;
use crate::limits::{RTP_HEADER, SENDER_REPORT_INTERVAL};
use crate::peer::{Peer, SRTP_OVERHEAD, Section};
use crate::report::TrackReport;
use crate::ring::Stored;
use crate::rtcp::Block;
use crate::rtcp::write::Writer;
use crate::rtp::write_header;
use crate::stats::Stats;
use crate::transmit::Transmits;

/// See the module header.
pub(crate) struct DownTrack {
    kind: Kind,
    ssrc: u32,
    munger: Munger,
    resend: Resend,
    refused: Option<Source>,
    /// The layer that it should show.
    want: u8,
    packets: u32,
    octets: u32,
    next_report: Option<Instant>,
    begun: Option<Instant>,
}

/// What sending to one viewer needs besides its track.
pub(crate) struct Way<'a> {
    pub(crate) now: Instant,
    pub(crate) peer: &'a mut Peer,
    pub(crate) to: SocketAddr,
    pub(crate) out: &'a mut Transmits,
    pub(crate) stats: &'a mut Stats,
}

impl DownTrack {
    /// A track that waits for its first source.
    pub(crate) fn new(kind: Kind, section: &Section, seed: u64) -> Self {
        Self {
            kind,
            ssrc: section.local_ssrc,
            munger: Munger::new(seed),
            resend: Resend::new(),
            refused: None,
            want: 0,
            packets: 0,
            octets: 0,
            next_report: None,
            begun: None,
        }
    }

    /// Audio or video.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// When its first packet was sent.
    pub(crate) fn begun(&self) -> Option<Instant> {
        self.begun
    }

    /// What it knows of itself for a report.
    pub(crate) fn describe(&self) -> TrackReport {
        TrackReport {
            video: self.kind == Kind::Video,
            layer: self.layer().unwrap_or(self.want),
            packets: u64::from(self.packets),
            ..TrackReport::default()
        }
    }

    /// The layer that it shows now; `None` before the first packet.
    pub(crate) fn layer(&self) -> Option<u8> {
        self.munger.current().map(|segment| segment.source.layer)
    }

    /// The layer that it should show.
    pub(crate) fn want(&self) -> u8 {
        self.want
    }

    /// Asks it to show another layer, from where a decoder can start there.
    pub(crate) fn set_want(&mut self, layer: u8) {
        self.want = layer;
    }

    /// The layers whose packets concern it: what it shows, then what it waits for.
    pub(crate) fn layers(&self) -> impl Iterator<Item = u8> + use<> {
        let (shown, want) = (self.layer(), self.want);
        let wanted = (shown != Some(want)).then_some(want);
        shown.into_iter().chain(wanted)
    }

    /// The SSRC that it sends with.
    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Whether it waits for a packet of `source` at which it can begin.
    pub(crate) fn waits_for(&self, source: Option<Source>) -> bool {
        source.is_some_and(|source| self.refused != Some(source) && !self.follows(source))
    }

    fn follows(&self, source: Source) -> bool {
        self.munger
            .current()
            .is_some_and(|segment| segment.source == source)
    }

    /// Sends packet `index` of the stream, and whatever has to come with it.
    pub(crate) fn forward(&mut self, stream: &Stream, index: u64, way: &mut Way<'_>) {
        let Some(stored) = stream.ring.get(index) else {
            way.stats.drop_overrun += 1;
            return;
        };
        if self.follows(stream.source) {
            self.send(&stored, way);
            return;
        }
        if !self.begin(stream, &stored, way) {
            return;
        }
        // Later packets of the frame may have overtaken its first one.
        let first = self
            .munger
            .current()
            .map_or(index, |segment| segment.first_index());
        for index in first..=stream.ring.newest() {
            match stream.ring.get(index) {
                Some(early) if early.arrival <= stored.arrival => self.send(&early, way),
                _ => {}
            }
        }
    }

    /// Follows the stream's source from here on, if a decoder can.
    fn begin(&mut self, stream: &Stream, at: &Stored<'_>, way: &mut Way<'_>) -> bool {
        if self.refused == Some(stream.source) {
            way.stats.codec_skipped += 1;
            return false;
        }
        let config = way.peer.config();
        let section = match self.kind {
            Kind::Audio => config.audio.as_ref(),
            Kind::Video => config.video.as_ref(),
        };
        let Some(format) = section.and_then(|section| section.format_for(&stream.codec)) else {
            self.refused = Some(stream.source);
            way.stats.codec_skipped += 1;
            return false;
        };
        let start = match self.kind {
            Kind::Audio => Some(at.index),
            Kind::Video => stream.ring.key_start(at.index),
        };
        let Some(start) = start else { return false };
        let (rate, pt) = (stream.codec.clock_rate(), format.pt);
        if self.munger.current().is_some() {
            way.stats.switches += 1;
        }
        self.munger
            .anchor(way.now, stream.source, start, at.timestamp, rate, pt);
        self.next_report = Some(way.now);
        self.begun.get_or_insert(way.now);
        true
    }

    fn send(&mut self, stored: &Stored<'_>, way: &mut Way<'_>) {
        let Some((sequence, timestamp)) = self.munger.map(way.now, stored.index, stored.timestamp)
        else {
            return;
        };
        let Some(segment) = self.munger.current() else {
            return;
        };
        if write(way, stored, segment.pt, sequence, timestamp, self.ssrc) {
            self.resend.earn();
            self.packets = self.packets.wrapping_add(1);
            self.octets = self.octets.wrapping_add(stored.payload.len() as u32);
            way.stats.packets_forwarded += 1;
            way.stats.bytes_forwarded += stored.payload.len() as u64;
        }
    }

    /// Answers a NACK: `pid` and the packets whose bits are set in `blp`.
    pub(crate) fn resend(
        &mut self,
        stream: Option<&Stream>,
        pid: u16,
        blp: u16,
        way: &mut Way<'_>,
    ) {
        let followers = (0..16)
            .filter(|bit| blp & (1 << bit) != 0)
            .map(|bit| bit + 1);
        for ahead in std::iter::once(0).chain(followers) {
            let sequence = pid.wrapping_add(ahead);
            way.stats.nacks_in += 1;
            if self.resend_one(stream, sequence, way).is_some() {
                way.stats.resent += 1;
            } else {
                way.stats.resend_refused += 1;
            }
        }
    }

    fn resend_one(
        &mut self,
        stream: Option<&Stream>,
        sequence: u16,
        way: &mut Way<'_>,
    ) -> Option<()> {
        let stream = stream?;
        let (segment, index) = self.munger.unmap(sequence)?;
        let segment = *segment;
        let stored = stream
            .ring
            .get(index)
            .filter(|_| segment.source == stream.source)?;
        let timestamp = segment.timestamp(stored.timestamp);
        let allowed = self.resend.allow(way.now, sequence);
        let sent = allowed && write(way, &stored, segment.pt, sequence, timestamp, self.ssrc);
        sent.then_some(())
    }

    /// A report block of the viewer about this track; `ntp` is our time.
    pub(crate) fn reported(&mut self, block: &Block, ntp: u64) {
        let middle = (ntp >> 16) as u32;
        let rtt = middle
            .wrapping_sub(block.last_sr)
            .wrapping_sub(block.delay_since_last_sr);
        // Negative round trips come from rounding or from nonsense.
        if block.last_sr != 0 && rtt < 1 << 31 {
            self.resend
                .set_rtt(Duration::from_micros(u64::from(rtt) * 1_000_000 / 65_536));
        }
    }

    /// Sends a sender report when it is time for one.
    pub(crate) fn report(&mut self, stream: &Stream, ntp: u64, way: &mut Way<'_>) {
        if self.next_report.is_none_or(|due| way.now < due) || !self.follows(stream.source) {
            return;
        }
        let (Some(mapping), Some(segment)) = (stream.mapping, self.munger.current()) else {
            return;
        };
        self.next_report = Some(way.now + SENDER_REPORT_INTERVAL);
        let rtp = segment.timestamp(mapping.rtp_at(ntp, stream.codec.clock_rate()));
        let config = way.peer.config();
        let section = match self.kind {
            Kind::Audio => config.audio.as_ref(),
            Kind::Video => config.video.as_ref(),
        };
        let mut writer = Writer::new();
        writer.sender_report(self.ssrc, ntp, rtp, (self.packets, self.octets));
        writer.cname(self.ssrc, section.map_or("", |section| &section.cname));
        send_rtcp(&writer, way.peer, way.to, way.out);
    }
}

/// Writes, seals and queues one packet. The only place where media leaves for a viewer.
fn write(
    way: &mut Way<'_>,
    stored: &Stored<'_>,
    pt: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
) -> bool {
    let len = RTP_HEADER + stored.payload.len();
    let buf = way.out.reserve(len + SRTP_OVERHEAD);
    write_header(buf, stored.marker, pt, sequence, timestamp, ssrc);
    buf[RTP_HEADER..len].copy_from_slice(stored.payload);
    let sealed = way.peer.seal_rtp(buf, len);
    if let Some(sealed) = sealed {
        way.out.commit(way.to, sealed);
    }
    sealed.is_some()
}

/// Seals and queues one RTCP compound. Returns whether there were keys.
pub(crate) fn send_rtcp(
    writer: &Writer,
    peer: &mut Peer,
    to: SocketAddr,
    out: &mut Transmits,
) -> bool {
    let plain = writer.bytes();
    let buf = out.reserve(plain.len() + SRTP_OVERHEAD);
    buf[..plain.len()].copy_from_slice(plain);
    let sealed = peer.seal_rtcp(buf, plain.len());
    if let Some(sealed) = sealed {
        out.commit(to, sealed);
    }
    sealed.is_some()
}
