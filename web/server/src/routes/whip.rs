//! `/whip`: publishing (RFC 9725). The bearer token is a stream key, for encoders, or a publish
//! ticket, for pages; either names the stream.

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use signaling_hub::SessionKind;
use signaling_wire::{Code, Problem, StreamId};
use utoipa_axum::routes;
use web_accounts::StreamKey;

use super::{offer, session, table::Table};
use crate::{
    error::{Answer, Refusal},
    extract::{ClientAddress, media_token},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(offer::probe, publish))
        .on(routes!(probe, patch, stop))
        .options("/whip", offer::options)
        .options("/whip/sessions/{id}", session::options)
}

/// The challenge of a token that opens something else (RFC 6750 section 3.1).
const SCOPE: HeaderValue = HeaderValue::from_static("Bearer error=\"insufficient_scope\"");

/// Takes an offer; the newest publisher of a stream wins.
#[utoipa::path(
    post,
    path = "/whip",
    request_body(content = String, content_type = "application/sdp"),
    responses(
        (status = 201, description = "The answer; its session is in `Location`.", body = String, content_type = "application/sdp"),
        (status = 400, description = "malformed_offer"),
        (status = 401, description = "invalid_token unauthenticated"),
        (status = 404, description = "not_found"),
        (status = 409, description = "publisher_conflict"),
        (status = 413, description = "payload_too_large"),
        (status = 415, description = "unsupported_media_type"),
        (status = 422, description = "unsupported_offer"),
    ),
)]
pub(crate) async fn publish(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> Answer<Response> {
    offer::admit(&app, address)?;
    let (parts, body) = request.into_parts();
    let Some(token) = media_token(&parts.headers)? else {
        let detail = "publishing needs a stream key or a publish ticket as bearer token";
        return Err(Refusal::new(Code::Unauthenticated, detail));
    };
    let Some(stream) = resolve(&app, token).await? else {
        app.rates.strangers.check(address)?;
        return Err(unknown());
    };
    app.rates.publish.check(stream)?;
    let offer = offer::read(&parts.headers, body).await?;
    let session = app
        .hub
        .publish_offer(stream, &offer)
        .await
        .map_err(offer::refused)?;
    tracing::info!(%stream, "publisher accepted");
    offer::created(&app, &session, SessionKind::Publisher)
}

/// GET and HEAD on a session.
#[utoipa::path(
    get,
    path = "/whip/sessions/{id}",
    responses((status = 204, description = "Done.")),
)]
pub(crate) async fn probe(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    session::find(&app, address, &id, SessionKind::Publisher).map(|_| StatusCode::NO_CONTENT)
}

/// A trickle fragment or an ICE restart.
#[utoipa::path(
    patch,
    path = "/whip/sessions/{id}",
    request_body(content = String, content_type = "application/trickle-ice-sdpfrag"),
    responses(
        (status = 200, description = "Our side of an ICE restart."),
        (status = 204, description = "Done."),
        (status = 400, description = "malformed_offer"),
        (status = 412, description = "precondition_failed"),
        (status = 415, description = "unsupported_media_type"),
        (status = 428, description = "precondition_required"),
    ),
)]
pub(crate) async fn patch(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
    request: Request,
) -> Answer<Response> {
    let info = session::find(&app, address, &id, SessionKind::Publisher)?;
    authorize(&app, request.headers(), info.stream).await?;
    session::patch(&app, &info, request).await
}

/// Stops publishing.
#[utoipa::path(
    delete,
    path = "/whip/sessions/{id}",
    responses((status = 200, description = "Done.")),
)]
pub(crate) async fn stop(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let info = session::find(&app, address, &id, SessionKind::Publisher)?;
    authorize(&app, &headers, info.stream).await?;
    session::end(&app, &id, SessionKind::Publisher).await
}

/// The stream that a bearer token may publish into; `None` for one that may not, or no longer.
async fn resolve(app: &App, token: &str) -> Answer<Option<StreamId>> {
    let stream = if token.starts_with(StreamKey::PREFIX) {
        app.accounts.resolve_stream_key(token).await
    } else {
        app.accounts.resolve_publish_ticket(token).await
    };
    Ok(stream.map_err(Problem::from)?)
}

/// No token is fine, another stream's is not.
async fn authorize(app: &App, headers: &HeaderMap, stream: StreamId) -> Answer<()> {
    let Some(token) = media_token(headers)? else {
        return Ok(());
    };
    match resolve(app, token).await? {
        Some(named) if named == stream => Ok(()),
        Some(_) => {
            let detail = "the stream key or ticket is another stream's";
            Err(Refusal::new(Code::Forbidden, detail).header(header::WWW_AUTHENTICATE, SCOPE))
        }
        None => Err(unknown()),
    }
}

fn unknown() -> Refusal {
    let detail = "the stream key or ticket is not known, or has expired";
    Refusal::new(Code::InvalidToken, detail)
}
