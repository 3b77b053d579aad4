//! What publishers send: media in, sender reports in; NACKs, reports and keyframe requests out.

use std::net::SocketAddr;
use std::time::Instant;

use super::Shard;
use crate::border::{BroadcastId, Event, Kind, Mapping, Packet};
use crate::broadcast::{Delivery, Slot};
use crate::forward::send_rtcp;
use crate::ingest::Sorted;
use crate::limits::{MAX_FEEDBACKS, MAX_LAYERS, RECEIVER_REPORT_INTERVAL};
use crate::members::{Member, Part};
use crate::peer::Section;
use crate::rtcp::write::Writer;
use crate::rtcp::{Compound, Item};
use crate::rtp::Header;
use crate::transmit::Transmits;
use crate::up_track::{Incoming, Outcome, UpTrack};

impl Shard {
    /// One authenticated RTP packet of a publisher.
    pub(super) fn publisher_rtp(&mut self, now: Instant, slot: Slot, packet: &[u8]) {
        self.stats.packets_in += 1;
        let Some(header) = Header::parse(packet) else {
            self.stats.drop_malformed += 1;
            return;
        };
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        let Part::Publisher(publishing) = &mut member.part else {
            return;
        };
        if !publishing.allows(now, packet.len()) {
            self.stats.drop_policed += 1;
            return;
        }
        if let Some(due) = publishing.arrived(now, &header, packet) {
            self.next_tick = self.next_tick.min(due.max(now));
        }
        match publishing.sort(member.peer.config(), &header, packet) {
            Sorted::Media(kind, layer, incoming) => {
                self.publisher_media(now, slot, kind, layer, incoming);
            }
            Sorted::Probe => {}
            Sorted::UnknownPayloadType => self.stats.drop_unknown_payload_type += 1,
            Sorted::UnknownSource => self.stats.drop_ssrc += 1,
        }
    }

    /// A packet that is known to be of this track and layer.
    fn publisher_media(
        &mut self,
        now: Instant,
        slot: Slot,
        kind: Kind,
        layer: u8,
        incoming: Incoming<'_>,
    ) {
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        let broadcast = member.broadcast;
        let Part::Publisher(publishing) = &mut member.part else {
            return;
        };
        let Some(track) = publishing.track(kind, layer) else {
            return;
        };
        self.stats.bytes_in += incoming.payload.len() as u64;
        let outcome = track.accept(now, &self.wall, incoming);
        self.stats.repaired_in += track.take_repaired();
        let inserted = match &outcome {
            Outcome::Forward(packet) => Some(track.take_inserted(packet)),
            _ => None,
        };
        let clock = track.clock().copied();
        // Browsers probe the network with retransmissions of what has come long ago.
        if let Outcome::Forward(packet) = &outcome
            && !incoming.repeated
        {
            publishing.lint.packet(now, kind, packet);
        }
        let mapping = clock.and_then(|clock| clock.mapping(publishing.offset));
        if publishing.is_missing_any() {
            self.hurry(now);
        }
        match outcome {
            Outcome::Forward(packet) => {
                self.media_started(now, slot, kind, packet.codec.name());
                let own = inserted.iter().flat_map(|own| own.packets(&packet));
                for own in own {
                    self.stats.parameters_inserted += 1;
                    self.hand_on(now, broadcast, kind, &own, mapping);
                }
                self.hand_on(now, broadcast, kind, &packet, mapping);
            }
            Outcome::Padding => {}
            Outcome::Foreign => self.stats.drop_ssrc += 1,
            Outcome::Late => self.stats.drop_late += 1,
        }
    }

    /// Gives a packet to the viewers here and on other shards.
    fn hand_on(
        &mut self,
        now: Instant,
        broadcast: BroadcastId,
        kind: Kind,
        packet: &Packet<'_>,
        mapping: Option<Mapping>,
    ) {
        self.take_in(now, broadcast, kind, packet, mapping);
        self.bridge_media(now, broadcast, kind, packet, mapping);
    }

    /// Tells once that a publisher's media has begun.
    fn media_started(&mut self, now: Instant, slot: Slot, kind: Kind, codec: &'static str) {
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        let Part::Publisher(publishing) = &mut member.part else {
            return;
        };
        if std::mem::replace(&mut publishing.started, true) {
            return;
        }
        member.phases.media = Some(now.saturating_duration_since(member.since));
        let config = member.peer.config();
        let name = |of: Kind, section: &Option<Section>| {
            let first = section.as_ref()?.formats.first()?.codec.name();
            Some(if of == kind { codec } else { first }.to_owned())
        };
        self.events.push_back(Event::MediaStarted {
            peer: member.id,
            broadcast: member.broadcast,
            video: name(Kind::Video, &config.video),
            audio: name(Kind::Audio, &config.audio),
        });
    }

    /// Hands a packet of a local or bridged publisher to the broadcast.
    pub(super) fn take_in(
        &mut self,
        now: Instant,
        broadcast: BroadcastId,
        kind: Kind,
        packet: &Packet<'_>,
        mapping: Option<Mapping>,
    ) {
        let Some(entry) = self.broadcasts.get_mut(&broadcast) else {
            return;
        };
        match entry.deliver(now, kind, packet, mapping, false) {
            Delivery::Queued { keyframe: true } => {
                self.stats.keyframes_in += 1;
                let layer = usize::from(packet.source.layer);
                if let Some(requests) = entry.keyframes.get_mut(layer) {
                    requests.fulfilled(now);
                }
            }
            Delivery::Queued { keyframe: false } => {}
            Delivery::Duplicate => self.stats.duplicates_in += 1,
            Delivery::Late | Delivery::Outdated => self.stats.drop_late += 1,
            Delivery::TooLong => self.stats.drop_oversized += 1,
            Delivery::Overrun => self.stats.drop_overrun += 1,
        }
    }

    /// One authenticated RTCP compound of a publisher.
    pub(super) fn publisher_rtcp(&mut self, now: Instant, slot: Slot, bytes: &[u8]) {
        let Some(compound) = Compound::parse(bytes) else {
            self.stats.drop_rtcp += 1;
            return;
        };
        let local = self.wall.ntp(now);
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        let Part::Publisher(publishing) = &mut member.part else {
            return;
        };
        compound.visit(|item| {
            let Item::SenderReport { ssrc, ntp, rtp } = item else {
                return;
            };
            publishing.sender_report(now, local, ssrc, (ntp, rtp));
        });
    }

    /// Sends what a publisher should hear now: NACKs as they are due, reports once a second.
    pub(super) fn report_to_publisher(&mut self, now: Instant, slot: Slot, out: &mut Transmits) {
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        let Part::Publisher(publishing) = &mut member.part else {
            return;
        };
        let (true, Some(to)) = (member.connected, member.peer.remote()) else {
            return;
        };
        publishing.despair(now);
        let regular = now >= publishing.next_report;
        if regular {
            publishing.next_report = now + RECEIVER_REPORT_INTERVAL;
        }
        let (mut starved, mut untried) = (0u8, 0u8);
        for kind in [Kind::Audio, Kind::Video] {
            let config = member.peer.config();
            let section = match kind {
                Kind::Audio => &config.audio,
                Kind::Video => &config.video,
            };
            let Some(section) = section else { continue };
            let mut writer = Writer::new();
            let written = report(now, section, publishing.tracks(kind), regular, &mut writer);
            self.stats.lost_in += written.lost;
            self.stats.nacks_up += written.asked;
            if kind == Kind::Video {
                starved = written.starved;
            }
            if written.any {
                send_rtcp(&writer, &mut member.peer, to, out);
            }
        }
        send_feedback(now, member, to, out);
        let (peer, broadcast) = (member.id, member.broadcast);
        if let Part::Publisher(publishing) = &mut member.part
            && publishing.lint.is_due(now)
        {
            untried = publishing.lint.untried(now);
            if let Some(findings) = publishing.findings(now) {
                self.events.push_back(Event::Lint {
                    peer,
                    broadcast,
                    findings,
                });
            }
        }
        let Some(entry) = self.broadcasts.get_mut(&broadcast) else {
            return;
        };
        for (layer, requests) in entry.keyframes.iter_mut().enumerate() {
            if starved & 1 << layer != 0 {
                requests.need();
            } else if untried & 1 << layer != 0 {
                requests.want();
            }
        }
    }

    /// Asks the publisher for a keyframe of a layer, if it has video and can be reached.
    pub(super) fn send_pli(
        &mut self,
        now: Instant,
        slot: Slot,
        layer: u8,
        out: &mut Transmits,
    ) -> bool {
        let Some(member) = self.members.get_mut(slot) else {
            return false;
        };
        let Part::Publisher(publishing) = &mut member.part else {
            return false;
        };
        let Some(to) = member.peer.remote() else {
            return false;
        };
        let section = member.peer.config().video.as_ref();
        let own = section
            .filter(|s| s.formats.iter().any(|f| f.pli))
            .map(|s| s.local_ssrc);
        let (Some(own), Some(ssrc)) = (own, publishing.video_ssrc(layer)) else {
            return false;
        };
        publishing.lint.asked(now, layer);
        let mut writer = Writer::new();
        writer.receiver_report(own, &[]);
        writer.pli(own, ssrc);
        send_rtcp(&writer, &mut member.peer, to, out)
    }
}

/// Tells a publisher when its packets came, if it asked for that and it is time to.
fn send_feedback(now: Instant, member: &mut Member, to: SocketAddr, out: &mut Transmits) {
    let Part::Publisher(publishing) = &mut member.part else {
        return;
    };
    let config = member.peer.config();
    let Some(section) = config.video.as_ref().or(config.audio.as_ref()) else {
        return;
    };
    let own = section.local_ssrc;
    for _ in 0..MAX_FEEDBACKS {
        let Some(feedback) = publishing.feedback(now, own) else {
            return;
        };
        let mut writer = Writer::new();
        writer.receiver_report(own, &[]);
        writer.whole(&feedback);
        send_rtcp(&writer, &mut member.peer, to, out);
    }
}

/// What a compound to a publisher came to.
#[derive(Default)]
struct Written {
    /// There is something to send.
    any: bool,
    /// Sequence numbers asked for again.
    asked: u64,
    /// Packets given up.
    lost: u64,
    /// Layers (a bit each) that lost packets for good.
    starved: u8,
}

/// Puts together one compound for the tracks of one m-line: a report of all its layers, then what
/// is to be sent again. Senders drop a NACK that stands alone, OBS also one for a lower layer
/// unless a report in the same compound names the first one; it then takes the NACK for all
/// layers at once, and for every m-line that the compound names, hence one compound each.
fn report(
    now: Instant,
    section: &Section,
    tracks: &mut [UpTrack],
    regular: bool,
    writer: &mut Writer,
) -> Written {
    let mut written = Written::default();
    let mut lists: [Vec<u16>; MAX_LAYERS] = Default::default();
    for ((layer, track), list) in tracks.iter_mut().enumerate().zip(&mut lists) {
        track.lost += track.missing.due(now, list);
        let lost = track.take_lost();
        written.lost += lost;
        written.asked += list.len() as u64;
        written.starved |= u8::from(lost > 0) << layer;
    }
    if !regular && written.asked == 0 {
        return written;
    }
    let blocks: Vec<_> = tracks.iter_mut().filter_map(|t| t.report(now)).collect();
    if blocks.is_empty() {
        return written;
    }
    let own = section.local_ssrc;
    writer.receiver_report(own, &blocks);
    writer.cname(own, &section.cname);
    for (track, list) in tracks.iter().zip(&lists) {
        if let Some(ssrc) = track.ssrc() {
            writer.nack(own, ssrc, list);
        }
    }
    written.any = true;
    written
}
