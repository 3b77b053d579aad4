//! Every bound of this crate. Relations between them are asserted at compile time.

use std::time::Duration;

/// Bytes that may wait for one socket; more is a slow reader.
pub(crate) const SOCKET_BACKLOG_BYTES: usize = 256 * 1024;
/// Sockets of one room; more are refused.
pub(crate) const SOCKETS_PER_ROOM: usize = 10_000;
/// Longest frame that data channels carry, bytes. A snapshot leaves old chat out to stay below.
pub(crate) const LANE_FRAME_BYTES: usize = 64 * 1024;
/// Viewers by media over all rooms, where the configuration does not say.
pub(crate) const VIEWERS: usize = 131_072;
/// Rooms of one process.
pub(crate) const ROOMS: usize = 10_000;
/// Requests that may wait for one room; senders wait for room.
pub(crate) const ROOM_MAILBOX: usize = 1_024;
/// News about peers that may wait for one room; the pump waits for room.
pub(crate) const ROOM_LIFECYCLE: usize = 1_024;
/// Commands of viewers that may wait for one consumer; more are answered with `busy`.
pub(crate) const INBOUND_QUEUE: usize = 4_096;
/// Changes of what is live or open that a slow subscriber may be behind.
pub(crate) const LIVE_CHANGES: usize = 256;
/// News of who comes and goes that may wait; more is lost, and found out by asking.
pub(crate) const ATTENDANCE_QUEUE: usize = 8_192;
/// Accounts that the list of a room's viewers names.
pub(crate) const VIEWERS_LISTED: usize = 1_000;
/// Sanctions that a room keeps in mind.
pub(crate) const SANCTIONS: usize = 10_000;

/// Frames that a connection may send per second, on the average.
pub(crate) const FRAMES_PER_SECOND: f64 = 20.0;
/// Frames that it may send at once.
pub(crate) const FRAMES_BURST: f64 = 40.0;
/// What a new snapshot costs of these, because it is long.
pub(crate) const RESYNC_COST: f64 = 10.0;
/// Frames over the rate, without a good one between, after which the connection is closed.
pub(crate) const THROTTLED_MAX: u32 = 200;
/// Frames that are none, after which the connection is closed.
pub(crate) const BAD_FRAMES_MAX: u32 = 20;

/// Takeovers of one stream within [`TAKEOVER_WINDOW`]; the next publisher is refused.
pub(crate) const TAKEOVERS_MAX: usize = 3;
/// See [`TAKEOVERS_MAX`].
pub(crate) const TAKEOVER_WINDOW: Duration = Duration::from_secs(10);
/// How long a stream counts as live after its last publisher is gone: time for an encoder to come
/// back, while its viewers keep their sessions. OBS tries again after two seconds.
pub(crate) const LIVE_GRACE: Duration = Duration::from_secs(6);
/// Peers that ended before their room heard of them, remembered per room.
pub(crate) const EARLY_ENDS: usize = 64;

/// Shortest time between two presence frames that differ in the count alone.
pub(crate) const PRESENCE_INTERVAL: Duration = Duration::from_secs(2);
/// Shortest time between two stock batches of a room (20 Hz).
pub(crate) const STOCK_INTERVAL: Duration = Duration::from_millis(50);
/// A level is said again after this long, because the stock lane may lose it.
pub(crate) const STOCK_REPEAT_AFTER: Duration = Duration::from_secs(1);
/// How often it is said again.
pub(crate) const STOCK_REPEATS: u8 = 2;
/// Stock levels in one frame; a larger board goes out in several.
pub(crate) const STOCK_LEVELS_PER_FRAME: usize = 64;
/// Stock levels that a room keeps.
pub(crate) const STOCK_LEVELS: usize = 128;
/// How often a room looks for expired identities and closed sockets.
pub(crate) const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// How long a goodbye may travel before the connection under it is closed.
pub(crate) const BYE_LINGER: Duration = Duration::from_millis(500);
/// How long a room stays away after its task failed.
pub(crate) const ROOM_RESTART_AFTER: Duration = Duration::from_secs(1);

/// How long a counter-offer waits for its answer (draft-ietf-wish-whep-03 section 4.2).
pub(crate) const COUNTER_LIFE: Duration = Duration::from_secs(30);
/// Counter-offers that wait at once; players beyond are refused as those with no answer are.
pub(crate) const COUNTERS: usize = 1_024;

/// Random bytes in the name of a media session; nobody guesses 128 bits.
pub(crate) const SESSION_ID_BYTES: usize = 18;

const _: () = assert!(RESYNC_COST < FRAMES_BURST);
const _: () = assert!(LANE_FRAME_BYTES <= SOCKET_BACKLOG_BYTES);
const _: () = assert!(SESSION_ID_BYTES * 8 >= 128);
const _: () = assert!(SOCKET_BACKLOG_BYTES >= 4 * signaling_wire::limits::CLIENT_FRAME_BYTES_MAX);
