//! What is told about peers when someone asks, and the layer that a viewer asks for.

use std::time::Instant;

use super::Shard;
use crate::border::{BroadcastId, Kind, PeerId};
use crate::broadcast::{Broadcast, Slot, Stream};
use crate::ingest::Publishing;
use crate::limits::MAX_LAYERS;
use crate::members::{Member, Part};
use crate::peer::{LANES, Section};
use crate::report::{LiveCodecs, PeerReport, Phases, TrackReport};

impl Shard {
    /// Whether a peer is there.
    pub fn knows(&self, peer: PeerId) -> bool {
        self.members.by_id(peer).is_some()
    }

    /// The peers of a broadcast on this shard, the publisher first.
    pub fn peers(&self, now: Instant, broadcast: BroadcastId) -> Vec<PeerReport> {
        let Some(entry) = self.broadcasts.get(&broadcast) else {
            return Vec::new();
        };
        let slots = entry.publisher.iter().chain(&entry.viewers);
        slots
            .filter_map(|slot| Some(report(now, entry, self.members.get(*slot)?)))
            .collect()
    }

    /// What the publishers on this shard have on air.
    pub fn live(&self) -> impl Iterator<Item = (BroadcastId, PeerId, LiveCodecs)> + '_ {
        self.broadcasts.iter().filter_map(|(id, entry)| {
            let publisher = self.members.get(entry.publisher?)?;
            Some((*id, publisher.id, on_air(entry, publisher)))
        })
    }

    pub(super) fn select_layer(&mut self, peer: PeerId, layer: Option<u8>) {
        let slot: Option<Slot> = self.members.by_id(peer);
        let member = slot.and_then(|slot| self.members.get_mut(slot));
        let Some(Part::Viewer(viewing)) = member.map(|member| &mut member.part) else {
            return;
        };
        let layer = layer.filter(|layer| usize::from(*layer) < MAX_LAYERS);
        viewing.selected = layer;
        if let (Some(layer), Some(video)) = (layer, &mut viewing.tracks.video) {
            video.set_want(layer);
        }
    }
}

/// The codecs of what has come from a publisher, and of what it may send yet.
fn on_air(broadcast: &Broadcast, publisher: &Member) -> LiveCodecs {
    let own = |stream: &&Stream| stream.source.publisher == publisher.id;
    let codec = |stream: &Stream| stream.codec;
    let audio = broadcast.audio.iter().find(own).map(codec);
    let video = broadcast.video.iter().flatten().find(own).map(codec);
    let agreed = |section: &Option<Section>| match section.as_ref()?.formats.as_slice() {
        [only] => Some(only.codec),
        _ => None,
    };
    let config = publisher.peer.config();
    let awaited = match (audio, video) {
        (None, Some(_)) => agreed(&config.audio),
        (Some(_), None) => agreed(&config.video),
        _ => None,
    };
    LiveCodecs {
        audio,
        video,
        awaited,
    }
}

fn report(now: Instant, broadcast: &Broadcast, member: &Member) -> PeerReport {
    let peer = &member.peer;
    let mut report = PeerReport {
        peer: member.id,
        role: member.role(),
        age: now.saturating_duration_since(member.since),
        remote: peer.remote(),
        connected: member.connected,
        phases: member.phases,
        lane_backlog: (0..LANES).map(|lane| peer.lane_backlog(lane)).sum(),
        tracks: Vec::new(),
        estimate: None,
        selected_layer: None,
    };
    match &member.part {
        Part::Publisher(publishing) => {
            publisher_tracks(broadcast, member, publishing, &mut report);
        }
        Part::Viewer(viewing) => {
            report.selected_layer = viewing.selected;
            report.estimate = viewing.network.figures.estimate;
            for track in [&viewing.tracks.audio, &viewing.tracks.video]
                .into_iter()
                .flatten()
            {
                let stream = track
                    .layer()
                    .and_then(|layer| broadcast.stream(track.kind(), layer));
                report.tracks.push(TrackReport {
                    codec: stream.map(|stream| stream.codec),
                    bitrate: stream.map_or(0, |stream| stream.bitrate),
                    ..track.describe()
                });
                let begun = track.begun().map(|at| at - member.since);
                note_begin(&mut report.phases, track.kind(), begun);
                if track.kind() == Kind::Video {
                    report.phases.whole = track.whole().map(|at| at - member.since);
                }
            }
        }
    }
    report
}

/// Media begins with the first track that does; video begins with a keyframe.
fn note_begin(phases: &mut Phases, kind: Kind, begun: Option<std::time::Duration>) {
    let media = [phases.media, begun].into_iter().flatten().min();
    phases.media = media;
    if kind == Kind::Video {
        phases.key = begun;
    }
}

fn publisher_tracks(
    broadcast: &Broadcast,
    member: &Member,
    publishing: &Publishing,
    report: &mut PeerReport,
) {
    let section = member.peer.config().video.as_ref();
    for (kind, track) in publishing.known() {
        let described = track.describe();
        let layer = described.layer;
        let stream = broadcast.stream(kind, layer);
        let own = stream.filter(|stream| stream.source.publisher == member.id);
        let rids = section.filter(|_| kind == Kind::Video).map(|s| &s.layers);
        report.tracks.push(TrackReport {
            bitrate: own.map_or(0, |stream| stream.bitrate),
            rid: rids.and_then(|rids| rids.get(usize::from(layer)).cloned()),
            ..described
        });
    }
}
