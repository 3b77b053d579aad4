//! PortOne V1 over HTTP: short-lived tokens, one envelope for every answer, charges that the shop
//! allows at its confirm address.
//!
//! `{code, message, response}`: a code other than 0 is a refusal, also under HTTP status 200. It
//! has no idempotency keys; a cancellation carries the balance as a checksum instead. Amounts are
//! whole currency units, so only currencies without a minor unit are taken.

use std::sync::{Mutex, PoisonError};

use commerce_core::payment::{Charge, Report};
use commerce_store::BoxFuture;
use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::{Value, json};
use signaling_wire::{Currency, Money, PaymentId};

use super::{Cancel, Due, Listing, Outcome, Provider, Window, answer::Answer, client};
use crate::{PaymentConfig, ServiceError};

/// A client of PortOne V1.
pub(super) struct PortoneV1 {
    client: Client,
    config: PaymentConfig,
    /// The last token; fetching another one beside a caller is harmless.
    token: Mutex<Option<String>>,
}

impl PortoneV1 {
    pub(super) fn new(config: &PaymentConfig) -> Result<Self, ServiceError> {
        Ok(Self {
            client: client::build(config)?,
            config: config.clone(),
            token: Mutex::new(None),
        })
    }

    fn kept(&self) -> Option<String> {
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        token.clone()
    }

    fn keep(&self, token: Option<String>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    async fn log_in(&self) -> Result<String, String> {
        let url = format!("{}/users/getToken", self.config.base_url);
        let key = self.config.imp_key.as_deref().unwrap_or_default();
        let body = json!({ "imp_key": key, "imp_secret": self.config.api_secret.expose() });
        let answer = client::answer(self.client.post(url).json(&body)).await?;
        let response = opened(&answer)?;
        let token = response.get("access_token").and_then(Value::as_str);
        let token = token.ok_or("the provider gave no token")?.to_owned();
        self.keep(Some(token.clone()));
        Ok(token)
    }

    /// Sends a request, once more with a fresh token if the kept one is no longer good.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, String> {
        let mut fresh = false;
        loop {
            let token = match self.kept() {
                Some(token) => token,
                None => {
                    fresh = true;
                    self.log_in().await?
                }
            };
            let url = format!("{}{path}", self.config.base_url);
            let mut request = self.client.request(method.clone(), url).bearer_auth(token);
            if let Some(body) = &body {
                request = request.json(body);
            }
            let answer = client::answer(request).await?;
            if answer.status != 401 {
                return Ok(answer);
            }
            self.keep(None);
            if fresh {
                return Err("the provider refuses a fresh token".to_owned());
            }
        }
    }
}

/// What the envelope holds.
fn opened(answer: &Answer) -> Result<&Value, String> {
    let code = answer.body.get("code").and_then(Value::as_i64);
    match (answer.is_success(), code) {
        (true, Some(0)) => Ok(&answer.body["response"]),
        _ => Err(answer.refusal()),
    }
}

#[derive(Deserialize)]
struct Payment {
    imp_uid: String,
    merchant_uid: String,
    status: String,
    amount: i64,
    #[serde(default)]
    cancel_amount: i64,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    fail_reason: Option<String>,
    #[serde(default)]
    receipt_url: Option<String>,
}

fn report(answer: &Answer, id: PaymentId) -> Result<Report, String> {
    if answer.status == 404 && answer.body.get("code").is_some() {
        return Ok(Report::Open);
    }
    let payment = Payment::deserialize(opened(answer)?).map_err(|error| error.to_string())?;
    if payment.merchant_uid != id.to_string() {
        return Err("the provider answered about another payment".to_owned());
    }
    let currency: Option<Currency> = payment.currency.parse().ok();
    let currency = currency.filter(|currency| currency.exponent() == 0);
    let charge = Charge {
        total: currency.map(|currency| Money {
            amount: payment.amount,
            currency,
        }),
        // The token belongs to one shop, which is what a store id would say.
        store_id: String::new(),
        live: None,
        cancelled: payment.cancel_amount,
        transaction: payment.imp_uid,
        receipt_url: payment.receipt_url,
    };
    match payment.status.as_str() {
        "ready" => Ok(Report::Open),
        "failed" => {
            let reason = payment.fail_reason.unwrap_or_else(|| "failed".to_owned());
            Ok(Report::Failed {
                reason: reason.chars().take(200).collect(),
            })
        }
        "paid" => Ok(Report::Paid(charge)),
        "cancelled" => Ok(Report::Cancelled(charge)),
        other => Err(format!("unknown payment status {other}")),
    }
}

impl Provider for PortoneV1 {
    fn register(&self, id: PaymentId, due: Due) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            if due.total.currency.exponent() != 0 {
                return Err("this provider takes no currency with a minor unit".to_owned());
            }
            let body = json!({ "merchant_uid": id, "amount": due.total.amount });
            let answer = self
                .send(Method::POST, "/payments/prepare", Some(body))
                .await?;
            opened(&answer).map(|_| ())
        })
    }

    fn authorize(&self, _: PaymentId, _: bool) -> BoxFuture<'_, Result<String, ServiceError>> {
        Box::pin(async { Err(ServiceError::NotFound("sandbox")) })
    }

    /// There is nothing to call: the charge was allowed at the confirm address, or it was not.
    fn confirm<'a>(&'a self, _: PaymentId, _: Due, _: i64, _: &'a str) -> BoxFuture<'a, Outcome> {
        Box::pin(async {
            let detail = "this provider charges by itself".to_owned();
            Outcome::Unknown { detail }
        })
    }

    fn lookup(&self, id: PaymentId) -> BoxFuture<'_, Result<Report, String>> {
        Box::pin(async move {
            let path = format!("/payments/find/{id}");
            let answer = self.send(Method::GET, &path, None).await?;
            report(&answer, id)
        })
    }

    fn cancel(&self, cancel: Cancel) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let mut body = json!({
                "merchant_uid": cancel.payment,
                "checksum": cancel.cancellable,
                "reason": cancel.reason,
            });
            if let Some(amount) = cancel.amount {
                body["amount"] = json!(amount);
                body["tax_free"] = json!(cancel.tax_free);
            }
            match self
                .send(Method::POST, "/payments/cancel", Some(body))
                .await
            {
                Ok(answer) if opened(&answer).is_ok() => Outcome::Done,
                Ok(answer) if answer.status == 200 => Outcome::Declined {
                    reason: answer.refusal(),
                },
                Ok(answer) => Outcome::Unknown {
                    detail: answer.refusal(),
                },
                Err(detail) => Outcome::Unknown { detail },
            }
        })
    }

    fn list(&self, _: Window) -> BoxFuture<'_, Result<Option<Listing>, String>> {
        Box::pin(async { Ok(None) })
    }
}

#[cfg(test)]
mod tests;
