//! `/api/sales`: timed sales with stock of their own.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderName, StatusCode, header},
};
use commerce_service::{NewSale, NewSaleItem, SaleView};
use serde::Deserialize;
use signaling_wire::{
    Money, Problem, ProductId, SaleId, StreamId, VariantId,
    frame::shop::{Lease, Quote, Sale, Stock},
};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::table::Table;
use crate::{
    error::{Answer, Refusal},
    extract::{Fields, Id, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(create))
        .on(routes!(show))
        .on(routes!(open))
        .on(routes!(pause))
        .on(routes!(close))
        .on(routes!(allocate))
        .on(routes!(reprice))
        .on(routes!(lease))
}

/// A sale to be made, closed at first.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewSale)]
#[serde(deny_unknown_fields)]
pub(crate) struct Create {
    stream_id: StreamId,
    #[serde(default)]
    hold_seconds: Option<u32>,
    /// When it opens by itself; without it, by the host's hand.
    #[serde(default)]
    opens_ms: Option<u64>,
    /// When it closes by itself.
    #[serde(default)]
    closes_ms: Option<u64>,
    items: Vec<CreateItem>,
}

/// One product of it; without a price, the product's own.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewSaleItem)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateItem {
    product_id: ProductId,
    /// Needed only where the product has several.
    #[serde(default)]
    variant_id: Option<VariantId>,
    #[serde(default)]
    price: Option<Money>,
    allocated: u32,
    max_per_buyer: u32,
}

/// Makes a sale as a draft and moves stock into it.
#[utoipa::path(
    post,
    path = "/api/sales",
    security(("user" = [])),
    request_body = Create,
    responses(
        (status = 201, description = "Made.", body = Sale),
        (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"),
        (status = 410, description = "stream_ended"),
        (status = 422, description = "variant_required"),
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    user: User,
    Fields(create): Fields<Create>,
) -> Answer<(StatusCode, Json<Sale>)> {
    let items = create
        .items
        .into_iter()
        .map(|item| NewSaleItem {
            product_id: item.product_id,
            variant_id: item.variant_id,
            price: item.price,
            allocated: item.allocated,
            max_per_buyer: item.max_per_buyer,
        })
        .collect();
    let new = NewSale {
        stream_id: create.stream_id,
        hold_seconds: create.hold_seconds,
        opens_ms: create.opens_ms,
        closes_ms: create.closes_ms,
        items,
    };
    let made = app
        .commerce
        .create_sale(user.actor(), new)
        .await
        .map_err(Problem::from)?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// A sale with its stock.
#[utoipa::path(
    get,
    path = "/api/sales/{id}",
    responses((status = 200, description = "Done.", body = SaleView)),
)]
pub(crate) async fn show(State(app): State<App>, Id(id): Id<SaleId>) -> Answer<Json<SaleView>> {
    Ok(Json(app.commerce.sale(id).await.map_err(Problem::from)?))
}

/// Takes orders from now on.
#[utoipa::path(
    post,
    path = "/api/sales/{id}/open",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Sale),
        (status = 403, description = "forbidden"),
        (status = 409, description = "invalid_transition"),
    ),
)]
pub(crate) async fn open(
    State(app): State<App>,
    user: User,
    Id(id): Id<SaleId>,
) -> Answer<Json<Sale>> {
    Ok(Json(
        app.commerce
            .open_sale(user.actor(), id)
            .await
            .map_err(Problem::from)?,
    ))
}

/// Takes none for the moment; holds stay valid.
#[utoipa::path(
    post,
    path = "/api/sales/{id}/pause",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Sale),
        (status = 403, description = "forbidden"),
        (status = 409, description = "invalid_transition"),
    ),
)]
pub(crate) async fn pause(
    State(app): State<App>,
    user: User,
    Id(id): Id<SaleId>,
) -> Answer<Json<Sale>> {
    Ok(Json(
        app.commerce
            .pause_sale(user.actor(), id)
            .await
            .map_err(Problem::from)?,
    ))
}

/// Ends the sale; what is left goes back to the shelf.
#[utoipa::path(
    post,
    path = "/api/sales/{id}/close",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Sale),
        (status = 403, description = "forbidden"),
        (status = 409, description = "invalid_transition"),
    ),
)]
pub(crate) async fn close(
    State(app): State<App>,
    user: User,
    Id(id): Id<SaleId>,
) -> Answer<Json<Sale>> {
    Ok(Json(
        app.commerce
            .close_sale(user.actor(), id)
            .await
            .map_err(Problem::from)?,
    ))
}

/// Units to move between shelf and sale; negative ones go back to the shelf.
#[derive(Deserialize, ToSchema)]
#[schema(as = Allocation)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allocate {
    delta: i32,
    /// Needed only where the sale has several of the product.
    #[serde(default)]
    variant_id: Option<VariantId>,
}

/// Moves units between shelf and sale.
#[utoipa::path(
    post,
    path = "/api/sales/{id}/items/{product}/allocations",
    security(("user" = [])),
    request_body = Allocate,
    responses(
        (status = 200, description = "Done.", body = Stock),
        (status = 403, description = "forbidden"),
        (status = 409, description = "sale_not_open"),
        (status = 422, description = "variant_required"),
    ),
)]
pub(crate) async fn allocate(
    State(app): State<App>,
    user: User,
    Path((sale, product)): Path<(String, String)>,
    Fields(allocate): Fields<Allocate>,
) -> Answer<Json<Stock>> {
    let (Ok(sale), Ok(product)) = (sale.parse(), product.parse()) else {
        return Err(Refusal::not_found());
    };
    let stock = app
        .commerce
        .allocate(
            user.actor(),
            sale,
            product,
            allocate.variant_id,
            allocate.delta,
        )
        .await;
    Ok(Json(stock.map_err(Problem::from)?))
}

/// What may be changed of a product in a sale.
#[derive(Deserialize, ToSchema)]
#[schema(as = SaleItemChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reprice {
    price: Money,
    /// Needed only where the sale has several of the product.
    #[serde(default)]
    variant_id: Option<VariantId>,
}

/// Changes the price of a product in a sale; orders and leases keep theirs.
#[utoipa::path(
    patch,
    path = "/api/sales/{id}/items/{product}",
    security(("user" = [])),
    request_body = Reprice,
    responses(
        (status = 200, description = "Done.", body = Sale),
        (status = 403, description = "forbidden"),
        (status = 409, description = "sale_not_open"),
        (status = 422, description = "variant_required"),
    ),
)]
pub(crate) async fn reprice(
    State(app): State<App>,
    user: User,
    Path((sale, product)): Path<(String, String)>,
    Fields(change): Fields<Reprice>,
) -> Answer<Json<Sale>> {
    let (Ok(sale), Ok(product)) = (sale.parse(), product.parse()) else {
        return Err(Refusal::not_found());
    };
    let Reprice { price, variant_id } = change;
    let changed = app
        .commerce
        .reprice(user.actor(), sale, product, variant_id, price)
        .await;
    Ok(Json(changed.map_err(Problem::from)?))
}

/// Which price is to be promised.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewLease)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    product_id: ProductId,
    /// Needed only where the sale has several of the product.
    #[serde(default)]
    variant_id: Option<VariantId>,
}

/// Promises the price of a product for half a minute; no stock is held by it.
#[utoipa::path(
    post,
    path = "/api/sales/{id}/leases",
    request_body = Wanted,
    responses(
        (status = 201, description = "Made.", body = Lease),
        (status = 409, description = "sale_not_open"),
        (status = 422, description = "variant_required"),
    ),
)]
pub(crate) async fn lease(
    State(app): State<App>,
    Id(sale_id): Id<SaleId>,
    Fields(wanted): Fields<Wanted>,
) -> Answer<(StatusCode, [(HeaderName, &'static str); 1], Json<Lease>)> {
    let quote = Quote {
        key: None,
        sale_id,
        product_id: wanted.product_id,
        variant_id: wanted.variant_id,
    };
    let lease = app.commerce.lease(&quote).await.map_err(Problem::from)?;
    let fresh = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, fresh, Json(lease)))
}
