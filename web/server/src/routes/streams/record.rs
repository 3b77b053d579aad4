//! `/api/streams/{id}/timeline`, `/metrics`: what happened in a show, and what came of its cards.

use axum::{Json, extract::State};
use commerce_service::{StreamEvent, StreamMetrics};
use signaling_wire::{Problem, StreamId};

use super::super::page::{PageQuery, PageView};
use crate::{
    error::Answer,
    extract::{Id, Query, User},
    state::App,
};

/// What happened in a show, the oldest first: media, cards, sales, each with its place in what was
/// on air.
#[utoipa::path(
    get,
    path = "/api/streams/{id}/timeline",
    params(PageQuery),
    responses((status = 200, description = "Done.", body = PageView<StreamEvent>)),
)]
pub(crate) async fn timeline(
    State(app): State<App>,
    Id(id): Id<StreamId>,
    Query(query): Query<PageQuery>,
) -> Answer<Json<PageView<StreamEvent>>> {
    let (cursor, limit) = query.bounds()?;
    let page = app.commerce.timeline(id, cursor.as_deref(), limit).await;
    Ok(Json(PageView::of(page.map_err(Problem::from)?, |event| {
        event
    })))
}

/// What came of a show's cards: how often they were seen and clicked, what was ordered and paid.
#[utoipa::path(
    get,
    path = "/api/streams/{id}/metrics",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = StreamMetrics),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn metrics(
    State(app): State<App>,
    user: User,
    Id(id): Id<StreamId>,
) -> Answer<Json<StreamMetrics>> {
    let metrics = app.commerce.stream_metrics(user.actor(), id).await;
    Ok(Json(metrics.map_err(Problem::from)?))
}
