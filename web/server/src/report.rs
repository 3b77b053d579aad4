//! What the media plane tells of a broadcast, in the form that people and programs read: every
//! peer, and the sum of them.
//!
//! Rates are bits a second, times milliseconds, loss a part of 1.

use std::time::Duration;

use media_shard::{PeerReport, Phases, Role, TrackReport};
use serde::Serialize;
use utoipa::ToSchema;

/// One peer.
#[derive(Serialize, ToSchema)]
#[schema(as = Peer)]
pub(crate) struct PeerView {
    peer: u64,
    role: &'static str,
    connected: bool,
    age_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<String>,
    phases: PhasesView,
    tracks: Vec<TrackView>,
    lane_backlog_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    selected_layer: Option<u8>,
}

/// Time from the offer to each step of a join.
#[derive(Serialize, ToSchema)]
#[schema(as = PeerPhases)]
struct PhasesView {
    ice_ms: Option<u64>,
    dtls_ms: Option<u64>,
    media_ms: Option<u64>,
    key_ms: Option<u64>,
    /// The first keyframe is complete.
    whole_ms: Option<u64>,
}

/// One track, or one layer of a publisher's.
#[derive(Serialize, ToSchema)]
#[schema(as = PeerTrack)]
pub(crate) struct TrackView {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    codec: Option<String>,
    layer: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    rid: Option<String>,
    bitrate: u64,
    packets: u64,
    loss: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt_ms: Option<u64>,
    nacks: u64,
    resent: u64,
    /// How often the picture stood still, and for how long together.
    gaps: u32,
    gap_ms: u64,
}

/// The viewers of a broadcast together.
#[derive(Serialize, Default, Debug, PartialEq, ToSchema)]
pub(crate) struct Audience {
    /// Viewers whose media works.
    pub(crate) connected: usize,
    /// What they get together.
    pub(crate) bitrate: u64,
    /// Mean loss of their video.
    pub(crate) loss: f64,
    /// Viewers whose video loses more than 2 percent.
    pub(crate) suffering: usize,
    /// Median time from offer to first keyframe.
    pub(crate) first_key_ms: Option<u64>,
    /// Viewers by the layer that they get; the index is the layer.
    pub(crate) by_layer: Vec<usize>,
}

/// Loss from which a viewer is counted as suffering.
const SUFFERING: f64 = 0.02;

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl PeerView {
    pub(crate) fn of(report: &PeerReport) -> Self {
        let Phases {
            ice,
            dtls,
            media,
            key,
            whole,
        } = report.phases;
        Self {
            peer: report.peer.0,
            role: match report.role {
                Role::Publisher => "publisher",
                Role::Viewer => "viewer",
            },
            connected: report.connected,
            age_ms: millis(report.age),
            remote: report.remote.map(|remote| remote.to_string()),
            phases: PhasesView {
                ice_ms: ice.map(millis),
                dtls_ms: dtls.map(millis),
                media_ms: media.map(millis),
                key_ms: key.map(millis),
                whole_ms: whole.map(millis),
            },
            tracks: report.tracks.iter().map(TrackView::of).collect(),
            lane_backlog_bytes: report.lane_backlog,
            estimate: report.estimate,
            selected_layer: report.selected_layer,
        }
    }

    /// The same without where it is, for people who need not know.
    pub(crate) fn unplaced(mut self) -> Self {
        self.remote = None;
        self
    }
}

impl TrackView {
    fn of(track: &TrackReport) -> Self {
        Self {
            kind: if track.video { "video" } else { "audio" },
            codec: track.codec.map(|codec| codec.name().to_owned()),
            layer: track.layer,
            rid: track.rid.clone(),
            bitrate: track.bitrate,
            packets: track.packets,
            loss: loss(track),
            rtt_ms: track.rtt.map(millis),
            nacks: track.nacks,
            resent: track.resent,
            gaps: track.gaps,
            gap_ms: millis(track.gap_time),
        }
    }
}

fn loss(track: &TrackReport) -> f64 {
    f64::from(track.loss) / 256.0
}

/// The loss of a peer's worst video track.
pub(crate) fn worst_loss(report: &PeerReport) -> u8 {
    let video = report.tracks.iter().filter(|track| track.video);
    video.map(|track| track.loss).max().unwrap_or(0)
}

/// Bits a second over all tracks of a peer.
pub(crate) fn bitrate(report: &PeerReport) -> u64 {
    report.tracks.iter().map(|track| track.bitrate).sum()
}

impl Audience {
    pub(crate) fn of(reports: &[PeerReport]) -> Self {
        let viewers = reports
            .iter()
            .filter(|report| report.role == Role::Viewer && report.connected);
        let mut audience = Self::default();
        let (mut lost, mut watched, mut keys) = (0.0, 0_u32, Vec::new());
        for viewer in viewers {
            audience.connected += 1;
            audience.bitrate += bitrate(viewer);
            keys.extend(viewer.phases.key.map(millis));
            for track in viewer.tracks.iter().filter(|track| track.video) {
                lost += loss(track);
                watched += 1;
                let layer = usize::from(track.layer);
                if audience.by_layer.len() <= layer {
                    audience.by_layer.resize(layer + 1, 0);
                }
                audience.by_layer[layer] += 1;
            }
            audience.suffering += usize::from(f64::from(worst_loss(viewer)) / 256.0 > SUFFERING);
        }
        if watched > 0 {
            audience.loss = lost / f64::from(watched);
        }
        keys.sort_unstable();
        audience.first_key_ms = keys.get(keys.len() / 2).copied();
        audience
    }
}

/// The publisher among the peers: the newest, if one is being replaced.
pub(crate) fn publisher(reports: &[PeerReport]) -> Option<&PeerReport> {
    let publishers = reports
        .iter()
        .filter(|report| report.role == Role::Publisher);
    publishers.max_by_key(|report| report.peer)
}

#[cfg(test)]
mod tests;
