//! `/api/streams/{id}/cards`: the queue of products in a show, and the pin.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use signaling_wire::{CardId, Problem, ProductId, StreamId, frame::shop::Card};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{page::PageView, table::Table};
use crate::{
    error::{Answer, Refusal},
    extract::{Fields, Id, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(list, add))
        .on(routes!(pin))
        .on(routes!(unpin))
        .on(routes!(highlight))
        .on(routes!(change, remove))
        .on(routes!(order))
}

/// A product to be queued.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewCard)]
#[serde(deny_unknown_fields)]
pub(crate) struct Add {
    product_id: ProductId,
}

/// The queue of a show, by number.
#[utoipa::path(
    get,
    path = "/api/streams/{id}/cards",
    responses((status = 200, description = "Done.", body = PageView<Card>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Id(stream): Id<StreamId>,
) -> Answer<Json<PageView<Card>>> {
    Ok(Json(PageView::whole(
        app.commerce.cards(stream).await.map_err(Problem::from)?,
    )))
}

/// Puts a product into the queue.
#[utoipa::path(
    post,
    path = "/api/streams/{id}/cards",
    security(("user" = [])),
    request_body = Add,
    responses(
        (status = 201, description = "Made.", body = Card),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
        (status = 410, description = "stream_ended"),
    ),
)]
pub(crate) async fn add(
    State(app): State<App>,
    user: User,
    Id(stream): Id<StreamId>,
    Fields(add): Fields<Add>,
) -> Answer<(StatusCode, Json<Card>)> {
    let card = app
        .commerce
        .add_card(user.actor(), stream, add.product_id)
        .await;
    Ok((StatusCode::CREATED, Json(card.map_err(Problem::from)?)))
}

/// Shows a card over the video; the one before it is taken down.
#[utoipa::path(
    post,
    path = "/api/streams/{id}/cards/{card}/pin",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Card),
        (status = 403, description = "forbidden"),
        (status = 410, description = "stream_ended"),
    ),
)]
pub(crate) async fn pin(
    State(app): State<App>,
    user: User,
    Path(path): Path<(String, String)>,
) -> Answer<Json<Card>> {
    let (stream, card) = ids(&path)?;
    Ok(Json(
        app.commerce
            .pin(user.actor(), stream, card)
            .await
            .map_err(Problem::from)?,
    ))
}

/// Takes a card down.
#[utoipa::path(
    post,
    path = "/api/streams/{id}/cards/{card}/unpin",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Card),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn unpin(
    State(app): State<App>,
    user: User,
    Path(path): Path<(String, String)>,
) -> Answer<Json<Card>> {
    let (stream, card) = ids(&path)?;
    Ok(Json(
        app.commerce
            .unpin(user.actor(), stream, card)
            .await
            .map_err(Problem::from)?,
    ))
}

/// Shows a card as a chip beside the pinned one; at most two at a time.
#[utoipa::path(
    post,
    path = "/api/streams/{id}/cards/{card}/highlight",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Card),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn highlight(
    State(app): State<App>,
    user: User,
    Path(path): Path<(String, String)>,
) -> Answer<Json<Card>> {
    let (stream, card) = ids(&path)?;
    let card = app
        .commerce
        .highlight(user.actor(), stream, card, true)
        .await;
    Ok(Json(card.map_err(Problem::from)?))
}

/// What may be changed of a card.
#[derive(Deserialize, ToSchema)]
#[schema(as = CardChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    highlighted: bool,
}

/// Changes a card.
#[utoipa::path(
    patch,
    path = "/api/streams/{id}/cards/{card}",
    security(("user" = [])),
    request_body = Change,
    responses(
        (status = 200, description = "Done.", body = Card),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn change(
    State(app): State<App>,
    user: User,
    Path(path): Path<(String, String)>,
    Fields(change): Fields<Change>,
) -> Answer<Json<Card>> {
    let (stream, card) = ids(&path)?;
    let card = app
        .commerce
        .highlight(user.actor(), stream, card, change.highlighted)
        .await;
    Ok(Json(card.map_err(Problem::from)?))
}

/// Takes a card out of the queue.
#[utoipa::path(
    delete,
    path = "/api/streams/{id}/cards/{card}",
    security(("user" = [])),
    responses((status = 204, description = "Done."), (status = 403, description = "forbidden")),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    user: User,
    Path(path): Path<(String, String)>,
) -> Answer<StatusCode> {
    let (stream, card) = ids(&path)?;
    app.commerce
        .remove_card(user.actor(), stream, card)
        .await
        .map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Every card of the queue, in its new order.
#[derive(Deserialize, ToSchema)]
#[schema(as = CardOrder)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    cards: Vec<CardId>,
}

/// Puts the queue into an order.
#[utoipa::path(
    put,
    path = "/api/streams/{id}/cards/order",
    security(("user" = [])),
    request_body = Order,
    responses(
        (status = 200, description = "Done.", body = PageView<Card>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn order(
    State(app): State<App>,
    user: User,
    Id(stream): Id<StreamId>,
    Fields(order): Fields<Order>,
) -> Answer<Json<PageView<Card>>> {
    let cards = app
        .commerce
        .order_cards(user.actor(), stream, order.cards)
        .await;
    Ok(Json(PageView::whole(cards.map_err(Problem::from)?)))
}

fn ids((stream, card): &(String, String)) -> Answer<(StreamId, CardId)> {
    match (stream.parse(), card.parse()) {
        (Ok(stream), Ok(card)) => Ok((stream, card)),
        _ => Err(Refusal::not_found()),
    }
}
