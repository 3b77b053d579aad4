//! Bounds on what travels on a lane.

/// Longest message that a client may send on a lane or the socket, bytes.
pub const CLIENT_FRAME_BYTES_MAX: usize = 16 * 1024;
/// Longest chat message, characters.
pub const CHAT_BODY_CHARS_MAX: usize = 300;
/// Longest idempotency key, ASCII characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// Longest access token that is looked at, bytes.
pub const ACCESS_TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Most units of one product in one order.
pub const ORDER_QUANTITY_MAX: u32 = 99;
/// Most chat messages kept in a room's snapshot.
pub const CHAT_BACKLOG_MAX: usize = 50;
/// Longest name on a parcel, characters.
pub const POSTAL_NAME_CHARS_MAX: usize = 60;
/// Longest line of an address, characters.
pub const POSTAL_LINE_CHARS_MAX: usize = 120;
/// Longest postcode, characters.
pub const POSTCODE_CHARS_MAX: usize = 12;
/// Longest telephone number as people write it, characters.
pub const PHONE_CHARS_MAX: usize = 24;
