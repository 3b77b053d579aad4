//! `/api/sellers` and `/api/products`: who sells what, and how much of it there is.

use axum::{Json, extract::State, http::StatusCode};
use commerce_service::{NewProduct, Product, ProductFilter, Seller};
use serde::Deserialize;
use signaling_wire::{Money, Problem, ProductId, SellerId, frame::shop::Localized};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{
    page::{PageView, checked},
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
        .on(routes!(create_seller))
        .on(routes!(list, create))
        .on(routes!(show))
        .on(routes!(adjust))
}

/// A shop to be opened.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewSeller)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateSeller {
    name: String,
}

/// Founds a shop; the caller becomes its owner.
#[utoipa::path(
    post,
    path = "/api/sellers",
    security(("user" = [])),
    request_body = CreateSeller,
    responses((status = 201, description = "Made.", body = Seller)),
)]
pub(crate) async fn create_seller(
    State(app): State<App>,
    user: User,
    Fields(create): Fields<CreateSeller>,
) -> Answer<(StatusCode, Json<Seller>)> {
    let made = app.commerce.create_seller(user.actor(), &create.name).await;
    Ok((StatusCode::CREATED, Json(made.map_err(Problem::from)?)))
}

/// Which products are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    #[serde(default)]
    seller_id: Option<SellerId>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Products, the newest first.
#[utoipa::path(
    get,
    path = "/api/products",
    params(ListQuery),
    responses((status = 200, description = "Done.", body = PageView<Product>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Query(query): Query<ListQuery>,
) -> Answer<Json<PageView<Product>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let filter = ProductFilter {
        seller: query.seller_id,
    };
    let page = app
        .commerce
        .list_products(filter, cursor.as_deref(), limit)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |product| product)))
}

/// One product.
#[utoipa::path(
    get,
    path = "/api/products/{id}",
    responses((status = 200, description = "Done.", body = Product)),
)]
pub(crate) async fn show(State(app): State<App>, Id(id): Id<ProductId>) -> Answer<Json<Product>> {
    Ok(Json(app.commerce.product(id).await.map_err(Problem::from)?))
}

/// A product to be made.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewProduct)]
#[serde(deny_unknown_fields)]
pub(crate) struct Create {
    seller_id: SellerId,
    title: Localized,
    image_url: String,
    price: Money,
    #[serde(default)]
    stock: u32,
}

/// Makes a product.
#[utoipa::path(
    post,
    path = "/api/products",
    security(("user" = [])),
    request_body = Create,
    responses((status = 201, description = "Made.", body = Product)),
)]
pub(crate) async fn create(
    State(app): State<App>,
    user: User,
    Fields(create): Fields<Create>,
) -> Answer<(StatusCode, Json<Product>)> {
    let Create {
        seller_id,
        title,
        image_url,
        price,
        stock,
    } = create;
    let new = NewProduct {
        seller_id,
        title,
        image_url,
        price,
        stock,
    };
    let made = app
        .commerce
        .create_product(user.actor(), new)
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

/// Notes units that came or went, with the reason.
#[utoipa::path(
    post,
    path = "/api/products/{id}/stock-adjustments",
    security(("user" = [])),
    request_body = Adjust,
    responses((status = 200, description = "Done.", body = Product)),
)]
pub(crate) async fn adjust(
    State(app): State<App>,
    user: User,
    Id(id): Id<ProductId>,
    Fields(adjust): Fields<Adjust>,
) -> Answer<Json<Product>> {
    let Adjust { delta, reason } = adjust;
    let adjusted = app
        .commerce
        .adjust_stock(user.actor(), id, delta, &reason)
        .await;
    Ok(Json(adjusted.map_err(Problem::from)?))
}
