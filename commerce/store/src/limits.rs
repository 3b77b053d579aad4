//! Bounds of the database access.

use std::time::Duration;

/// Write jobs that may wait; one more is refused as busy.
pub const WRITE_QUEUE_MAX: usize = 1024;
/// Read-only connections, unless configured.
pub const READERS_DEFAULT: u32 = 4;
/// Most read-only connections.
pub const READERS_MAX: u32 = 64;
/// Longest wait for a free reader.
pub const READER_WAIT_MAX: Duration = Duration::from_secs(3);
/// How long a statement waits for a foreign lock, unless configured.
pub const BUSY_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
/// Shortest such wait that is accepted at start.
pub const BUSY_TIMEOUT_MIN: Duration = Duration::from_secs(1);
/// Most outbox rows that one claim hands out.
pub const OUTBOX_CLAIM_MAX: u32 = 512;
