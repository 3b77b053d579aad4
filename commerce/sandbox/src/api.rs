//! The HTTP surface: routes, credentials, and the one way in which a request is worked on.
//!
//! A request that changes something runs to its end even when its client goes away, as at the real
//! provider; its answer is kept under its idempotency key before anybody is told.

mod payments;
mod sandbox;
mod v1;

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State as Shared},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    error::Refusal,
    idempotency::{self, Admission, Answer},
    limits,
    payment::Event,
    server::{Book, State},
    webhook::Notice,
};

pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/payments-by-cursor", get(payments::list))
        .route("/payments/{id}", get(payments::look_up))
        .route("/payments/{id}/pre-register", post(payments::pre_register))
        .route("/payments/{id}/confirm", post(payments::confirm))
        .route("/payments/{id}/cancel", post(payments::cancel))
        .route("/payments/{id}/resend-webhook", post(payments::resend))
        .route("/sandbox/payments/{id}/authorize", post(sandbox::authorize))
        .route(
            "/sandbox/faults",
            get(sandbox::faults).post(sandbox::set_faults),
        )
        .nest("/v1", v1::router())
        .fallback(|| async {
            let body = json!({ "type": "NOT_FOUND", "message": "no such path" });
            (StatusCode::NOT_FOUND, Json(body))
        })
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES_MAX))
        .with_state(state)
}

type Caller = (Shared<Arc<State>>, Path<String>, HeaderMap, Bytes);

/// What working on a request came to.
struct Done {
    answer: Result<Value, Refusal>,
    /// What the shop is told besides.
    event: Option<Event>,
    /// Whether the answer belongs to the idempotency key from now on.
    keep: bool,
    /// The answer is withheld so long, and then replaced by a timeout.
    hang: Option<Duration>,
}

impl Done {
    /// An answer without an event; refusals that changed nothing are not kept.
    fn plain(answer: Result<Value, Refusal>) -> Self {
        Self {
            keep: answer.is_ok(),
            answer,
            event: None,
            hang: None,
        }
    }

    fn with_event(answer: Result<Value, Refusal>, event: Event) -> Self {
        Self {
            answer,
            event: Some(event),
            keep: true,
            hang: None,
        }
    }

    fn status_and_body(&self) -> Answer {
        match &self.answer {
            Ok(body) => (StatusCode::OK, body.clone()),
            Err(refusal) => (refusal.status, refusal.body()),
        }
    }
}

/// Compared as a whole; on loopback its timing tells nobody anything.
fn authorized(state: &State, headers: &HeaderMap) -> Result<(), Refusal> {
    let shown = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let secret = shown.and_then(|shown| shown.strip_prefix("PortOne "));
    if secret == Some(state.api_secret.as_str()) {
        Ok(())
    } else {
        Err(Refusal::unauthorized())
    }
}

fn store_ok(state: &State, store_id: Option<&str>) -> Result<(), Refusal> {
    if store_id.is_none_or(|store_id| store_id == state.store_id) {
        Ok(())
    } else {
        Err(Refusal::forbidden())
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::invalid_request(error.to_string()))
}

/// Works on a request that changes something: credentials, room, idempotency, delay, the work
/// itself, the event, and the answer or its absence. `step` tells paths apart.
async fn change<T: DeserializeOwned + Send + 'static>(
    step: &'static str,
    (Shared(state), Path(id), headers, body): Caller,
    work: impl FnOnce(&State, &mut Book, &str, T) -> Done + Send + 'static,
) -> Result<Response, Refusal> {
    authorized(&state, &headers)?;
    let place = state
        .places
        .clone()
        .try_acquire_owned()
        .map_err(|_| Refusal::unavailable())?;
    let request = read::<T>(&body)?;
    let key = match headers.get("idempotency-key") {
        None => None,
        Some(value) => Some(idempotency::parse(value.to_str().unwrap_or_default())?.to_owned()),
    };
    if let Some(key) = &key {
        let mut hasher = DefaultHasher::new();
        (step, &id, &body).hash(&mut hasher);
        let admission = state
            .book()
            .keys
            .begin(key, hasher.finish(), Instant::now())?;
        if let Admission::Replay((status, body)) = admission {
            return Ok((status, Json(body)).into_response());
        }
    }
    let delay = state.book().faults.delay();
    let mut stopped = state.stopped.clone();
    // A task of its own: a client that goes away does not cancel what it asked for.
    let working = tokio::spawn(async move {
        tokio::time::sleep(delay).await;
        (perform(&state, &id, key.as_deref(), request, work), place)
    });
    let answered = async {
        let (done, _place) = working.await.map_err(|_| Refusal::unavailable())?;
        if let Some(hang) = done.hang {
            tokio::time::sleep(hang).await;
            return Err(Refusal::gateway_timeout());
        }
        let (status, body) = done.status_and_body();
        Ok((status, Json(body)).into_response())
    };
    tokio::select! {
        answer = answered => answer,
        _ = stopped.wait_for(|stopped| *stopped) => Err(Refusal::unavailable()),
    }
}

/// The work, its idempotency key and its event as one step under the lock.
fn perform<T>(
    state: &State,
    id: &str,
    key: Option<&str>,
    request: T,
    work: impl FnOnce(&State, &mut Book, &str, T) -> Done,
) -> Done {
    let mut book = state.book();
    let done = work(state, &mut book, id, request);
    if let Some(key) = key {
        let answer = done.keep.then(|| done.status_and_body());
        book.keys.finish(key, answer);
    }
    if let Some(event) = &done.event {
        tell(state, &mut book, id, event.clone());
    }
    done
}

/// Sends an event about a payment to its shop, in the words of both APIs.
fn tell(state: &State, book: &mut Book, id: &str, event: Event) {
    let now = time::OffsetDateTime::now_utc();
    let Ok(entry) = book.ledger.get(id) else {
        return;
    };
    let notice = entry.payment.notice(&event, &state.store_id, now);
    let older = entry.payment.notice_v1(&event);
    entry.last = Some(event);
    if let Some(target) = book.webhook.clone() {
        book.kept.push(Notice {
            url: target.url,
            secret: Some(target.secret),
            body: notice,
        });
    }
    if let (Some(url), Some(body)) = (book.webhook_v1.clone(), older) {
        book.kept.push(Notice {
            url,
            secret: None,
            body,
        });
    }
    release(state, book);
}

/// Sends what was kept back, once enough has come together; the last one first.
fn release(state: &State, book: &mut Book) {
    if book.kept.len() < book.faults.webhook_reorder as usize {
        return;
    }
    for notice in std::mem::take(&mut book.kept).into_iter().rev() {
        state.sender.send(&book.faults, notice);
    }
}
