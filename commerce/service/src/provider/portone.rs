//! PortOne V2 over HTTP, with manual confirm; also the embedded sandbox, which speaks the same.

use commerce_core::payment::Report;
use commerce_store::BoxFuture;
use reqwest::{Client, Method, header::AUTHORIZATION, redirect::Policy};
use serde_json::{Value, json};
use signaling_wire::{Money, PaymentId};

use super::{
    ConfirmOutcome, Provider,
    answer::{self, Answer},
};
use crate::{PaymentConfig, PaymentKind, ServiceError, limits};

/// A client of PortOne V2.
pub(crate) struct Portone {
    client: Client,
    config: PaymentConfig,
}

impl Portone {
    pub(crate) fn new(config: &PaymentConfig) -> Result<Self, ServiceError> {
        let client = Client::builder()
            .connect_timeout(limits::PROVIDER_CONNECT_MAX)
            .timeout(config.timeout())
            .redirect(Policy::none());
        // A proxy of the environment has no business with a provider on this machine.
        let client = match config.kind {
            PaymentKind::Sandbox => client.no_proxy(),
            PaymentKind::PortoneV2 => client,
        };
        let client = client
            .build()
            .map_err(|error| ServiceError::Config(error.to_string()))?;
        Ok(Self {
            client,
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
        // The address may stand in a reqwest error, never the secret.
        let mut response = request
            .send()
            .await
            .map_err(|error| error.without_url().to_string())?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| error.without_url().to_string())?
        {
            if bytes.len() + chunk.len() > limits::PROVIDER_BODY_MAX {
                return Err("the provider's answer is too long".to_owned());
            }
            bytes.extend_from_slice(&chunk);
        }
        // A proxy's error page is no JSON; its status says enough.
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer { status, body })
    }

    fn with_store(&self, mut body: Value) -> Value {
        if let Some(store) = &self.config.store_id {
            body["storeId"] = json!(store);
        }
        body
    }
}

impl Provider for Portone {
    fn register(&self, id: PaymentId, amount: Money) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let body = self.with_store(
                json!({ "totalAmount": amount.amount, "currency": amount.currency.code() }),
            );
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
        amount: Money,
        attempt: i64,
        token: &'a str,
    ) -> BoxFuture<'a, ConfirmOutcome> {
        Box::pin(async move {
            let body = self.with_store(json!({
                "paymentToken": token,
                "totalAmount": amount.amount,
                "currency": amount.currency.code(),
                "isTest": self.config.kind == PaymentKind::Sandbox,
            }));
            let (path, key) = (
                format!("/payments/{id}/confirm"),
                format!("{id}-confirm-{attempt}"),
            );
            match self.send(Method::POST, path, Some(body), Some(key)).await {
                Ok(answer) => answer::confirmed(&answer),
                Err(detail) => ConfirmOutcome::Unknown { detail },
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

    fn cancel(&self, id: PaymentId, cancellable: i64) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let body = self.with_store(json!({
                "reason": "the order could not be honoured",
                "currentCancellableAmount": cancellable,
            }));
            let (path, key) = (
                format!("/payments/{id}/cancel"),
                format!("{id}-cancel-whole"),
            );
            let answer = self.send(Method::POST, path, Some(body), Some(key)).await?;
            match answer.is_success() || answer.kind() == "PAYMENT_ALREADY_CANCELLED" {
                true => Ok(()),
                false => Err(answer.refusal()),
            }
        })
    }
}
