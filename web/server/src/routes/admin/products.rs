//! `/api/admin/products` and `/api/admin/coupons`: what all sellers offer.

use axum::{Json, extract::State};
use commerce_service::{AdminProductFilter, Coupon, Product, ProductStatus, ProductSummary};
use serde::Deserialize;
use signaling_wire::{Problem, ProductId, SellerId};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::{
    error::Answer,
    extract::{Fields, Id, Query, User},
    routes::{
        page::{PageQuery, PageView, checked},
        table::Table,
    },
    state::App,
};

/// The routes of this file.
pub(super) fn routes() -> Table {
    Table::new()
        .on(routes!(list))
        .on(routes!(block))
        .on(routes!(coupons))
}

/// Which products.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Products {
    #[serde(default)]
    #[param(inline)]
    status: Option<ProductStatus>,
    #[serde(default)]
    seller_id: Option<SellerId>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Products of all sellers, in every state, the newest first.
#[utoipa::path(
    get,
    path = "/api/admin/products",
    security(("user" = [])),
    params(Products),
    responses(
        (status = 200, description = "Done.", body = PageView<ProductSummary>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    user: User,
    Query(query): Query<Products>,
) -> Answer<Json<PageView<ProductSummary>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let filter = AdminProductFilter {
        status: query.status,
        seller: query.seller_id,
    };
    let page = app
        .commerce
        .all_products(user.actor(), filter, (cursor.as_deref(), limit))
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |product| product)))
}

/// Whether a product is taken down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockChange {
    blocked: bool,
    /// Why, for the log.
    #[serde(default)]
    reason: String,
}

/// Takes a product down and pauses the sales that offer it, or puts it back as a draft.
#[utoipa::path(
    put,
    path = "/api/admin/products/{id}/blocked",
    security(("user" = [])),
    request_body = BlockChange,
    responses(
        (status = 200, description = "Done.", body = Product),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn block(
    State(app): State<App>,
    user: User,
    Id(id): Id<ProductId>,
    Fields(change): Fields<BlockChange>,
) -> Answer<Json<Product>> {
    let product = app
        .commerce
        .block_product(user.actor(), id, change.blocked, &change.reason)
        .await;
    Ok(Json(product.map_err(Problem::from)?))
}

/// Coupons of all sellers and of the site, the newest first.
#[utoipa::path(
    get,
    path = "/api/admin/coupons",
    security(("user" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "Done.", body = PageView<Coupon>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn coupons(
    State(app): State<App>,
    user: User,
    Query(query): Query<PageQuery>,
) -> Answer<Json<PageView<Coupon>>> {
    let (cursor, limit) = query.bounds()?;
    let page = app
        .commerce
        .all_coupons(user.actor(), (cursor.as_deref(), limit))
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |coupon| coupon)))
}
