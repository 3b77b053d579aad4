//! What WHIP and WHEP share at their endpoints (RFC 9725, draft-ietf-wish-whep-03): the offer, its
//! answer, and what a client may ask of an endpoint. Sessions are in `session.rs`.

use std::net::IpAddr;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use signaling_hub::{CounterSession, MediaRefusal, MediaSession, SessionKind};
use signaling_wire::{Code, Problem};

use super::{session, whep_extensions};
use crate::{
    error::{Answer, Refusal},
    extract::{has_type, raw_body},
    http_date::http_date,
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
    let content = HeaderValue::from_static(SDP);
    let mut response = (StatusCode::CREATED, media.answer.clone()).into_response();
    let headers = response.headers_mut();
    describe(app, headers, kind, (&media.id, &media.etag), content)?;
    Ok(response)
}

/// 406 with what could be answered, and where the answer to it goes.
pub(super) fn countered(app: &App, counter: &CounterSession) -> Answer<Response> {
    let until = http_date(counter.valid_until_ms);
    let content = header_value(&format!("{SDP}; valid-until=\"{until}\""))?;
    let mut response = (StatusCode::NOT_ACCEPTABLE, counter.offer.clone()).into_response();
    let names = (counter.id.as_str(), counter.etag.as_str());
    let headers = response.headers_mut();
    describe(app, headers, SessionKind::Viewer, names, content)?;
    Ok(response)
}

/// What stands in the head of an answer: its session by `(id, etag)`, and its links.
fn describe(
    app: &App,
    headers: &mut HeaderMap,
    kind: SessionKind,
    (id, etag): (&str, &str),
    content: HeaderValue,
) -> Answer<()> {
    let path = session::path(kind, id);
    headers.insert(header::CONTENT_TYPE, content);
    headers.insert(header::LOCATION, header_value(&path)?);
    headers.insert(header::ETAG, header_value(etag)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for link in &app.ice_links {
        headers.append(header::LINK, link.clone());
    }
    if kind == SessionKind::Viewer {
        for link in whep_extensions::links(&path) {
            headers.append(header::LINK, header_value(&link)?);
        }
    }
    Ok(())
}

fn header_value(text: &str) -> Answer<HeaderValue> {
    HeaderValue::from_str(text).map_err(|error| Refusal::internal(&error))
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
#[utoipa::path(
    get,
    path = "/whip",
    responses((status = 200, description = "Done.")),
)]
pub(crate) async fn probe() -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(SDP))];
    (StatusCode::OK, kind).into_response()
}

fn accept_post() -> header::HeaderName {
    header::HeaderName::from_static("accept-post")
}
