//! `/api/coupons`: discounts that a seller offers. Entering one is `/api/cart/coupons`.

use axum::{Json, extract::State, http::StatusCode};
use commerce_service::{Coupon, NewCoupon};
use serde::Deserialize;
use signaling_wire::{CouponId, Problem, SellerId};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{
    page::{PageView, checked},
    table::Table,
};
use crate::{
    error::Answer,
    extract::{Fields, Id, Query, User},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new().on(routes!(list, create)).on(routes!(edit))
}

/// Whose coupons are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Absent: the site's own, for administrators.
    #[serde(default)]
    seller_id: Option<SellerId>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Coupons with what was used of them, the newest first.
#[utoipa::path(
    get,
    path = "/api/coupons",
    security(("user" = [])),
    params(ListQuery),
    responses(
        (status = 200, description = "Done.", body = PageView<Coupon>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    user: User,
    Query(query): Query<ListQuery>,
) -> Answer<Json<PageView<Coupon>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let page = app
        .commerce
        .coupons(user.actor(), query.seller_id, cursor.as_deref(), limit)
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |coupon| coupon)))
}

/// Offers a coupon.
#[utoipa::path(
    post,
    path = "/api/coupons",
    security(("user" = [])),
    request_body = NewCoupon,
    responses(
        (status = 201, description = "Made.", body = Coupon),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    user: User,
    Fields(new): Fields<NewCoupon>,
) -> Answer<(StatusCode, Json<Coupon>)> {
    let made = app.commerce.create_coupon(user.actor(), new).await;
    Ok((StatusCode::CREATED, Json(made.map_err(Problem::from)?)))
}

/// Whether a coupon can be used.
#[derive(Deserialize, ToSchema)]
#[schema(as = CouponChanges)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changes {
    active: bool,
}

/// Lets a coupon be used, or stops it.
#[utoipa::path(
    patch,
    path = "/api/coupons/{id}",
    security(("user" = [])),
    request_body = Changes,
    responses((status = 200, description = "Done.", body = Coupon)),
)]
pub(crate) async fn edit(
    State(app): State<App>,
    user: User,
    Id(id): Id<CouponId>,
    Fields(changes): Fields<Changes>,
) -> Answer<Json<Coupon>> {
    let edited = app
        .commerce
        .set_coupon_active(user.actor(), id, changes.active)
        .await;
    Ok(Json(edited.map_err(Problem::from)?))
}
