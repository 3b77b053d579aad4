//! `/whep/{stream}`: watching (draft-ietf-wish-whep-03). The bearer token, if there is one, is the
//! viewer's access token; without it the viewer is anonymous.

use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use signaling_hub::{SessionKind, Watching};
use signaling_wire::StreamId;
use utoipa_axum::routes;

use super::{offer, session, table::Table};
use crate::{
    error::{Answer, Refusal},
    extract::{ClientAddress, Id, MediaCaller},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(discover, watch))
        .on(routes!(probe, patch, stop))
        .options("/whep/{stream}", offer::options)
        .options("/whep/sessions/{id}", session::options)
}

/// GET and HEAD on an endpoint: how a player finds out that this is one.
#[utoipa::path(
    get,
    path = "/whep/{stream}",
    responses((status = 200, description = "Done.")),
)]
pub(crate) async fn discover(State(app): State<App>, Id(stream): Id<StreamId>) -> Answer<Response> {
    match app.hub.presence(stream) {
        Some(_) => Ok(offer::probe().await.into_response()),
        None => Err(Refusal::not_found()),
    }
}

/// Takes an offer, if something is live.
#[utoipa::path(
    post,
    path = "/whep/{stream}",
    request_body(content = String, content_type = "application/sdp"),
    responses(
        (status = 201, description = "The answer; its session is in `Location`.", body = String, content_type = "application/sdp"),
        (status = 400, description = "malformed_offer"),
        (status = 409, description = "stream_not_live"),
        (status = 413, description = "payload_too_large"),
        (status = 415, description = "unsupported_media_type"),
        (status = 422, description = "unsupported_offer"),
    ),
)]
pub(crate) async fn watch(
    State(app): State<App>,
    Id(stream): Id<StreamId>,
    ClientAddress(address): ClientAddress,
    caller: MediaCaller,
    request: Request,
) -> Answer<Response> {
    offer::admit(&app, address)?;
    let (parts, body) = request.into_parts();
    let offer = offer::read(&parts.headers, body).await?;
    let identity = match &caller.0 {
        Some(claims) => Some(app.identity(claims, stream).await),
        None => None,
    };
    let watching = app.hub.watch_offer(stream, &offer, identity).await;
    match watching.map_err(offer::refused)? {
        Watching::Answered(session) => offer::created(&app, &session, SessionKind::Viewer),
        Watching::Countered(counter) => offer::countered(&app, &counter),
    }
}

/// GET and HEAD on a session.
#[utoipa::path(
    get,
    path = "/whep/sessions/{id}",
    responses((status = 204, description = "Done.")),
)]
pub(crate) async fn probe(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    if app.hub.countered(&id).is_some() {
        return Ok(StatusCode::NO_CONTENT);
    }
    session::find(&app, address, &id, SessionKind::Viewer).map(|_| StatusCode::NO_CONTENT)
}

/// A trickle fragment, an ICE restart, or the answer to a counter-offer.
#[utoipa::path(
    patch,
    path = "/whep/sessions/{id}",
    request_body(content = String, content_type = "application/trickle-ice-sdpfrag"),
    responses(
        (status = 200, description = "Our side of an ICE restart."),
        (status = 204, description = "Done."),
        (status = 412, description = "precondition_failed"),
        (status = 415, description = "unsupported_media_type"),
        (status = 428, description = "precondition_required"),
    ),
)]
pub(crate) async fn patch(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
    _caller: MediaCaller,
    request: Request,
) -> Answer<Response> {
    if app.hub.countered(&id).is_some() {
        return answer(&app, &id, request).await;
    }
    let info = session::find(&app, address, &id, SessionKind::Viewer)?;
    session::patch(&app, &info, request).await
}

/// The answer to a counter-offer: 204, and the session begins.
async fn answer(app: &App, id: &str, request: Request) -> Answer<Response> {
    app.rates.session.check(id.to_owned())?;
    let (parts, body) = request.into_parts();
    let answer = offer::read(&parts.headers, body).await?;
    match app.hub.answer_counter(id, &answer).await {
        Some(Ok(_)) => Ok(StatusCode::NO_CONTENT.into_response()),
        Some(Err(refusal)) => Err(offer::refused(refusal)),
        None => Err(Refusal::not_found()),
    }
}

/// Stops watching.
#[utoipa::path(
    delete,
    path = "/whep/sessions/{id}",
    responses((status = 200, description = "Done.")),
)]
pub(crate) async fn stop(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
    _caller: MediaCaller,
) -> Answer<StatusCode> {
    if app.hub.end_counter(&id) {
        return Ok(StatusCode::OK);
    }
    session::find(&app, address, &id, SessionKind::Viewer)?;
    session::end(&app, &id, SessionKind::Viewer).await
}
