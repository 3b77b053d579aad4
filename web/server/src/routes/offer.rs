//! What WHIP and WHEP share (RFC 9725, draft-ietf-wish-whep-03): the offer, its answer, and the
//! session resource that an answer points to.
//!
//! A session's address is unguessable, so PATCH and DELETE are accepted on it alone; a token that
//! comes along must be the right one. The server is ICE-lite: candidates of a trickle fragment are
//! read and not used, and ICE restarts are refused, which leaves the old connection working.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use signaling_hub::{MediaRefusal, MediaSession, SessionInfo, SessionKind};
use signaling_wire::{Code, Problem};

use crate::{
    error::{Answer, Refusal},
    extract::{has_type, raw_body},
    limits,
    state::App,
};

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

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

fn text(bytes: &[u8]) -> Answer<String> {
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
pub(super) fn created(session: &MediaSession, area: &str) -> Answer<Response> {
    let location = HeaderValue::from_str(&format!("/{area}/sessions/{}", session.id))
        .map_err(|error| Refusal::internal(&error))?;
    let etag = HeaderValue::from_str(&session.etag).map_err(|error| Refusal::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(SDP)),
        (header::LOCATION, location),
        (header::ETAG, etag),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((StatusCode::CREATED, headers, session.answer.clone()).into_response())
}

/// The refusal of an offer.
pub(super) fn refused(refusal: MediaRefusal) -> Refusal {
    Problem::from(refusal).into()
}

/// A session that was named, or 404.
pub(super) fn session(app: &App, id: &str, kind: SessionKind) -> Answer<SessionInfo> {
    app.hub.session(id, kind).ok_or_else(Refusal::not_found)
}

/// A trickle fragment: 204, or why not.
pub(super) async fn patch(info: &SessionInfo, request: Request) -> Answer<StatusCode> {
    let (parts, body) = request.into_parts();
    if !has_type(&parts.headers, FRAGMENT) {
        let detail = "send application/trickle-ice-sdpfrag";
        let refusal = Refusal::new(Code::UnsupportedMediaType, detail);
        return Err(refusal.header(accept_patch(), HeaderValue::from_static(FRAGMENT)));
    }
    let Some(tag) = parts.headers.get(header::IF_MATCH) else {
        return Err(Refusal::new(
            Code::PreconditionRequired,
            "send the session's ETag in If-Match",
        ));
    };
    let tag = tag.to_str().unwrap_or_default().trim();
    if tag == "*" {
        return Err(Refusal::new(
            Code::UnsupportedOffer,
            "ICE restart is not supported: POST anew",
        ));
    }
    if tag != info.etag {
        return Err(Refusal::new(
            Code::PreconditionFailed,
            "the ETag is not this session's",
        ));
    }
    let bytes = raw_body(&parts.headers, body, limits::FRAGMENT_BYTES_MAX).await?;
    let fragment = text(&bytes)?;
    match media_shard::parse_sdpfrag(&fragment) {
        // A fragment of another ICE generation is dropped without a word (RFC 9725 4.3.2).
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(refused(MediaRefusal::Offer(error))),
    }
}

/// Ends a session: 200 and empty, which is what OBS takes for success.
pub(super) async fn end(app: &App, id: &str, kind: SessionKind) -> Answer<StatusCode> {
    match app.hub.end_session(id, kind).await {
        true => Ok(StatusCode::OK),
        false => Err(Refusal::not_found()),
    }
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

/// OPTIONS on a session.
pub(crate) async fn session_options() -> Response {
    let headers = [
        (accept_patch(), HeaderValue::from_static(FRAGMENT)),
        (
            header::ALLOW,
            HeaderValue::from_static("GET, HEAD, PATCH, DELETE, OPTIONS"),
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

fn accept_patch() -> header::HeaderName {
    header::HeaderName::from_static("accept-patch")
}
