//! `/whep/{stream}`: watching (draft-ietf-wish-whep-03). The bearer token, if there is one, is the
//! viewer's access token; without it the viewer is anonymous.

use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
};
use signaling_hub::SessionKind;
use signaling_wire::StreamId;

use super::offer;
use crate::{
    error::Answer,
    extract::{Caller, ClientAddress, Id},
    state::App,
};

/// Takes an offer, if something is live.
pub(crate) async fn watch(
    State(app): State<App>,
    Id(stream): Id<StreamId>,
    ClientAddress(address): ClientAddress,
    caller: Caller,
    request: Request,
) -> Answer<Response> {
    app.rates.watch.check(address)?;
    let (parts, body) = request.into_parts();
    let offer = offer::read(&parts.headers, body).await?;
    let identity = match &caller.0 {
        Some(claims) => Some(app.identity(claims, stream).await),
        None => None,
    };
    let session = app
        .hub
        .watch_offer(stream, &offer, identity)
        .await
        .map_err(offer::refused)?;
    offer::created(&session, "whep")
}

/// GET and HEAD on a session.
pub(crate) async fn probe(State(app): State<App>, Path(id): Path<String>) -> Answer<StatusCode> {
    offer::session(&app, &id, SessionKind::Viewer).map(|_| StatusCode::NO_CONTENT)
}

/// A trickle fragment.
pub(crate) async fn trickle(
    State(app): State<App>,
    Path(id): Path<String>,
    _caller: Caller,
    request: Request,
) -> Answer<StatusCode> {
    let info = offer::session(&app, &id, SessionKind::Viewer)?;
    offer::patch(&info, request).await
}

/// Stops watching.
pub(crate) async fn stop(
    State(app): State<App>,
    Path(id): Path<String>,
    _caller: Caller,
) -> Answer<StatusCode> {
    offer::end(&app, &id, SessionKind::Viewer).await
}
