//! Delivery of events, signed as Standard Webhooks 1.0.0, with retries and faults.
//!
//! Each event has one id over all its deliveries; each delivery is signed with the time at which it
//! leaves. Success is 2xx; anything else is sent again after 1, 4, 16, 64 and 256 retry units.

use std::{sync::Arc, time::Duration};

use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook,
};
use time::OffsetDateTime;
use tokio::sync::{Semaphore, watch};

use crate::{Faults, limits};

/// An event on its way.
pub(crate) struct Notice {
    pub(crate) url: String,
    /// Signs it; events of the older API have no signature.
    pub(crate) secret: Option<String>,
    pub(crate) body: Value,
}

/// Sends events in the background.
#[derive(Clone)]
pub(crate) struct Sender {
    client: reqwest::Client,
    retry_unit: Duration,
    places: Arc<Semaphore>,
    deliveries: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

impl Sender {
    pub(crate) fn new(
        retry_unit: Duration,
        stopped: watch::Receiver<bool>,
    ) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(limits::WEBHOOK_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self {
            client,
            retry_unit,
            places: Arc::new(Semaphore::new(limits::WEBHOOKS_MAX)),
            deliveries: Arc::new(Semaphore::new(limits::WEBHOOK_DELIVERIES_MAX)),
            stopped,
        })
    }

    /// Sends an event, or loses it as the faults say.
    pub(crate) fn send(&self, faults: &Faults, notice: Notice) {
        if faults.webhook_lost {
            return;
        }
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            tracing::warn!("sandbox: too many webhooks wait, one is lost");
            return;
        };
        let (sender, faults) = (self.clone(), faults.clone());
        let mut stopped = self.stopped.clone();
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                () = sender.deliver(&faults, &notice) => {}
                // Also when the sandbox was dropped.
                _ = stopped.wait_for(|stopped| *stopped) => {}
            }
        });
    }

    async fn deliver(&self, faults: &Faults, notice: &Notice) {
        let id = format!("msg_{:032x}", rand::random::<u128>());
        tokio::time::sleep(Duration::from_millis(faults.webhook_delay_ms)).await;
        for resend in 0..=limits::WEBHOOK_RESENDS {
            if self.post(faults, &id, notice).await {
                break;
            }
            if resend < limits::WEBHOOK_RESENDS {
                tokio::time::sleep(self.retry_unit * 4u32.pow(resend)).await;
            }
        }
        for _ in 0..faults.webhook_duplicates {
            self.post(faults, &id, notice).await;
        }
    }

    /// Asks the shop whether a charge may be made; only a plain 200 is a yes.
    pub(crate) async fn ask(&self, url: &str, body: Value) -> bool {
        let request = self.client.post(url).json(&body);
        let answered = tokio::time::timeout(limits::CONFIRM_TIMEOUT, request.send()).await;
        matches!(answered, Ok(Ok(answer)) if answer.status().as_u16() == 200)
    }

    /// One delivery; whether it was answered 2xx.
    async fn post(&self, faults: &Faults, id: &str, notice: &Notice) -> bool {
        let Ok(_delivery) = self.deliveries.acquire().await else {
            return true;
        };
        let body = notice.body.to_string();
        let request = self
            .client
            .post(&notice.url)
            .header(CONTENT_TYPE, "application/json");
        let Some(secret) = &notice.secret else {
            return taken(request.body(body)).await;
        };
        let at = OffsetDateTime::now_utc().unix_timestamp() - i64::from(faults.webhook_stale_s);
        let signed = Webhook::new(secret).and_then(|webhook| {
            let signed = if faults.webhook_forged {
                "forged"
            } else {
                &body
            };
            webhook.sign(id, at, signed.as_bytes())
        });
        let Ok(signature) = signed else {
            tracing::error!("sandbox: the webhook secret is not base64");
            return true;
        };
        let request = request
            .header(HEADER_WEBHOOK_ID, id)
            .header(HEADER_WEBHOOK_TIMESTAMP, at)
            .header(HEADER_WEBHOOK_SIGNATURE, signature);
        taken(request.body(body)).await
    }
}

/// Whether a delivery was answered 2xx.
async fn taken(request: reqwest::RequestBuilder) -> bool {
    match request.send().await {
        Ok(answer) => answer.status().is_success(),
        Err(error) => {
            tracing::debug!(%error, "sandbox: webhook not delivered");
            false
        }
    }
}
