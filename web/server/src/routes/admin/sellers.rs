//! `/api/admin/sellers`: whether sellers may sell, and the site's share.

use axum::{Json, extract::State};
use commerce_service::{SellerChange, SellerDetail, SellerRecord, SellerStatus};
use serde::Deserialize;
use signaling_wire::{Problem, SellerId};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::{
    error::Answer,
    extract::{Fields, Id, Query, User},
    routes::{
        page::{PageView, checked},
        table::Table,
        variants::present,
    },
    state::App,
};

/// The routes of this file.
pub(super) fn routes() -> Table {
    Table::new().on(routes!(list)).on(routes!(show, change))
}

/// Which sellers.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sellers {
    #[serde(default)]
    #[param(inline)]
    status: Option<SellerStatus>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Every seller, the newest first.
#[utoipa::path(
    get,
    path = "/api/admin/sellers",
    security(("user" = [])),
    params(Sellers),
    responses(
        (status = 200, description = "Done.", body = PageView<SellerRecord>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    user: User,
    Query(query): Query<Sellers>,
) -> Answer<Json<PageView<SellerRecord>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let page = app
        .commerce
        .all_sellers(user.actor(), query.status, (cursor.as_deref(), limit))
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |seller| seller)))
}

/// A seller with its people and what it is owed.
#[utoipa::path(
    get,
    path = "/api/admin/sellers/{id}",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = SellerDetail),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    user: User,
    Id(id): Id<SellerId>,
) -> Answer<Json<SellerDetail>> {
    let found = app.commerce.seller_detail(user.actor(), id).await;
    Ok(Json(found.map_err(Problem::from)?))
}

/// Changes of a seller; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SellerChanges {
    /// Whether it may sell.
    #[serde(default)]
    status: Option<SellerStatus>,
    /// The site's share of its sales, hundredths of a per cent; `null` is the site's usual one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    commission_bps: Option<Option<u32>>,
    /// Why, for the log.
    #[serde(default)]
    reason: String,
}

/// Lets a seller sell or not, and sets the site's share of what it sells from now on.
#[utoipa::path(
    patch,
    path = "/api/admin/sellers/{id}",
    security(("user" = [])),
    request_body = SellerChanges,
    responses(
        (status = 200, description = "Done.", body = SellerDetail),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn change(
    State(app): State<App>,
    user: User,
    Id(id): Id<SellerId>,
    Fields(changes): Fields<SellerChanges>,
) -> Answer<Json<SellerDetail>> {
    let change = SellerChange {
        status: changes.status,
        commission_bps: changes.commission_bps,
        reason: changes.reason,
    };
    let changed = app.commerce.change_seller(user.actor(), id, change).await;
    Ok(Json(changed.map_err(Problem::from)?))
}
