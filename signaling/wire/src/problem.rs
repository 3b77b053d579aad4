//! What a client is told when something is refused: `application/problem+json` (RFC 9457).
//!
//! The same object answers over HTTP and, inside an `error` frame, over a lane. `code` is the
//! stable key that clients branch on; `title` and `detail` are for people.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = ($status:literal, $key:literal, $title:literal);)*) => {
        /// The stable machine keys, each with its HTTP status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {$($(#[$doc])* #[serde(rename = $key)] $name,)*}

        impl Code {
            /// Every code, for tables and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// HTTP status of the answer.
            pub const fn status(self) -> u16 {
                match self {$(Self::$name => $status,)*}
            }

            /// The stable key, as in `"code": "out_of_stock"`.
            pub const fn key(self) -> &'static str {
                match self {$(Self::$name => $key,)*}
            }

            /// A short English summary that never varies with the occurrence.
            pub const fn title(self) -> &'static str {
                match self {$(Self::$name => $title,)*}
            }
        }
    };
}

codes! {
    /// The body or frame is not JSON.
    InvalidJson = (400, "invalid_json", "Not valid JSON");
    /// The request is malformed outside its body.
    BadRequest = (400, "bad_request", "Bad request");
    /// `Idempotency-Key` is required here.
    IdempotencyKeyMissing = (400, "idempotency_key_missing", "Idempotency-Key is missing");
    /// The SDP cannot be read.
    MalformedOffer = (400, "malformed_offer", "Malformed SDP");
    /// A frame of a kind that clients do not send, or of another version.
    UnknownFrame = (400, "unknown_frame", "Unknown frame");
    /// No credentials, or credentials that no longer hold.
    Unauthenticated = (401, "unauthenticated", "Sign in first");
    /// E-mail and password do not match an account.
    InvalidCredentials = (401, "invalid_credentials", "Wrong e-mail or password");
    /// The password was right; the account asks for the code of a second factor, too.
    SecondFactorRequired = (401, "second_factor_required", "A second factor is needed");
    /// The code of the second factor is wrong, too old, or was used before.
    WrongCode = (401, "wrong_code", "Wrong code");
    /// The access token is malformed, forged, expired or revoked.
    InvalidToken = (401, "invalid_token", "Invalid or expired token");
    /// The provider declined the payment.
    PaymentDeclined = (402, "payment_declined", "Payment declined");
    /// Allowed, but only soon after signing in.
    FreshLoginRequired = (403, "fresh_login_required", "Sign in again first");
    /// An administrator's rights need a sign-in with a second factor.
    SecondFactorMissing = (403, "second_factor_missing", "Administrators need a second factor");
    /// It takes two people, and the caller was the first.
    SecondPersonRequired = (403, "second_person_required", "Another person must agree");
    /// The hosts took the word from this viewer; `until_ms` says for how long.
    Muted = (403, "muted", "You cannot write here");
    /// The hosts banned this viewer from the room.
    Banned = (403, "banned", "You are banned from this room");
    /// Known, but not allowed.
    Forbidden = (403, "forbidden", "Not allowed");
    /// No such thing, or not visible to the caller.
    NotFound = (404, "not_found", "Not found");
    /// The path does not take this method.
    MethodNotAllowed = (405, "method_not_allowed", "Method not allowed");
    /// None of the representations asked for exists.
    NotAcceptable = (406, "not_acceptable", "Not acceptable");
    /// The account exists already.
    EmailTaken = (409, "email_taken", "E-mail is registered already");
    /// Too few units left.
    OutOfStock = (409, "out_of_stock", "Out of stock");
    /// More than one buyer may have.
    PerBuyerLimit = (409, "per_buyer_limit", "Limit per buyer reached");
    /// The sale is not open.
    SaleNotOpen = (409, "sale_not_open", "The sale is not open");
    /// The price is no longer the one that the buyer saw.
    PriceChanged = (409, "price_changed", "The price has changed");
    /// The aggregate's state does not allow the step.
    InvalidTransition = (409, "invalid_transition", "Not possible in this state");
    /// The checkout would cost something else than the buyer saw.
    CartChanged = (409, "cart_changed", "The total has changed");
    /// The time in which goods may be sent back is over.
    ReturnWindowClosed = (409, "return_window_closed", "The time to send it back is over");
    /// More would go back than was paid and not given back yet.
    RefundTooHigh = (409, "refund_too_high", "More than can be given back");
    /// The same key is being worked on.
    IdempotencyInFlight = (409, "idempotency_in_flight", "The same request is running");
    /// Nothing is published in the stream.
    StreamNotLive = (409, "stream_not_live", "Nothing is live");
    /// Publishers take the stream from one another too fast.
    PublisherConflict = (409, "publisher_conflict", "Another publisher is taking over");
    /// There are as many of these as there may be.
    LimitReached = (409, "limit_reached", "Limit reached");
    /// The thing has changed or exists already.
    Conflict = (409, "conflict", "Conflict");
    /// The hold ran out before payment.
    ReservationExpired = (410, "reservation_expired", "The hold has expired");
    /// The price that was promised held until a moment that has passed.
    OfferExpired = (410, "offer_expired", "The offer has expired");
    /// The one-time token is unknown, used or too old.
    TokenSpent = (410, "token_spent", "This link has expired or was used");
    /// The stream has ended for good.
    StreamEnded = (410, "stream_ended", "The stream has ended");
    /// `If-Match` names another version.
    PreconditionFailed = (412, "precondition_failed", "Precondition failed");
    /// The body or frame is longer than allowed.
    PayloadTooLarge = (413, "payload_too_large", "Too large");
    /// The content type is not the one that the path takes.
    UnsupportedMediaType = (415, "unsupported_media_type", "Unsupported media type");
    /// Fields are missing, unknown or out of range; `errors` names them.
    ValidationError = (422, "validation_error", "Validation failed");
    /// The SDP is readable but asks for what Souk does not offer.
    UnsupportedOffer = (422, "unsupported_offer", "Unsupported offer");
    /// The product comes in several variants and none was named.
    VariantRequired = (422, "variant_required", "Choose a variant");
    /// The lease was not signed here, or is for something else.
    OfferInvalid = (422, "offer_invalid", "Not a valid offer");
    /// The coupon does not apply; `reason` says why.
    CouponRefused = (422, "coupon_refused", "The coupon does not apply");
    /// The same key came with another request.
    IdempotencyKeyReused = (422, "idempotency_key_reused", "Idempotency-Key used before");
    /// The provider reports another amount than the order's.
    PaymentAmountMismatch = (422, "payment_amount_mismatch", "Payment amount differs");
    /// The step needs `If-Match`.
    PreconditionRequired = (428, "precondition_required", "If-Match is required");
    /// The caller's rate.
    RateLimited = (429, "rate_limited", "Too many requests");
    /// The request head is too large.
    HeadersTooLarge = (431, "headers_too_large", "Request header too large");
    /// Our fault; the request id finds it in the log.
    Internal = (500, "internal", "Internal error");
    /// The payment provider did not answer as it should.
    PaymentProviderUnavailable = (502, "payment_provider_unavailable", "Payment provider unavailable");
    /// A queue is full; try again after `Retry-After`.
    Busy = (503, "busy", "Busy, try again");
    /// A part that the request needs is away.
    Unavailable = (503, "unavailable", "Temporarily unavailable");
}

/// A field that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// JSON pointer into the request body (RFC 6901), as in `/quantity`.
    pub pointer: String,
    /// Why, as a stable key: `required`, `unknown`, `min`, `max`, `format`, …
    pub code: String,
    /// Why, for people.
    pub detail: String,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:souk:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// Summary of the code.
    pub title: String,
    /// HTTP status, also over lanes.
    pub status: u16,
    /// The stable key.
    pub code: Code,
    /// One line that the person at the other end can act on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Finds the request in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Seconds after which a repeat makes sense; also the `Retry-After` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// The refused fields of a `validation_error`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Facts of the code, such as `available` or `current_price`.
    #[serde(flatten)]
    pub facts: Map<String, Value>,
}

impl Problem {
    /// A problem of a code, with one line about this occurrence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:souk:problem:{}", code.key()),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: detail.into(),
            request_id: None,
            retry_after: None,
            errors: Vec::new(),
            facts: Map::new(),
        }
    }

    /// Adds a fact of the code.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a refused field.
    #[must_use]
    pub fn with_field(mut self, pointer: &str, code: &str, detail: impl Into<String>) -> Self {
        let (pointer, code, detail) = (pointer.to_owned(), code.to_owned(), detail.into());
        self.errors.push(FieldError {
            pointer,
            code,
            detail,
        });
        self
    }

    /// Says when a repeat makes sense.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

// By hand, because a derive does not see the keys through the macro.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Code {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(Self::ALL.iter().map(|code| code.key())))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Code {}
