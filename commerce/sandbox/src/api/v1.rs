//! PortOne's older API (V1): one envelope for everything, `{code, message, response}`, in which a
//! code other than 0 is a refusal whatever the HTTP status says.
//!
//! The same payments as under V2; a charge is made in the window, after the shop's confirm address
//! allowed it. `imp_key` is the store id, `imp_secret` the API secret.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State as Shared},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::tell;
use crate::{
    error::Refusal,
    fault::CancelFault,
    payment::{CancelOrder, currency},
    server::{Book, State},
};

pub(super) fn router() -> Router<Arc<State>> {
    Router::new()
        .route("/users/getToken", post(token))
        .route("/payments/prepare", post(prepare))
        .route("/payments/cancel", post(cancel))
        .route("/payments/{imp_uid}", get(look_up))
        .route("/payments/find/{merchant_uid}", get(find))
        .route("/sandbox/payments/{merchant_uid}/authorize", post(window))
}

type Worked = Result<Json<Value>, Odd>;

/// What is answered in the envelope besides a result.
enum Odd {
    /// A refusal; HTTP says 200 unless it is about who asks or what is not there.
    Refused(StatusCode, String),
    /// No answer in time.
    Hang,
}

impl From<Refusal> for Odd {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.status {
            StatusCode::NOT_FOUND => StatusCode::NOT_FOUND,
            StatusCode::BAD_GATEWAY => StatusCode::BAD_GATEWAY,
            StatusCode::SERVICE_UNAVAILABLE => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::OK,
        };
        let text = refusal.body()["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        Self::Refused(status, text)
    }
}

impl IntoResponse for Odd {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(status, text) => {
                let code = if status == StatusCode::OK { 1 } else { -1 };
                let body = json!({ "code": code, "message": text, "response": null });
                (status, Json(body)).into_response()
            }
            Self::Hang => StatusCode::GATEWAY_TIMEOUT.into_response(),
        }
    }
}

fn done(response: Value) -> Worked {
    Ok(Json(
        json!({ "code": 0, "message": null, "response": response }),
    ))
}

/// The token is the caller's right to everything else.
fn authorized(state: &State, headers: &HeaderMap) -> Result<(), Odd> {
    let shown = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let shown = shown.map(|shown| shown.strip_prefix("Bearer ").unwrap_or(shown));
    let mut book = state.book();
    if shown.is_some() && shown == book.token.as_deref() && !book.faults.next_token_expires() {
        return Ok(());
    }
    book.token = None;
    Err(Odd::Refused(
        StatusCode::UNAUTHORIZED,
        "Unauthorized".to_owned(),
    ))
}

#[derive(Deserialize)]
struct Login {
    imp_key: String,
    imp_secret: String,
}

async fn token(Shared(state): Shared<Arc<State>>, Json(login): Json<Login>) -> Worked {
    if login.imp_key != state.store_id || login.imp_secret != state.api_secret {
        return Err(Odd::Refused(
            StatusCode::UNAUTHORIZED,
            "unknown key or secret".to_owned(),
        ));
    }
    let fresh = || format!("{:032x}", rand::random::<u128>());
    let token = state.book().token.get_or_insert_with(fresh).clone();
    let now = OffsetDateTime::now_utc().unix_timestamp();
    done(json!({ "access_token": token, "now": now, "expired_at": now + 1800 }))
}

#[derive(Deserialize)]
struct Prepare {
    merchant_uid: String,
    amount: i64,
}

async fn prepare(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    Json(request): Json<Prepare>,
) -> Worked {
    authorized(&state, &headers)?;
    let amount = (request.amount, 0, "KRW".to_owned());
    let now = OffsetDateTime::now_utc();
    let mut book = state.book();
    book.ledger.register(&request.merchant_uid, amount, now)?;
    done(json!({ "merchant_uid": request.merchant_uid, "amount": request.amount }))
}

async fn look_up(
    Shared(state): Shared<Arc<State>>,
    Path(imp_uid): Path<String>,
    headers: HeaderMap,
) -> Worked {
    let id = state.book().ledger.id_of(&imp_uid);
    find(Shared(state), Path(id.unwrap_or_default()), headers).await
}

async fn find(
    Shared(state): Shared<Arc<State>>,
    Path(merchant_uid): Path<String>,
    headers: HeaderMap,
) -> Worked {
    authorized(&state, &headers)?;
    let delay = state.book().faults.delay();
    tokio::time::sleep(delay).await;
    let mut book = state.book();
    if book.faults.next_lookup_fails() {
        return Err(Refusal::unavailable().into());
    }
    let payment = &book.ledger.get(&merchant_uid)?.payment;
    // Nothing is known of a payment whose window was never opened.
    if payment.transaction().is_empty() {
        return Err(Refusal::payment_not_found().into());
    }
    done(payment.view_v1())
}

#[derive(Deserialize)]
struct Cancel {
    imp_uid: Option<String>,
    merchant_uid: Option<String>,
    amount: Option<i64>,
    checksum: Option<i64>,
    #[serde(default)]
    reason: String,
}

async fn cancel(
    Shared(state): Shared<Arc<State>>,
    headers: HeaderMap,
    Json(request): Json<Cancel>,
) -> Worked {
    authorized(&state, &headers)?;
    let (answer, hang) = {
        let mut book = state.book();
        let by_imp = request
            .imp_uid
            .and_then(|imp_uid| book.ledger.id_of(&imp_uid));
        let id = by_imp.or(request.merchant_uid).unwrap_or_default();
        let fault = book.faults.next_cancel();
        match fault {
            CancelFault::Decline => {
                return Err(Odd::Refused(StatusCode::OK, "declined".to_owned()));
            }
            CancelFault::BadGateway => return Err(Refusal::bad_gateway().into()),
            CancelFault::None | CancelFault::TimeoutAfterCancel => {}
        }
        let payment = &mut book.ledger.get(&id)?.payment;
        let order = CancelOrder {
            amount: request.amount,
            current_cancellable: request.checksum,
            reason: request.reason,
        };
        let event = payment.cancel(order, rand::random(), OffsetDateTime::now_utc())?;
        let view = payment.view_v1();
        tell(&state, &mut book, &id, event);
        let hang = (fault == CancelFault::TimeoutAfterCancel).then(|| book.faults.hang());
        (view, hang)
    };
    if let Some(hang) = hang {
        tokio::time::sleep(hang).await;
        return Err(Odd::Hang);
    }
    done(answer)
}

#[derive(Deserialize)]
struct Window {
    approve: bool,
    /// For payments that were not prepared.
    amount: Option<i64>,
}

/// The buyer goes through the window: the shop is asked, then the charge is made.
async fn window(
    Shared(state): Shared<Arc<State>>,
    Path(id): Path<String>,
    Json(request): Json<Window>,
) -> Worked {
    let now = OffsetDateTime::now_utc();
    let (question, confirm_url) = {
        let mut book = state.book();
        if book.ledger.get(&id).is_err()
            && let Some(amount) = request.amount
        {
            book.ledger
                .register(&id, (amount, 0, currency("KRW")?), now)?;
        }
        let payment = &mut book.ledger.get(&id)?.payment;
        let random = (rand::random(), rand::random());
        payment.authorize(request.approve, random, now)?;
        let question = json!({
            "imp_uid": payment.transaction(), "merchant_uid": id, "amount": payment.total(),
        });
        (question, book.confirm_url.clone())
    };
    let allowed = match confirm_url {
        Some(url) if request.approve => state.sender.ask(&url, question).await,
        _ => true,
    };
    let mut book = state.book();
    let Book { ledger, faults, .. } = &mut *book;
    let payment = &mut ledger.get(&id)?.payment;
    let event = payment.charge(!allowed, faults.charge_skew, OffsetDateTime::now_utc());
    let response = payment.view_v1();
    tell(&state, &mut book, &id, event);
    done(response)
}
