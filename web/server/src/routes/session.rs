//! What WHIP and WHEP share at the session that an answer points to: PATCH, DELETE, OPTIONS.
//!
//! A session's address is unguessable, so PATCH and DELETE are accepted on it alone; a token that
//! comes along must be the right one. The server is ICE-lite: candidates of a trickle fragment are
//! read and not used.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use media_shard::{RestartError, SdpFrag};
use signaling_hub::{MediaRefusal, SessionInfo, SessionKind};
use signaling_wire::Code;

use super::offer;
use crate::{
    error::{Answer, Refusal},
    extract::{has_type, raw_body},
    limits,
    state::App,
};

const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// The path of a session.
pub(super) fn path(kind: SessionKind, id: &str) -> String {
    let area = match kind {
        SessionKind::Publisher => "whip",
        SessionKind::Viewer => "whep",
    };
    format!("/{area}/sessions/{id}")
}

/// A session that a request names, or 404; both at a bounded rate.
pub(super) fn find(app: &App, address: IpAddr, id: &str, kind: SessionKind) -> Answer<SessionInfo> {
    match app.hub.session(id, kind) {
        Some(info) => app.rates.session.check(id.to_owned()).map(|()| info),
        None => {
            app.rates.misses.check(address)?;
            Err(Refusal::not_found())
        }
    }
}

/// A trickle fragment: 204. An ICE restart (`If-Match: *`): 200 with our new credentials. Or why
/// not.
pub(super) async fn patch(app: &App, info: &SessionInfo, request: Request) -> Answer<Response> {
    let (parts, body) = request.into_parts();
    if !has_type(&parts.headers, FRAGMENT) {
        let detail = "send application/trickle-ice-sdpfrag";
        let refusal = Refusal::new(Code::UnsupportedMediaType, detail);
        return Err(refusal.header(accept_patch(), HeaderValue::from_static(FRAGMENT)));
    }
    let Some(tags) = parts.headers.get(header::IF_MATCH) else {
        let detail = "send the session's ETag in If-Match";
        return Err(Refusal::new(Code::PreconditionRequired, detail));
    };
    let tags = tags.to_str().unwrap_or_default().trim();
    let restart = tags == "*";
    if !restart && !names(tags, &info.etag) {
        let detail = "the ETag is not this session's: it changes with an ICE restart";
        return Err(Refusal::new(Code::PreconditionFailed, detail));
    }
    let bytes = raw_body(&parts.headers, body, limits::FRAGMENT_BYTES_MAX).await?;
    let fragment = media_shard::parse_sdpfrag(&offer::text(&bytes)?)
        .map_err(|error| offer::refused(MediaRefusal::Offer(error)))?;
    if restart {
        return begin_restart(app, info, &fragment).await;
    }
    // A fragment of another ICE generation is dropped without a word (RFC 9725 section 4.3.2).
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// RFC 9725 section 4.3.3. Until the client's first check with the new credentials the session
/// goes on with the old ones, so a restart that comes to nothing does no harm.
async fn begin_restart(app: &App, info: &SessionInfo, fragment: &SdpFrag) -> Answer<Response> {
    let restarted = app.hub.restart_session(&info.id, info.kind, fragment).await;
    let restarted = restarted.map_err(|error| match error {
        RestartError::NoCredentials => Refusal::new(Code::UnsupportedOffer, error.to_string()),
        RestartError::Gone => Refusal::not_found(),
    })?;
    let etag = HeaderValue::from_str(&restarted.etag).map_err(|error| Refusal::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(FRAGMENT)),
        (header::ETAG, etag),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((StatusCode::OK, headers, restarted.fragment).into_response())
}

/// Whether a list of tags holds this one, compared strongly (RFC 9110 section 13.1.1).
fn names(tags: &str, etag: &str) -> bool {
    tags.split(',').any(|tag| tag.trim() == etag)
}

/// Ends a session: 200 and empty, which is what OBS takes for success.
pub(super) async fn end(app: &App, id: &str, kind: SessionKind) -> Answer<StatusCode> {
    match app.hub.end_session(id, kind).await {
        true => Ok(StatusCode::OK),
        false => Err(Refusal::not_found()),
    }
}

/// OPTIONS on a session.
pub(crate) async fn options() -> Response {
    let allow = HeaderValue::from_static("GET, HEAD, PATCH, DELETE, OPTIONS");
    let headers = [
        (accept_patch(), HeaderValue::from_static(FRAGMENT)),
        (header::ALLOW, allow),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn accept_patch() -> HeaderName {
    HeaderName::from_static("accept-patch")
}
