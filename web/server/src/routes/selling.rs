//! `/api/seller`: what a seller sold, sends, decides and is owed.

use axum::{Json, extract::State, http::StatusCode};
use commerce_service::{
    Claim, ClaimEvent, Decision, LedgerEntry, NewShipment, NewTracking, Shipment,
};
use serde::{Deserialize, Serialize};
use signaling_wire::{
    ClaimId, Code, Money, OrderId, Problem, SellerId, ShipmentId,
    frame::shop::{Order, OrderStatus},
};
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
        .on(routes!(orders))
        .on(routes!(accept))
        .on(routes!(ship))
        .on(routes!(track))
        .on(routes!(decide))
        .on(routes!(ledger))
        .on(routes!(balance))
}

/// Whose, and which part.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sold {
    seller_id: SellerId,
    #[serde(default)]
    status: Option<OrderStatus>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// A seller's orders, the newest first.
#[utoipa::path(
    get,
    path = "/api/seller/orders",
    params(Sold),
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PageView<Order>),
        (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"),
    ),
)]
pub(crate) async fn orders(
    State(app): State<App>,
    user: User,
    Query(query): Query<Sold>,
) -> Answer<Json<PageView<Order>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let part = (cursor.as_deref(), limit);
    let page = app
        .commerce
        .sold_orders(user.actor(), query.seller_id, query.status, part)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |order| order)))
}

/// Takes an order on: it is being packed from then on.
#[utoipa::path(
    post,
    path = "/api/seller/orders/{id}/accept",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Order),
        (status = 403, description = "forbidden"),
        (status = 409, description = "invalid_transition"),
    ),
)]
pub(crate) async fn accept(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
) -> Answer<Json<Order>> {
    let accepted = app.commerce.accept_order(user.actor(), id).await;
    Ok(Json(accepted.map_err(Problem::from)?))
}

/// Notes that a parcel was given to a courier; without lines, everything that is left.
#[utoipa::path(
    post,
    path = "/api/seller/orders/{id}/shipments",
    security(("user" = [])),
    request_body = NewShipment,
    responses(
        (status = 201, description = "Noted; all parcels of the order.", body = PageView<Shipment>),
        (status = 403, description = "forbidden"),
        (status = 409, description = "invalid_transition"),
    ),
)]
pub(crate) async fn ship(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
    Fields(new): Fields<NewShipment>,
) -> Answer<(StatusCode, Json<PageView<Shipment>>)> {
    let shipments = app.commerce.ship(user.actor(), id, new).await;
    let page = PageView::whole(shipments.map_err(Problem::from)?);
    Ok((StatusCode::CREATED, Json(page)))
}

/// What the courier reports.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewTrackingEvent)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    /// `in_transit`, `out_for_delivery`, `delivered`, `returned` or `lost`.
    state: String,
    #[serde(default)]
    location: String,
}

/// Notes what the courier reports about a parcel.
#[utoipa::path(
    post,
    path = "/api/seller/shipments/{id}/events",
    security(("user" = [])),
    request_body = Report,
    responses(
        (status = 201, description = "Noted; all parcels of the order.", body = PageView<Shipment>),
        (status = 403, description = "forbidden"),
        (status = 409, description = "invalid_transition"),
    ),
)]
pub(crate) async fn track(
    State(app): State<App>,
    user: User,
    Id(id): Id<ShipmentId>,
    Fields(report): Fields<Report>,
) -> Answer<(StatusCode, Json<PageView<Shipment>>)> {
    let new = NewTracking {
        state: report.state,
        location: report.location,
    };
    let shipments = app.commerce.track(user.actor(), id, new).await;
    let page = PageView::whole(shipments.map_err(Problem::from)?);
    Ok((StatusCode::CREATED, Json(page)))
}

/// What the seller decides.
#[derive(Deserialize, ToSchema)]
#[schema(as = ClaimDecision)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decide {
    /// `approve`, `reject`, `collect`, `receive`, `inspect`, `refund`, `exchange` or `send_back`.
    action: String,
    /// A word to the buyer.
    #[serde(default)]
    answer: String,
    /// Minor units that the buyer does not get back, with `refund`.
    #[serde(default)]
    deduct: i64,
    /// Whether what came back goes into stock again, with `refund`.
    #[serde(default)]
    restock: bool,
}

fn event(action: &str) -> Option<ClaimEvent> {
    Some(match action {
        "approve" => ClaimEvent::Approve,
        "reject" => ClaimEvent::Reject,
        "collect" => ClaimEvent::Collect,
        "receive" => ClaimEvent::Receive,
        "inspect" => ClaimEvent::Inspect,
        "refund" => ClaimEvent::Refund,
        "exchange" => ClaimEvent::Exchange,
        "send_back" => ClaimEvent::SendBack,
        _ => return None,
    })
}

/// Takes a step with a claim; the refusal names those that it has.
#[utoipa::path(
    post,
    path = "/api/seller/claims/{id}/decisions",
    security(("user" = [])),
    request_body = Decide,
    responses(
        (status = 200, description = "Done.", body = Claim),
        (status = 403, description = "forbidden"),
        (status = 409, description = "invalid_transition"),
    ),
)]
pub(crate) async fn decide(
    State(app): State<App>,
    user: User,
    Id(id): Id<ClaimId>,
    Fields(decide): Fields<Decide>,
) -> Answer<Json<Claim>> {
    let Some(event) = event(&decide.action) else {
        let problem = Problem::new(Code::ValidationError, "");
        return Err(problem
            .with_field("/action", "unknown", "is no step of a claim")
            .into());
    };
    let decision = Decision {
        answer: decide.answer,
        deduct: decide.deduct,
        restock: decide.restock,
    };
    let decided = app
        .commerce
        .decide_claim(user.actor(), id, event, decision)
        .await;
    Ok(Json(decided.map_err(Problem::from)?))
}

/// Whose ledger, and which part.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Books {
    seller_id: SellerId,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// What happened to a seller's money, the newest first.
#[utoipa::path(
    get,
    path = "/api/seller/ledger",
    params(Books),
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PageView<LedgerEntry>),
        (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"),
    ),
)]
pub(crate) async fn ledger(
    State(app): State<App>,
    user: User,
    Query(query): Query<Books>,
) -> Answer<Json<PageView<LedgerEntry>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let part = (cursor.as_deref(), limit);
    let page = app
        .commerce
        .seller_ledger(user.actor(), query.seller_id, part)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |entry| entry)))
}

/// What a seller is owed.
#[derive(Serialize, ToSchema)]
#[schema(as = SellerBalance)]
pub(crate) struct Balance {
    /// By currency.
    balances: Vec<Money>,
}

/// Whose.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    seller_id: SellerId,
}

/// What a seller is owed, by currency.
#[utoipa::path(
    get,
    path = "/api/seller/balance",
    params(Whose),
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Balance),
        (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"),
    ),
)]
pub(crate) async fn balance(
    State(app): State<App>,
    user: User,
    Query(whose): Query<Whose>,
) -> Answer<Json<Balance>> {
    let balances = app
        .commerce
        .seller_balances(user.actor(), whose.seller_id)
        .await;
    Ok(Json(Balance {
        balances: balances.map_err(Problem::from)?,
    }))
}
