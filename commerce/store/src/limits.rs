//! Bounds of the database access.

use std::time::Duration;

/// Write jobs that may wait, on SQLite in each of its two lines; one more is refused as busy.
pub const WRITE_QUEUE_MAX: usize = 1024;
/// Short jobs that SQLite's writer runs one after the other while one in bulk waits.
pub const SHORT_WRITES_IN_A_ROW: usize = 8;
/// Read-only connections, unless configured.
pub const READERS_DEFAULT: u32 = 4;
/// Most read-only connections.
pub const READERS_MAX: u32 = 64;
/// Connections that write to MariaDB, unless configured.
pub const WRITERS_DEFAULT: u32 = 8;
/// Most connections that write to MariaDB.
pub const WRITERS_MAX: u32 = 64;
/// Longest wait for a free connection to MariaDB, or a new one, unless configured.
pub const CONNECT_WAIT_DEFAULT: Duration = Duration::from_millis(800);
/// Longest wait for an answer of MariaDB, unless configured; the server stops a read then as well,
/// and the outcome of a write is unknown to the caller.
pub const ANSWER_WAIT_DEFAULT: Duration = Duration::from_secs(3);
/// What either may be set to, milliseconds.
pub const WAITS_MS: std::ops::RangeInclusive<u64> = 100..=60_000;
/// How long a server that could not be reached is taken for away.
pub const AWAY_MAX: Duration = Duration::from_millis(300);
/// Longest life of one try of a write on MariaDB beyond the wait for its answer; then its
/// connection is given up.
pub const WRITE_TRY_MAX: Duration = Duration::from_secs(7);
/// Tries of a write that MariaDB asks to repeat (1020, 1205, 1213).
pub const WRITE_TRIES_MAX: u32 = 8;
/// Longest pause before such a repeat; the first is a 32nd of it, and each is drawn at random.
pub const REPEAT_PAUSE_MAX: Duration = Duration::from_millis(160);
/// How long a statement on MariaDB waits for a lock, seconds.
pub const LOCK_WAIT_MAX: Duration = Duration::from_secs(3);
/// How long a new process waits for the last one to leave a MariaDB database.
pub const TAKE_OVER_MAX: Duration = Duration::from_secs(5);
/// Longest wait for the answer to whose the MariaDB database is.
pub const OWNER_WAIT_MAX: Duration = Duration::from_secs(3);
/// How often a process makes sure that the MariaDB database is still its own.
pub const OWNER_PERIOD: Duration = Duration::from_secs(1);
/// Statements of a transaction that wait to travel to SQLite with the next one.
pub const STATEMENTS_AHEAD_MAX: usize = 16;
/// Prepared statements that a connection to SQLite keeps.
pub const STATEMENTS_KEPT: usize = 512;
/// Rows of an answer of SQLite that are ready before somebody takes them.
pub const ROWS_AHEAD_MAX: usize = 512;
/// Values in one `IN (…)`.
pub const LIST_MAX: usize = 2048;
/// Longest wait for a free reader.
pub const READER_WAIT_MAX: Duration = Duration::from_secs(3);
/// How long a statement waits for a foreign lock, unless configured.
pub const BUSY_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
/// Shortest such wait that is accepted at start.
pub const BUSY_TIMEOUT_MIN: Duration = Duration::from_secs(1);
/// Most outbox rows that one claim hands out.
pub const OUTBOX_CLAIM_MAX: u32 = 512;
/// Memory for pages of the writing connection to SQLite, KiB. The default of 2 MiB is less than one
/// batch of a sale touches: pages would be read again in every batch, and written twice.
pub const SQLITE_CACHE_KIB: u32 = 65_536;
/// Pages in SQLite's log after which they are copied into the file. A batch writes hundreds of the
/// same pages as the one before it; the default of 1,000 copies them after every other batch.
pub const SQLITE_CHECKPOINT_PAGES: u32 = 4_096;
