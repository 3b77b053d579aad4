//! What the accounts ask of the database: users, refresh tokens, stream keys.
//!
//! Functions over a connection that commerce-store hands out; statements are plain SQL that SQLite
//! and MariaDB share where they can. Times are microseconds since 1970.

pub(crate) mod refresh_tokens;
pub(crate) mod stream_keys;
pub(crate) mod users;
