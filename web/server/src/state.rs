//! What handlers hold: the handles of every part below, and the limits of the edge.

use std::{
    net::IpAddr,
    ops::Deref,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::http::HeaderValue;
use commerce_service::Commerce;
use commerce_store::Store;
use media_shard::MediaHandle;
use metrics_exporter_prometheus::PrometheusHandle;
use signaling_hub::{Hub, Identity};
use signaling_wire::{StreamId, UserId};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use web_accounts::{Accounts, Claims, Mailbox, Role};

use crate::{
    config::HttpConfig,
    limits,
    player_events::LayersSeen,
    rate::{RateLimit, Rule},
};

/// The state of the router; cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

/// What [`App`] points to.
pub(crate) struct Parts {
    pub(crate) http: HttpConfig,
    /// `Link` headers that tell clients of STUN and TURN servers.
    pub(crate) ice_links: Vec<HeaderValue>,
    pub(crate) hub: Hub,
    pub(crate) media: MediaHandle,
    pub(crate) store: Store,
    pub(crate) accounts: Accounts,
    pub(crate) commerce: Commerce,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) rates: Rates,
    pub(crate) layers: LayersSeen,
    /// The letters of a server without a mail server; a demo shows them.
    pub(crate) mailbox: OnceLock<Mailbox>,
    /// Places for sockets and event streams.
    pub(crate) sockets: Arc<Semaphore>,
    /// Cancelled when the server drains: sockets say goodbye.
    pub(crate) stop: CancellationToken,
    /// Whether the server wants requests: all parts started, not draining.
    pub(crate) ready: AtomicBool,
}

/// The rate limits of the edge.
pub(crate) struct Rates {
    /// Sign-ins and registrations by address; the accounts count failures beside it.
    pub(crate) login: RateLimit<IpAddr>,
    /// Requests to the API that change nothing, by address.
    pub(crate) reads: RateLimit<IpAddr>,
    /// Requests to the API that may change something, by address.
    pub(crate) writes: RateLimit<IpAddr>,
    /// The same by account, wherever it calls from.
    pub(crate) account: RateLimit<UserId>,
    /// Exports by person.
    pub(crate) export: RateLimit<UserId>,
    /// New carts of guests by address.
    pub(crate) carts: RateLimit<IpAddr>,
    /// Coupon codes by address, so that they cannot be guessed at speed.
    pub(crate) coupons: RateLimit<IpAddr>,
    /// Offers of publishers by stream, which is what a key names.
    pub(crate) publish: RateLimit<StreamId>,
    /// Offers with an unknown key by address, so that keys cannot be guessed at speed.
    pub(crate) strangers: RateLimit<IpAddr>,
    /// All offers by address.
    pub(crate) offers: RateLimit<IpAddr>,
    /// Requests to a media session by its name.
    pub(crate) session: RateLimit<String>,
    /// Requests to sessions that do not exist by address, so that names cannot be guessed.
    pub(crate) misses: RateLimit<IpAddr>,
}

impl Rates {
    pub(crate) fn new() -> Self {
        use limits::*;
        let rule = |burst, per_second| Rule { burst, per_second };
        Self {
            login: RateLimit::new(rule(LOGIN_BURST, LOGIN_PER_SECOND)),
            reads: RateLimit::new(rule(READS_BURST, READS_PER_SECOND)),
            writes: RateLimit::new(rule(WRITES_BURST, WRITES_PER_SECOND)),
            account: RateLimit::new(rule(ACCOUNT_BURST, ACCOUNT_PER_SECOND)),
            export: RateLimit::new(rule(EXPORT_BURST, EXPORT_PER_SECOND)),
            carts: RateLimit::new(rule(CARTS_BURST, CARTS_PER_SECOND)),
            coupons: RateLimit::new(rule(COUPONS_BURST, COUPONS_PER_SECOND)),
            publish: RateLimit::new(rule(PUBLISH_BURST, PUBLISH_PER_SECOND)),
            strangers: RateLimit::new(rule(STRANGERS_BURST, STRANGERS_PER_SECOND)),
            offers: RateLimit::new(rule(OFFERS_BURST, OFFERS_PER_SECOND)),
            session: RateLimit::new(rule(SESSION_BURST, SESSION_PER_SECOND)),
            misses: RateLimit::new(rule(MISSES_BURST, MISSES_PER_SECOND)),
        }
    }
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Whether new requests are welcome.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire) && !self.stop.is_cancelled()
    }

    /// Places for sockets, all free.
    pub(crate) fn socket_places() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(limits::SOCKETS_MAX))
    }

    /// Who a token's owner is in the room of a stream.
    pub(crate) async fn identity(&self, claims: &Claims, stream: StreamId) -> Identity {
        identify(&self.commerce, claims, stream).await
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Who a token's owner is in the room of a stream. A membership that cannot be read gives no
/// rights.
pub(crate) async fn identify(commerce: &Commerce, claims: &Claims, stream: StreamId) -> Identity {
    let admin = claims.role == Role::Admin;
    Identity {
        user: claims.user,
        name: claims.name.clone(),
        login: claims.family.as_str().into(),
        admin,
        seller: commerce
            .acts_for(claims.user, stream)
            .await
            .unwrap_or(false),
        expires_ms: claims.expires_ms,
    }
}

/// The account on whose behalf the shop acts.
pub(crate) fn actor(user: UserId, admin: bool) -> commerce_service::Actor {
    commerce_service::Actor { user, admin }
}
