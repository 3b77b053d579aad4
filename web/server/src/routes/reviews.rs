//! `/api/products/{id}/reviews`: what buyers say about what they received.

use axum::{Json, extract::State, http::StatusCode};
use commerce_service::{NewReview, Review};
use signaling_wire::{Problem, ProductId};
use utoipa_axum::routes;

use super::{
    page::{PageQuery, PageView},
    table::Table,
};
use crate::{
    error::Answer,
    extract::{Fields, Id, Query, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new().on(routes!(list, write))
}

/// Reviews of a product, the newest first.
#[utoipa::path(
    get,
    path = "/api/products/{id}/reviews",
    params(PageQuery),
    responses((status = 200, description = "Done.", body = PageView<Review>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Id(product): Id<ProductId>,
    Query(query): Query<PageQuery>,
) -> Answer<Json<PageView<Review>>> {
    let (cursor, limit) = query.bounds()?;
    let page = app
        .commerce
        .reviews(product, cursor.as_deref(), limit)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |review| review)))
}

/// Says something about a product that the caller received.
#[utoipa::path(
    post,
    path = "/api/products/{id}/reviews",
    security(("user" = [])),
    request_body = NewReview,
    responses(
        (status = 201, description = "Said.", body = Review),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn write(
    State(app): State<App>,
    user: User,
    Id(product): Id<ProductId>,
    Fields(new): Fields<NewReview>,
) -> Answer<(StatusCode, Json<Review>)> {
    let written = app.commerce.write_review(user.actor(), product, new).await;
    Ok((StatusCode::CREATED, Json(written.map_err(Problem::from)?)))
}
