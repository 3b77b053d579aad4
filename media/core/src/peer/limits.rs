//! Bounds of one peer. Everything that a remote side can make grow has its number here.
//!
//! Sizes are bytes. Relations between the numbers are asserted at compile time.

use std::time::Duration;

/// Longest datagram that is looked at.
pub const MAX_DATAGRAM: usize = 1500;
/// Validated source addresses remembered per peer.
pub const MAX_TUPLES: usize = 16;
/// Remote SSRCs with a receive state of their own.
pub const MAX_SSRCS: usize = 32;
/// Room that `seal_rtp` and `seal_rtcp` need behind the plaintext.
pub const SRTP_OVERHEAD: usize = 24;
/// Longest data-channel message taken from a peer.
pub const MAX_LANE_MESSAGE: usize = 16 * 1024;
/// Longest data-channel message sent to a peer.
pub const MAX_LANE_MESSAGE_OUT: usize = 64 * 1024;
/// Unacknowledged bytes over all lanes of one peer.
pub const MAX_LANE_BACKLOG: usize = 256 * 1024;
/// Stream ids that mean something: 0 control, 1 shop, 2 stock, 3 chat.
pub const LANES: u16 = 4;
/// Streams that a peer may use, ours included; a message on another one is ignored.
pub(crate) const MAX_STREAMS: u16 = 16;
/// Messages on streams that are no lanes before the peer is closed.
pub(crate) const MAX_STRAY_MESSAGES: u32 = 64;

/// Longest offer or sdpfrag.
pub const MAX_SDP: usize = 64 * 1024;
/// Longest line of an offer.
pub(crate) const MAX_SDP_LINE: usize = 4 * 1024;
/// Most lines of an offer.
pub(crate) const MAX_SDP_LINES: usize = 2_000;
/// Most m-lines: one audio, one video, one data section.
pub(crate) const MAX_SECTIONS: usize = 3;
/// Most payload types taken from one m-line.
pub(crate) const MAX_FORMATS: usize = 48;
/// Most candidates of one offer; they are ignored, a thousand of them is an attack.
pub(crate) const MAX_CANDIDATES: usize = 100;
/// Most candidates of ours in an answer, over UDP and over TCP each.
pub(crate) const MAX_LOCAL_CANDIDATES: usize = 8;

/// Longest STUN message that is looked at.
pub(crate) const MAX_STUN: usize = 1_000;
/// Most attributes of a STUN message.
pub(crate) const MAX_STUN_ATTRIBUTES: usize = 24;
/// Checks whose transaction is remembered: at one in 2.5 s about ten minutes.
pub(crate) const MAX_TRANSACTIONS: usize = 256;
/// Error answers (420, 487) per peer and second.
pub(crate) const MAX_STUN_ERRORS_PER_SECOND: u32 = 10;

/// Plaintext handshake fragments accepted from one peer in its life.
pub(crate) const MAX_HANDSHAKE_FRAGMENTS: u32 = 200;
/// Longest handshake message, as its header states.
pub(crate) const MAX_HANDSHAKE_MESSAGE: usize = 16 * 1024;
/// Handshake bytes accepted from one peer in its life.
pub(crate) const MAX_HANDSHAKE_BYTES: usize = 64 * 1024;
/// Highest handshake message number that a handshake can reach.
pub(crate) const MAX_HANDSHAKE_SEQUENCE: u16 = 16;
/// Encrypted records that may wait for the handshake to finish: messages of it and others each.
pub(crate) const MAX_EARLY_RECORDS: u32 = 16;

/// A peer whose handshake is not done by then is closed.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);
/// A peer that shows neither checks nor authenticated packets for so long is closed (RFC 7675).
pub const CONSENT_TIMEOUT: Duration = Duration::from_secs(30);
/// Time before the first repetition of a handshake flight of ours; it doubles with each one.
pub(crate) const REPEAT_INTERVAL: Duration = Duration::from_millis(100);
/// Longest time between two repetitions.
pub(crate) const MAX_REPEAT_INTERVAL: Duration = Duration::from_secs(1);
/// Repetitions of handshake flights in the life of one peer.
pub(crate) const MAX_FLIGHT_REPEATS: u32 = 60;

const _: () = assert!(MAX_LANE_MESSAGE <= MAX_LANE_BACKLOG);
const _: () = assert!(MAX_LANE_MESSAGE_OUT <= MAX_LANE_BACKLOG);
const _: () = assert!(MAX_HANDSHAKE_SEQUENCE < 32);
const _: () = assert!(MAX_HANDSHAKE_MESSAGE <= MAX_HANDSHAKE_BYTES);
const _: () = assert!(LANES <= MAX_STREAMS);
