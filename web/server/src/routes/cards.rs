//! `/api/streams/{id}/cards`: the queue of products in a show, and the pin.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use signaling_wire::{CardId, Problem, ProductId, StreamId, frame::shop::Card};

use super::page::PageView;
use crate::{
    error::{Answer, Refusal},
    extract::{Fields, Id, User},
    state::App,
};

/// A product to be queued.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Add {
    product_id: ProductId,
}

pub(crate) async fn list(
    State(app): State<App>,
    Id(stream): Id<StreamId>,
) -> Answer<Json<PageView<Card>>> {
    Ok(Json(PageView::whole(
        app.commerce.cards(stream).await.map_err(Problem::from)?,
    )))
}

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

fn ids((stream, card): &(String, String)) -> Answer<(StreamId, CardId)> {
    match (stream.parse(), card.parse()) {
        (Ok(stream), Ok(card)) => Ok((stream, card)),
        _ => Err(Refusal::not_found()),
    }
}
