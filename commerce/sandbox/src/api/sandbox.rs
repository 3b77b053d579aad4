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

use super::{release, tell};
use crate::{
    Faults,
    error::Refusal,
    payment::{currency, timestamp},
    server::{Book, State},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Authorize {
    approve: bool,
    /// For payments that were not registered before; the browser names the amount then.
    total_amount: Option<i64>,
    currency: Option<String>,
    /// A channel that charges by itself, without the shop's confirmation.
    #[serde(default)]
    charge: bool,
}

/// The buyer goes through the window: `{paymentToken, transactionId}`. With `approve: false` the
/// card company declines when the token is confirmed. With `charge` the provider asks the shop's
/// confirm address, if there is one, and charges at once.
pub(super) async fn authorize(
    Shared(state): Shared<Arc<State>>,
    Path(id): Path<String>,
    Json(request): Json<Authorize>,
) -> Result<Json<Value>, Refusal> {
    let (token, transaction, asked) = open_window(&state, &id, &request)?;
    if request.charge {
        let allowed = match asked {
            Some((url, body)) => state.sender.ask(&url, body).await,
            None => true,
        };
        let mut book = state.book();
        let Book { ledger, faults, .. } = &mut *book;
        let payment = &mut ledger.get(&id)?.payment;
        let event = payment.charge(!allowed, faults.charge_skew, OffsetDateTime::now_utc());
        tell(&state, &mut book, &id, event);
    }
    Ok(Json(
        json!({ "paymentToken": token, "transactionId": transaction }),
    ))
}

/// Whom to ask, and what.
type Question = (String, Value);

/// The part of the window before anybody is asked.
fn open_window(
    state: &State,
    id: &str,
    request: &Authorize,
) -> Result<(String, String, Option<Question>), Refusal> {
    let now = OffsetDateTime::now_utc();
    let mut book = state.book();
    if book.ledger.get(id).is_err()
        && let (Some(total), Some(code)) = (request.total_amount, &request.currency)
    {
        book.ledger.register(id, (total, 0, currency(code)?), now)?;
    }
    let payment = &mut book.ledger.get(id)?.payment;
    let random = (rand::random(), rand::random());
    let (token, event) = payment.authorize(request.approve, random, now)?;
    let transaction = payment.transaction().to_owned();
    let question = json!({ "type": "Transaction.Confirm", "timestamp": timestamp(now), "data": {
        "storeId": state.store_id, "paymentId": id, "transactionId": transaction,
        "totalAmount": payment.total() } });
    tell(state, &mut book, id, event);
    let asked = book.confirm_url.clone().map(|url| (url, question));
    Ok((token, transaction, asked))
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
    let mut book = state.book();
    book.faults = faults.clone();
    release(&state, &mut book);
    Json(faults)
}
