//! One viewer's copy of a track: which source it follows, how its packets look, its reports.
//!
//! Video begins at a place where a decoder can start, audio anywhere. A viewer that cannot take
//! the codec of a source gets nothing of it and loses nothing else.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::base::{Base, is_blank};
use super::catch_up::CatchUp;
use super::egress::{Head, Number, Numbers, Rtx, send_rtcp, write};
use super::layers::{Admission, Cap, Layers};
use super::munger::Munger;
use super::network::Network;
use super::resend::Resend;
use crate::border::{Kind, Source};
use crate::broadcast::{Broadcast, Stream};
use crate::keyframe::frame_number;
use crate::limits::{CACHE_AFTER, FREEZE_GAP, SENDER_REPORT_INTERVAL};
use crate::peer::{Format, Peer, PeerConfig, Section};
use crate::report::TrackReport;
use crate::ring::Stored;
use crate::rtcp::write::Writer;
use crate::stats::Stats;
use crate::transmit::Transmits;

/// See the module header.
pub(crate) struct DownTrack {
    pub(super) kind: Kind,
    pub(super) ssrc: u32,
    pub(super) munger: Munger,
    pub(super) resend: Resend,
    /// Id of the transport-wide sequence number.
    pub(super) extension: Option<u8>,
    /// Id of the dependency descriptor.
    pub(super) dependency: Option<u8>,
    pub(super) rtx: Option<Rtx>,
    /// For repetitions on the SSRC of the media, where packets are numbered transport-wide.
    pub(super) numbers: Option<Numbers>,
    refused: Option<Source>,
    /// The layer that it should show.
    want: u8,
    /// Nothing may be sent: it would not get through.
    held: bool,
    /// What is followed has ended for the viewer: it needs a new beginning, also of the same
    /// source.
    ended: bool,
    /// Which layers of a scalable stream it gets, once these were not all.
    scaled: Option<Box<Layers>>,
    /// While it follows AV1.
    base: Option<Base>,
    /// It waits for its turn to begin with a cached keyframe.
    pub(super) invited: bool,
    /// Where it is in the past; `None` when it is live.
    pub(super) catch_up: Option<CatchUp>,
    packets: u32,
    octets: u32,
    pub(super) next_report: Option<Instant>,
    begun: Option<Instant>,
    /// When its first frame was sent to the end.
    whole: Option<Instant>,
    gaps: u32,
    gap_time: Duration,
    /// Of the latest report about it, in 1/256.
    pub(super) loss: u8,
    pub(super) rtt: Option<Duration>,
    pub(super) nacks: u64,
    pub(super) resent: u64,
}

/// What sending to one viewer needs besides its track.
pub(crate) struct Way<'a> {
    pub(crate) now: Instant,
    pub(crate) peer: &'a mut Peer,
    pub(crate) to: SocketAddr,
    pub(crate) network: &'a mut Network,
    pub(crate) out: &'a mut Transmits,
    pub(crate) stats: &'a mut Stats,
}

impl DownTrack {
    /// A track that waits for its first source.
    pub(crate) fn new(kind: Kind, section: &Section, seed: u64) -> Self {
        let without_rtx = |format: &Format| format.nack && format.rtx.is_none();
        let repeats = section.twcc_ext.is_some() && section.formats.iter().any(without_rtx);
        Self {
            kind,
            ssrc: section.local_ssrc,
            munger: Munger::new(seed),
            resend: Resend::new(),
            extension: section.twcc_ext,
            dependency: section.dd_ext,
            rtx: Rtx::new(section.local_rtx_ssrc, seed),
            numbers: repeats.then(Numbers::new),
            refused: None,
            want: 0,
            held: false,
            ended: false,
            scaled: None,
            base: None,
            invited: false,
            catch_up: None,
            packets: 0,
            octets: 0,
            next_report: None,
            begun: None,
            whole: None,
            gaps: 0,
            gap_time: Duration::ZERO,
            loss: 0,
            rtt: None,
            nacks: 0,
            resent: 0,
        }
    }

    /// Reads what sending reads; see `ahead.rs`.
    #[inline]
    pub(super) fn touch(&self) -> u64 {
        let state = u64::from(self.ssrc ^ self.packets ^ self.octets) ^ u64::from(self.held);
        state ^ self.resend.touch() ^ u64::from(self.next_report.is_some())
    }

    /// Audio or video.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// When its first packet was sent.
    pub(crate) fn begun(&self) -> Option<Instant> {
        self.begun
    }

    /// When its first frame was complete.
    pub(crate) fn whole(&self) -> Option<Instant> {
        self.whole
    }

    /// What it knows of itself for a report.
    pub(crate) fn describe(&self) -> TrackReport {
        TrackReport {
            video: self.kind == Kind::Video,
            layer: self.layer().unwrap_or(self.want),
            packets: u64::from(self.packets),
            loss: self.loss,
            rtt: self.rtt,
            nacks: self.nacks,
            resent: self.resent,
            gaps: self.gaps,
            gap_time: self.gap_time,
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

    /// Asks it to show only some layers of a scalable stream.
    pub(crate) fn set_cap(&mut self, cap: Cap) {
        if cap == Cap::ALL {
            self.scaled = None;
            return;
        }
        let scaled = self.scaled.get_or_insert_with(|| Box::new(Layers::new()));
        scaled.set(cap);
    }

    /// Holds everything back, or begins anew.
    pub(crate) fn hold(&mut self, hold: bool) {
        self.ended |= hold;
        self.held = hold;
    }

    /// Stops until the wanted layer, even if it is the same one, can begin.
    pub(crate) fn restart(&mut self) {
        self.ended = true;
    }

    /// The layers whose packets concern it: what it shows, then what it waits for.
    pub(crate) fn layers(&self) -> impl Iterator<Item = u8> + use<> {
        let follows = !self.held && !self.ended;
        let (shown, want) = (self.layer().filter(|_| follows), self.want);
        let wanted = (!self.held && shown != Some(want)).then_some(want);
        shown.into_iter().chain(wanted)
    }

    pub(super) fn section<'a>(&self, config: &'a PeerConfig) -> Option<&'a Section> {
        match self.kind {
            Kind::Audio => config.audio.as_ref(),
            Kind::Video => config.video.as_ref(),
        }
    }

    /// The SSRC that it sends with.
    pub(crate) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Whether it waits for a packet of `source` at which it can begin.
    pub(crate) fn waits_for(&self, source: Option<Source>) -> bool {
        let scaled = self.scaled.as_ref();
        let incomplete = scaled.is_some_and(|scaled| scaled.needs_key());
        let waits = |source| self.refused != Some(source) && (incomplete || !self.follows(source));
        !self.held && source.is_some_and(waits)
    }

    /// Whether it shows nothing: it has had nothing yet, or nothing for so long that a picture of
    /// the past is better.
    pub(crate) fn is_frozen(&self, now: Instant) -> bool {
        let last = self.munger.last_sent();
        last.is_none_or(|last| now >= last + CACHE_AFTER)
    }

    /// Puts it into the line of those who begin with a cached keyframe. Returns whether it was not
    /// there before.
    pub(crate) fn invite(&mut self) -> bool {
        !std::mem::replace(&mut self.invited, true)
    }

    pub(super) fn follows(&self, source: Source) -> bool {
        let current = self.munger.current();
        !self.ended && current.is_some_and(|segment| segment.source == source)
    }

    /// Sends packet `index` of the stream, and whatever has to come with it.
    pub(crate) fn forward(
        &mut self,
        broadcast: &Broadcast,
        stream: &Stream,
        index: u64,
        way: &mut Way<'_>,
    ) {
        let Some(stored) = stream.ring.get(index) else {
            way.stats.drop_overrun += 1;
            return;
        };
        if self.follows(stream.source) {
            match &self.catch_up {
                None => return self.send(&stored, way),
                Some(behind) if behind.is_past(index) => return self.send(&stored, way),
                Some(behind) if behind.ends_at(&stored) => {}
                Some(_) => return,
            }
        }
        if !self.begin(broadcast, stream, &stored, way) {
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

    /// The payload type that the viewer takes the stream with, if it can.
    pub(super) fn accepts(&mut self, stream: &Stream, way: &mut Way<'_>) -> Option<u8> {
        if self.refused == Some(stream.source) {
            way.stats.codec_skipped += 1;
            return None;
        }
        let section = self.section(way.peer.config());
        let format = section.and_then(|section| section.format_for(&stream.codec));
        if format.is_none() {
            self.refused = Some(stream.source);
            way.stats.codec_skipped += 1;
        }
        format.map(|format| format.pt)
    }

    /// Follows the stream's source from here on, if a decoder can.
    fn begin(
        &mut self,
        broadcast: &Broadcast,
        stream: &Stream,
        at: &Stored<'_>,
        way: &mut Way<'_>,
    ) -> bool {
        let Some(pt) = self.accepts(stream, way) else {
            return false;
        };
        let start = match self.kind {
            Kind::Audio => Some(at.index),
            Kind::Video => stream.ring.key_start(at.index),
        };
        let Some(start) = start else { return false };
        let out = self.aligned(broadcast, stream, at.timestamp, way.now);
        self.anchor(stream, (start, at.timestamp), out, pt, way);
        self.catch_up = None;
        self.next_report = Some(way.now);
        true
    }

    /// What a timestamp of another layer of the same publisher is to the viewer. Layers may count
    /// alike (OBS); else their clocks are compared, by sender reports or by arrival. `None` when
    /// that is unknown or would be a jump.
    fn aligned(
        &self,
        broadcast: &Broadcast,
        stream: &Stream,
        timestamp: u32,
        now: Instant,
    ) -> Option<u32> {
        let segment = self.munger.current()?;
        let (shown, next) = (segment.source, stream.source);
        let alike = shown.publisher == next.publisher && shown.layer != next.layer;
        if self.kind == Kind::Audio || !alike || self.catch_up.is_some() {
            return None;
        }
        let shown = broadcast.stream(self.kind, shown.layer)?;
        let rate = stream.codec.clock_rate();
        let edge = shown.ring.get(shown.ring.newest())?.timestamp;
        let apart = timestamp.wrapping_sub(edge) as i32;
        let there = if apart.unsigned_abs() < 2 * rate {
            timestamp
        } else {
            let ntp = stream.mapping?.ntp_at(timestamp, rate);
            shown.mapping?.rtp_at(ntp, rate)
        };
        let out = segment.timestamp(there);
        let jump = out.wrapping_sub(self.munger.expected(now, rate)?) as i32;
        (jump.unsigned_abs() < rate / 2).then_some(out)
    }

    /// Follows the stream's source from packet `start` with `timestamp` on, which is `out` to the
    /// viewer, or follows from the time that has passed.
    pub(super) fn anchor(
        &mut self,
        stream: &Stream,
        (start, timestamp): (u64, u32),
        out: Option<u32>,
        pt: u8,
        way: &mut Way<'_>,
    ) {
        if self.munger.current().is_some() {
            way.stats.switches += 1;
        }
        self.ended = false;
        self.begun.get_or_insert(way.now);
        self.base = Base::new(&stream.codec, stream.is_spatial());
        let (source, rate) = (stream.source, stream.codec.clock_rate());
        match out {
            Some(out) => self.munger.anchor_at(source, start, timestamp, out, pt),
            None => self
                .munger
                .anchor(way.now, source, start, timestamp, rate, pt),
        }
        let first = stream.ring.get(start);
        let first = first.and_then(|stored| frame_number(stored.descriptor));
        self.munger.anchor_frames(first);
    }

    /// Whether the viewer is not told which layer of which picture a packet of AV1 is.
    pub(super) fn lacks_description(&self, stored: &Stored<'_>) -> bool {
        self.dependency.is_none() || stored.descriptor.is_empty()
    }

    /// The marker bit that a packet has for this viewer; `None` when it is left out.
    #[cold]
    fn admit(&mut self, stored: &Stored<'_>, bare: bool) -> Option<bool> {
        // What comes late has its place already.
        if !self.munger.is_front(stored.index) {
            return Some(stored.marker && !(bare && is_blank(stored)));
        }
        let mut admission = Admission::Send {
            marker: stored.marker,
        };
        if let Some(base) = self.base.as_mut().filter(|_| bare) {
            admission = base.admit(stored);
        }
        // The past is sent whole.
        let live = self.catch_up.is_none() && stored.svc.has_info;
        if let Admission::Send { marker } = admission
            && let Some(scaled) = self.scaled.as_mut().filter(|_| live)
        {
            admission = match scaled.admit(stored) {
                Admission::Send { marker: ends } => Admission::Send {
                    marker: marker || ends,
                },
                Admission::LeaveOut => Admission::LeaveOut,
            };
        }
        match admission {
            Admission::Send { marker } => Some(marker),
            Admission::LeaveOut => {
                self.munger.skip(stored.index);
                None
            }
        }
    }

    pub(super) fn send(&mut self, stored: &Stored<'_>, way: &mut Way<'_>) {
        let mut marker = stored.marker;
        let bare = self.base.is_some() && self.lacks_description(stored);
        if bare || (self.scaled.is_some() && stored.svc.has_info) {
            match self.admit(stored, bare) {
                Some(admitted) => marker = admitted,
                None => return,
            }
        }
        let payload = match bare && is_blank(stored) {
            true => &[],
            false => stored.payload,
        };
        let before = self.munger.last_sent();
        let Some((sequence, timestamp)) = self.munger.map(way.now, stored.index, stored.timestamp)
        else {
            return;
        };
        let Some(segment) = self.munger.current() else {
            return;
        };
        let pt = segment.pt;
        let dependency = match self.dependency {
            Some(id) if !stored.descriptor.is_empty() => {
                let frame = frame_number(stored.descriptor).unwrap_or(0);
                Some((id, self.munger.frames(stored.index, frame)))
            }
            _ => None,
        };
        let head = Head {
            pt,
            marker,
            pad: stored.pad,
            sequence,
            timestamp,
            ssrc: self.ssrc,
            extension: self.extension,
            dependency,
        };
        if marker && !stored.marker {
            self.munger.mark(stored.index);
        }
        let parts = (stored.descriptor, payload);
        if let Some(number) = write(way, head, Number::Next { probe: 0 }, &[], parts) {
            if let Some(numbers) = &mut self.numbers {
                numbers.note(sequence, number);
            }
            self.resend.earn();
            self.packets = self.packets.wrapping_add(1);
            self.octets = self.octets.wrapping_add(payload.len() as u32);
            if before.is_none_or(|before| way.now >= before + FREEZE_GAP) {
                self.note_gap(before, way.now);
            }
            if marker && self.whole.is_none() {
                self.whole = Some(way.now);
            }
            way.stats.packets_forwarded += 1;
            way.stats.bytes_forwarded += payload.len() as u64;
        }
    }

    #[cold]
    fn note_gap(&mut self, before: Option<Instant>, now: Instant) {
        if let Some(before) = before {
            self.gaps += 1;
            self.gap_time += now.saturating_duration_since(before);
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
        let section = self.section(way.peer.config());
        let mut writer = Writer::new();
        writer.sender_report(self.ssrc, ntp, rtp, (self.packets, self.octets));
        writer.cname(self.ssrc, section.map_or("", |section| &section.cname));
        send_rtcp(&writer, way.peer, way.to, way.out);
    }
}
