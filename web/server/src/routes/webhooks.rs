//! `/api/webhooks`: addresses elsewhere that events of the shop are sent to, and what was sent.
//!
//! What the payment provider sends us is `/api/webhooks/portone`, with the payments.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use commerce_service::{
    DeliveryState, EditWebhook, NewWebhook, ReplayRange, Replayed, RotateSecret, Webhook,
    WebhookDelivery, WebhookDeliveryDetail, WebhookWithSecret,
};
use serde::Deserialize;
use signaling_wire::{DeliveryId, Problem, SellerId, WebhookId};
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::{
    page::{PageView, checked},
    table::Table,
};
use crate::{
    error::{Answer, Refusal},
    extract::{Fields, Id, Query, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(list, create))
        .on(routes!(show, edit, delete))
        .on(routes!(rotate))
        .on(routes!(test))
        .on(routes!(replay))
        .on(routes!(deliveries))
        .on(routes!(delivery))
        .on(routes!(again))
}

/// Whose webhooks are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Absent: everybody's, for administrators.
    #[serde(default)]
    seller_id: Option<SellerId>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Webhooks of a seller, the newest first.
#[utoipa::path(
    get,
    path = "/api/webhooks",
    security(("user" = [])),
    params(ListQuery),
    responses(
        (status = 200, description = "Done.", body = PageView<Webhook>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    user: User,
    Query(query): Query<ListQuery>,
) -> Answer<Json<PageView<Webhook>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let page = app
        .commerce
        .webhooks(user.actor(), query.seller_id, cursor.as_deref(), limit)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |webhook| webhook)))
}

/// Makes a webhook; its secret is shown this once.
#[utoipa::path(
    post,
    path = "/api/webhooks",
    security(("user" = [])),
    request_body = NewWebhook,
    responses(
        (status = 201, description = "Made.", body = WebhookWithSecret),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    user: User,
    Fields(new): Fields<NewWebhook>,
) -> Answer<(StatusCode, Json<WebhookWithSecret>)> {
    let made = app.commerce.create_webhook(user.actor(), new).await;
    Ok((StatusCode::CREATED, Json(made.map_err(Problem::from)?)))
}

/// One webhook.
#[utoipa::path(
    get,
    path = "/api/webhooks/{id}",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = Webhook)),
)]
pub(crate) async fn show(
    State(app): State<App>,
    user: User,
    Id(id): Id<WebhookId>,
) -> Answer<Json<Webhook>> {
    let shown = app.commerce.webhook_shown(user.actor(), id).await;
    Ok(Json(shown.map_err(Problem::from)?))
}

/// Changes a webhook, or turns it on or off.
#[utoipa::path(
    patch,
    path = "/api/webhooks/{id}",
    security(("user" = [])),
    request_body = EditWebhook,
    responses((status = 200, description = "Done.", body = Webhook)),
)]
pub(crate) async fn edit(
    State(app): State<App>,
    user: User,
    Id(id): Id<WebhookId>,
    Fields(edit): Fields<EditWebhook>,
) -> Answer<Json<Webhook>> {
    let edited = app.commerce.edit_webhook(user.actor(), id, edit).await;
    Ok(Json(edited.map_err(Problem::from)?))
}

/// Takes a webhook away, with what was sent to it.
#[utoipa::path(
    delete,
    path = "/api/webhooks/{id}",
    security(("user" = [])),
    responses((status = 204, description = "Done.")),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    user: User,
    Id(id): Id<WebhookId>,
) -> Answer<StatusCode> {
    let deleted = app.commerce.delete_webhook(user.actor(), id).await;
    deleted.map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a webhook another secret, shown this once; the one before signs as well for a while.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/secret",
    security(("user" = [])),
    request_body = RotateSecret,
    responses((status = 200, description = "Done.", body = WebhookWithSecret)),
)]
pub(crate) async fn rotate(
    State(app): State<App>,
    user: User,
    Id(id): Id<WebhookId>,
    Fields(asked): Fields<RotateSecret>,
) -> Answer<Json<WebhookWithSecret>> {
    let rotated = app
        .commerce
        .rotate_webhook_secret(user.actor(), id, asked)
        .await;
    Ok(Json(rotated.map_err(Problem::from)?))
}

/// Sends `webhook.test`, whatever the filter says.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/test",
    security(("user" = [])),
    responses(
        (status = 202, description = "On its way.", body = WebhookDelivery),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn test(
    State(app): State<App>,
    user: User,
    Id(id): Id<WebhookId>,
) -> Answer<(StatusCode, Json<WebhookDelivery>)> {
    let sent = app.commerce.test_webhook(user.actor(), id).await;
    Ok((StatusCode::ACCEPTED, Json(sent.map_err(Problem::from)?)))
}

/// Sends events of the past again: those that were not taken or never sent, or all.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/replay",
    security(("user" = [])),
    request_body = ReplayRange,
    responses((status = 202, description = "On their way.", body = Replayed)),
)]
pub(crate) async fn replay(
    State(app): State<App>,
    user: User,
    Id(id): Id<WebhookId>,
    Fields(range): Fields<ReplayRange>,
) -> Answer<(StatusCode, Json<Replayed>)> {
    let sent = app.commerce.replay_webhook(user.actor(), id, range).await;
    Ok((StatusCode::ACCEPTED, Json(sent.map_err(Problem::from)?)))
}

/// Which deliveries are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveriesQuery {
    /// Only those in this state.
    #[serde(default)]
    #[param(inline)]
    state: Option<DeliveryState>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// What was sent to a webhook or is to be, the newest first.
#[utoipa::path(
    get,
    path = "/api/webhooks/{id}/deliveries",
    security(("user" = [])),
    params(DeliveriesQuery),
    responses((status = 200, description = "Done.", body = PageView<WebhookDelivery>)),
)]
pub(crate) async fn deliveries(
    State(app): State<App>,
    user: User,
    Id(id): Id<WebhookId>,
    Query(query): Query<DeliveriesQuery>,
) -> Answer<Json<PageView<WebhookDelivery>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let at = (cursor.as_deref(), limit);
    let page = app
        .commerce
        .webhook_deliveries(user.actor(), id, query.state, at)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |delivery| delivery)))
}

/// A delivery with what was sent and how it went.
#[utoipa::path(
    get,
    path = "/api/webhooks/{id}/deliveries/{delivery}",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = WebhookDeliveryDetail)),
)]
pub(crate) async fn delivery(
    State(app): State<App>,
    user: User,
    Path(place): Path<(String, String)>,
) -> Answer<Json<WebhookDeliveryDetail>> {
    let (id, delivery) = parsed(&place)?;
    let shown = app.commerce.webhook_delivery(user.actor(), id, delivery);
    Ok(Json(shown.await.map_err(Problem::from)?))
}

/// Sends a delivery again, at once and with all its tries before it.
#[utoipa::path(
    post,
    path = "/api/webhooks/{id}/deliveries/{delivery}/replay",
    security(("user" = [])),
    responses((status = 202, description = "On its way.", body = WebhookDelivery)),
)]
pub(crate) async fn again(
    State(app): State<App>,
    user: User,
    Path(place): Path<(String, String)>,
) -> Answer<(StatusCode, Json<WebhookDelivery>)> {
    let (id, delivery) = parsed(&place)?;
    let sent = app
        .commerce
        .replay_webhook_delivery(user.actor(), id, delivery)
        .await;
    Ok((StatusCode::ACCEPTED, Json(sent.map_err(Problem::from)?)))
}

fn parsed((id, delivery): &(String, String)) -> Answer<(WebhookId, DeliveryId)> {
    match (id.parse(), delivery.parse()) {
        (Ok(id), Ok(delivery)) => Ok((id, delivery)),
        _ => Err(Refusal::not_found()),
    }
}
