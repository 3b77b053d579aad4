//! Every bound of this crate. Relations between them are asserted at compile time.

use std::time::Duration;

/// Most shards; a peer's number carries its shard in its low bits.
pub const MAX_SHARDS: usize = 16;
/// Bits of a peer's number that name its shard.
pub(crate) const SHARD_BITS: u32 = 4;
/// Most peers of one shard; more are refused with `AcceptError::Full`.
pub const MAX_PEERS_PER_SHARD: usize = 8_192;
/// Commands that may wait for one shard.
pub(crate) const COMMANDS: usize = 1_024;
/// Events that may wait for the async side, over all shards.
pub(crate) const EVENTS: usize = 8_192;
/// Packets and requests that may wait on their way from one shard to another.
pub(crate) const BRIDGE: usize = 4_096;

/// Messages that one receive call takes: datagrams, or bursts that the kernel has joined.
pub(crate) const RECV_BATCH: usize = 32;
/// Receive buffer of one message: the longest that the kernel joins, and some cache lines, so that
/// the buffers do not all fall on the same lines of the cache.
pub(crate) const RECV_BYTES: usize = 65_536 + 1_088;
/// Receive buffer of one message where the kernel joins nothing; what is longer is cut by it and
/// refused by the core.
pub(crate) const RECV_BYTES_SINGLE: usize = 2_048;
/// Messages (runs of datagrams) that one send call gives to the kernel.
pub(crate) const SEND_BATCH: usize = 64;
/// Kernel receive buffer that is asked for.
pub(crate) const SOCKET_RECV_BYTES: usize = 8 * 1024 * 1024;
/// Kernel send buffer that is asked for.
pub(crate) const SOCKET_SEND_BYTES: usize = 8 * 1024 * 1024;

/// Commands obeyed in one turn.
pub(crate) const COMMANDS_PER_TURN: usize = 64;
/// Bridged packets taken from one other shard in one turn.
pub(crate) const BRIDGED_PER_TURN: usize = 512;
/// Receive calls in one turn.
pub(crate) const RECEIVES_PER_TURN: usize = 4;
/// Portions of waiting media sent in one turn, `media_core::limits::FLUSH_DATAGRAMS` each.
pub(crate) const FLUSHES_PER_TURN: usize = 16;
/// Queued datagrams after which a turn sends before it goes on.
pub(crate) const SEND_AT: usize = 512;
/// Longest sleep of a shard, so that its counters stay fresh.
pub(crate) const MAX_SLEEP: Duration = Duration::from_millis(100);
/// How often a busy shard publishes its counters.
pub(crate) const STATS_INTERVAL: Duration = Duration::from_millis(100);
/// A shard that had so many viewers, and has lost half of them, gives free memory back.
pub(crate) const CROWD: u64 = 500;

/// ICE-TCP connections at once.
pub(crate) const MAX_TCP: usize = 4_096;
/// ICE-TCP connections of one address; many viewers may share one behind a NAT.
pub(crate) const MAX_TCP_PER_ADDRESS: usize = 256;
/// Frames that may wait for one shard; then the connections are not read.
pub(crate) const TCP_FRAMES: usize = 1_024;
/// Frames taken in one turn of a shard.
pub(crate) const TCP_FRAMES_PER_TURN: usize = 256;
/// Bytes that may wait to be written to one connection; media beyond that is dropped.
pub(crate) const TCP_BUFFER: usize = 256 * 1024;
/// Runs of frames that may wait to be written to one connection.
pub(crate) const TCP_RUNS: usize = 1_024;
/// Part of [`TCP_BUFFER`] that is kept for checks and handshakes.
pub(crate) const TCP_RESERVE: usize = 32 * 1024;
/// Bytes of one read from a connection.
pub(crate) const TCP_READ_BYTES: usize = 8 * 1024;
/// A connection without a check that was answered is closed after this.
pub(crate) const TCP_FIRST_CHECK: Duration = Duration::from_secs(10);
/// A connection that says nothing for so long is closed.
pub(crate) const TCP_IDLE: Duration = Duration::from_secs(30);
/// A connection that takes nothing for so long is closed.
pub(crate) const TCP_STALLED: Duration = Duration::from_secs(10);

const _: () = assert!(TCP_RESERVE < TCP_BUFFER);
const _: () = assert!(MAX_SHARDS == 1 << SHARD_BITS);
const _: () = assert!(RECV_BYTES_SINGLE > media_core::peer::MAX_DATAGRAM);
const _: () = assert!(SEND_BATCH <= 1_024, "the kernel's limit for sendmmsg");
