//! PortOne V2 over HTTP, with manual confirm; also the embedded sandbox, which speaks the same.

use commerce_core::payment::Report;
use commerce_store::BoxFuture;
use reqwest::{Client, Method, header::AUTHORIZATION};
use serde_json::{Value, json};
use signaling_wire::PaymentId;

use super::{
    Cancel, Due, Listing, Outcome, Provider, Window,
    answer::{self, Answer},
    client,
};
use crate::{PaymentConfig, ServiceError};

/// A client of PortOne V2.
pub(super) struct Portone {
    client: Client,
    config: PaymentConfig,
}

impl Portone {
    pub(super) fn new(config: &PaymentConfig) -> Result<Self, ServiceError> {
        Ok(Self {
            client: client::build(config)?,
            config: config.clone(),
        })
    }

    async fn send(
        &self,
        method: Method,
        path: String,
        body: Option<Value>,
        key: Option<String>,
    ) -> Result<Answer, String> {
        let url = format!("{}{path}", self.config.base_url);
        let secret = format!("PortOne {}", self.config.api_secret.expose());
        let mut request = self
            .client
            .request(method, url)
            .header(AUTHORIZATION, secret);
        if let Some(body) = &body {
            request = request.json(body);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", format!("\"{key}\""));
        }
        client::answer(request).await
    }

    fn with_store(&self, mut body: Value) -> Value {
        if let Some(store) = &self.config.store_id {
            body["storeId"] = json!(store);
        }
        body
    }
}

impl Provider for Portone {
    fn register(&self, id: PaymentId, due: Due) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let body = self.with_store(json!({
                "totalAmount": due.total.amount,
                "taxFreeAmount": due.tax_free,
                "currency": due.total.currency.code(),
            }));
            let path = format!("/payments/{id}/pre-register");
            let answer = self.send(Method::POST, path, Some(body), None).await?;
            match answer.is_success() || answer.kind() == "ALREADY_PAID" {
                true => Ok(()),
                false => Err(answer.refusal()),
            }
        })
    }

    fn authorize(
        &self,
        id: PaymentId,
        approve: bool,
    ) -> BoxFuture<'_, Result<String, ServiceError>> {
        Box::pin(async move {
            let path = format!("/sandbox/payments/{id}/authorize");
            let body = Some(json!({ "approve": approve }));
            let answer = self.send(Method::POST, path, body, None).await;
            let answer = answer.map_err(ServiceError::Provider)?;
            if answer.kind() == "ALREADY_PAID" {
                return Err(ServiceError::Conflict("The order is paid already."));
            }
            let token = answer.body.get("paymentToken").and_then(Value::as_str);
            match token.filter(|_| answer.is_success()) {
                Some(token) => Ok(token.to_owned()),
                None => Err(ServiceError::Provider(answer.refusal())),
            }
        })
    }

    fn confirm<'a>(
        &'a self,
        id: PaymentId,
        due: Due,
        attempt: i64,
        token: &'a str,
    ) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let body = self.with_store(json!({
                "paymentToken": token,
                "totalAmount": due.total.amount,
                "taxFreeAmount": due.tax_free,
                "currency": due.total.currency.code(),
                "isTest": !self.config.is_live(),
            }));
            let (path, key) = (
                format!("/payments/{id}/confirm"),
                format!("{id}-confirm-{attempt}"),
            );
            match self.send(Method::POST, path, Some(body), Some(key)).await {
                Ok(answer) => answer::outcome(&answer, "ALREADY_PAID"),
                Err(detail) => Outcome::Unknown { detail },
            }
        })
    }

    fn lookup(&self, id: PaymentId) -> BoxFuture<'_, Result<Report, String>> {
        Box::pin(async move {
            let store = self.config.store_id.as_ref();
            let query = store.map_or(String::new(), |store| format!("?storeId={store}"));
            let path = format!("/payments/{id}{query}");
            let answer = self.send(Method::GET, path, None, None).await?;
            answer::report(&answer, &id.to_string())
        })
    }

    fn cancel(&self, cancel: Cancel) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let mut body = self.with_store(json!({
                "reason": cancel.reason,
                "currentCancellableAmount": cancel.cancellable,
            }));
            if let Some(amount) = cancel.amount {
                body["amount"] = json!(amount);
                body["taxFreeAmount"] = json!(cancel.tax_free);
            }
            let path = format!("/payments/{}/cancel", cancel.payment);
            let sent = self
                .send(Method::POST, path, Some(body), Some(cancel.key))
                .await;
            match sent {
                Ok(answer) => answer::outcome(&answer, "PAYMENT_ALREADY_CANCELLED"),
                Err(detail) => Outcome::Unknown { detail },
            }
        })
    }

    fn list(&self, window: Window) -> BoxFuture<'_, Result<Option<Listing>, String>> {
        Box::pin(async move {
            let mut wanted = self.with_store(json!({
                "from": rfc3339(window.from),
                "until": rfc3339(window.until),
                "size": PAGE_ROWS,
            }));
            if let Some(cursor) = window.cursor {
                wanted["cursor"] = json!(cursor);
            }
            // The body of a GET travels in the query, percent-encoded.
            let text: String = wanted
                .to_string()
                .bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect();
            let path = format!("/payments-by-cursor?requestBody={text}");
            let answer = self.send(Method::GET, path, None, None).await?;
            answer::listing(&answer, PAGE_ROWS).map(Some)
        })
    }
}

/// Rows of a page of the provider's list.
const PAGE_ROWS: usize = 200;

/// `2026-11-22T12:34:56Z`.
fn rfc3339(us: i64) -> String {
    let (day, second) = (
        us.div_euclid(86_400_000_000),
        us.div_euclid(1_000_000).rem_euclid(86_400),
    );
    let (year, month, date) = commerce_core::order::civil(day);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!(
        "{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{:02}Z",
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_provider_reads_them() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_795_350_896_999_999), "2026-11-22T12:34:56Z");
    }
}
