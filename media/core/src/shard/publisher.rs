//! What publishers send: media in, sender reports in; NACKs, reports and keyframe requests out.

use std::time::Instant;

use super::Shard;
use crate::border::{BroadcastId, Event, Kind, Mapping, Packet};
use crate::broadcast::{Delivery, Slot};
use crate::forward::send_rtcp;
use crate::limits::{MAX_LAYER_SSRCS, RECEIVER_REPORT_INTERVAL};
use crate::members::{Part, Publishing};
use crate::peer::{Format, PeerConfig, Section};
use crate::rtcp::write::Writer;
use crate::rtcp::{Compound, Item};
use crate::rtp::Header;
use crate::transmit::Transmits;
use crate::up_track::{Incoming, Outcome};

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
        if let Some(format) = section.format(pt) {
            return Some(Match {
                kind,
                section,
                format,
                repeated: false,
            });
        }
        if let Some(format) = section.formats.iter().find(|format| format.rtx == Some(pt)) {
            return Some(Match {
                kind,
                section,
                format,
                repeated: true,
            });
        }
    }
    None
}

/// Whether the packet is of the one simulcast layer that is forwarded. `None` without simulcast.
fn is_chosen_layer(
    publishing: &mut Publishing,
    section: &Section,
    header: &Header,
    packet: &[u8],
) -> Option<bool> {
    let (id, rid) = (section.rid_ext?, section.layers.first()?);
    let known = publishing
        .layers
        .iter()
        .find(|(ssrc, _)| *ssrc == header.ssrc);
    if let Some((_, chosen)) = known {
        return Some(*chosen);
    }
    // A layer names itself in its first packets only, so it is remembered.
    let named = header.extension(packet, id)?;
    let chosen = named == rid.as_bytes();
    if publishing.layers.len() < MAX_LAYER_SSRCS {
        publishing.layers.push((header.ssrc, chosen));
    }
    Some(chosen)
}

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
        let broadcast = member.broadcast;
        let Part::Publisher(publishing) = &mut member.part else {
            return;
        };
        let Some(found) = find(member.peer.config(), header.pt) else {
            self.stats.drop_unknown_payload_type += 1;
            return;
        };
        let layer = match found.repeated {
            true => Some(true),
            false if found.section.rid_ext.is_some() => {
                Some(is_chosen_layer(publishing, found.section, &header, packet).unwrap_or(false))
            }
            false => None,
        };
        if layer == Some(false) {
            self.stats.drop_ssrc += 1;
            return;
        }
        let kind = found.kind;
        let signalled = found.section.remote_ssrc == Some(header.ssrc);
        let mut incoming = Incoming {
            ssrc: header.ssrc,
            codec: found.format.codec,
            sequence: header.sequence,
            timestamp: header.timestamp,
            marker: header.marker,
            payload: &packet[header.payload.clone()],
            expected: signalled || layer == Some(true),
        };
        let track = publishing.track(kind);
        if found.repeated {
            let Some(ssrc) = track.ssrc() else { return };
            // Padding of a bandwidth probe has no original sequence number.
            let [high, low, original @ ..] = incoming.payload else {
                return;
            };
            incoming.sequence = u16::from_be_bytes([*high, *low]);
            (incoming.payload, incoming.ssrc) = (original, ssrc);
        }
        self.stats.bytes_in += incoming.payload.len() as u64;
        let outcome = track.accept(now, &self.wall, incoming);
        self.stats.repaired_in += std::mem::take(&mut track.repaired);
        let inserted = match &outcome {
            Outcome::Forward(packet) => Some(track.take_inserted(packet)),
            _ => None,
        };
        let mapping = publishing.track(kind).clock().copied();
        let mapping = mapping.and_then(|clock| clock.mapping(publishing.offset));
        if publishing.is_missing_any() {
            self.hurry(now);
        }
        match outcome {
            Outcome::Forward(packet) => {
                self.media_started(slot, kind, packet.codec.name());
                for packet in inserted
                    .iter()
                    .flat_map(|inserted| inserted.packets(&packet))
                {
                    self.stats.parameters_inserted += 1;
                    self.take_in(now, broadcast, kind, &packet, mapping);
                    self.bridge_media(now, broadcast, kind, &packet, mapping);
                }
                self.take_in(now, broadcast, kind, &packet, mapping);
                self.bridge_media(now, broadcast, kind, &packet, mapping);
            }
            Outcome::Padding => {}
            Outcome::Foreign => self.stats.drop_ssrc += 1,
            Outcome::Late => self.stats.drop_late += 1,
        }
    }

    /// Tells once that a publisher's media has begun.
    fn media_started(&mut self, slot: Slot, kind: Kind, codec: &'static str) {
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        let Part::Publisher(publishing) = &mut member.part else {
            return;
        };
        if std::mem::replace(&mut publishing.started, true) {
            return;
        }
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
        match entry.deliver(now, kind, packet, mapping) {
            Delivery::Queued { keyframe: true } => {
                self.stats.keyframes_in += 1;
                let layer = usize::from(packet.source.layer);
                if let Some(requests) = entry.keyframes.get_mut(layer) {
                    requests.fulfilled();
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
            for kind in [Kind::Audio, Kind::Video] {
                let track = publishing.track(kind);
                if track.ssrc() == Some(ssrc) && track.sender_report(now, local, ntp, rtp) {
                    publishing.offset.learn(ntp, local);
                }
            }
        });
    }

    /// Sends what a publisher should hear now: NACKs as they are due, reports once a second, both
    /// in one compound that begins with a report (senders drop a lone NACK).
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
        let config = member.peer.config();
        let Some(section) = config.video.as_ref().or(config.audio.as_ref()) else {
            return;
        };
        let (own, cname) = (section.local_ssrc, section.cname.clone());
        let mut video_lost = false;
        let mut lists = [Vec::new(), Vec::new()];
        for (kind, list) in [Kind::Audio, Kind::Video].into_iter().zip(&mut lists) {
            let track = publishing.track(kind);
            track.lost += track.missing.due(now, list);
            let lost = std::mem::take(&mut track.lost);
            self.stats.lost_in += lost;
            self.stats.nacks_up += list.len() as u64;
            video_lost |= kind == Kind::Video && lost > 0;
        }
        let nacks = lists.iter().any(|list| !list.is_empty());
        if nacks || now >= publishing.next_report {
            publishing.next_report = now + RECEIVER_REPORT_INTERVAL;
            let blocks = [publishing.audio.report(now), publishing.video.report(now)];
            let blocks: Vec<_> = blocks.into_iter().flatten().collect();
            let mut writer = Writer::new();
            writer.receiver_report(own, &blocks);
            writer.cname(own, &cname);
            for (kind, list) in [Kind::Audio, Kind::Video].into_iter().zip(&lists) {
                if let Some(ssrc) = publishing.track(kind).ssrc() {
                    writer.nack(own, ssrc, list);
                }
            }
            if !blocks.is_empty() {
                send_rtcp(&writer, &mut member.peer, to, out);
            }
        }
        let broadcast = member.broadcast;
        if video_lost && let Some(entry) = self.broadcasts.get_mut(&broadcast) {
            entry.keyframes[0].want();
        }
    }

    /// Asks the publisher for a keyframe of a layer, if it has video and can be reached.
    pub(super) fn send_pli(&mut self, slot: Slot, layer: u8, out: &mut Transmits) -> bool {
        let Some(member) = self.members.get_mut(slot) else {
            return false;
        };
        let Part::Publisher(publishing) = &mut member.part else {
            return false;
        };
        let Some(to) = member.peer.remote().filter(|_| layer == 0) else {
            return false;
        };
        let section = member.peer.config().video.as_ref();
        let own = section
            .filter(|s| s.formats.iter().any(|f| f.pli))
            .map(|s| s.local_ssrc);
        let (Some(own), Some(ssrc)) = (own, publishing.video.ssrc()) else {
            return false;
        };
        let mut writer = Writer::new();
        writer.receiver_report(own, &[]);
        writer.pli(own, ssrc);
        send_rtcp(&writer, &mut member.peer, to, out)
    }
}
