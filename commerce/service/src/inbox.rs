//! Webhooks of the provider: verified on the raw bytes, kept once, then acted on.
//!
//! A webhook is only a hint to ask the provider. Its row is durable before it is answered, so a
//! process that dies in between acts on it after its restart. Duplicates are answered like the
//! first and change nothing.

use reqwest::header::HeaderMap;
use serde::Deserialize;
use signaling_wire::PaymentId;
use standardwebhooks::{HEADER_WEBHOOK_ID, Webhook};

use crate::{Commerce, ServiceError, db, limits};

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
        let secret = self.config().payment.webhook_secret.as_ref();
        let secret = secret.ok_or_else(|| refuse("no secret is configured"))?;
        let verifier =
            Webhook::new(secret.expose()).map_err(|_| refuse("the secret is malformed"))?;
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            if headers.get_all(name).iter().count() != 1 {
                return Err(refuse("each webhook header must come once"));
            }
        }
        verifier
            .verify(body, headers)
            .map_err(|error| ServiceError::Webhook(error.to_string()))?;
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
