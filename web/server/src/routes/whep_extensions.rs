//! The extensions of a WHEP session: server-sent events and the choice of a layer
//! (`urn:ietf:params:whep:ext:core`).
//!
//! An event stream has no state of its own: its address says which events are wanted, under the
//! unguessable address of its session, and it ends with the session.

use std::{collections::BTreeSet, convert::Infallible};

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{KeepAlive, Sse},
    },
};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::Value;
use signaling_hub::{SessionInfo, SessionKind};
use signaling_wire::{Code, Problem};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{session, table::Table};
use crate::{
    error::{Answer, Refusal},
    extract::{ClientAddress, MediaCaller, has_type, raw_body},
    limits,
    player_events::{self, Reader, Wanted},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(subscribe))
        .on(routes!(events))
        .on(routes!(select_layer, unselect_layer))
        .options("/whep/sessions/{id}/events", options)
        .options("/whep/sessions/{id}/events/{wanted}", options)
        .options("/whep/sessions/{id}/layer", options)
}

const JSON: &str = "application/json";

/// The links of a new session, one header each.
pub(super) fn links(path: &str) -> [String; 2] {
    let events = Wanted::NAMES.join(",");
    let rel = "urn:ietf:params:whep:ext:core";
    [
        format!("<{path}/events>; rel=\"{rel}:server-sent-events\"; events=\"{events}\""),
        format!("<{path}/layer>; rel=\"{rel}:layer\""),
    ]
}

/// Names the events that a player wants; the answer says where they come.
#[utoipa::path(
    post,
    path = "/whep/sessions/{id}/events",
    request_body = Vec<String>,
    responses(
        (status = 201, description = "Where the events come is in `Location`."),
        (status = 400, description = "bad_request"),
        (status = 413, description = "payload_too_large"),
        (status = 415, description = "unsupported_media_type"),
    ),
)]
pub(crate) async fn subscribe(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
    _caller: MediaCaller,
    request: Request,
) -> Answer<Response> {
    session::find(&app, address, &id, SessionKind::Viewer)?;
    let names: BTreeSet<String> = read(request).await?;
    let Some(wanted) = Wanted::parse(names.iter().map(String::as_str)) else {
        let detail = format!("events are {}", Wanted::NAMES.join(", "));
        return Err(Refusal::new(Code::BadRequest, detail));
    };
    let path = session::path(SessionKind::Viewer, &id);
    let location = format!("{path}/events/{wanted}");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)]).into_response())
}

/// The events, until the session ends.
#[utoipa::path(
    get,
    path = "/whep/sessions/{id}/events/{wanted}",
    responses(
        (status = 200, description = "Done.", body = String, content_type = "text/event-stream"),
    ),
)]
pub(crate) async fn events(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path((id, wanted)): Path<(String, String)>,
) -> Answer<Response> {
    let info = session::find(&app, address, &id, SessionKind::Viewer)?;
    let wanted = Wanted::parse(wanted.split('.')).ok_or_else(Refusal::not_found)?;
    let place = app.sockets.clone().try_acquire_owned().map_err(|_| {
        Refusal::from(Problem::new(Code::Busy, "too many event streams").retry_after(5))
    })?;
    let reader = Reader::new(app, info, wanted);
    let news = stream::unfold((reader, place), |(mut reader, place)| async move {
        let news = reader.next().await?;
        Some((stream::iter(news), (reader, place)))
    });
    let no_buffer = (
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    let sse = Sse::new(news.flatten().map(Ok::<_, Infallible>))
        .keep_alive(KeepAlive::new().interval(limits::EVENTS_KEEP_ALIVE));
    Ok(([no_buffer], sse).into_response())
}

/// What a player wants to see. Without an encoding, the choice is the server's.
#[derive(Deserialize, ToSchema)]
#[schema(as = LayerChoice)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Layer {
    /// The section; there is one with video.
    #[serde(default, rename = "mediaId")]
    _media_id: Option<Value>,
    #[serde(default)]
    encoding_id: Option<String>,
}

/// Shows one simulcast layer from its next keyframe on.
#[utoipa::path(
    post,
    path = "/whep/sessions/{id}/layer",
    request_body = Layer,
    responses(
        (status = 200, description = "Done."),
        (status = 400, description = "bad_request"),
        (status = 413, description = "payload_too_large"),
        (status = 415, description = "unsupported_media_type"),
        (status = 422, description = "validation_error"),
    ),
)]
pub(crate) async fn select_layer(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
    _caller: MediaCaller,
    request: Request,
) -> Answer<StatusCode> {
    let info = session::find(&app, address, &id, SessionKind::Viewer)?;
    let wanted: Layer = read(request).await?;
    let layer = match &wanted.encoding_id {
        None => None,
        Some(encoding) => Some(find_layer(&app, &info, encoding).await?),
    };
    app.media.select_layer(info.peer, layer).await;
    Ok(StatusCode::OK)
}

/// Leaves the choice to the server again.
#[utoipa::path(
    delete,
    path = "/whep/sessions/{id}/layer",
    responses((status = 200, description = "Done.")),
)]
pub(crate) async fn unselect_layer(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
    _caller: MediaCaller,
) -> Answer<StatusCode> {
    let info = session::find(&app, address, &id, SessionKind::Viewer)?;
    app.media.select_layer(info.peer, None).await;
    Ok(StatusCode::OK)
}

async fn find_layer(app: &App, info: &SessionInfo, encoding: &str) -> Answer<u8> {
    let layers = player_events::layers(app, info.stream).await;
    let found = layers.iter().find(|layer| layer.id == encoding);
    found.map(|layer| layer.index).ok_or_else(|| {
        let known: Vec<&str> = layers.iter().map(|layer| layer.id.as_str()).collect();
        let detail = format!("encodings are: {}", known.join(", "));
        Refusal::new(Code::ValidationError, detail)
    })
}

/// OPTIONS on all of them.
pub(crate) async fn options() -> Response {
    let headers = [(
        HeaderName::from_static("accept-post"),
        HeaderValue::from_static(JSON),
    )];
    (StatusCode::NO_CONTENT, headers).into_response()
}

async fn read<T: serde::de::DeserializeOwned>(request: Request) -> Answer<T> {
    let (parts, body) = request.into_parts();
    let headers: &HeaderMap = &parts.headers;
    if !has_type(headers, JSON) {
        let detail = "send application/json";
        return Err(Refusal::new(Code::UnsupportedMediaType, detail));
    }
    let bytes = raw_body(headers, body, limits::EXTENSION_BYTES_MAX).await?;
    let Json(value) = Json::from_bytes(&bytes)
        .map_err(|error| Refusal::new(Code::BadRequest, error.body_text()))?;
    Ok(value)
}
