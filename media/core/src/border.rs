//! Everything that crosses the border of a shard, as plain data.
//!
//! [`Command`]s come in from the async side, [`Event`]s go out to it, [`Bridged`] travels from one
//! shard to another. Datagrams go through `Shard::handle_datagram` and `Transmits`. Nothing here
//! has behaviour. A command holds keys, so it has no `Debug`.

use bytes::Bytes;

use crate::keyframe::Key;
use crate::lint::Finding;
use crate::peer::{CloseReason, Codec, IceCredentials, PeerConfig, Role};

/// One peer, unique in this process for ever. A later peer has the greater number, which is how
/// shards agree on the newest publisher without talking to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

/// One broadcast: at most one publisher and any number of viewers. Chosen by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BroadcastId(pub u64);

/// What the async side asks of a shard. Commands are obeyed in order.
pub enum Command {
    /// Takes in a peer whose answer has been made. A publisher replaces an older one of its
    /// broadcast on this shard.
    Add {
        /// Its number.
        peer: PeerId,
        /// What it publishes to or watches.
        broadcast: BroadcastId,
        /// What offer and answer settled.
        config: Box<PeerConfig>,
    },
    /// Ends a peer; unknown peers are ignored. Answered by [`Event::Closed`] with this reason.
    Close {
        /// Which one.
        peer: PeerId,
        /// Why, for the event.
        reason: CloseReason,
    },
    /// Shows a viewer one simulcast layer whatever its network carries; `None`: chosen for it again.
    SelectLayer {
        /// Which viewer.
        peer: PeerId,
        /// Which layer, as in [`Source::layer`].
        layer: Option<u8>,
    },
    /// Lets a peer restart ICE: checks with these credentials are accepted as well, and the first
    /// one that passes ends the present ones. Unknown peers are ignored.
    RestartIce {
        /// Which one.
        peer: PeerId,
        /// The new generation.
        credentials: IceCredentials,
    },
    /// Sends `first` on lane 0 and from then on includes the peer in [`Command::Broadcast`].
    OpenLanes {
        /// Which one.
        peer: PeerId,
        /// The first message of the control lane.
        first: Bytes,
    },
    /// One message to one peer.
    Send {
        /// Which one.
        peer: PeerId,
        /// 0 control, 1 shop, 2 stock, 3 chat.
        lane: u16,
        /// The message, JSON text.
        bytes: Bytes,
    },
    /// The same bytes to every peer of the broadcast on this shard whose lanes are open.
    Broadcast {
        /// To whom.
        broadcast: BroadcastId,
        /// 0 control, 1 shop, 2 stock, 3 chat.
        lane: u16,
        /// The message, JSON text.
        bytes: Bytes,
    },
}

/// What a shard tells the async side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// ICE and DTLS are done; media may flow.
    Connected {
        /// Which peer.
        peer: PeerId,
        /// Of which broadcast.
        broadcast: BroadcastId,
        /// Publisher or viewer.
        role: Role,
    },
    /// The first media packet of this publisher arrived.
    MediaStarted {
        /// Which publisher.
        peer: PeerId,
        /// Of which broadcast.
        broadcast: BroadcastId,
        /// Codec names of what was negotiated and seen (`"H264"`, `"VP8"`, `"VP9"`), if any.
        video: Option<String>,
        /// `"opus"`, if audio was negotiated.
        audio: Option<String>,
    },
    /// What the host of this publisher should know has changed; all of it, nothing when all is
    /// well again.
    Lint {
        /// Which publisher.
        peer: PeerId,
        /// Of which broadcast.
        broadcast: BroadcastId,
        /// In no particular order; at most a few for each layer.
        findings: Vec<Finding>,
    },
    /// The peer's data channels work; answer with [`Command::OpenLanes`].
    LanesOpen {
        /// Which peer.
        peer: PeerId,
        /// Of which broadcast.
        broadcast: BroadcastId,
    },
    /// A message from a peer.
    Lane {
        /// From whom.
        peer: PeerId,
        /// Of which broadcast.
        broadcast: BroadcastId,
        /// 0 control, 1 shop, 2 stock, 3 chat.
        lane: u16,
        /// The message; at most `limits::LANE_MESSAGE_BYTES`.
        bytes: Bytes,
    },
    /// The peer is gone. The last event about it.
    Closed {
        /// Which peer.
        peer: PeerId,
        /// Of which broadcast.
        broadcast: BroadcastId,
        /// Publisher or viewer.
        role: Role,
        /// Why.
        reason: CloseReason,
    },
}

/// Audio or video: a broadcast has at most one track of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The audio track.
    Audio,
    /// The video track.
    Video,
}

/// One continuous run of packets of one publisher's track and layer. A new SSRC, codec or wild
/// sequence jump begins a new generation; a later publisher is greater than all generations of an
/// earlier one. Only sources of one layer replace each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Who publishes.
    pub publisher: PeerId,
    /// Counts up within one publisher, track and layer.
    pub generation: u32,
    /// Simulcast layer: the place of its rid in the offer. 0 for audio and without simulcast.
    pub layer: u8,
}

/// What a packet says about its place in a scalable stream (VP9, AV1); nothing for other codecs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Svc {
    /// Whether the other fields mean something.
    pub has_info: bool,
    /// Spatial layer.
    pub spatial: u8,
    /// Temporal layer.
    pub temporal: u8,
    /// First packet of its layer's frame.
    pub begins: bool,
    /// Last packet of its layer's frame.
    pub ends: bool,
    /// From here on a receiver of lower temporal layers may take this one in.
    pub switch_up: bool,
    /// A receiver of lower temporal layers may take in everything up to this one from here on, if
    /// it is higher than its own; 0 says nothing.
    pub opens: u8,
    /// No other frame needs this one.
    pub discardable: bool,
}

/// How a source's RTP timestamps map to the publisher's clock, from its sender reports, or to
/// arrival when it sends none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Time of this process as NTP (seconds since 1900 in 32.32 fixed point).
    pub ntp: u64,
    /// The source's RTP timestamp at that moment.
    pub rtp: u32,
}

/// One packet of a source, decrypted and normalised by the publisher's shard.
pub type Packet<'a> = Carried<&'a [u8]>;

/// A packet with its payload in one form or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried<P> {
    /// Where it belongs.
    pub source: Source,
    /// What it carries.
    pub codec: Codec,
    /// Place in the source, without the packets that carried padding only. Starts near 2^32 so
    /// that late packets before the first one have a place too.
    pub index: u64,
    /// RTP timestamp of the source.
    pub timestamp: u32,
    /// RTP marker bit.
    pub marker: bool,
    /// Whether a decoder can start here.
    pub key: Key,
    /// Its place in a scalable stream.
    pub svc: Svc,
    /// AV1 dependency descriptor, for viewers who take it; mostly empty.
    pub descriptor: P,
    /// RTP payload, without padding.
    pub payload: P,
}

impl<P> Carried<P> {
    /// The same with another form of the descriptor and the payload.
    pub fn with<Q>(&self, descriptor: Q, payload: Q) -> Carried<Q> {
        Carried {
            source: self.source,
            codec: self.codec,
            index: self.index,
            timestamp: self.timestamp,
            marker: self.marker,
            key: self.key,
            svc: self.svc,
            descriptor,
            payload,
        }
    }
}

/// Whether a packet of another shard is live or from its memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cached {
    /// It has just come from the publisher.
    No,
    /// From memory, and there is more.
    More,
    /// The last one from memory.
    Last,
}

/// What one shard tells another one. Media may be lost on the way (a full ring drops it); the
/// other kinds are repeated until they are out of date.
#[derive(Clone, Debug)]
pub enum Bridged {
    /// This shard has viewers of the broadcast; repeated every second while that holds.
    Interest {
        /// Of what.
        broadcast: BroadcastId,
        /// It has no keyframe to begin with: send what is cached.
        cache: bool,
    },
    /// A decoder of a viewer waits for a keyframe.
    KeyframeWanted {
        /// Of what.
        broadcast: BroadcastId,
        /// Of which layer of its video.
        layer: u8,
    },
    /// One packet of the publisher.
    Media {
        /// Of what.
        broadcast: BroadcastId,
        /// Audio or video.
        kind: Kind,
        /// The packet; one allocation of its payload for all shards.
        packet: Carried<Bytes>,
        /// Whether it is live.
        cached: Cached,
        /// Clock of the source at this packet, once known.
        mapping: Option<Mapping>,
    },
}
