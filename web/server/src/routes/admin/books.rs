//! `/api/admin/books`: whether stock and money add up.

use axum::{Json, extract::State};
use commerce_service::Books;
use signaling_wire::Problem;
use utoipa_axum::routes;

use crate::{error::Answer, extract::User, routes::table::Table, state::App};

/// The routes of this file.
pub(super) fn routes() -> Table {
    Table::new().on(routes!(show))
}

/// What the last checks of stock, payments and refunds found. They run all the time by themselves.
#[utoipa::path(
    get,
    path = "/api/admin/books",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Books),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn show(State(app): State<App>, user: User) -> Answer<Json<Books>> {
    let books = app.commerce.books(user.actor()).await;
    Ok(Json(books.map_err(Problem::from)?))
}
