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

use crate::{Faults, WebhookTarget, limits};

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
    pub(crate) fn send(&self, target: Option<WebhookTarget>, faults: &Faults, notice: Value) {
        let Some(target) = target.filter(|_| !faults.webhook_lost) else {
            return;
        };
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            tracing::warn!("sandbox: too many webhooks wait, one is lost");
            return;
        };
        let (sender, faults) = (self.clone(), faults.clone());
        let mut stopped = self.stopped.clone();
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                () = sender.deliver(&target, &faults, notice.to_string()) => {}
                // Also when the sandbox was dropped.
                _ = stopped.wait_for(|stopped| *stopped) => {}
            }
        });
    }

    async fn deliver(&self, target: &WebhookTarget, faults: &Faults, body: String) {
        let id = format!("msg_{:032x}", rand::random::<u128>());
        tokio::time::sleep(Duration::from_millis(faults.webhook_delay_ms)).await;
        for resend in 0..=limits::WEBHOOK_RESENDS {
            if self.post(target, faults, &id, &body).await {
                break;
            }
            if resend < limits::WEBHOOK_RESENDS {
                tokio::time::sleep(self.retry_unit * 4u32.pow(resend)).await;
            }
        }
        for _ in 0..faults.webhook_duplicates {
            self.post(target, faults, &id, &body).await;
        }
    }

    /// One delivery; whether it was answered 2xx.
    async fn post(&self, target: &WebhookTarget, faults: &Faults, id: &str, body: &str) -> bool {
        let Ok(_delivery) = self.deliveries.acquire().await else {
            return true;
        };
        let at = OffsetDateTime::now_utc().unix_timestamp();
        let signed = Webhook::new(&target.secret).and_then(|webhook| {
            let signed = if faults.webhook_forged {
                "forged"
            } else {
                body
            };
            webhook.sign(id, at, signed.as_bytes())
        });
        let Ok(signature) = signed else {
            tracing::error!("sandbox: the webhook secret is not base64");
            return true;
        };
        let request = self
            .client
            .post(&target.url)
            .header(CONTENT_TYPE, "application/json")
            .header(HEADER_WEBHOOK_ID, id)
            .header(HEADER_WEBHOOK_TIMESTAMP, at)
            .header(HEADER_WEBHOOK_SIGNATURE, signature)
            .body(body.to_owned());
        match request.send().await {
            Ok(answer) => answer.status().is_success(),
            Err(error) => {
                tracing::debug!(%error, "sandbox: webhook not delivered");
                false
            }
        }
    }
}
