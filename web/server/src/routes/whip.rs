//! `/whip`: publishing (RFC 9725). The bearer token is the stream key, and the key names the
//! stream.

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use signaling_hub::SessionKind;
use signaling_wire::{Code, Problem, StreamId};

use super::offer;
use crate::{
    error::{Answer, Refusal},
    extract::{ClientAddress, bearer},
    state::App,
};

/// Takes an offer; the newest publisher of a stream wins.
pub(crate) async fn publish(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> Answer<Response> {
    let (parts, body) = request.into_parts();
    let Some(key) = bearer(&parts.headers)? else {
        let detail = "publishing needs the stream key as bearer token";
        return Err(Refusal::new(Code::Unauthenticated, detail));
    };
    let Some(stream) = resolve(&app, key).await? else {
        app.rates.strangers.check(address)?;
        return Err(Refusal::new(
            Code::InvalidToken,
            "the stream key is not known",
        ));
    };
    app.rates.publish.check(stream)?;
    let offer = offer::read(&parts.headers, body).await?;
    let session = app
        .hub
        .publish_offer(stream, &offer)
        .await
        .map_err(offer::refused)?;
    tracing::info!(%stream, "publisher accepted");
    offer::created(&session, "whip")
}

/// GET and HEAD on a session.
pub(crate) async fn probe(State(app): State<App>, Path(id): Path<String>) -> Answer<StatusCode> {
    offer::session(&app, &id, SessionKind::Publisher).map(|_| StatusCode::NO_CONTENT)
}

/// A trickle fragment.
pub(crate) async fn trickle(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request,
) -> Answer<StatusCode> {
    let info = offer::session(&app, &id, SessionKind::Publisher)?;
    authorize(&app, request.headers(), info.stream).await?;
    offer::patch(&info, request).await
}

/// Stops publishing.
pub(crate) async fn stop(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer<StatusCode> {
    let info = offer::session(&app, &id, SessionKind::Publisher)?;
    authorize(&app, &headers, info.stream).await?;
    offer::end(&app, &id, SessionKind::Publisher).await
}

async fn resolve(app: &App, key: &str) -> Answer<Option<StreamId>> {
    Ok(app
        .accounts
        .resolve_stream_key(key)
        .await
        .map_err(Problem::from)?)
}

/// No token is fine, another stream's is not.
async fn authorize(app: &App, headers: &HeaderMap, stream: StreamId) -> Answer<()> {
    let Some(key) = bearer(headers)? else {
        return Ok(());
    };
    match resolve(app, key).await? {
        Some(named) if named == stream => Ok(()),
        Some(_) => Err(Refusal::new(
            Code::Forbidden,
            "the stream key is another stream's",
        )),
        None => Err(Refusal::new(
            Code::InvalidToken,
            "the stream key is not known",
        )),
    }
}
