//! `/api/categories`: the tree in which products are found.

use axum::{Json, extract::State, http::StatusCode};
use commerce_service::{Category, EditCategory, NewCategory};
use signaling_wire::{CategoryId, Problem};
use utoipa_axum::routes;

use super::{page::PageView, table::Table};
use crate::{
    error::Answer,
    extract::{Fields, Id, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(list, create))
        .on(routes!(edit, remove))
}

/// The whole tree: parents before their children, siblings in their order.
#[utoipa::path(
    get,
    path = "/api/categories",
    responses((status = 200, description = "Done.", body = PageView<Category>)),
)]
pub(crate) async fn list(State(app): State<App>) -> Answer<Json<PageView<Category>>> {
    let all = app.commerce.categories().await.map_err(Problem::from)?;
    Ok(Json(PageView::whole(all)))
}

/// Makes a category; for administrators.
#[utoipa::path(
    post,
    path = "/api/categories",
    security(("user" = [])),
    request_body = NewCategory,
    responses(
        (status = 201, description = "Made.", body = Category),
        (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    user: User,
    Fields(new): Fields<NewCategory>,
) -> Answer<(StatusCode, Json<Category>)> {
    let made = app.commerce.create_category(user.actor(), new).await;
    Ok((StatusCode::CREATED, Json(made.map_err(Problem::from)?)))
}

/// Changes a category; for administrators.
#[utoipa::path(
    patch,
    path = "/api/categories/{id}",
    security(("user" = [])),
    request_body = EditCategory,
    responses(
        (status = 200, description = "Done.", body = Category),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn edit(
    State(app): State<App>,
    user: User,
    Id(id): Id<CategoryId>,
    Fields(edit): Fields<EditCategory>,
) -> Answer<Json<Category>> {
    let edited = app.commerce.edit_category(user.actor(), id, edit).await;
    Ok(Json(edited.map_err(Problem::from)?))
}

/// Removes a category with nothing below it; for administrators.
#[utoipa::path(
    delete,
    path = "/api/categories/{id}",
    security(("user" = [])),
    responses(
        (status = 204, description = "Gone."),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    user: User,
    Id(id): Id<CategoryId>,
) -> Answer<StatusCode> {
    let removed = app.commerce.delete_category(user.actor(), id).await;
    removed.map_err(Problem::from)?;
    Ok(StatusCode::NO_CONTENT)
}
