//! `/api/admin/payments`: our books beside the provider's.

use axum::{Json, extract::State};
use commerce_service::{Comparison, PaymentDetail, PaymentFilter, PaymentRecord, Reconciliation};
use serde::Deserialize;
use signaling_wire::{PaymentId, Problem};
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::{
    error::Answer,
    extract::{Id, Query, User},
    routes::{
        page::{PageQuery, PageView, checked},
        table::Table,
    },
    state::App,
};

/// The routes of this file.
pub(super) fn routes() -> Table {
    Table::new()
        .on(routes!(list))
        .on(routes!(show))
        .on(routes!(compare))
        .on(routes!(reconciliations))
}

/// Which payments.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Payments {
    /// In this state: `created`, `ready`, `confirming`, `unknown`, `failed`, `paid`, ….
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Every payment, the newest first.
#[utoipa::path(
    get,
    path = "/api/admin/payments",
    security(("user" = [])),
    params(Payments),
    responses(
        (status = 200, description = "Done.", body = PageView<PaymentRecord>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    user: User,
    Query(query): Query<Payments>,
) -> Answer<Json<PageView<PaymentRecord>>> {
    let (cursor, limit) = checked(query.cursor, query.limit)?;
    let filter = PaymentFilter { state: query.state };
    let page = app
        .commerce
        .all_payments(user.actor(), filter, (cursor.as_deref(), limit))
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |payment| payment)))
}

/// A payment with its tries and refunds.
#[utoipa::path(
    get,
    path = "/api/admin/payments/{id}",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = PaymentDetail),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    user: User,
    Id(id): Id<PaymentId>,
) -> Answer<Json<PaymentDetail>> {
    let found = app.commerce.payment_detail(user.actor(), id).await;
    Ok(Json(found.map_err(Problem::from)?))
}

/// Asks the provider about a payment and names what differs; changes nothing.
#[utoipa::path(
    get,
    path = "/api/admin/payments/{id}/comparison",
    security(("user" = [])),
    responses(
        (status = 200, description = "Done.", body = Comparison),
        (status = 403, description = "forbidden"),
        (status = 502, description = "payment_provider_unavailable"),
    ),
)]
pub(crate) async fn compare(
    State(app): State<App>,
    user: User,
    Id(id): Id<PaymentId>,
) -> Answer<Json<Comparison>> {
    let found = app.commerce.compare_payment(user.actor(), id).await;
    Ok(Json(found.map_err(Problem::from)?))
}

/// The comparisons with the provider's whole list, the newest first.
#[utoipa::path(
    get,
    path = "/api/admin/reconciliations",
    security(("user" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "Done.", body = PageView<Reconciliation>),
        (status = 403, description = "forbidden"),
    ),
)]
pub(crate) async fn reconciliations(
    State(app): State<App>,
    user: User,
    Query(query): Query<PageQuery>,
) -> Answer<Json<PageView<Reconciliation>>> {
    let (cursor, limit) = query.bounds()?;
    let page = app
        .commerce
        .reconciliations(user.actor(), (cursor.as_deref(), limit))
        .await
        .map_err(Problem::from)?;
    Ok(Json(PageView::of(page, |run| run)))
}
