//! Whether the process lives, whether it wants requests, and what it has counted.

use std::net::IpAddr;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use utoipa_axum::routes;

use super::table::Table;
use crate::{
    error::{Answer, Refusal},
    extract::ClientAddress,
    measure,
    state::App,
};

/// The routes of this file.
pub(crate) fn routes() -> Table {
    Table::new()
        .on(routes!(live))
        .on(routes!(ready))
        .on(routes!(actuator))
        .on(routes!(metrics))
}

/// The process answers.
#[utoipa::path(
    get,
    path = "/livez",
    responses((status = 200, description = "Done.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// Every part has started, none is draining, the database answers.
#[utoipa::path(
    get,
    path = "/readyz",
    responses((status = 200, description = "Done.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn ready(State(app): State<App>) -> Response {
    match is_ready(&app).await {
        true => "ready\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response(),
    }
}

/// The same in the form that the platform's monitors read.
#[utoipa::path(
    get,
    path = "/actuator/health",
    responses((status = 200, description = "Done.", body = serde_json::Value)),
)]
pub(crate) async fn actuator(State(app): State<App>) -> Response {
    match is_ready(&app).await {
        true => Json(json!({ "status": "UP" })).into_response(),
        false => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "status": "DOWN" })),
        )
            .into_response(),
    }
}

async fn is_ready(app: &App) -> bool {
    app.is_ready() && app.store.ping().await.is_ok()
}

/// Prometheus text; for loopback and `http.metrics_allow`, for others it does not exist.
#[utoipa::path(
    get,
    path = "/metrics",
    responses((status = 200, description = "Done.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn metrics(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
) -> Answer<Response> {
    if !may_read(address, &app.http.metrics_allow) {
        return Err(Refusal::not_found());
    }
    measure::export(&app).await;
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    let text = app.metrics.render() + &measure::broadcasts(&app).await;
    Ok((kind, text).into_response())
}

fn may_read(address: IpAddr, allowed: &[IpAddr]) -> bool {
    address.is_loopback() || allowed.contains(&address)
}
