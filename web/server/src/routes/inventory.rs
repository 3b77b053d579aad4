//! Stock: where it is, how much, every movement, and corrections with their reasons.

use axum::{Json, extract::State, http::StatusCode};
use commerce_service::{Adjustment, LevelView, Location, MovementView, Product};
use serde::Deserialize;
use signaling_wire::{Problem, ProductId, SellerId, VariantId};
use utoipa::ToSchema;
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
    Table::new()
        .on(routes!(locations, create_location))
        .on(routes!(adjust_product))
        .on(routes!(adjust))
        .on(routes!(levels))
        .on(routes!(movements))
}

/// The places where a seller keeps goods.
#[utoipa::path(
    get,
    path = "/api/sellers/{id}/locations",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PageView<Location>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn locations(
    State(app): State<App>,
    user: User,
    Id(seller): Id<SellerId>,
) -> Answer<Json<PageView<Location>>> {
    let locations = app.commerce.locations(user.actor(), seller).await;
    Ok(Json(PageView::whole(locations.map_err(Problem::from)?)))
}

/// A place where goods are kept.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewLocation)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateLocation {
    name: String,
}

/// Adds a place where goods are kept.
#[utoipa::path(
    post,
    path = "/api/sellers/{id}/locations",
    security(("user" = [])),
    request_body = CreateLocation,
    responses(
        (status = 201, description = "Made.", body = Location),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn create_location(
    State(app): State<App>,
    user: User,
    Id(seller): Id<SellerId>,
    Fields(create): Fields<CreateLocation>,
) -> Answer<(StatusCode, Json<Location>)> {
    let made = app
        .commerce
        .create_location(user.actor(), seller, &create.name)
        .await
        .map_err(Problem::from)?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Units that came or went, and why.
#[derive(Deserialize, ToSchema)]
#[schema(as = StockAdjustment)]
#[serde(deny_unknown_fields)]
pub(crate) struct Adjust {
    delta: i32,
    reason: String,
}

/// Notes units of a product that comes in one variant.
#[utoipa::path(
    post,
    path = "/api/products/{id}/stock-adjustments",
    security(("user" = [])),
    request_body = Adjust,
    responses(
        (status = 200, description = "Done.", body = Product),
        (status = 403, description = "forbidden"),
        (status = 422, description = "variant_required"),
    ),
)]
pub(crate) async fn adjust_product(
    State(app): State<App>,
    user: User,
    Id(id): Id<ProductId>,
    Fields(Adjust { delta, reason }): Fields<Adjust>,
) -> Answer<Json<Product>> {
    let adjusted = app
        .commerce
        .adjust_stock(user.actor(), id, delta, &reason)
        .await;
    Ok(Json(adjusted.map_err(Problem::from)?))
}

/// Notes units of a variant that came or went, with the reason.
#[utoipa::path(
    post,
    path = "/api/variants/{id}/stock-adjustments",
    security(("user" = [])),
    request_body = Adjustment,
    responses(
        (status = 200, description = "The level after it.", body = LevelView),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn adjust(
    State(app): State<App>,
    user: User,
    Id(id): Id<VariantId>,
    Fields(adjustment): Fields<Adjustment>,
) -> Answer<Json<LevelView>> {
    let adjusted = app
        .commerce
        .adjust_variant(user.actor(), id, adjustment)
        .await;
    Ok(Json(adjusted.map_err(Problem::from)?))
}

/// The levels of a variant, on shelves and in sales.
#[utoipa::path(
    get,
    path = "/api/variants/{id}/stock",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PageView<LevelView>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn levels(
    State(app): State<App>,
    user: User,
    Id(id): Id<VariantId>,
) -> Answer<Json<PageView<LevelView>>> {
    let levels = app.commerce.levels(user.actor(), id).await;
    Ok(Json(PageView::whole(levels.map_err(Problem::from)?)))
}

/// The movements of a variant, the newest first.
#[utoipa::path(
    get,
    path = "/api/variants/{id}/movements",
    security(("user" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "Done.", body = PageView<MovementView>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn movements(
    State(app): State<App>,
    user: User,
    Id(id): Id<VariantId>,
    Query(query): Query<PageQuery>,
) -> Answer<Json<PageView<MovementView>>> {
    let (cursor, limit) = query.bounds()?;
    let page = app
        .commerce
        .movements(user.actor(), id, cursor.as_deref(), limit)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |movement| movement)))
}
