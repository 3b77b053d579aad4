//! Webhooks of the provider: verified on the raw bytes, kept once, then acted on.
//!
//! A webhook is only a hint to ask the provider. Its row is durable before it is answered, so a
//! process that dies in between acts on it after its restart. Duplicates are answered like the
//! first and change nothing.

use reqwest::header::HeaderMap;
use serde::Deserialize;
use signaling_wire::PaymentId;
use standardwebhooks::HEADER_WEBHOOK_ID;

use crate::{Commerce, ServiceError, db, limits, signature};

/// What became of a webhook; all of them are answered 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookOutcome {
    /// New, and durable.
    Accepted,
    /// Had come before.
    Duplicate,
    /// Of a kind that means nothing here.
    Ignored,
}

/// `{type, timestamp, data: {paymentId, …}}`; unknown fields and types are none of our business.
#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(default)]
    payment_id: Option<String>,
}

/// A question of the provider, in the words of either API.
#[derive(Deserialize)]
#[serde(untagged)]
enum Asked {
    V2 { data: AskedData },
    V1 { merchant_uid: String, amount: i64 },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AskedData {
    payment_id: String,
    total_amount: i64,
}

impl Commerce {
    /// Takes a webhook of the provider: the headers and the body as they came.
    ///
    /// # Errors
    /// [`ServiceError::Webhook`] if it is forged, stale, malformed or too long.
    pub async fn webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<WebhookOutcome, ServiceError> {
        let refuse = |why: &str| ServiceError::Webhook(why.to_owned());
        if body.len() > limits::WEBHOOK_BODY_MAX {
            return Err(refuse("too long"));
        }
        self.verify(headers, body)?;
        let id = headers
            .get(HEADER_WEBHOOK_ID)
            .and_then(|id| id.to_str().ok())
            .unwrap_or_default();
        if id.is_empty() || id.len() > limits::WEBHOOK_ID_CHARS_MAX {
            return Err(refuse("bad webhook id"));
        }
        let text = std::str::from_utf8(body).map_err(|_| refuse("not UTF-8"))?;
        let parsed: Body =
            serde_json::from_str(text).map_err(|_| refuse("not the JSON of a webhook"))?;

        let relevant = parsed.kind.starts_with("Transaction.") && parsed.data.payment_id.is_some();
        let entry = db::webhook::Entry {
            provider: self.config().payment.kind.name(),
            webhook_id: id.to_owned(),
            kind: parsed.kind,
            body: text.to_owned(),
            state: if relevant { "received" } else { "ignored" },
        };
        let now = self.now_us();
        let fresh = self
            .store()
            .write(move |conn| Box::pin(db::webhook::insert(conn, entry, now)))
            .await?;
        if !fresh {
            return Ok(WebhookOutcome::Duplicate);
        }
        if !relevant {
            return Ok(WebhookOutcome::Ignored);
        }
        self.wake_sweeper();
        Ok(WebhookOutcome::Accepted)
    }

    /// Takes an unsigned webhook of the older API: nothing in it is believed but that somebody
    /// should look. Nothing is kept but the wish to look soon, so a flood of them costs no more.
    ///
    /// # Errors
    /// The database.
    pub async fn webhook_v1(&self, merchant_uid: &str) -> Result<WebhookOutcome, ServiceError> {
        let Ok(id) = merchant_uid.parse::<PaymentId>() else {
            return Ok(WebhookOutcome::Ignored);
        };
        let now = self.now_us();
        let known = self
            .store()
            .write(move |conn| Box::pin(async move { db::payment::hint(conn, id, now).await }))
            .await?;
        if !known {
            return Ok(WebhookOutcome::Ignored);
        }
        self.wake_sweeper();
        Ok(WebhookOutcome::Accepted)
    }

    /// The provider asks over its confirm address whether it may charge: signed by the newer API.
    ///
    /// # Errors
    /// [`ServiceError::Webhook`] if it is not the provider's; why it may not charge.
    pub async fn confirm_asked(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), ServiceError> {
        let signed = self.config().payment.kind != crate::PaymentKind::PortoneV1;
        if signed {
            self.verify(headers, body)?;
        }
        let asked: Asked = serde_json::from_slice(body)
            .map_err(|_| ServiceError::Webhook("not the JSON of a question".to_owned()))?;
        let (id, amount) = match asked {
            Asked::V2 { data } if signed => (data.payment_id, data.total_amount),
            Asked::V1 {
                merchant_uid,
                amount,
            } if !signed => (merchant_uid, amount),
            _ => {
                return Err(ServiceError::Webhook(
                    "the question of another API".to_owned(),
                ));
            }
        };
        let id: PaymentId = id.parse().map_err(|_| ServiceError::NotFound("payment"))?;
        self.allow_charge(id, amount).await
    }

    /// Whether the provider signed it, with one of its secrets, within the last five minutes.
    pub(crate) fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), ServiceError> {
        signature::verify(&self.config().payment.webhook_secrets, headers, body)
            .map_err(ServiceError::Webhook)
    }

    /// Acts on webhooks that wait; called by the sweeper.
    pub(crate) async fn work_off_inbox(&self) -> Result<(), ServiceError> {
        let now = self.now_us();
        for row in db::webhook::due(self.store().reader(), now, limits::SWEEP_MAX).await? {
            let state = self.act_on(&row.body).await;
            let now = self.now_us();
            let attempts = row.attempts + 1;
            self.store()
                .write(move |conn| Box::pin(db::webhook::done(conn, row.id, state, attempts, now)))
                .await?;
        }
        Ok(())
    }

    /// The state that the webhook's row takes.
    async fn act_on(&self, body: &str) -> &'static str {
        let parsed = serde_json::from_str::<Body>(body).ok();
        let id = parsed.and_then(|body| body.data.payment_id);
        let Some(id) = id.and_then(|id| id.parse::<PaymentId>().ok()) else {
            return "ignored";
        };
        match self.settle(id).await {
            Ok(()) => "processed",
            Err(error) => {
                tracing::warn!(payment = %id, %error, "a webhook could not be acted on yet");
                "retry"
            }
        }
    }
}
