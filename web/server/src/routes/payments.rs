//! `/api/payments` and the provider's webhook: paying for what is held.

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use commerce_service::PaymentView;
use serde::{Deserialize, Serialize};
use signaling_wire::{PaymentId, Problem, frame::shop::Order};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::table::Table;
use crate::{
    error::Answer,
    extract::{Fields, Id, User, raw_body},
    limits,
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(show))
        .on(routes!(authorize))
        .on(routes!(confirm))
        .on(routes!(webhook))
}

/// A payment of one of the caller's orders.
#[utoipa::path(
    get,
    path = "/api/payments/{id}",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = PaymentView)),
)]
pub(crate) async fn show(
    State(app): State<App>,
    user: User,
    Id(id): Id<PaymentId>,
) -> Answer<Json<PaymentView>> {
    Ok(Json(
        app.commerce
            .payment(user.0.user, id)
            .await
            .map_err(Problem::from)?,
    ))
}

/// What the buyer does in the sandbox provider's window.
#[derive(Deserialize, ToSchema)]
#[schema(as = SandboxAnswer)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authorize {
    approve: bool,
}

/// What that window gives to the page.
#[derive(Serialize, ToSchema)]
#[schema(as = SandboxToken)]
pub(crate) struct Authorized {
    payment_token: String,
}

/// Plays the provider's window; exists with the sandbox alone.
#[utoipa::path(
    post,
    path = "/api/payments/{id}/sandbox",
    security(("user" = [])),
    request_body = Authorize,
    responses((status = 200, description = "Done.", body = Authorized)),
)]
pub(crate) async fn authorize(
    State(app): State<App>,
    user: User,
    Id(id): Id<PaymentId>,
    Fields(authorize): Fields<Authorize>,
) -> Answer<Json<Authorized>> {
    let token = app
        .commerce
        .sandbox_authorize(user.0.user, id, authorize.approve)
        .await;
    Ok(Json(Authorized {
        payment_token: token.map_err(Problem::from)?,
    }))
}

/// What the page brings back from the provider's window.
#[derive(Deserialize, ToSchema)]
#[schema(as = PaymentConfirmation)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirm {
    payment_token: String,
}

/// Settles what the provider's window returned; everything is checked with the provider.
#[utoipa::path(
    post,
    path = "/api/payments/{id}/confirm",
    security(("user" = [])),
    request_body = Confirm,
    responses((status = 200, description = "Done.", body = Order)),
)]
pub(crate) async fn confirm(
    State(app): State<App>,
    user: User,
    Id(id): Id<PaymentId>,
    Fields(confirm): Fields<Confirm>,
) -> Answer<Json<Order>> {
    let order = app
        .commerce
        .confirm(user.0.user, id, &confirm.payment_token)
        .await;
    Ok(Json(order.map_err(Problem::from)?))
}

/// Raw bytes, because the signature is over them.
#[utoipa::path(
    post,
    path = "/api/webhooks/portone/v2",
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "Done.")),
)]
pub(crate) async fn webhook(State(app): State<App>, request: Request) -> Answer<StatusCode> {
    let (parts, body) = request.into_parts();
    let body = raw_body(&parts.headers, body, limits::WEBHOOK_BYTES_MAX).await?;
    app.commerce
        .webhook(&parts.headers, &body)
        .await
        .map_err(Problem::from)?;
    Ok(StatusCode::OK)
}
