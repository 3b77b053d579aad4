//! Bounds of the accounts: sizes of what people type, of tokens and of the tables in memory.
//!
//! Every one of them answers clearly when it is reached: a field error, `rate_limited` or `busy`.

use std::time::Duration;

/// Longest e-mail address, bytes (RFC 5321 4.5.3.1.3 less the brackets).
pub const EMAIL_BYTES_MAX: usize = 254;
/// Longest part before the `@`, bytes (RFC 5321 4.5.3.1.1).
pub const EMAIL_LOCAL_BYTES_MAX: usize = 64;
/// Shortest password, characters.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Longest password, characters.
pub const PASSWORD_CHARS_MAX: usize = 128;
/// Longest display name, characters.
pub const DISPLAY_NAME_CHARS_MAX: usize = 40;
/// Longest locale tag, bytes.
pub const LOCALE_BYTES_MAX: usize = 16;
/// Shortest signing secret, bytes: HS256 wants at least its own 256 bits (RFC 7518 3.2).
pub const SIGNING_SECRET_BYTES_MIN: usize = 32;
/// Largest secret file that is read, bytes.
pub const SECRET_FILE_BYTES_MAX: u64 = 4096;
/// Random bytes in a refresh token, a stream key and a session family.
pub const OPAQUE_SECRET_BYTES: usize = 32;
/// Life of a publish ticket; what it has opened goes on after it.
pub const PUBLISH_TICKET_TTL: Duration = Duration::from_secs(120);
/// Longest clock difference that an access token or a ticket is forgiven, seconds.
pub const LEEWAY_S: u64 = 5;
/// How long a rotated refresh token still answers, for two tabs that refresh at once.
pub const REFRESH_GRACE: Duration = Duration::from_secs(10);
/// Most refresh tokens of one session that are unused at a time (the grace makes siblings).
pub const REFRESH_SIBLINGS_MAX: i64 = 8;
/// Password hashings that may wait for a free place; more are told `busy`.
pub const HASH_WAITERS_MAX: usize = 256;
/// Account-and-address pairs, and addresses, that a throttle remembers.
pub const THROTTLE_ENTRIES_MAX: usize = 65_536;
/// Sessions of one user; a further sign-in ends the oldest.
pub const SESSIONS_PER_USER_MAX: usize = 50;
/// Addresses that one person keeps.
pub const ADDRESSES_PER_USER_MAX: usize = 20;
/// Longest label of an address, characters.
pub const ADDRESS_LABEL_CHARS_MAX: usize = 20;
/// Longest name of a browser that a session remembers, characters.
pub const USER_AGENT_CHARS_MAX: usize = 200;
/// How long a browser that signed in once is known as such.
pub const DEVICE_TTL: Duration = Duration::from_secs(180 * 24 * 3600);
/// Longest text that is looked at as a code of a second factor, bytes.
pub const RECOVERY_CODE_BYTES_MAX: usize = 64;
/// Recovery codes that are made with a second factor.
pub const RECOVERY_CODES: usize = 10;
/// Life of a link that resets a password.
pub const RESET_LINK_TTL: Duration = Duration::from_secs(30 * 60);
/// Life of a link that verifies an e-mail address.
pub const VERIFY_LINK_TTL: Duration = Duration::from_secs(24 * 3600);
/// Requests for links that wait to be looked at; more are told `busy`.
pub const LINKS_ASKED_MAX: usize = 256;
/// Tries to send one mail; then it is given up.
pub const MAIL_ATTEMPTS_MAX: i64 = 8;
/// Mails that are sent in one round.
pub const MAIL_ROUND_MAX: i64 = 16;
/// Letters that the demo's mailbox remembers.
pub const MAILBOX_LETTERS_MAX: usize = 200;
/// How often the sessions that another process ended are looked for.
pub const REVOKED_EVERY: Duration = Duration::from_secs(2);
/// Revocations that a slow listener may be behind.
pub const REVOKED_BACKLOG_MAX: usize = 1_024;
/// Marks that may follow one another above or below a letter of a name.
pub const COMBINING_MARKS_MAX: usize = 3;
/// Longest reason that an administrator gives, characters.
pub const NOTE_CHARS_MAX: usize = 500;
/// People on one page of a list.
pub const PEOPLE_PAGE_MAX: u32 = 100;
/// Longest step of a conversation with the mail server.
pub const SMTP_TIME_MAX: Duration = Duration::from_secs(20);
