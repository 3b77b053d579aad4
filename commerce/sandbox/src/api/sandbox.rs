//! What the real provider does not have: the buyer's window as a call, and the faults.
//!
//! No credentials: a browser has none either, and the listener is on loopback. The body must be
//! JSON by content type, which a foreign page cannot send without asking first.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State as Shared},
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::tell;
use crate::{Faults, error::Refusal, payment::currency, server::State};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Authorize {
    approve: bool,
    /// For payments that were not registered before; the browser names the amount then.
    total_amount: Option<i64>,
    currency: Option<String>,
}

/// The buyer goes through the window: `{paymentToken, transactionId}`. With `approve: false` the
/// card company declines when the token is confirmed.
pub(super) async fn authorize(
    Shared(state): Shared<Arc<State>>,
    Path(id): Path<String>,
    Json(request): Json<Authorize>,
) -> Result<Json<Value>, Refusal> {
    let now = OffsetDateTime::now_utc();
    let mut book = state.book();
    if book.ledger.get(&id).is_err()
        && let (Some(total), Some(code)) = (request.total_amount, &request.currency)
    {
        book.ledger
            .register(&id, (total, 0, currency(code)?), now)?;
    }
    let payment = &mut book.ledger.get(&id)?.payment;
    let random = (rand::random(), rand::random());
    let (token, event) = payment.authorize(request.approve, random, now)?;
    let transaction = payment.transaction().to_owned();
    tell(&state, &mut book, &id, event);
    Ok(Json(
        json!({ "paymentToken": token, "transactionId": transaction }),
    ))
}

/// How the provider misbehaves now.
pub(super) async fn faults(Shared(state): Shared<Arc<State>>) -> Json<Faults> {
    Json(state.book().faults.clone())
}

/// Replaces the faults and answers with what they were brought to.
pub(super) async fn set_faults(
    Shared(state): Shared<Arc<State>>,
    Json(faults): Json<Faults>,
) -> Json<Faults> {
    let faults = faults.bounded();
    state.book().faults = faults.clone();
    Json(faults)
}
