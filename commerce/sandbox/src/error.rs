//! Refusals in the provider's shape: `{"type": "PAYMENT_NOT_FOUND", "message": "…"}`.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    kind: &'static str,
    message: String,
}

macro_rules! refusals {
    ($($name:ident = ($status:ident, $kind:literal, $message:literal);)*) => {
        impl Refusal {$(
            pub(crate) fn $name() -> Self {
                Self { status: StatusCode::$status, kind: $kind, message: $message.to_owned() }
            }
        )*}
    };
}

refusals! {
    unauthorized = (UNAUTHORIZED, "UNAUTHORIZED", "the API secret is missing or wrong");
    forbidden = (FORBIDDEN, "FORBIDDEN", "the store is another one");
    payment_not_found = (NOT_FOUND, "PAYMENT_NOT_FOUND", "no payment with this id");
    already_paid = (CONFLICT, "ALREADY_PAID", "the payment has been made");
    information_mismatch = (CONFLICT, "INFORMATION_MISMATCH", "amount, currency or mode differ from the payment's");
    invalid_payment_token = (BAD_REQUEST, "INVALID_PAYMENT_TOKEN", "the payment token is not this payment's, or was used");
    pg_provider = (BAD_GATEWAY, "PG_PROVIDER", "the card company declined");
    bad_gateway = (BAD_GATEWAY, "BAD_GATEWAY", "upstream failed");
    gateway_timeout = (GATEWAY_TIMEOUT, "GATEWAY_TIMEOUT", "upstream took too long");
    unavailable = (SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", "try again later");
    payment_not_paid = (CONFLICT, "PAYMENT_NOT_PAID", "nothing was paid that could be cancelled");
    already_cancelled = (CONFLICT, "PAYMENT_ALREADY_CANCELLED", "everything has been cancelled");
    cancellable_amount_broken = (CONFLICT, "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN", "currentCancellableAmount is not the balance");
    cancel_exceeds = (CONFLICT, "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT", "more than is left to cancel");
    idempotency_outstanding = (CONFLICT, "IDEMPOTENCY_OUTSTANDING_REQUEST", "a request with this key is running");
    idempotency_reused = (UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED", "the key came with another request");
}

impl Refusal {
    /// The request cannot be read; says what is wrong with it.
    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        let (status, message) = (StatusCode::BAD_REQUEST, message.into());
        Self {
            status,
            kind: "INVALID_REQUEST",
            message,
        }
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = json!({ "type": self.kind, "message": self.message });
        if self.kind == "PG_PROVIDER" {
            body["pgCode"] = json!("DECLINED");
            body["pgMessage"] = json!(self.message);
        }
        body
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
