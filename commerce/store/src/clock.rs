//! The wall clock in the units of the database. Pure crates are given the time as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970 (UTC), the unit of every time column.
pub fn now_us() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Milliseconds since 1970 (UTC), the unit of ids and of the wire.
pub fn now_ms() -> u64 {
    us_to_ms(now_us())
}

/// A time column's value in the unit of the wire; times before 1970 become 0.
pub fn us_to_ms(us: i64) -> u64 {
    u64::try_from(us / 1000).unwrap_or(0)
}
