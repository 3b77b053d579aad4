//! `/api/streams/{id}/viewers`: who watches, and whom the hosts mute or ban.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use commerce_service::{Audience, SanctionView};
use serde::Deserialize;
use signaling_wire::{Problem, StreamId, UserId, frame::control::SanctionKind};
use utoipa::ToSchema;

use crate::{
    error::{Answer, Refusal},
    extract::{Fields, Id, User},
    state::App,
};

/// Who watches: how many, the accounts among them, and whom the hosts muted or banned.
#[utoipa::path(
    get,
    path = "/api/streams/{id}/viewers",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Audience),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    user: User,
    Id(id): Id<StreamId>,
) -> Answer<Json<Audience>> {
    let audience = app.commerce.audience(user.actor(), id).await;
    Ok(Json(audience.map_err(Problem::from)?))
}

/// For how long.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewSanction)]
#[serde(deny_unknown_fields)]
pub(crate) struct Term {
    /// Without it, until it is lifted.
    #[serde(default)]
    seconds: Option<u32>,
}

/// Takes the word from a viewer: they watch and buy, and do not write.
#[utoipa::path(
    post,
    path = "/api/streams/{id}/viewers/{user}/mute",
    security(("user" = [])),
    request_body = Term,
    responses(
        (status = 200, description = "Done.", body = SanctionView),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn mute(
    State(app): State<App>,
    user: User,
    Path(path): Path<(String, String)>,
    Fields(term): Fields<Term>,
) -> Answer<Json<SanctionView>> {
    sanction(&app, &user, &path, SanctionKind::Mute, &term).await
}

/// Gives the word back.
#[utoipa::path(
    delete,
    path = "/api/streams/{id}/viewers/{user}/mute",
    security(("user" = [])),
    responses((status = 204, description = "Done."), (status = 403, description = "forbidden")),
)]
pub(crate) async fn unmute(
    State(app): State<App>,
    user: User,
    Path(path): Path<(String, String)>,
) -> Answer<StatusCode> {
    lift(&app, &user, &path, SanctionKind::Mute).await
}

/// Bans a viewer from the room: whatever they sign in with, they are nobody there.
#[utoipa::path(
    post,
    path = "/api/streams/{id}/viewers/{user}/ban",
    security(("user" = [])),
    request_body = Term,
    responses(
        (status = 200, description = "Done.", body = SanctionView),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn ban(
    State(app): State<App>,
    user: User,
    Path(path): Path<(String, String)>,
    Fields(term): Fields<Term>,
) -> Answer<Json<SanctionView>> {
    sanction(&app, &user, &path, SanctionKind::Ban, &term).await
}

/// Lets a viewer in again.
#[utoipa::path(
    delete,
    path = "/api/streams/{id}/viewers/{user}/ban",
    security(("user" = [])),
    responses((status = 204, description = "Done."), (status = 403, description = "forbidden")),
)]
pub(crate) async fn unban(
    State(app): State<App>,
    user: User,
    Path(path): Path<(String, String)>,
) -> Answer<StatusCode> {
    lift(&app, &user, &path, SanctionKind::Ban).await
}

async fn sanction(
    app: &App,
    user: &User,
    path: &(String, String),
    kind: SanctionKind,
    term: &Term,
) -> Answer<Json<SanctionView>> {
    let (stream, viewer) = ids(path)?;
    let done = app
        .commerce
        .sanction(user.actor(), stream, viewer, kind, term.seconds)
        .await;
    Ok(Json(done.map_err(Problem::from)?))
}

async fn lift(
    app: &App,
    user: &User,
    path: &(String, String),
    kind: SanctionKind,
) -> Answer<StatusCode> {
    let (stream, viewer) = ids(path)?;
    let done = app.commerce.lift(user.actor(), stream, viewer, kind).await;
    done.map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}

fn ids((stream, viewer): &(String, String)) -> Answer<(StreamId, UserId)> {
    match (stream.parse(), viewer.parse()) {
        (Ok(stream), Ok(viewer)) => Ok((stream, viewer)),
        _ => Err(Refusal::not_found()),
    }
}
