//! What WHIP and WHEP share at their endpoints (RFC 9725, draft-ietf-wish-whep-03): the offer, its
//! answer, and what a client may ask of an endpoint. Sessions are in `session.rs`.

use std::net::IpAddr;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use signaling_hub::{MediaRefusal, MediaSession, SessionKind};
use signaling_wire::{Code, Problem};

use super::{session, whep_extensions};
use crate::{
    error::{Answer, Refusal},
    extract::{has_type, raw_body},
    limits,
    state::App,
};

pub(super) const SDP: &str = "application/sdp";
/// When a client comes back to a server that goes away, seconds.
const RESTART_RETRY: u32 = 5;

/// Whether an offer is looked at: not while the server goes away, and not at any speed.
pub(super) fn admit(app: &App, address: IpAddr) -> Answer<()> {
    if !app.is_ready() {
        let problem = Problem::new(Code::Unavailable, "the server is stopping");
        return Err(problem.retry_after(RESTART_RETRY).into());
    }
    app.rates.offers.check(address)
}

/// Reads the offer of a POST.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Answer<String> {
    if !has_type(headers, SDP) {
        let refusal = Refusal::new(Code::UnsupportedMediaType, "send application/sdp");
        return Err(refusal.header(accept_post(), HeaderValue::from_static(SDP)));
    }
    if !accepts_sdp(headers) {
        return Err(Refusal::new(
            Code::NotAcceptable,
            "answers are application/sdp",
        ));
    }
    let bytes = raw_body(headers, body, limits::OFFER_BYTES_MAX).await?;
    text(&bytes)
}

pub(super) fn text(bytes: &[u8]) -> Answer<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && !text.contains('\0') => Ok(text.to_owned()),
        _ => Err(Refusal::new(Code::MalformedOffer, "the body must be text")),
    }
}

/// Whether the caller takes an SDP answer; without the header anything is taken.
fn accepts_sdp(headers: &HeaderMap) -> bool {
    let mut ranges = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .peekable();
    ranges.peek().is_none() || ranges.any(|range| matches!(range, SDP | "application/*" | "*/*"))
}

/// 201 with the answer and where its session is.
pub(super) fn created(app: &App, media: &MediaSession, kind: SessionKind) -> Answer<Response> {
    let path = session::path(kind, &media.id);
    let location = HeaderValue::from_str(&path).map_err(|error| Refusal::internal(&error))?;
    let etag = HeaderValue::from_str(&media.etag).map_err(|error| Refusal::internal(&error))?;
    let fixed = [
        (header::CONTENT_TYPE, HeaderValue::from_static(SDP)),
        (header::LOCATION, location),
        (header::ETAG, etag),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let mut response = (StatusCode::CREATED, fixed, media.answer.clone()).into_response();
    for link in &app.ice_links {
        response.headers_mut().append(header::LINK, link.clone());
    }
    if kind == SessionKind::Viewer {
        for link in whep_extensions::links(&path) {
            let link = HeaderValue::from_str(&link).map_err(|error| Refusal::internal(&error))?;
            response.headers_mut().append(header::LINK, link);
        }
    }
    Ok(response)
}

/// The refusal of an offer.
pub(super) fn refused(refusal: MediaRefusal) -> Refusal {
    Problem::from(refusal).into()
}

/// OPTIONS on an endpoint; without a preflight's headers it says the same.
pub(crate) async fn options() -> Response {
    let headers = [
        (accept_post(), HeaderValue::from_static(SDP)),
        (
            header::ALLOW,
            HeaderValue::from_static("GET, HEAD, POST, OPTIONS"),
        ),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// GET and HEAD on an endpoint: success without content.
pub(crate) async fn probe() -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(SDP))];
    (StatusCode::OK, kind).into_response()
}

fn accept_post() -> header::HeaderName {
    header::HeaderName::from_static("accept-post")
}
