//! What a publisher does with media, as a browser or as OBS would: numbers packets, names layers,
//! remembers what it sent, answers NACKs, makes sender reports.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::answer::Media;
use super::config::{ClientConfig, Repair};
use super::packet::{Fields, Header, write_header};
use super::rtcp::{self, Control};

/// Packets that are kept for NACKs, over all layers (as OBS).
const HISTORY: usize = 4_000;
/// NTP seconds at the making of a client; any plausible time will do.
const NTP_SECONDS: u64 = 3_900_000_000;

/// What a publisher sends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// The audio section.
    Audio,
    /// The video section.
    Video {
        /// Simulcast layer, index in `ClientConfig::rids`; 0 without simulcast.
        layer: u8,
    },
}

/// One RTP packet to send.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// Where it belongs.
    pub track: Track,
    /// Payload type as offered.
    pub pt: u8,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Last packet of a frame.
    pub marker: bool,
    /// Everything behind the header.
    pub payload: &'a [u8],
}

/// What a publisher has sent and was told. All counts are since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// RTP packets, each once.
    pub packets: u64,
    /// Numbers that it was asked for.
    pub nacked: u64,
    /// Packets that it sent again.
    pub resent: u64,
    /// PLIs and FIRs.
    pub plis: u64,
    /// Report blocks.
    pub reports: u64,
    /// Transport-wide feedbacks.
    pub feedbacks: u64,
    /// The last REMB, bits a second.
    pub remb: Option<u64>,
}

struct Sent {
    ssrc: u32,
    rtx_ssrc: u32,
    sequence: u16,
    rtx_sequence: u16,
    packets: u32,
    bytes: u32,
    /// When a packet was sent last, and its timestamp.
    last: (Instant, u32),
    next_report: Instant,
}

/// See the module header.
pub(super) struct Sender {
    config: ClientConfig,
    media: Media,
    origin: Instant,
    streams: Vec<Sent>,
    history: BTreeMap<(u32, u16), Vec<u8>>,
    order: VecDeque<(u32, u16)>,
    transport_sequence: u16,
    /// Layers that were asked for a key frame, by index.
    wanted: u8,
    delivery: Delivery,
}

impl Sender {
    pub(super) fn new(now: Instant, config: ClientConfig, media: Media) -> Self {
        Self {
            config,
            media,
            origin: now,
            streams: Vec::new(),
            history: BTreeMap::new(),
            order: VecDeque::new(),
            transport_sequence: 0,
            wanted: 0,
            delivery: Delivery::default(),
        }
    }

    fn ssrc(&self, track: Track) -> u32 {
        match track {
            Track::Audio => self.config.audio_ssrc,
            Track::Video { layer } => self.config.video_ssrc.wrapping_add(u32::from(layer)),
        }
    }

    /// The next packet of a track in plain form, remembered for NACKs.
    pub(super) fn packet(&mut self, now: Instant, sample: &Sample<'_>) -> Vec<u8> {
        let at = self.stream(now, sample.track);
        let stream = &mut self.streams[at];
        let (ssrc, sequence) = (stream.ssrc, stream.sequence);
        stream.sequence = sequence.wrapping_add(1);
        stream.packets += 1;
        stream.bytes = stream.bytes.wrapping_add(sample.payload.len() as u32);
        stream.last = (now, sample.timestamp);
        self.delivery.packets += 1;
        let packet = self.write(sample, ssrc, sequence, None);
        let key = match self.config.sending.repair {
            Repair::None => return packet,
            Repair::BySsrc => (ssrc, sequence),
            Repair::BySequence => (0, sequence),
        };
        if let std::collections::btree_map::Entry::Vacant(entry) = self.history.entry(key) {
            entry.insert(packet.clone());
            self.order.push_back(key);
        }
        if self.order.len() > HISTORY
            && let Some(oldest) = self.order.pop_front()
        {
            self.history.remove(&oldest);
        }
        packet
    }

    fn stream(&mut self, now: Instant, track: Track) -> usize {
        let ssrc = self.ssrc(track);
        if let Some(at) = self.streams.iter().position(|known| known.ssrc == ssrc) {
            return at;
        }
        // OBS begins every layer at 0.
        let begin = match self.config.sending.repair {
            Repair::BySequence => 0,
            _ => (self.config.seed >> 7) as u16 ^ ssrc as u16,
        };
        let layer = match track {
            Track::Audio => 0,
            Track::Video { layer } => layer,
        };
        self.streams.push(Sent {
            ssrc,
            rtx_ssrc: self.config.rtx_ssrc(layer),
            sequence: begin,
            rtx_sequence: begin ^ 0x5555,
            packets: 0,
            bytes: 0,
            last: (now, 0),
            next_report: now,
        });
        self.streams.len() - 1
    }

    /// Header with the extensions that were negotiated, then the payload; `osn` makes it a
    /// retransmission.
    fn write(
        &mut self,
        sample: &Sample<'_>,
        ssrc: u32,
        sequence: u16,
        osn: Option<u16>,
    ) -> Vec<u8> {
        let (video, layer) = match sample.track {
            Track::Audio => (false, 0),
            Track::Video { layer } => (true, usize::from(layer)),
        };
        let number = self.transport_sequence.to_be_bytes();
        let mut extensions: Vec<(u8, &[u8])> = Vec::with_capacity(3);
        let mid = self.media.mids[usize::from(video)].as_deref();
        if let (Some(id), Some(mid)) = (self.media.mid_ext, mid) {
            extensions.push((id, mid.as_bytes()));
        }
        let rid = self.config.rids.get(layer).filter(|_| video);
        let rid_ext = match osn {
            None => self.media.rid_ext,
            Some(_) => self.media.repaired_rid_ext,
        };
        if let (Some(id), Some(rid)) = (rid_ext, rid) {
            extensions.push((id, rid.as_bytes()));
        }
        if let Some(id) = self.media.twcc_ext {
            extensions.push((id, &number));
            self.transport_sequence = self.transport_sequence.wrapping_add(1);
        }
        let fields = Fields {
            pt: sample.pt,
            marker: sample.marker,
            sequence,
            timestamp: sample.timestamp,
            ssrc,
            extensions: &extensions,
        };
        let mut packet = Vec::with_capacity(64 + sample.payload.len());
        write_header(&fields, &mut packet);
        packet.extend(osn.into_iter().flat_map(u16::to_be_bytes));
        packet.extend_from_slice(sample.payload);
        packet
    }

    /// Takes a compound of the server; gives the packets that it has to send again.
    pub(super) fn take_rtcp(&mut self, compound: &[u8], mut resend: impl FnMut(Vec<u8>)) {
        let controls = rtcp::parse(compound);
        let named = |control: &Control| match control {
            Control::Report { ssrc, .. } => *ssrc == self.config.video_ssrc,
            Control::Nack { media_ssrc, .. } => *media_ssrc == self.config.video_ssrc,
            _ => false,
        };
        let delivered = controls.iter().any(named);
        for control in controls {
            match control {
                Control::Nack {
                    media_ssrc,
                    sequences,
                } => {
                    self.delivery.nacked += sequences.len() as u64;
                    for sequence in sequences {
                        let key = match self.config.sending.repair {
                            Repair::BySsrc => (media_ssrc, sequence),
                            Repair::BySequence if delivered => (0, sequence),
                            _ => continue,
                        };
                        if let Some(packet) = self.again(key) {
                            self.delivery.resent += 1;
                            resend(packet);
                        }
                    }
                }
                Control::Pli { media_ssrc } => {
                    self.delivery.plis += 1;
                    let layer = media_ssrc.wrapping_sub(self.config.video_ssrc);
                    self.wanted |= 1u8.checked_shl(layer).unwrap_or(0);
                }
                Control::Fir => {
                    self.delivery.plis += 1;
                    self.wanted = u8::MAX;
                }
                Control::Report { .. } => self.delivery.reports += 1,
                Control::Twcc { .. } => self.delivery.feedbacks += 1,
                Control::Remb { bitrate } => self.delivery.remb = Some(bitrate),
                Control::SenderReport { .. } | Control::Bye => {}
            }
        }
    }

    /// A remembered packet as it is sent again: by RFC 4588 where that was negotiated.
    fn again(&mut self, key: (u32, u16)) -> Option<Vec<u8>> {
        let packet = self.history.get(&key)?.clone();
        let header = Header::parse(&packet)?;
        let rtx = self.media.rtx_for(header.pt);
        let (Some(pt), Repair::BySsrc) = (rtx, self.config.sending.repair) else {
            return Some(packet);
        };
        let stream = self.streams.iter_mut().find(|s| s.ssrc == header.ssrc)?;
        let (ssrc, sequence) = (stream.rtx_ssrc, stream.rtx_sequence);
        stream.rtx_sequence = sequence.wrapping_add(1);
        let sample = Sample {
            track: Track::Video {
                layer: header.ssrc.wrapping_sub(self.config.video_ssrc) as u8,
            },
            pt,
            timestamp: header.timestamp,
            marker: header.marker,
            payload: &packet[header.payload..],
        };
        Some(self.write(&sample, ssrc, sequence, Some(header.sequence)))
    }

    /// When a sender report is due.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.config.sending.reports?;
        self.streams.iter().map(|stream| stream.next_report).min()
    }

    /// The sender reports that are due.
    pub(super) fn due(&mut self, now: Instant, mut send: impl FnMut(&[u8])) {
        let Some(interval) = self.config.sending.reports else {
            return;
        };
        for stream in &mut self.streams {
            if stream.next_report <= now {
                stream.next_report = now + interval;
                let ntp = ntp(stream.last.0 - self.origin);
                let (packets, bytes) = (stream.packets, stream.bytes);
                send(&rtcp::sender_report(
                    stream.ssrc,
                    ntp,
                    stream.last.1,
                    packets,
                    bytes,
                ));
            }
        }
    }

    /// Layers that were asked for a key frame since the last call, one bit each.
    pub(super) fn take_wanted(&mut self) -> u8 {
        std::mem::take(&mut self.wanted)
    }

    #[cfg(test)]
    pub(super) fn config(&self) -> &ClientConfig {
        &self.config
    }

    pub(super) fn delivery(&self) -> Delivery {
        self.delivery
    }
}

fn ntp(since: Duration) -> u64 {
    let seconds = NTP_SECONDS + since.as_secs();
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    seconds << 32 | fraction
}
