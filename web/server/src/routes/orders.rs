//! `/api/orders`: buying, and what was bought. The twin of the `buy` frame, with the same key and
//! the same result.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use commerce_service::OrderEvent;
use serde::Deserialize;
use signaling_wire::{
    Money, OrderId, Problem, ProductId, SaleId, VariantId,
    frame::shop::{Buy, Order},
};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{
    page::{PageQuery, PageView},
    table::Table,
};
use crate::{
    error::Answer,
    extract::{Fields, Id, IdempotencyKey, Query, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(list, place))
        .on(routes!(show))
        .on(routes!(events))
}

/// A `buy` frame without its key.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewOrder)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    sale_id: SaleId,
    product_id: ProductId,
    #[serde(default)]
    variant_id: Option<VariantId>,
    quantity: u32,
    #[serde(default)]
    expected_unit_price: Option<Money>,
}

/// Buys in a sale; the twin of the `buy` frame.
#[utoipa::path(
    post,
    path = "/api/orders",
    security(("user" = [])),
    params(("Idempotency-Key" = String, Header, description = "Made by the caller; a repeat gets the first answer.")),
    request_body = Place,
    responses((status = 201, description = "Made.", body = Order)),
)]
pub(crate) async fn place(
    State(app): State<App>,
    user: User,
    IdempotencyKey(key): IdempotencyKey,
    Fields(place): Fields<Place>,
) -> Answer<Response> {
    let Place {
        sale_id,
        product_id,
        variant_id,
        quantity,
        expected_unit_price,
    } = place;
    let buy = Buy {
        key,
        sale_id,
        product_id,
        variant_id,
        quantity,
        expected_unit_price,
    };
    let placed = app
        .commerce
        .buy(user.0.user, buy)
        .await
        .map_err(Problem::from)?;
    let location = [(header::LOCATION, format!("/api/orders/{}", placed.order.id))];
    let mut response = (StatusCode::CREATED, location, Json(placed.order)).into_response();
    if placed.replayed {
        let replayed = HeaderName::from_static("idempotent-replayed");
        response
            .headers_mut()
            .insert(replayed, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// The caller's orders, the newest first.
#[utoipa::path(
    get,
    path = "/api/orders",
    params(PageQuery),
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = PageView<Order>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    user: User,
    Query(query): Query<PageQuery>,
) -> Answer<Json<PageView<Order>>> {
    let (cursor, limit) = query.bounds()?;
    let page = app
        .commerce
        .orders(user.0.user, cursor.as_deref(), limit)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |order| order)))
}

/// One of the caller's orders.
#[utoipa::path(
    get,
    path = "/api/orders/{id}",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = Order)),
)]
pub(crate) async fn show(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
) -> Answer<Json<Order>> {
    Ok(Json(
        app.commerce
            .order(user.0.user, id)
            .await
            .map_err(Problem::from)?,
    ))
}

/// What happened to an order, in order.
#[utoipa::path(
    get,
    path = "/api/orders/{id}/events",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = PageView<OrderEvent>)),
)]
pub(crate) async fn events(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
) -> Answer<Json<PageView<OrderEvent>>> {
    let events = app
        .commerce
        .order_events(user.0.user, id)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::whole(events)))
}
