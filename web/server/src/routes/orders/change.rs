//! Steps of an order that people ask for, its parcels and its refunds.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use commerce_service::{Cancelled, NewShipment, RefundView, Shipment, StatusChange};
use serde::Deserialize;
use signaling_wire::{
    OrderId, Problem,
    frame::shop::{Order, OrderStatus},
};
use utoipa::ToSchema;

use crate::{
    error::Answer,
    extract::{Fields, Id, User},
    routes::page::PageView,
    state::App,
};

/// A status that the order should have.
#[derive(Deserialize, ToSchema)]
#[schema(as = OrderChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    status: OrderStatus,
    /// Why, for people.
    #[serde(default)]
    reason: String,
    /// The parcel, for `shipped` and `partially_shipped`.
    #[serde(default)]
    shipment: Option<NewShipment>,
}

/// Brings an order to a status, if the caller may; the refusal names those that can be reached.
#[utoipa::path(
    put,
    path = "/api/orders/{id}",
    security(("user" = [])),
    request_body = Change,
    responses(
        (status = 200, description = "Done.", body = Order),
        (status = 403, description = "forbidden"),
        (status = 409, description = "invalid_transition"),
    ),
)]
pub(crate) async fn change(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
    Fields(change): Fields<Change>,
) -> Answer<Json<Order>> {
    let change = StatusChange {
        status: change.status,
        reason: change.reason,
        shipment: change.shipment,
    };
    let changed = app.commerce.change_order(user.actor(), id, change).await;
    Ok(Json(changed.map_err(Problem::from)?))
}

/// Why.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = CancelReason)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    #[serde(default)]
    reason: String,
}

/// Calls an order off. While the seller is packing it, this asks the seller: 202 with the claim.
#[utoipa::path(
    post,
    path = "/api/orders/{id}/cancel",
    security(("user" = [])),
    request_body = Reason,
    responses(
        (status = 200, description = "Called off; money that came goes back.", body = Order),
        (status = 202, description = "The seller was asked.", body = commerce_service::Claim),
        (status = 403, description = "forbidden"),
        (status = 409, description = "invalid_transition"),
    ),
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
    Fields(reason): Fields<Reason>,
) -> Answer<Response> {
    let done = app
        .commerce
        .cancel_order(user.actor(), id, &reason.reason)
        .await
        .map_err(Problem::from)?;
    Ok(match done {
        Cancelled::Done(order) => Json(order).into_response(),
        Cancelled::Asked(claim) => (StatusCode::ACCEPTED, Json(claim)).into_response(),
    })
}

/// The buyer has what was bought and keeps it.
#[utoipa::path(
    post,
    path = "/api/orders/{id}/confirm-purchase",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Order),
        (status = 409, description = "conflict invalid_transition"),
    ),
)]
pub(crate) async fn confirm_purchase(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
) -> Answer<Json<Order>> {
    let confirmed = app.commerce.confirm_purchase(user.actor(), id).await;
    Ok(Json(confirmed.map_err(Problem::from)?))
}

/// Where the parcels of an order are.
#[utoipa::path(
    get,
    path = "/api/orders/{id}/tracking",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PageView<Shipment>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn tracking(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
) -> Answer<Json<PageView<Shipment>>> {
    let shipments = app.commerce.tracking(user.actor(), id).await;
    Ok(Json(PageView::whole(shipments.map_err(Problem::from)?)))
}

/// What goes or went back for an order.
#[utoipa::path(
    get,
    path = "/api/orders/{id}/refunds",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PageView<RefundView>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn refunds(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
) -> Answer<Json<PageView<RefundView>>> {
    let refunds = app.commerce.refunds(user.actor(), id).await;
    Ok(Json(PageView::whole(refunds.map_err(Problem::from)?)))
}
