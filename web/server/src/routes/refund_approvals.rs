//! `/api/refund-approvals`: large refunds, which two people must want.

use axum::{Json, extract::State, http::StatusCode};
use commerce_service::{RefundApproval, RefundView};
use signaling_wire::{OrderId, Problem, RefundId};
use utoipa_axum::routes;

use super::{
    page::{PageQuery, PageView},
    table::Table,
};
use crate::{
    error::Answer,
    extract::{Id, Query, User, fresh},
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(of_order))
        .on(routes!(waiting))
        .on(routes!(approve))
        .on(routes!(refuse))
}

/// The large refunds that were asked for, for an order. For those who may handle it.
#[utoipa::path(
    get,
    path = "/api/orders/{id}/refund-approvals",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PageView<RefundApproval>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn of_order(
    State(app): State<App>,
    user: User,
    Id(id): Id<OrderId>,
) -> Answer<Json<PageView<RefundApproval>>> {
    let found = app.commerce.refund_approvals(user.actor(), id).await;
    Ok(Json(PageView::whole(found.map_err(Problem::from)?)))
}

/// All that wait, the oldest first. For administrators.
#[utoipa::path(
    get,
    path = "/api/admin/refund-approvals",
    security(("user" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "Done.", body = PageView<RefundApproval>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn waiting(
    State(app): State<App>,
    user: User,
    Query(query): Query<PageQuery>,
) -> Answer<Json<PageView<RefundApproval>>> {
    let (cursor, limit) = query.bounds()?;
    let page = app
        .commerce
        .waiting_refunds(user.actor(), (cursor.as_deref(), limit))
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |row| row)))
}

/// Agrees to a large refund that somebody else asked for; it is decided by that.
#[utoipa::path(
    post,
    path = "/api/refund-approvals/{id}/approve",
    security(("user" = [])),
    responses(
        (status = 201, description = "Decided.", body = RefundView),
        (status = 403, description = "forbidden fresh_login_required second_person_required"),
        (status = 409, description = "conflict refund_too_high"),
        (status = 422, description = "validation_error"),
    ),
)]
pub(crate) async fn approve(
    State(app): State<App>,
    user: User,
    Id(id): Id<RefundId>,
) -> Answer<(StatusCode, Json<RefundView>)> {
    fresh(&user.0, &app)?;
    let refund = app.commerce.approve_refund(user.actor(), id).await;
    Ok((StatusCode::CREATED, Json(refund.map_err(Problem::from)?)))
}

/// Does not agree to a large refund; who asked for it takes it back by this.
#[utoipa::path(
    post,
    path = "/api/refund-approvals/{id}/refuse",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = RefundApproval),
        (status = 403, description = "forbidden"),
        (status = 409, description = "conflict"),
    ),
)]
pub(crate) async fn refuse(
    State(app): State<App>,
    user: User,
    Id(id): Id<RefundId>,
) -> Answer<Json<RefundApproval>> {
    let refused = app.commerce.refuse_refund(user.actor(), id).await;
    Ok(Json(refused.map_err(Problem::from)?))
}
