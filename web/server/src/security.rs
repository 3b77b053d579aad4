//! What browsers are told and asked: response headers, origins, cross-origin requests.
//!
//! The API answers pages of its own origin and of those in `http.allowed_origins`. WHIP and WHEP
//! take their rights from bearer tokens and session addresses alone, never from cookies, so any
//! page may call them (RFC 9725 section 4.8 expects it of browser publishers).

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use signaling_wire::Code;

use crate::{config::HttpConfig, error::Refusal, state::App};

/// Scripts, pictures and connections of our own origin only; media from blobs for the camera.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; \
    style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob: mediastream:; \
    font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; object-src 'none'; \
    base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

/// The same with PortOne's SDK, its window in a frame, and the providers' pages that phones are
/// sent to.
const WITH_PORTONE: &str = "default-src 'self'; script-src 'self' https://cdn.portone.io; \
    style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob: mediastream:; \
    font-src 'self' data:; connect-src 'self' ws: wss: https://*.portone.io; \
    worker-src 'self' blob:; frame-src https:; object-src 'none'; base-uri 'self'; \
    form-action 'self' https:; frame-ancestors 'none'";

const FIXED: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(self)",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// The headers of every answer.
fn fixed(http: &HttpConfig) -> impl Iterator<Item = (HeaderName, &'static str)> {
    let portone = http.portone_window;
    FIXED.into_iter().map(move |(name, value)| match value {
        CONTENT_SECURITY_POLICY if portone => (name, WITH_PORTONE),
        // The window may be one of its own, which says how it ended to the page that opened it.
        "same-origin" if portone => (name, "same-origin-allow-popups"),
        _ => (name, value),
    })
}

/// What a page may read of an answer.
const EXPOSED: &str = "Location, ETag, Link, Accept-Post, Retry-After, Idempotent-Replayed, X-Request-Id, \
    Cart-Token";

/// Middleware: the fixed headers on every answer, and the host check.
pub(crate) async fn headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = if host_is_ours(&app.http, request.headers()) {
        next.run(request).await
    } else {
        Refusal::new(Code::BadRequest, "this host name is not served here").into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in fixed(&app.http) {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if app.http.is_secure() {
        let value = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// Behind a public address, other names are refused (DNS rebinding); probes by address pass.
fn host_is_ours(http: &HttpConfig, headers: &HeaderMap) -> bool {
    let Some(public) = http.public_url.as_deref() else {
        return true;
    };
    let Some(host) = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
    else {
        return true;
    };
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, _)| name)
        .trim_matches(['[', ']']);
    authority(public).eq_ignore_ascii_case(host)
        || name == "localhost"
        || name.parse::<std::net::IpAddr>().is_ok()
}

/// Middleware of the API: cross-origin requests of listed origins.
pub(crate) async fn api_cors(State(app): State<App>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let listed = origin.filter(|origin| is_listed(&app.http, origin));
    let preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = listed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        let methods = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let allowed = HeaderValue::from_static(
            "Authorization, Content-Type, Idempotency-Key, If-Match, Cart-Token",
        );
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED),
        );
    }
    response
}

/// Middleware of WHIP and WHEP: any page, with the headers that publishers and players read.
pub(crate) async fn media_cors(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED),
    );
    let methods = HeaderValue::from_static("POST, PATCH, DELETE, OPTIONS");
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    // `ETag` is what one publisher sends in the place of `If-Match`: it is told 428, not cut off.
    let allowed = HeaderValue::from_static("Authorization, Content-Type, If-Match, ETag");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("86400"),
    );
    response
}

/// Refuses a request that a foreign page made a browser send: for cookies and sockets, which
/// browsers attach and open without asking.
pub(crate) fn same_origin(http: &HttpConfig, headers: &HeaderMap) -> Result<(), Refusal> {
    let foreign = || Refusal::new(Code::Forbidden, "cross-origin request");
    let site = headers
        .get("sec-fetch-site")
        .and_then(|site| site.to_str().ok());
    let Some(origin) = headers.get(header::ORIGIN) else {
        // Programs send neither header; a browser that hides the origin still says the site.
        return match site {
            None | Some("same-origin" | "none") => Ok(()),
            Some(_) => Err(foreign()),
        };
    };
    if is_listed(http, origin) || is_own(http, origin, headers) {
        Ok(())
    } else {
        Err(foreign())
    }
}

fn is_listed(http: &HttpConfig, origin: &HeaderValue) -> bool {
    let own = http.public_url.iter();
    origin.to_str().is_ok_and(|text| {
        own.chain(&http.allowed_origins)
            .any(|listed| listed == text)
    })
}

/// The page that came from the host which it now calls.
fn is_own(http: &HttpConfig, origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let (Ok(origin), Some(host)) = (origin.to_str(), host) else {
        return false;
    };
    let scheme = if http.is_secure() {
        "https://"
    } else {
        "http://"
    };
    origin
        .strip_prefix(scheme)
        .is_some_and(|rest| rest.eq_ignore_ascii_case(host))
}

fn authority(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

#[cfg(test)]
mod tests;
