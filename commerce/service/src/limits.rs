//! Bounds of the shop's own tasks and texts.

use std::time::Duration;

/// Rows of a page, unless asked for.
pub const PAGE_DEFAULT: u32 = 20;
/// Most rows of a page.
pub const PAGE_MAX: u32 = 100;

/// Purchases that may wait for one sale; one more is answered `busy`.
pub const SALE_QUEUE_MAX: usize = 4096;
/// Most purchases in one transaction.
pub const BATCH_MAX: usize = 256;
/// Purchases of one batch from which on their orders' rows may be written behind the reservations.
pub const STORM_FROM: usize = 4;
/// Most orders that wait to be written; with more, batches are written whole again.
pub const ORDER_BACKLOG_MAX: usize = 65_536;
/// How long a sale has no purchase before orders that wait are written.
pub const ORDER_BACKLOG_PAUSE: Duration = Duration::from_millis(5);
/// How long orders wait at most before some are written after every batch, pause or not.
pub const ORDER_BACKLOG_AGE: Duration = Duration::from_secs(10);
/// Most orders that one transaction writes from the backlog: others want to write too.
pub const ORDER_BACKLOG_STEP: u32 = 64;
/// How often a sale in which nobody is refused looks for holds that are over.
pub const HOLDS_LOOK_EVERY: Duration = Duration::from_millis(20);
/// Most batches of a sale whose buyers are yet to be told while the next is written.
pub const TOLD_MAX: usize = 4;
/// How long the first purchase of a batch waits for others.
pub const BATCH_WAIT: Duration = Duration::from_millis(2);
/// Most holds that one transaction gives back.
pub const EXPIRY_BATCH_MAX: u32 = 256;
/// Most sequencers at a time.
pub const SEQUENCERS_MAX: usize = 1024;
/// A sequencer without work for so long ends; the next purchase starts another.
pub const SEQUENCER_IDLE: Duration = Duration::from_secs(60);
/// Most commands of the `shop` lane that are worked on at a time.
pub const LANE_COMMANDS_MAX: usize = 1024;

/// Longest title or name, characters.
pub const TITLE_CHARS_MAX: usize = 120;
/// Longest picture address, characters.
pub const IMAGE_URL_CHARS_MAX: usize = 2048;
/// Longest reason of a stock change, characters.
pub const REASON_CHARS_MAX: usize = 200;
/// Longest text of several lines, characters.
pub const TEXT_CHARS_MAX: usize = 20_000;
/// Longest review, characters.
pub const REVIEW_CHARS_MAX: usize = 4_000;
/// Longest search, characters.
pub const QUERY_CHARS_MAX: usize = 200;
/// Longest number of a seller's own, characters.
pub const SKU_CHARS_MAX: usize = 64;
/// Longest slug, characters.
pub const SLUG_CHARS_MAX: usize = 64;
/// Heaviest variant, grams.
pub const WEIGHT_G_MAX: u32 = 10_000_000;
/// Most pictures and films of a product.
pub const MEDIA_MAX: usize = 30;
/// Most categories that one product is in.
pub const PRODUCT_CATEGORIES_MAX: usize = 10;
/// Rows of a list in a body that are looked at one by one; the list's own bound is refused first.
pub const VALIDATED_MAX: usize = 128;
/// Most categories of the shop.
pub const CATEGORIES_MAX: i64 = 2_000;
/// Most levels of the tree of categories.
pub const CATEGORY_DEPTH_MAX: usize = 8;
/// Most locations of a seller.
pub const LOCATIONS_MAX: i64 = 20;
/// Most wishes of one user.
pub const WISHES_MAX: i64 = 500;
/// Most lines of one cart.
pub const CART_LINES_MAX: i64 = 100;
/// How long the cart of somebody without an account is kept after it was last changed.
pub const GUEST_CART_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Highest amount in the terms of a coupon, minor units.
pub const DISCOUNT_MAX: i64 = 1_000_000_000_000;
/// Most uses of a coupon that one buyer may be given.
pub const COUPON_USES_MAX: u32 = 1_000;
/// After every time that a coupon may name, milliseconds since 1970: the year 5138.
pub const TIME_MS_MAX: u64 = 100_000_000_000_000;
/// Most cards of one show.
pub const CARDS_MAX: u32 = 200;
/// Most shops that one user may found.
pub const SELLERS_PER_USER_MAX: i64 = 10;
/// Most shows of a seller that have not ended.
pub const OPEN_STREAMS_MAX: i64 = 50;

/// Most lines of one checkout.
pub const CHECKOUT_LINES_MAX: usize = 50;
/// Most parcels of one order.
pub const SHIPMENTS_MAX: usize = 100;
/// Most claims of one order.
pub const CLAIMS_MAX: usize = 100;
/// Longest name of a courier or number of an invoice, characters.
pub const INVOICE_CHARS_MAX: usize = 64;
/// Days after delivery at which a purchase counts as confirmed.
pub const CONFIRM_AFTER_DAYS: i64 = 8;
/// Tries to give one refund back before somebody must look at it.
pub const REFUND_ATTEMPTS_MAX: i64 = 50;
/// How often our books are compared with the provider's.
pub const RECONCILE_EVERY: Duration = Duration::from_secs(600);
/// How far back that comparison looks.
pub const RECONCILE_WINDOW: Duration = Duration::from_secs(3600);

/// Longest mute or ban with an end, seconds: a year.
pub const SANCTION_SECONDS_MAX: u32 = 365 * 24 * 3600;
/// Cards of all shows for which looks are counted between two sweeps.
pub const TALLY_CARDS_MAX: usize = 4096;
/// Looks that are remembered, so that a connection counts once a card.
pub const TALLY_SEEN_MAX: usize = 262_144;

/// How long a price that was promised holds, seconds.
pub const LEASE_SECONDS: u64 = 30;
/// Longest lease, characters.
pub const LEASE_CHARS_MAX: usize = 512;

/// News of who came and went that is worked on together.
pub const ATTENDANCE_BATCH: usize = 256;
/// Most holds that one step of looking after them touches.
pub const VIGIL_MAX: u32 = 256;
/// Most such steps of one sweep; holds beyond them end as they were promised.
pub const VIGIL_PAGES: usize = 16;

/// Most days that one question for statistics covers.
pub const STATISTICS_DAYS_MAX: i64 = 366;
/// Longest reason that an administrator gives, characters.
pub const NOTE_CHARS_MAX: usize = 500;
/// How long the books rest between two whole passes of their checks.
pub const BOOKS_EVERY: Duration = Duration::from_secs(300);
/// Rows that one step of such a pass looks at.
pub const BOOKS_STEP: u32 = 200;
/// Pause between two steps.
pub const BOOKS_PAUSE: Duration = Duration::from_millis(20);
/// Rows that a check names, of those that are wrong.
pub const BOOKS_SAMPLES_MAX: usize = 20;

/// How often holds are given back and unknown payments asked for.
pub const SWEEP_EVERY: Duration = Duration::from_millis(500);
/// How long told outbox rows are kept.
pub const OUTBOX_KEPT: Duration = Duration::from_secs(24 * 3600);
/// Most rows that one sweep of a table touches.
pub const SWEEP_MAX: u32 = 256;
/// How often deliverers look at the outbox when nobody woke them.
pub const COURIER_EVERY: Duration = Duration::from_millis(500);

/// Longest wait for the provider to connect.
pub const PROVIDER_CONNECT_MAX: Duration = Duration::from_secs(5);
/// Connections to the payment provider that are kept open while nobody needs them.
pub const PROVIDER_IDLE_MAX: usize = 16;
/// Longest answer of the provider, bytes.
pub const PROVIDER_BODY_MAX: usize = 256 * 1024;
/// Webhook secrets that are good at a time.
pub const WEBHOOK_SECRETS_MAX: usize = 2;
/// Longest webhook body, bytes.
pub const WEBHOOK_BODY_MAX: usize = 64 * 1024;
/// Longest webhook id, characters.
pub const WEBHOOK_ID_CHARS_MAX: usize = 256;
/// Longest payment token, characters.
pub const PAYMENT_TOKEN_CHARS_MAX: usize = 4096;
/// Deliveries of one webhook that are tried before it is given up.
pub const WEBHOOK_ATTEMPTS_MAX: i64 = 12;
/// Tries to pay one order.
pub const PAYMENT_ATTEMPTS_MAX: i64 = 10;
/// Seconds after which a payment of unknown outcome is asked for again, by number of the check;
/// the last one repeats.
pub const RECHECK_SECONDS: [i64; 6] = [2, 5, 15, 60, 120, 300];

/// Most webhooks of a seller; as many are for every seller.
pub const HOOKS_PER_SELLER_MAX: i64 = 20;
/// Longest address of a webhook, bytes.
pub const HOOK_URL_BYTES_MAX: usize = 2048;
/// Longest description of a webhook, characters.
pub const HOOK_DESCRIPTION_CHARS_MAX: usize = 200;
/// Most webhooks that are sent to at a time, of those that take what they get, and fast.
pub const HOOK_BRISK_MAX: usize = 32;
/// Most webhooks that are sent to at a time, of all others; new ones among them.
pub const HOOK_SLOW_MAX: usize = 32;
/// Most requests to one webhook at a time, once it takes what it gets, and fast; one before.
pub const HOOK_PARALLEL_MAX: usize = 4;
/// Most deliveries that are read and written together.
pub const HOOK_BUNDLE_MAX: u32 = 32;
/// An answer within so long counts as fast.
pub const HOOK_FAST: Duration = Duration::from_secs(2);
/// Webhooks that one look for what is due finds.
pub const HOOK_LOOK: u32 = 128;
/// How often the sender of webhooks looks when nobody woke it.
pub const HOOK_EVERY: Duration = Duration::from_secs(1);
/// Longest wait for an answer to a webhook, unless configured.
pub const HOOK_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest such wait that can be configured.
pub const HOOK_TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// Longest wait for a webhook's address to connect.
pub const HOOK_CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long the connection to a webhook is kept without use.
pub const HOOK_IDLE_MAX: Duration = Duration::from_secs(30);
/// Most addresses of one name that are looked at.
pub const HOOK_ADDRESSES_MAX: usize = 16;
/// Bytes of a webhook's answer that are read, and thrown away.
pub const HOOK_BODY_BYTES_MAX: usize = 16 * 1024;
/// How long they are read.
pub const HOOK_BODY_WAIT: Duration = Duration::from_secs(1);
/// Most deliveries that may wait for one webhook; one more turns it off.
pub const HOOK_WAITING_MAX: u64 = 100_000;
/// Most tests of one webhook that wait at a time.
pub const HOOK_TESTS_WAITING_MAX: i64 = 5;
/// Tries of a delivery that are shown.
pub const HOOK_TRIES_SHOWN: u32 = 50;
/// Most events that one request sends again.
pub const HOOK_REPLAY_MAX: u32 = 200;
/// Hours for which a replaced secret signs as well, unless asked for.
pub const HOOK_OVERLAP_HOURS: u32 = 24;
/// Most such hours.
pub const HOOK_OVERLAP_HOURS_MAX: u32 = 168;
/// How long events and their deliveries are kept.
pub const HOOK_EVENTS_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// How often old events are looked for and webhooks counted.
pub const HOOK_TEND_EVERY: Duration = Duration::from_secs(60);
/// Most steps of forgetting old events at a time.
pub const HOOK_FORGET_PAGES: usize = 16;
/// Units of a variant on the shelves at or below which webhooks are told, unless configured.
pub const STOCK_LOW_DEFAULT: u32 = 5;
/// Most units that may be configured for that.
pub const STOCK_LOW_MAX: u32 = 1_000_000;
/// How often the next variants are looked at for that.
pub const STOCK_LOOK_EVERY: Duration = Duration::from_millis(500);
/// Variants that one such look sees.
pub const STOCK_LOOK: u32 = 512;

/// Cards of a show that stand as chips beside the pinned one.
pub(crate) const CHIPS_MAX: u32 = 2;
