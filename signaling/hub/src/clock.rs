//! The two clocks of the shell: the wall for people, the monotonic one for waiting.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// The runtime's clock, which tests may hold.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
