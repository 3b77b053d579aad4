//! `/api/payments` and the provider's webhook: paying for what is held.

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use commerce_service::{
    LineUnits, NewRefund, PaymentView, Prepared, RefundApproval, RefundView, Refunded,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use signaling_wire::{OrderGroupId, OrderId, PaymentId, Problem, frame::shop::Order};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::table::Table;
use crate::{
    error::Answer,
    extract::{Fields, Id, IdempotencyKey, User, fresh, raw_body},
    limits,
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(prepare))
        .on(routes!(show))
        .on(routes!(authorize))
        .on(routes!(confirm))
        .on(routes!(refund))
        .on(routes!(webhook))
        .on(routes!(webhook_v1))
        .on(routes!(confirm_asked))
}

/// What is to be paid.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewPayment)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prepare {
    /// The checkout.
    group_id: OrderGroupId,
}

/// Fixes the amount of a checkout at the provider and says what its window needs. A repeat changes
/// nothing, whatever its key.
#[utoipa::path(
    post,
    path = "/api/payments",
    security(("user" = [])),
    params(("Idempotency-Key" = String, Header, description = "Made by the caller.")),
    request_body = Prepare,
    responses(
        (status = 200, description = "Done.", body = Prepared),
        (status = 404, description = "not_found"),
        (status = 410, description = "reservation_expired"),
        (status = 422, description = "idempotency_key_reused"),
        (status = 502, description = "payment_provider_unavailable"),
    ),
)]
pub(crate) async fn prepare(
    State(app): State<App>,
    user: User,
    IdempotencyKey(key): IdempotencyKey,
    Fields(prepare): Fields<Prepare>,
) -> Answer<Json<Prepared>> {
    let prepared = app
        .commerce
        .prepare(user.0.user, prepare.group_id, key)
        .await;
    Ok(Json(prepared.map_err(Problem::from)?))
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
    responses(
        (status = 200, description = "Done.", body = Authorized),
        (status = 409, description = "conflict"),
        (status = 410, description = "reservation_expired"),
        (status = 502, description = "payment_provider_unavailable"),
    ),
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
    /// Left out by a page that comes back from a channel which charges by itself.
    #[serde(default)]
    payment_token: Option<String>,
}

/// Settles what the provider's window returned; everything is checked with the provider.
#[utoipa::path(
    post,
    path = "/api/payments/{id}/confirm",
    security(("user" = [])),
    request_body = Confirm,
    responses(
        (status = 200, description = "Done.", body = Order),
        (status = 402, description = "payment_declined"),
        (status = 409, description = "idempotency_in_flight"),
        (status = 410, description = "reservation_expired"),
    ),
)]
pub(crate) async fn confirm(
    State(app): State<App>,
    user: User,
    Id(id): Id<PaymentId>,
    Fields(confirm): Fields<Confirm>,
) -> Answer<Json<Order>> {
    let order = app
        .commerce
        .confirm(user.0.user, id, confirm.payment_token.as_deref())
        .await;
    Ok(Json(order.map_err(Problem::from)?))
}

/// Money that is to go back.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewRefund)]
#[serde(deny_unknown_fields)]
pub(crate) struct GiveBack {
    order_id: OrderId,
    /// Units by line; all that are left if left out.
    #[serde(default)]
    lines: Vec<LineUnits>,
    /// Whether what sending cost goes back too.
    #[serde(default)]
    shipping: bool,
    /// Whether what had been sent goes back into stock.
    #[serde(default)]
    restock: bool,
    reason: String,
}

/// Decides on a refund for lines of an order; the provider is asked afterwards. For those who act
/// for the seller, and administrators. A large one (`shop.refund_second_person`) waits until somebody
/// else who may do the same agrees.
#[utoipa::path(
    post,
    path = "/api/payments/{id}/refunds",
    security(("user" = [])),
    params(("Idempotency-Key" = String, Header, description = "Made by the caller; a repeat gets the first answer.")),
    request_body = GiveBack,
    responses(
        (status = 201, description = "Decided.", body = RefundView),
        (status = 202, description = "Large: it waits for somebody else.", body = RefundApproval),
        (status = 403, description = "forbidden fresh_login_required"),
        (status = 409, description = "conflict refund_too_high"),
        (status = 422, description = "idempotency_key_reused"),
    ),
)]
pub(crate) async fn refund(
    State(app): State<App>,
    user: User,
    Id(id): Id<PaymentId>,
    IdempotencyKey(key): IdempotencyKey,
    Fields(give): Fields<GiveBack>,
) -> Answer<Response> {
    fresh(&user.0, &app)?;
    let new = NewRefund {
        order_id: give.order_id,
        lines: give.lines,
        shipping: give.shipping,
        restock: give.restock,
        reason: give.reason,
    };
    let refunded = app.commerce.refund(user.actor(), id, new, key).await;
    Ok(match refunded.map_err(Problem::from)? {
        Refunded::Done(refund) => (StatusCode::CREATED, Json(refund)).into_response(),
        Refunded::Asked(waiting) => (StatusCode::ACCEPTED, Json(waiting)).into_response(),
    })
}

/// Raw bytes, because the signature is over them.
#[utoipa::path(
    post,
    path = "/api/webhooks/portone/v2",
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, description = "Done."),
        (status = 401, description = "unauthenticated"),
        (status = 413, description = "payload_too_large"),
        (status = 415, description = "unsupported_media_type"),
    ),
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

/// What the older API sends; nothing of it is believed but the name of the payment.
#[derive(Deserialize)]
struct Older {
    #[serde(default)]
    merchant_uid: String,
}

/// An unsigned webhook of the older API: the provider is asked what happened.
#[utoipa::path(
    post,
    path = "/api/webhooks/portone/v1",
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, description = "Done."),
        (status = 413, description = "payload_too_large"),
        (status = 415, description = "unsupported_media_type"),
    ),
)]
pub(crate) async fn webhook_v1(State(app): State<App>, request: Request) -> Answer<StatusCode> {
    let (parts, body) = request.into_parts();
    let body = raw_body(&parts.headers, body, limits::WEBHOOK_BYTES_MAX).await?;
    let older = match serde_json::from_slice::<Older>(&body) {
        Ok(older) => older.merchant_uid,
        Err(_) => form_field(&body, "merchant_uid"),
    };
    app.commerce
        .webhook_v1(&older)
        .await
        .map_err(Problem::from)?;
    Ok(StatusCode::OK)
}

/// A plain field of a form; ids need no decoding.
fn form_field(body: &[u8], name: &str) -> String {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let mut pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(key, _)| *key == name);
    found.map_or(String::new(), |(_, value)| value.to_owned())
}

/// The provider asks whether it may charge: 200 is a yes, with the units secured.
#[utoipa::path(
    post,
    path = "/api/webhooks/portone/confirm",
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, description = "It may."),
        (status = 401, description = "unauthenticated"),
        (status = 404, description = "not_found"),
        (status = 409, description = "cart_changed idempotency_in_flight"),
        (status = 413, description = "payload_too_large"),
        (status = 415, description = "unsupported_media_type"),
    ),
)]
pub(crate) async fn confirm_asked(State(app): State<App>, request: Request) -> Answer<Response> {
    let (parts, body) = request.into_parts();
    let body = raw_body(&parts.headers, body, limits::WEBHOOK_BYTES_MAX).await?;
    Ok(
        match app.commerce.confirm_asked(&parts.headers, &body).await {
            Ok(()) => StatusCode::OK.into_response(),
            Err(error) => {
                let problem = Problem::from(error);
                let status = StatusCode::from_u16(problem.status);
                // Both APIs read why from a field of their own.
                let why = json!({ "reason": problem.title, "errorMessage": problem.title,
                "code": problem.code });
                let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (status, Json(why)).into_response()
            }
        },
    )
}
