//! The log, and the request id that ties an answer to its lines.
//!
//! One line per request, with the route's pattern instead of its path: session addresses are
//! capabilities and do not belong in a log. No header and no body is ever logged. Nothing here is
//! per packet or per frame.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::LogConfig;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: String;
}

/// Starts the log on standard error. Called once.
pub(crate) fn init(config: &LogConfig) {
    // The filter was parsed when the configuration was checked.
    let targets: Targets = config.filter.parse().unwrap_or_default();
    let registry = tracing_subscriber::registry().with(targets);
    let layer = fmt::layer()
        .with_writer(std::io::stderr)
        // It would say on standard error that standard error takes nothing (a full disk), and panic.
        .log_internal_errors(false);
    // A second start (two servers in one test process) keeps the first log.
    let started = if config.json {
        registry.with(layer.json()).try_init()
    } else {
        registry.with(layer.with_ansi(false)).try_init()
    };
    drop(started);
}

/// The id of the request that this task works on.
pub(crate) fn request_id() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Middleware: gives the request its id and logs how it went.
pub(crate) async fn request(request: Request, next: Next) -> Response {
    let id = format!("req_{:016x}", rand::random::<u64>());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("-", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!("request", id = %id, method = %request.method(), route = %route);
    let started = Instant::now();
    let work = CURRENT.scope(id.clone(), next.run(request));
    let mut response = work.instrument(span.clone()).await;
    let status = response.status();
    let elapsed_ms = started.elapsed().as_millis();
    let _entered = span.enter();
    if status.is_server_error() {
        tracing::warn!(status = status.as_u16(), elapsed_ms, "answered");
    } else {
        tracing::debug!(status = status.as_u16(), elapsed_ms, "answered");
    }
    metrics::counter!("souk_http_requests_total", "route" => route, "status" => status.as_str().to_owned())
        .increment(1);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    response
}
