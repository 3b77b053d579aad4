//! What a shard tells about its peers when it is asked. Plain data for the admin API and metrics.
//!
//! Counts are since the join, rates over about the last second. Nothing here is needed to forward
//! a packet.

use std::net::SocketAddr;
use std::time::Duration;

use crate::border::PeerId;
use crate::peer::{Codec, Role};

/// The codecs that a broadcast has on air.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveCodecs {
    /// `None` while no audio has come.
    pub audio: Option<Codec>,
    /// `None` while no video has come.
    pub video: Option<Codec>,
    /// While only one of them has come: the codec that the other one will have, if the publisher
    /// agreed on a single one. Sound and picture begin some milliseconds apart.
    pub awaited: Option<Codec>,
}

/// One peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerReport {
    /// Which one.
    pub peer: PeerId,
    /// Publisher or viewer.
    pub role: Role,
    /// Since it was taken in.
    pub age: Duration,
    /// Where it is, once ICE found it.
    pub remote: Option<SocketAddr>,
    /// Whether ICE and DTLS are done.
    pub connected: bool,
    /// How its join went.
    pub phases: Phases,
    /// Bytes of its lanes that are not acknowledged.
    pub lane_backlog: usize,
    /// Its tracks: audio first, then video, a publisher's layer by layer.
    pub tracks: Vec<TrackReport>,
    /// What a viewer's network is thought to carry, bits a second, once there is an estimate.
    pub estimate: Option<u64>,
    /// The layer that a viewer has asked for; `None`: chosen for it.
    pub selected_layer: Option<u8>,
}

/// Time from being taken in to each step of a join, once it was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// First authenticated check.
    pub ice: Option<Duration>,
    /// Media keys.
    pub dtls: Option<Duration>,
    /// First media packet, to a viewer or from a publisher.
    pub media: Option<Duration>,
    /// First packet of a keyframe to a viewer.
    pub key: Option<Duration>,
    /// Last packet of the first keyframe to a viewer: now it can have a picture.
    pub whole: Option<Duration>,
}

/// One track of a peer: what a viewer gets, or one layer of what a publisher sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackReport {
    /// Video, else audio.
    pub video: bool,
    /// What it carries now.
    pub codec: Option<Codec>,
    /// Simulcast layer, 0 without simulcast.
    pub layer: u8,
    /// The rid of the layer, if the publisher named it.
    pub rid: Option<String>,
    /// Bits of payload a second.
    pub bitrate: u64,
    /// RTP packets so far.
    pub packets: u64,
    /// Part of the packets that were lost, in 256ths, from the last report about it.
    pub loss: u8,
    /// Round-trip time to a viewer, if it was measured.
    pub rtt: Option<Duration>,
    /// Packets that a viewer asked for again, or that a publisher was asked for again.
    pub nacks: u64,
    /// Packets that a viewer got again, or that came again from a publisher.
    pub resent: u64,
    /// Times that nothing was sent to a viewer for so long that its picture stood still.
    pub gaps: u32,
    /// How long these were, together.
    pub gap_time: Duration,
}
