//! `/api/admin/orders`: finding orders. What belongs to one is under `/api/orders/{id}`.

use axum::{Json, extract::State};
use commerce_service::{OrderFilter, OrderRecord};
use serde::Deserialize;
use signaling_wire::{Problem, SellerId, UserId, frame::shop::OrderStatus};
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::{
    error::Answer,
    extract::{Query, User},
    routes::{
        page::{PageView, checked},
        table::Table,
    },
    state::App,
};

/// The routes of this file.
pub(super) fn routes() -> Table {
    Table::new().on(routes!(list))
}

/// Which orders; everything that is named must hold.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Orders {
    #[serde(default)]
    number: Option<String>,
    #[serde(default)]
    buyer_id: Option<UserId>,
    #[serde(default)]
    seller_id: Option<SellerId>,
    #[serde(default)]
    status: Option<OrderStatus>,
    /// Placed at this time or later, milliseconds since 1970.
    #[serde(default)]
    from_ms: Option<u64>,
    /// Placed before this time.
    #[serde(default)]
    until_ms: Option<u64>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Orders of everybody, the newest first.
#[utoipa::path(
    get,
    path = "/api/admin/orders",
    security(("user" = [])),
    params(Orders),
    responses(
        (status = 200, description = "Done.", body = PageView<OrderRecord>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    user: User,
    Query(query): Query<Orders>,
) -> Answer<Json<PageView<OrderRecord>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let filter = OrderFilter {
        number: query.number,
        buyer: query.buyer_id,
        seller: query.seller_id,
        status: query.status,
        from_ms: query.from_ms,
        until_ms: query.until_ms,
    };
    let page = app
        .commerce
        .all_orders(user.actor(), filter, (cursor.as_deref(), limit))
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |order| order)))
}
