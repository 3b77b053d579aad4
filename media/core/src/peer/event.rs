//! What a peer tells its owner: the outcome of one datagram, and events to drain after each call.
//!
//! Plain data without behaviour. Drop reasons are counted by the shard and never logged per
//! packet.

use std::net::SocketAddr;

use bytes::Bytes;

/// What one incoming datagram was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// STUN, DTLS or SCTP; handled here, answers are in the transmits, news in the events.
    Handled,
    /// An authentic check with a fault; the error is the last of the transmits.
    Refused,
    /// Media; the plaintext RTP packet is `datagram[..len]`. Authentication and replay are checked.
    Rtp {
        /// Length of the plaintext packet in bytes.
        len: usize,
    },
    /// Control; the plaintext compound RTCP packet is `datagram[..len]`, equally checked.
    Rtcp {
        /// Length of the plaintext packet in bytes.
        len: usize,
    },
    /// Thrown away without an answer.
    Dropped(DropReason),
}

/// Why a datagram was thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// Not STUN, and its source never passed an authenticated check of this peer.
    UnvalidatedSource,
    /// Malformed STUN, TURN methods, or STUN without what a check needs.
    BadStun,
    /// STUN whose MESSAGE-INTEGRITY, FINGERPRINT or user name is wrong.
    StunAuth,
    /// A valid check from one source address too many.
    TupleLimit,
    /// DTLS that the handshake guard or the DTLS engine refused.
    Dtls,
    /// SRTP or SRTCP whose authentication tag is wrong, or one SSRC too many.
    SrtpAuth,
    /// SRTP or SRTCP that was seen before or is older than the replay window, or a check that was
    /// seen before from another address.
    Replay,
    /// SRTP or SRTCP before the keys are there, or anything after the peer was closed.
    NotReady,
    /// Neither STUN, DTLS, RTP nor RTCP, or a header that runs past the end.
    Malformed,
    /// Longer than [`crate::peer::MAX_DATAGRAM`].
    Oversized,
    /// A data-channel message that breaks the rules of the lanes; the peer is closed.
    LaneAbuse,
}

impl DropReason {
    /// Every reason, in the order of its `index`.
    pub const ALL: [DropReason; 11] = [
        DropReason::UnvalidatedSource,
        DropReason::BadStun,
        DropReason::StunAuth,
        DropReason::TupleLimit,
        DropReason::Dtls,
        DropReason::SrtpAuth,
        DropReason::Replay,
        DropReason::NotReady,
        DropReason::Malformed,
        DropReason::Oversized,
        DropReason::LaneAbuse,
    ];

    /// Position in [`DropReason::ALL`], for arrays of counters.
    pub fn index(self) -> usize {
        self as usize
    }
}

/// What happened to a peer. Drain with `poll_event` after every `handle_*` call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerEvent {
    /// This source address passed an authenticated check: route its datagrams to this peer.
    Validated(SocketAddr),
    /// This address gave way to a newer one: stop routing it.
    Forgotten(SocketAddr),
    /// Media and everything else is now sent to this address.
    Remote(SocketAddr),
    /// The first check of an ICE restart passed.
    Restarted {
        /// Our user name fragment that is no longer valid: stop routing it.
        ended: String,
    },
    /// The handshake is done, the certificate is the signalled one, the SRTP keys are there.
    Connected,
    /// The SCTP association is up; the lanes take messages.
    LanesOpen,
    /// A whole message arrived on a lane.
    Lane {
        /// Stream id: 0 control, 1 shop, 2 stock, 3 chat.
        lane: u16,
        /// The message, at most [`crate::peer::MAX_LANE_MESSAGE`] bytes.
        bytes: Bytes,
    },
    /// The peer is gone; nothing more comes, and it may be dropped.
    Closed(CloseReason),
}

/// Why a peer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// `close` was called.
    Requested,
    /// A newer publisher took its place (set by the shard).
    Replaced,
    /// No handshake in time, or neither checks nor media for too long.
    Timeout,
    /// The other side closed.
    Remote,
    /// It does not read its lanes (set by the shard).
    SlowReader,
    /// Its handshake failed, its certificate is another one, or it broke the rules.
    Error,
}

/// Why a lane message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LaneError {
    /// The association is not up, or there is no such lane.
    #[error("the lane is not open")]
    NotOpen,
    /// [`crate::peer::MAX_LANE_BACKLOG`] bytes wait to be acknowledged already.
    #[error("the reader is too slow")]
    Backlog,
    /// The message is longer than [`crate::peer::MAX_LANE_MESSAGE_OUT`].
    #[error("the message is too long")]
    TooLong,
}
