//! Bounds of the HTTP edge. Everything that a stranger can make grow stands here.

use std::time::Duration;

/// Largest JSON body, bytes.
pub(crate) const JSON_BODY_BYTES_MAX: usize = 64 * 1024;
/// Largest SDP offer, bytes.
pub(crate) const OFFER_BYTES_MAX: usize = 64 * 1024;
/// Largest trickle fragment, bytes.
pub(crate) const FRAGMENT_BYTES_MAX: usize = 16 * 1024;
/// Largest webhook body, bytes.
pub(crate) const WEBHOOK_BYTES_MAX: usize = 256 * 1024;
/// Whole time that a body may take, so that a slow sender holds a connection no longer.
pub(crate) const BODY_TIME_MAX: Duration = Duration::from_secs(10);
/// Time for a request head, also between two requests of one connection.
pub(crate) const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// Time for a TLS handshake.
pub(crate) const TLS_TIME_MAX: Duration = Duration::from_secs(10);
/// Most header lines of a request.
pub(crate) const HEADERS_MAX: usize = 100;
/// Largest request head, bytes.
pub(crate) const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most requests that one HTTP/2 connection has open.
pub(crate) const H2_STREAMS_MAX: u32 = 128;
/// Read and write buffers of a socket, bytes: most sockets are idle most of the time.
pub(crate) const SOCKET_BUFFER_BYTES: usize = 4 * 1024;
/// Bytes that a socket's writer may hold before it counts as broken.
pub(crate) const SOCKET_WRITE_BYTES_MAX: usize = 512 * 1024;
/// A quiet socket is pinged this often.
pub(crate) const SOCKET_PING_EVERY: Duration = Duration::from_secs(20);
/// A socket that says nothing for so long, not even a pong, is closed.
pub(crate) const SOCKET_SILENCE_MAX: Duration = Duration::from_secs(60);
/// A socket write that takes longer than this belongs to a dead reader.
pub(crate) const SOCKET_WRITE_TIME_MAX: Duration = Duration::from_secs(15);
/// What still waits for a socket when the server stops may take so long.
pub(crate) const SOCKET_GOODBYE_TIME_MAX: Duration = Duration::from_secs(1);
/// Comment lines keep a quiet event stream open.
pub(crate) const EVENTS_KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Connections at once that read on after their end, so that the last words are not lost.
pub(crate) const LINGERS_MAX: usize = 1_024;
/// Time that such a connection reads on.
pub(crate) const LINGER_TIME_MAX: Duration = Duration::from_secs(2);
/// Bytes that it reads at most.
pub(crate) const LINGER_BYTES_MAX: usize = 256 * 1024;
/// Time for open requests at shutdown.
pub(crate) const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);
/// Sockets and event streams open at once.
pub(crate) const SOCKETS_MAX: usize = 20_000;
/// Addresses that the rate limiter remembers per rule; beyond it the oldest are forgotten.
pub(crate) const RATE_KEYS_MAX: usize = 50_000;
/// STUN and TURN servers that the configuration may name.
pub(crate) const ICE_SERVERS_MAX: usize = 8;
/// Sign-ins and registrations of one address at once; then [`LOGIN_PER_SECOND`].
pub(crate) const LOGIN_BURST: f64 = 30.0;
/// See [`LOGIN_BURST`].
pub(crate) const LOGIN_PER_SECOND: f64 = 1.0;
/// Requests to the API that change nothing, of one address, at once; then
/// [`READS_PER_SECOND`]. Many people share one address.
pub(crate) const READS_BURST: f64 = 4_000.0;
/// See [`READS_BURST`].
pub(crate) const READS_PER_SECOND: f64 = 1_000.0;
/// Requests to the API that may change something, of one address, at once; then
/// [`WRITES_PER_SECOND`].
pub(crate) const WRITES_BURST: f64 = 2_000.0;
/// See [`WRITES_BURST`].
pub(crate) const WRITES_PER_SECOND: f64 = 500.0;
/// The same of one account, from all addresses; then [`ACCOUNT_PER_SECOND`].
pub(crate) const ACCOUNT_BURST: f64 = 120.0;
/// See [`ACCOUNT_BURST`].
pub(crate) const ACCOUNT_PER_SECOND: f64 = 10.0;
/// Exports of one person at once; then [`EXPORT_PER_SECOND`].
pub(crate) const EXPORT_BURST: f64 = 3.0;
/// See [`EXPORT_BURST`].
pub(crate) const EXPORT_PER_SECOND: f64 = 1.0 / 600.0;
/// Pages of 100 orders in an export.
pub(crate) const EXPORT_PAGES_MAX: usize = 100;
/// How long a browser is remembered as one that signed in.
pub(crate) const DEVICE_COOKIE_SECONDS: u64 = web_accounts::limits::DEVICE_TTL.as_secs();
/// New carts of guests of one address at once; then [`CARTS_PER_SECOND`].
pub(crate) const CARTS_BURST: f64 = 60.0;
/// See [`CARTS_BURST`].
pub(crate) const CARTS_PER_SECOND: f64 = 1.0;
/// Coupon codes entered from one address at once; then [`COUPONS_PER_SECOND`].
pub(crate) const COUPONS_BURST: f64 = 20.0;
/// See [`COUPONS_BURST`].
pub(crate) const COUPONS_PER_SECOND: f64 = 0.2;
/// Offers with one stream key at once; then [`PUBLISH_PER_SECOND`].
pub(crate) const PUBLISH_BURST: f64 = 30.0;
/// See [`PUBLISH_BURST`].
pub(crate) const PUBLISH_PER_SECOND: f64 = 0.5;
/// Offers with a wrong key, of one address, at once; then [`STRANGERS_PER_SECOND`].
pub(crate) const STRANGERS_BURST: f64 = 20.0;
/// See [`STRANGERS_BURST`].
pub(crate) const STRANGERS_PER_SECOND: f64 = 0.5;
/// Offers of one address, publishers' and viewers', at once; then [`OFFERS_PER_SECOND`]. Many
/// people share one address.
pub(crate) const OFFERS_BURST: f64 = 2_000.0;
/// See [`OFFERS_BURST`].
pub(crate) const OFFERS_PER_SECOND: f64 = 500.0;
/// Requests to one media session at once; then [`SESSION_PER_SECOND`]. A client that trickles
/// sends one for each of its candidates.
pub(crate) const SESSION_BURST: f64 = 60.0;
/// See [`SESSION_BURST`].
pub(crate) const SESSION_PER_SECOND: f64 = 5.0;
/// Requests to sessions that do not exist, of one address, at once; then [`MISSES_PER_SECOND`].
pub(crate) const MISSES_BURST: f64 = 200.0;
/// See [`MISSES_BURST`].
pub(crate) const MISSES_PER_SECOND: f64 = 20.0;
/// Broadcasts that an administrator's list shows, and that have metrics of their own.
pub(crate) const ADMIN_BROADCASTS_MAX: usize = 64;
/// Peers that an administrator is shown of one broadcast, those that fare worst first.
pub(crate) const ADMIN_PEERS_MAX: usize = 1_000;
/// Longest body of a WHEP extension, bytes.
pub(crate) const EXTENSION_BYTES_MAX: usize = 4 * 1024;
/// How often a player's event stream looks for news.
pub(crate) const PLAYER_EVENTS_EVERY: Duration = Duration::from_millis(500);
/// Most rows of one page.
pub(crate) const PAGE_ROWS_MAX: u32 = 100;
/// Rows of a page when the caller does not say.
pub(crate) const PAGE_ROWS: u32 = 20;
/// Days before the last one that statistics cover, unless asked for.
pub(crate) const STATISTICS_DAYS: i64 = 30;

const _: () = assert!(SOCKET_WRITE_BYTES_MAX > SOCKET_BUFFER_BYTES);
