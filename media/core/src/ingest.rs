//! The tracks of one publisher: which track, simulcast layer and codec each of its packets is of.
//!
//! Senders differ in what they say. Payload types tell audio from video and media from RFC 4588
//! retransmissions (FFmpeg and OBS audio have no header extensions); rids tell layers, in the first
//! packets of an SSRC at least (OBS announces no SSRCs then); an announced SSRC is believed.

mod layers;
mod police;

use std::time::Instant;

use crate::arrivals::Arrivals;
use crate::border::{Kind, PeerId};
use crate::clock::Offset;
use crate::limits::{
    FEEDBACK_INTERVAL, NACK_BUDGET, NACK_BUDGET_LAYER, NACK_TRIES, NACK_TRIES_LAYER,
};
use crate::lint::{Finding, Lint};
use crate::nack::Missing;
use crate::peer::{Codec, Format, PeerConfig, Section};
use crate::rtp::Header;
use crate::up_track::{Incoming, UpTrack};
use layers::Layers;
use police::Police;

/// See the module header.
pub(crate) struct Publishing {
    audio: UpTrack,
    /// One per simulcast layer in the order of the offer; one without simulcast.
    video: Vec<UpTrack>,
    pub(crate) offset: Offset,
    pub(crate) started: bool,
    layers: Layers,
    police: Police,
    pub(crate) lint: Lint,
    /// Id of the transport-wide sequence number and what came with it, when it was agreed.
    transport: Option<(u8, Arrivals)>,
    next_feedback: Instant,
    pub(crate) next_report: Instant,
}

/// What one packet is.
#[derive(Debug)]
pub(crate) enum Sorted<'a> {
    /// A packet of this track and layer; a retransmission is already unwrapped.
    Media(Kind, u8, Incoming<'a>),
    /// A retransmission without content, as senders use it to probe bandwidth.
    Probe,
    /// A payload type that was not negotiated: FEC, RED, comfort noise, garbage.
    UnknownPayloadType,
    /// Of no layer that was offered, or a retransmission of a track that never came.
    UnknownSource,
}

/// A packet's payload type told what it is.
struct Match<'a> {
    kind: Kind,
    section: &'a Section,
    format: &'a Format,
    /// An RFC 4588 retransmission: two bytes of original sequence number lead the payload.
    repeated: bool,
}

fn find(config: &PeerConfig, pt: u8) -> Option<Match<'_>> {
    let sections = [(Kind::Audio, &config.audio), (Kind::Video, &config.video)];
    for (kind, section) in sections {
        let Some(section) = section else { continue };
        let known = |repeated| {
            move |format| Match {
                kind,
                section,
                format,
                repeated,
            }
        };
        let repairs = |format: &&Format| format.rtx == Some(pt);
        let found = section.format(pt).map(known(false));
        let found = found.or_else(|| section.formats.iter().find(repairs).map(known(true)));
        if found.is_some() {
            return found;
        }
    }
    None
}

impl Publishing {
    pub(crate) fn new(now: Instant, id: PeerId, config: &PeerConfig) -> Self {
        let layers = config.video.as_ref().map_or(1, |s| s.layers.len().max(1));
        let repairs = |s: &Section| s.formats.iter().any(|format| format.rtx.is_some());
        let rtx = config.video.as_ref().is_some_and(repairs);
        let video = |layer: u8| {
            // Without RTX the answer may be a packet of another layer with the same number.
            let lower = layer > 0 && !rtx;
            let tries = if lower { NACK_TRIES_LAYER } else { NACK_TRIES };
            let budget = match layers {
                1 => NACK_BUDGET,
                _ => NACK_BUDGET_LAYER,
            };
            UpTrack::new(id, layer, Missing::new(tries, budget))
        };
        let bitrate = |section: &Option<Section>| section.as_ref().and_then(|s| s.bitrate);
        let announced = match &config.video {
            // What audio takes besides an announced video is within the headroom.
            Some(video) => video
                .bitrate
                .map(|it| it.saturating_add(bitrate(&config.audio).unwrap_or(0))),
            None => bitrate(&config.audio),
        };
        let sections = [&config.video, &config.audio].into_iter().flatten();
        let transport = sections.filter_map(|section| section.twcc_ext).next();
        Self {
            audio: UpTrack::new(id, 0, Missing::new(NACK_TRIES, NACK_BUDGET)),
            video: (0..layers as u8).map(video).collect(),
            offset: Offset::default(),
            started: false,
            layers: Layers::default(),
            police: Police::new(now, announced),
            lint: Lint::new(now, config.audio.is_some(), config.video.as_ref()),
            transport: transport.map(|id| (id, Arrivals::new(now))),
            next_feedback: now,
            next_report: now,
        }
    }

    /// Whether a packet of so many bytes is taken in; if not, it counts as never sent.
    pub(crate) fn allows(&mut self, now: Instant, bytes: usize) -> bool {
        self.police.allows(now, bytes)
    }

    /// Gives up what is missing while packets are refused: more of them would be no help.
    pub(crate) fn despair(&mut self, now: Instant) {
        if self.police.is_busy(now) {
            for track in self.video.iter_mut().chain([&mut self.audio]) {
                track.lost += track.missing.clear();
            }
        }
    }

    /// A packet was taken in, whatever it is. Returns when feedback about it is due.
    pub(crate) fn arrived(
        &mut self,
        now: Instant,
        header: &Header,
        packet: &[u8],
    ) -> Option<Instant> {
        let (id, arrivals) = self.transport.as_mut()?;
        let [high, low] = header.extension(packet, *id)? else {
            return None;
        };
        arrivals.note(now, u16::from_be_bytes([*high, *low]));
        Some(self.next_feedback)
    }

    /// The next transport-wide feedback, if it is time and there is news.
    pub(crate) fn feedback(&mut self, now: Instant, own: u32) -> Option<Vec<u8>> {
        if now < self.next_feedback {
            return None;
        }
        let media = self
            .video
            .iter()
            .chain([&self.audio])
            .find_map(UpTrack::ssrc);
        let feedback = match &mut self.transport {
            Some((_, arrivals)) => arrivals.feedback(own, media.unwrap_or(0)),
            None => None,
        };
        if feedback.is_none() {
            self.next_feedback = now + FEEDBACK_INTERVAL;
        }
        feedback
    }

    /// Tells what an authenticated packet is.
    pub(crate) fn sort<'a>(
        &mut self,
        config: &PeerConfig,
        header: &Header,
        packet: &'a [u8],
    ) -> Sorted<'a> {
        let Some(found) = find(config, header.pt) else {
            return Sorted::UnknownPayloadType;
        };
        let kind = found.kind;
        let payload = &packet[header.payload.clone()];
        let av1 = matches!(found.format.codec, Codec::Av1 { .. });
        let described = found.section.dd_ext.filter(|_| av1);
        let described = described.and_then(|id| header.extension(packet, id));
        let incoming = Incoming {
            ssrc: header.ssrc,
            codec: found.format.codec,
            sequence: header.sequence,
            timestamp: header.timestamp,
            marker: header.marker,
            descriptor: described.unwrap_or(&[]),
            payload,
            expected: found.section.remote_ssrc == Some(header.ssrc),
            repeated: found.repeated,
        };
        if found.repeated {
            return self.unwrap(&found, header, packet, incoming);
        }
        let layer = match kind {
            Kind::Audio => Some(0),
            Kind::Video => self.layers.of_media(found.section, header, packet),
        };
        match layer {
            Some(layer) => Sorted::Media(kind, layer, incoming),
            None => Sorted::UnknownSource,
        }
    }

    /// RFC 4588 section 4: the original sequence number leads the payload.
    fn unwrap<'a>(
        &mut self,
        found: &Match<'_>,
        header: &Header,
        packet: &'a [u8],
        mut incoming: Incoming<'a>,
    ) -> Sorted<'a> {
        let [high, low, original @ ..] = incoming.payload else {
            return Sorted::Probe;
        };
        if original.is_empty() {
            return Sorted::Probe;
        }
        incoming.sequence = u16::from_be_bytes([*high, *low]);
        incoming.payload = original;
        let layer = match found.kind {
            Kind::Audio => Some(0),
            Kind::Video => {
                let named = self.layers.of_repair(found.section, header, packet);
                named.or_else(|| self.only_one_missing(incoming.sequence))
            }
        };
        let track = layer.and_then(|layer| self.track(found.kind, layer).map(|t| (layer, t)));
        let known = track.and_then(|(layer, track)| Some((layer, track.ssrc()?)));
        let Some((layer, ssrc)) = known else {
            return Sorted::UnknownSource;
        };
        incoming.ssrc = ssrc;
        Sorted::Media(found.kind, layer, incoming)
    }

    /// The one layer that misses this packet: whose a retransmission without a name must be.
    fn only_one_missing(&self, sequence: u16) -> Option<u8> {
        let missing = |(_, track): &(usize, &UpTrack)| track.missing.has(sequence);
        let mut layers = self.video.iter().enumerate().filter(missing);
        match (layers.next(), layers.next()) {
            (Some((layer, _)), None) => Some(layer as u8),
            _ => None,
        }
    }

    pub(crate) fn track(&mut self, kind: Kind, layer: u8) -> Option<&mut UpTrack> {
        match kind {
            Kind::Audio => Some(&mut self.audio),
            Kind::Video => self.video.get_mut(usize::from(layer)),
        }
    }

    /// Every track that has had packets.
    pub(crate) fn known(&self) -> impl Iterator<Item = (Kind, &UpTrack)> {
        let video = self.video.iter().map(|track| (Kind::Video, track));
        let all = std::iter::once((Kind::Audio, &self.audio)).chain(video);
        all.filter(|(_, track)| track.ssrc().is_some())
    }

    /// The tracks of a kind, by layer.
    pub(crate) fn tracks(&mut self, kind: Kind) -> &mut [UpTrack] {
        match kind {
            Kind::Audio => std::slice::from_mut(&mut self.audio),
            Kind::Video => &mut self.video,
        }
    }

    /// A sender report pairs NTP and RTP time; it arrived at `local`. Of an unknown SSRC it is
    /// ignored: OBS has one reporter for all its layers, which speaks for one of them at a time.
    pub(crate) fn sender_report(&mut self, now: Instant, local: u64, ssrc: u32, time: (u64, u32)) {
        let mut all = self.video.iter_mut().chain([&mut self.audio]);
        let track = all.find(|track| track.ssrc() == Some(ssrc));
        if track.is_some_and(|track| track.sender_report(now, local, time.0, time.1)) {
            self.offset.learn(time.0, local);
        }
    }

    /// What the host should know, when that has changed.
    pub(crate) fn findings(&mut self, now: Instant) -> Option<Vec<Finding>> {
        self.lint.look(now, self.video.iter().map(UpTrack::told))
    }

    /// SSRC of a layer of the video, once there were packets.
    pub(crate) fn video_ssrc(&self, layer: u8) -> Option<u32> {
        self.video.get(usize::from(layer))?.ssrc()
    }

    /// Whether packets of any track are missing.
    pub(crate) fn is_missing_any(&self) -> bool {
        let all = self.video.iter().chain([&self.audio]);
        all.into_iter().any(|track| !track.missing.is_empty())
    }
}
