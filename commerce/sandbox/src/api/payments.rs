//! `/payments/{id}` and its steps, as a shop's server calls them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State as Shared},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Caller, Done, authorized, change, store_ok, tell};
use crate::{
    error::Refusal,
    fault::{CancelFault, ConfirmFault},
    limits,
    payment::{CancelOrder, Event, Expected, Payment, currency},
    server::{Book, State},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PreRegister {
    store_id: Option<String>,
    total_amount: i64,
    #[serde(default)]
    tax_free_amount: i64,
    currency: String,
}

pub(super) async fn pre_register(caller: Caller) -> Result<Response, Refusal> {
    change(
        "pre-register",
        caller,
        |state, book, id, request: PreRegister| {
            let mut register = || {
                store_ok(state, request.store_id.as_deref())?;
                let amount = (
                    request.total_amount,
                    request.tax_free_amount,
                    currency(&request.currency)?,
                );
                book.ledger
                    .register(id, amount, OffsetDateTime::now_utc())?;
                Ok(json!({}))
            };
            Done::plain(register())
        },
    )
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Confirm {
    store_id: Option<String>,
    payment_token: String,
    tx_id: Option<String>,
    total_amount: Option<i64>,
    currency: Option<String>,
    is_test: Option<bool>,
}

pub(super) async fn confirm(caller: Caller) -> Result<Response, Refusal> {
    change("confirm", caller, |state, book, id, request: Confirm| {
        let Book { ledger, faults, .. } = book;
        let checked = || -> Result<&mut Payment, Refusal> {
            store_ok(state, request.store_id.as_deref())?;
            let payment = &mut ledger.get(id)?.payment;
            let expected = Expected {
                total: request.total_amount,
                currency: request.currency.as_deref().map(currency).transpose()?,
                transaction: request.tx_id,
                is_test: request.is_test,
            };
            payment.check_confirm(&request.payment_token, &expected)?;
            Ok(payment)
        };
        let payment = match checked() {
            Ok(payment) => payment,
            Err(refusal) => return Done::plain(Err(refusal)),
        };
        let fault = faults.next_confirm();
        match fault {
            ConfirmFault::BadGateway => return Done::plain(Err(Refusal::bad_gateway())),
            ConfirmFault::TimeoutBeforeCharge => {
                let nothing = Done::plain(Err(Refusal::gateway_timeout()));
                return Done {
                    hang: Some(faults.hang()),
                    ..nothing
                };
            }
            ConfirmFault::None | ConfirmFault::Decline | ConfirmFault::TimeoutAfterCharge => {}
        }
        let declined = fault == ConfirmFault::Decline;
        let event = payment.charge(declined, faults.charge_skew, OffsetDateTime::now_utc());
        let answer = if event == Event::Paid {
            Ok(payment.summary())
        } else {
            Err(Refusal::pg_provider())
        };
        let hang = (fault == ConfirmFault::TimeoutAfterCharge).then(|| faults.hang());
        Done {
            hang,
            ..Done::with_event(answer, event)
        }
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cancel {
    store_id: Option<String>,
    reason: String,
    amount: Option<i64>,
    current_cancellable_amount: Option<i64>,
}

pub(super) async fn cancel(caller: Caller) -> Result<Response, Refusal> {
    change("cancel", caller, |state, book, id, request: Cancel| {
        let fault = book.faults.next_cancel();
        let hang = (fault == CancelFault::TimeoutAfterCancel).then(|| book.faults.hang());
        let cancelled = || {
            match fault {
                CancelFault::Decline => return Err(Refusal::pg_provider()),
                CancelFault::BadGateway => return Err(Refusal::bad_gateway()),
                CancelFault::None | CancelFault::TimeoutAfterCancel => {}
            }
            store_ok(state, request.store_id.as_deref())?;
            let payment = &mut book.ledger.get(id)?.payment;
            let order = CancelOrder {
                amount: request.amount,
                current_cancellable: request.current_cancellable_amount,
                reason: request.reason,
            };
            let event = payment.cancel(order, rand::random(), OffsetDateTime::now_utc())?;
            Ok((payment.last_cancellation(), event))
        };
        match cancelled() {
            Ok((answer, event)) => Done {
                hang,
                ..Done::with_event(Ok(answer), event)
            },
            Err(refusal) => Done::plain(Err(refusal)),
        }
    })
    .await
}

pub(super) async fn resend(caller: Caller) -> Result<Response, Refusal> {
    change("resend-webhook", caller, |state, book, id, _: Value| {
        let last = book.ledger.get(id).map(|entry| entry.last.clone());
        let answer = match last {
            Ok(Some(event)) => {
                tell(state, book, id, event);
                Ok(json!({ "webhook": { "status": "SENT" } }))
            }
            Ok(None) => Err(Refusal::invalid_request(
                "nothing has happened to this payment",
            )),
            Err(refusal) => Err(refusal),
        };
        Done::plain(answer)
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LookUp {
    store_id: Option<String>,
}

pub(super) async fn look_up(
    Shared(state): Shared<Arc<State>>,
    Path(id): Path<String>,
    Query(query): Query<LookUp>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    authorized(&state, &headers)?;
    let _place = state
        .places
        .try_acquire()
        .map_err(|_| Refusal::unavailable())?;
    let delay = state.book().faults.delay();
    tokio::time::sleep(delay).await;
    let mut book = state.book();
    if book.faults.next_lookup_fails() {
        return Err(Refusal::unavailable());
    }
    store_ok(&state, query.store_id.as_deref())?;
    Ok(Json(book.ledger.get(&id)?.payment.view(&state.store_id)))
}

/// `?requestBody=` carries JSON, because the path takes no body.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listing {
    #[serde(default)]
    request_body: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    cursor: Option<String>,
    size: Option<usize>,
    from: Option<String>,
    until: Option<String>,
}

/// All payments in the order in which they were asked for, in pages.
pub(super) async fn list(
    Shared(state): Shared<Arc<State>>,
    Query(query): Query<Listing>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    authorized(&state, &headers)?;
    let wanted: Wanted = match &query.request_body {
        Some(text) => super::read(text.as_bytes())?,
        None => Wanted::default(),
    };
    let time = |text: &Option<String>| match text {
        Some(text) => OffsetDateTime::parse(text, &Rfc3339)
            .map(Some)
            .map_err(|error| Refusal::invalid_request(error.to_string())),
        None => Ok(None),
    };
    let (from, until) = (time(&wanted.from)?, time(&wanted.until)?);
    let start: usize = match &wanted.cursor {
        Some(cursor) => cursor
            .parse()
            .map_err(|_| Refusal::invalid_request("not a cursor of this list"))?,
        None => 0,
    };
    let size = wanted.size.unwrap_or(10).clamp(1, limits::PAGE_ROWS_MAX);
    let book = state.book();
    let found: Vec<&Payment> = book
        .ledger
        .all()
        .filter(|payment| from.is_none_or(|from| payment.requested_at() >= from))
        .filter(|payment| until.is_none_or(|until| payment.requested_at() <= until))
        .collect();
    let items: Vec<Value> = found
        .iter()
        .enumerate()
        .skip(start)
        .take(size)
        .map(|(index, payment)| {
            json!({ "payment": payment.view(&state.store_id), "cursor": (index + 1).to_string() })
        })
        .collect();
    Ok(Json(json!({ "items": items })))
}
