//! `/api/wishlist`: what a user would like to have.

use axum::{Json, extract::State, http::StatusCode};
use commerce_service::Wish;
use signaling_wire::{Problem, VariantId};
use utoipa_axum::routes;

use super::{page::PageView, table::Table};
use crate::{
    error::Answer,
    extract::{Id, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new().on(routes!(list)).on(routes!(add, remove))
}

/// The caller's wishes, the latest first.
#[utoipa::path(
    get,
    path = "/api/wishlist",
    security(("user" = [])),
    responses((status = 200, description = "Done.", body = PageView<Wish>)),
)]
pub(crate) async fn list(State(app): State<App>, user: User) -> Answer<Json<PageView<Wish>>> {
    let wishes = app.commerce.wishlist(user.actor()).await;
    Ok(Json(PageView::whole(wishes.map_err(Problem::from)?)))
}

/// Puts a variant on the list.
#[utoipa::path(
    post,
    path = "/api/wishlist/items/{id}",
    security(("user" = [])),
    responses((status = 204, description = "It is on the list.")),
)]
pub(crate) async fn add(
    State(app): State<App>,
    user: User,
    Id(variant): Id<VariantId>,
) -> Answer<StatusCode> {
    let wished = app.commerce.wish(user.actor(), variant).await;
    wished.map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a variant off the list.
#[utoipa::path(
    delete,
    path = "/api/wishlist/items/{id}",
    security(("user" = [])),
    responses((status = 204, description = "It is not on the list.")),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    user: User,
    Id(variant): Id<VariantId>,
) -> Answer<StatusCode> {
    let unwished = app.commerce.unwish(user.actor(), variant).await;
    unwished.map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}
