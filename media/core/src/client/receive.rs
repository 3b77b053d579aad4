//! What a viewer does with media, as a browser would: undoes RFC 4588, drops what came twice, and
//! makes the RTCP that goes back (TWCC, receiver reports, NACK, PLI, REMB).
//!
//! A light viewer only has the clear headers: it reports and counts, and never asks.

use std::time::{Duration, Instant};

use super::answer::Media;
use super::config::Feedback;
use super::packet::Header;
use super::rtcp::{self, Control};
use super::stream::{Place, Stream};
use crate::arrivals::Arrivals;

/// Numbers in one NACK.
const MAX_NACK: usize = 64;
/// SSRC that a viewer reports with; it sends no media.
const OWN_SSRC: u32 = 1;
/// Streams that are followed; others pass unseen.
const MAX_STREAMS: usize = 16;
/// Time between two PLIs that are sent because a packet never came.
const PLI_INTERVAL: Duration = Duration::from_secs(1);

/// What a viewer has received and sent back. All counts are since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reception {
    /// Media packets, each number once, repairs included.
    pub packets: u64,
    /// RTP packets that arrived, everything included.
    pub arrived: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Media packets that have not come.
    pub missing: u64,
    /// Packets that filled a gap by RFC 4588.
    pub repaired_rtx: u64,
    /// Packets that filled a gap on their own SSRC (resends and reordering).
    pub repaired_same: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets of padding alone (probes).
    pub padding: u64,
    /// Numbers that were asked for, repetitions included.
    pub nacked: u64,
    /// Picture losses that were told.
    pub plis: u64,
    /// Transport-wide feedbacks that were sent.
    pub feedbacks: u64,
    /// Sender reports that arrived.
    pub sender_reports: u64,
}

/// See the module header.
pub(super) struct Receiver {
    feedback: Feedback,
    media: Media,
    streams: Vec<Stream>,
    arrivals: Arrivals,
    next_twcc: Instant,
    next_report: Instant,
    last_pli: Option<Instant>,
    hopeless: bool,
    remb: Option<u64>,
    reception: Reception,
}

impl Receiver {
    pub(super) fn new(now: Instant, feedback: Feedback, media: Media) -> Self {
        Self {
            feedback,
            media,
            streams: Vec::new(),
            arrivals: Arrivals::new(now),
            next_twcc: now,
            next_report: now,
            last_pli: None,
            hopeless: false,
            remb: None,
            reception: Reception::default(),
        }
    }

    /// Notes the clear header of a packet that stays sealed.
    pub(super) fn glance(&mut self, now: Instant, packet: &[u8]) {
        if let Some(header) = Header::parse(packet) {
            self.note(now, &header, packet);
            if !self.media.is_rtx(header.pt)
                && let Some(stream) = self.stream(now, &header)
            {
                stream.take(now, &header, Duration::ZERO);
            }
        }
    }

    /// Takes a plaintext packet, changes it to what was sent first if it is a retransmission, and
    /// takes padding off. Returns its length; `None` when there is nothing for a decoder in it.
    pub(super) fn take(&mut self, now: Instant, packet: &mut [u8]) -> Option<usize> {
        let header = Header::parse(packet)?;
        self.note(now, &header, packet);
        let patience = self.feedback.patience;
        let end = header.payload + header.payload(packet)?.len();
        if let Some((pt, ssrc)) = self.media.original(header.pt, header.ssrc) {
            let osn = packet.get(header.payload..end)?.first_chunk::<2>().copied();
            let Some(osn) = osn else {
                self.reception.padding += 1;
                return None;
            };
            packet[1] = packet[1] & 0x80 | pt;
            packet[2..4].copy_from_slice(&osn);
            packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
            packet.copy_within(header.payload + 2..end, header.payload);
            packet[0] &= !0x20;
            let stream = self.streams.iter_mut().find(|known| known.ssrc == ssrc)?;
            return match stream.repair(now, u16::from_be_bytes(osn), patience) {
                Place::Duplicate => {
                    self.reception.duplicates += 1;
                    None
                }
                Place::New | Place::Late => {
                    self.reception.repaired_rtx += 1;
                    Some(end - 2)
                }
            };
        }
        if self.media.is_rtx(header.pt) {
            return None;
        }
        packet[0] &= !0x20;
        match self.stream(now, &header)?.take(now, &header, patience) {
            Place::Duplicate => {
                self.reception.duplicates += 1;
                return None;
            }
            Place::Late => self.reception.repaired_same += 1,
            Place::New => {}
        }
        if end == header.payload {
            self.reception.padding += 1;
        }
        Some(end)
    }

    fn note(&mut self, now: Instant, header: &Header, packet: &[u8]) {
        self.reception.arrived += 1;
        self.reception.bytes += packet.len() as u64;
        if let Some(id) = self.media.twcc_ext
            && let Some([high, low]) = header.extension(packet, id)
        {
            self.arrivals.note(now, u16::from_be_bytes([*high, *low]));
        }
    }

    fn stream(&mut self, now: Instant, header: &Header) -> Option<&mut Stream> {
        let known = self.streams.iter().position(|s| s.ssrc == header.ssrc);
        if let Some(at) = known {
            return self.streams.get_mut(at);
        }
        if self.streams.len() < MAX_STREAMS {
            let rate = self.media.clock_rate(header.pt);
            self.streams.push(Stream::new(now, header, rate));
            return self.streams.last_mut();
        }
        None
    }

    /// Takes a compound: sender reports count for the next receiver report.
    pub(super) fn take_rtcp(&mut self, now: Instant, compound: &[u8]) {
        for control in rtcp::parse(compound) {
            if let Control::SenderReport { ssrc, ntp, .. } = control {
                self.reception.sender_reports += 1;
                if let Some(stream) = self.streams.iter_mut().find(|s| s.ssrc == ssrc) {
                    stream.sender_report(now, ntp);
                }
            }
        }
    }

    /// Reports this much as REMB from now on, with every receiver report.
    pub(super) fn set_remb(&mut self, bitrate: Option<u64>) {
        self.remb = bitrate;
    }

    /// A compound that says that the video decoder is lost; `None` before any video came.
    pub(super) fn pli(&mut self, now: Instant) -> Option<Vec<u8>> {
        let video = self.media.video_ssrc(self.streams.iter().map(|s| s.ssrc))?;
        self.last_pli = Some(now);
        self.reception.plis += 1;
        let mut packet = rtcp::receiver_report(OWN_SSRC, &[]);
        rtcp::pli(OWN_SSRC, video, &mut packet);
        Some(packet)
    }

    /// When [`Receiver::due`] has something to do.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let twcc = self.feedback.twcc.map(|_| self.next_twcc);
        let report = self.feedback.reports.map(|_| self.next_report);
        let asks = self.streams.iter().filter_map(Stream::next_ask);
        let nack = asks.min().filter(|_| self.feedback.nacks);
        [twcc, report, nack].into_iter().flatten().min()
    }

    /// The compounds that are due.
    pub(super) fn due(&mut self, now: Instant, mut send: impl FnMut(&[u8])) {
        let first = self.streams.first().map(|stream| stream.ssrc);
        if let Some(interval) = self.feedback.twcc
            && self.next_twcc <= now
        {
            self.next_twcc = now + interval;
            while let Some(packet) = self.arrivals.feedback(OWN_SSRC, first.unwrap_or(0)) {
                self.reception.feedbacks += 1;
                send(&packet);
            }
        }
        if let Some(interval) = self.feedback.reports
            && self.next_report <= now
        {
            self.next_report = now + interval;
            let blocks: Vec<_> = self.streams.iter_mut().map(|s| s.report(now)).collect();
            let mut packet = rtcp::receiver_report(OWN_SSRC, &blocks);
            if let Some((bitrate, ssrc)) = self.remb.zip(first) {
                rtcp::remb(OWN_SSRC, ssrc, bitrate, &mut packet);
            }
            if !blocks.is_empty() {
                send(&packet);
            }
        }
        if self.feedback.nacks {
            for stream in &mut self.streams {
                let (asked, hopeless) = stream.ask(now, MAX_NACK);
                self.hopeless |= hopeless;
                if !asked.is_empty() {
                    self.reception.nacked += asked.len() as u64;
                    let mut packet = rtcp::receiver_report(OWN_SSRC, &[]);
                    rtcp::nack(OWN_SSRC, stream.ssrc, &asked, &mut packet);
                    send(&packet);
                }
            }
            let recent = |at: Instant| now < at + PLI_INTERVAL;
            if self.hopeless
                && !self.last_pli.is_some_and(recent)
                && let Some(packet) = self.pli(now)
            {
                self.hopeless = false;
                send(&packet);
            }
        }
    }

    pub(super) fn reception(&self) -> Reception {
        Reception {
            packets: self.streams.iter().map(Stream::received).sum(),
            missing: self.streams.iter().map(Stream::missing).sum(),
            ..self.reception
        }
    }
}
