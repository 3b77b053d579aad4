//! What buyers want changed about lines of an order.

use axum::{Json, extract::State, http::StatusCode};
use commerce_service::{Claim, ClaimKind, LineUnits, NewClaim};
use serde::Deserialize;
use signaling_wire::{ClaimId, OrderId, Problem};
use utoipa::ToSchema;

use crate::{
    error::Answer,
    extract::{Fields, Id, IdempotencyKey, User},
    routes::page::PageView,
    state::App,
};

/// What is to come back, and why.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewClaim)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// Units by line; all that were sent if left out.
    #[serde(default)]
    lines: Vec<LineUnits>,
    reason: String,
    /// Whether the goods are not as they should be.
    #[serde(default)]
    fault_of_goods: bool,
}

async fn make(
    app: &App,
    user: &User,
    (order, key): (OrderId, String),
    kind: ClaimKind,
    wish: Wish,
) -> Answer<(StatusCode, Json<Claim>)> {
    let new = NewClaim {
        kind,
        lines: wish.lines,
        reason: wish.reason,
        fault_of_goods: wish.fault_of_goods,
    };
    let made = app.commerce.make_claim(user.actor(), order, new, key).await;
    Ok((StatusCode::CREATED, Json(made.map_err(Problem::from)?)))
}

/// Asks to send lines back for money.
#[utoipa::path(
    post,
    path = "/api/orders/{id}/returns",
    security(("user" = [])),
    params(("Idempotency-Key" = String, Header, description = "Made by the caller; a repeat gets the first answer.")),
    request_body = Wish,
    responses(
        (status = 201, description = "Asked.", body = Claim),
        (status = 409, description = "conflict invalid_transition return_window_closed"),
        (status = 422, description = "idempotency_key_reused"),
    ),
)]
pub(crate) async fn send_back(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
    IdempotencyKey(key): IdempotencyKey,
    Fields(wish): Fields<Wish>,
) -> Answer<(StatusCode, Json<Claim>)> {
    make(&app, &user, (id, key), ClaimKind::Return, wish).await
}

/// Asks to exchange lines.
#[utoipa::path(
    post,
    path = "/api/orders/{id}/exchanges",
    security(("user" = [])),
    params(("Idempotency-Key" = String, Header, description = "Made by the caller; a repeat gets the first answer.")),
    request_body = Wish,
    responses(
        (status = 201, description = "Asked.", body = Claim),
        (status = 409, description = "conflict invalid_transition return_window_closed"),
        (status = 422, description = "idempotency_key_reused"),
    ),
)]
pub(crate) async fn exchange(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
    IdempotencyKey(key): IdempotencyKey,
    Fields(wish): Fields<Wish>,
) -> Answer<(StatusCode, Json<Claim>)> {
    make(&app, &user, (id, key), ClaimKind::Exchange, wish).await
}

/// The claims about an order.
#[utoipa::path(
    get,
    path = "/api/orders/{id}/claims",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PageView<Claim>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
) -> Answer<Json<PageView<Claim>>> {
    let claims = app.commerce.claims(user.actor(), id).await;
    Ok(Json(PageView::whole(claims.map_err(Problem::from)?)))
}

/// Takes one's own claim back.
#[utoipa::path(
    post,
    path = "/api/claims/{id}/withdraw",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Claim),
        (status = 409, description = "invalid_transition"),
    ),
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    user: User,
    Id(id): Id<ClaimId>,
) -> Answer<Json<Claim>> {
    let withdrawn = app.commerce.withdraw_claim(user.actor(), id).await;
    Ok(Json(withdrawn.map_err(Problem::from)?))
}
