//! Bounds of the chat.

use std::time::Duration;

/// Messages that one account may say in one room within [`SLOW_WINDOW`].
pub const SLOW_MESSAGES: usize = 5;
/// See [`SLOW_MESSAGES`].
pub const SLOW_WINDOW: Duration = Duration::from_secs(10);
/// Combining marks in a row; more are left out.
pub const COMBINING_MARKS_MAX: usize = 4;
/// Keys of an account's last messages that are remembered without asking the database.
pub const RECENT_KEYS: usize = 32;
/// Accounts that a room remembers; the ones that were silent longest are forgotten first.
pub const SPEAKERS_MAX: usize = 10_000;
/// Shortest time between two batches.
pub const BATCH_INTERVAL: Duration = Duration::from_millis(50);
/// Messages in one batch over all rooms.
pub const BATCH_MESSAGES_MAX: usize = 512;
/// Messages that are said while the database is away and kept later; beyond them the chat refuses.
pub const OWED_MAX: usize = 20_000;
/// How often a database that is away is asked to keep them.
pub const OWED_INTERVAL: Duration = Duration::from_millis(500);
/// Messages in one frame, so that it fits a data channel however long they are.
pub const FRAME_MESSAGES_MAX: usize = 16;
/// How often the chat forgets rooms that have closed.
pub const SWEEP_INTERVAL: Duration = Duration::from_secs(30);

const _: () = assert!(RECENT_KEYS >= SLOW_MESSAGES);
