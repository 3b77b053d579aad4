//! Bounds of the sandbox. What is full forgets its oldest entry, or answers 503.

use std::time::Duration;

/// Payments remembered; the oldest are forgotten.
pub const PAYMENTS_MAX: usize = 100_000;
/// Cancellations of one payment.
pub const CANCELLATIONS_MAX: usize = 100;
/// Answers kept for idempotency keys; the oldest are forgotten.
pub const IDEMPOTENCY_KEYS_MAX: usize = 100_000;
/// How long an answer is kept.
pub const IDEMPOTENCY_STAY: Duration = Duration::from_secs(3 * 3600);
/// Length of an idempotency key, ASCII characters.
pub const IDEMPOTENCY_KEY_CHARS: std::ops::RangeInclusive<usize> = 16..=256;
/// Longest payment id, characters.
pub const PAYMENT_ID_CHARS_MAX: usize = 64;
/// Largest request body, bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Requests worked on at a time, hanging ones included.
pub const REQUESTS_MAX: usize = 1024;
/// Longest delay or hang that a fault may ask for.
pub const FAULT_DELAY_MAX: Duration = Duration::from_secs(180);
/// Copies of a webhook that a fault may ask for.
pub const WEBHOOK_COPIES_MAX: u32 = 16;
/// Webhooks that wait or are being delivered; more are lost, with a warning in the log.
pub const WEBHOOKS_MAX: usize = 4096;
/// Deliveries of webhooks at a time.
pub const WEBHOOK_DELIVERIES_MAX: usize = 32;
/// Resends of a webhook that was not answered with 2xx: after 1, 4, 16, 64 and 256 retry units.
pub const WEBHOOK_RESENDS: u32 = 5;
/// How long a receiver of a webhook may take.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a shop may think about a charge that it is asked about.
pub const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);
/// Rows of a page of payments, unless asked for; also the most.
pub const PAGE_ROWS_MAX: usize = 1000;
