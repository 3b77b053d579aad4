//! What was sent to a webhook, and sending it again.

use commerce_core::hook::{DeliveryState, EventType};
use commerce_store::{StoreError, audit};
use serde_json::json;
use signaling_wire::{DeliveryId, EventId, WebhookId};

use super::{ReplayRange, Replayed, WebhookDelivery, WebhookDeliveryDetail, news};
use crate::{
    Actor, Commerce, Page, ServiceError,
    admin::entry,
    db::hook::{
        delivery, endpoint,
        event::{self, Found, Past, To},
    },
    limits,
    mint::mint,
    page,
    validation::Validation,
};

impl Commerce {
    /// What was sent to a webhook or is to be, the newest first; in one state if asked for.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], a cursor that is none.
    pub async fn webhook_deliveries(
        &self,
        actor: Actor,
        id: WebhookId,
        state: Option<DeliveryState>,
        (cursor, limit): (Option<&str>, u32),
    ) -> Result<Page<WebhookDelivery>, ServiceError> {
        self.own_webhook(actor, id).await?;
        let after = page::after::<DeliveryId>(cursor)?;
        let limit = page::clamp(limit);
        let rows = delivery::list(self.store().reader(), id, state, after, limit + 1).await?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string()))
    }

    /// A delivery with what was sent and how it went.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn webhook_delivery(
        &self,
        actor: Actor,
        id: WebhookId,
        delivery: DeliveryId,
    ) -> Result<WebhookDeliveryDetail, ServiceError> {
        self.own_webhook(actor, id).await?;
        let reader = self.store().reader();
        let found = delivery::find(reader, id, delivery).await?;
        let found = found.ok_or(ServiceError::NotFound("delivery"))?;
        let body = delivery::body(reader, found.event_id).await?;
        let tries = delivery::tries(reader, delivery, limits::HOOK_TRIES_SHOWN).await?;
        Ok(WebhookDeliveryDetail {
            delivery: found,
            body: serde_json::from_str(&body).map_err(StoreError::invalid)?,
            tries,
        })
    }

    /// Sends a delivery again, at once and with all its tries before it. The receiver gets the same
    /// `webhook-id`.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn replay_webhook_delivery(
        &self,
        actor: Actor,
        id: WebhookId,
        delivery: DeliveryId,
    ) -> Result<WebhookDelivery, ServiceError> {
        self.own_webhook(actor, id).await?;
        let now = self.now_us();
        let again = self.store().transact(move |conn| {
            Box::pin(async move {
                // The endpoint's row puts this behind what is being noted of it.
                endpoint::lock(conn, id, None).await?;
                if delivery::find(&mut *conn, id, delivery).await?.is_none() {
                    return Err(ServiceError::NotFound("delivery"));
                }
                delivery::again(conn, &[delivery], now).await?;
                let entry = entry(
                    actor,
                    "webhook.replayed",
                    id,
                    json!({ "delivery": delivery }),
                );
                audit::record(conn, &entry, now).await?;
                let found = delivery::find(conn, id, delivery).await?;
                found.ok_or(ServiceError::NotFound("delivery"))
            })
        });
        let again = again.await?;
        self.wake_hooks();
        Ok(again)
    }

    /// Sends events of the past again that the webhook wants now: those that it did not take, those
    /// that were never sent to it, and the others too if asked for. Page by page.
    ///
    /// # Errors
    /// Validation, [`ServiceError::NotFound`], a cursor that is none.
    pub async fn replay_webhook(
        &self,
        actor: Actor,
        id: WebhookId,
        range: ReplayRange,
    ) -> Result<Replayed, ServiceError> {
        let webhook = self.own_webhook(actor, id).await?;
        let mut validation = Validation::default();
        let fits = range.from_ms < range.until_ms && range.until_ms < limits::TIME_MS_MAX;
        validation.check(fits, "/until_ms", "range", "must come later");
        validation.done()?;
        let us = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000);
        let past = Past {
            endpoint: id,
            seller: webhook.seller,
            kinds: webhook.filter.types(),
            from: us(range.from_ms),
            until: us(range.until_ms),
            behind: range.cursor.as_deref().map(behind).transpose()?,
            all: range.all,
        };
        let now = self.now_us();
        let sent = self.store().transact(move |conn| {
            let past = past.clone();
            Box::pin(async move {
                endpoint::lock(conn, id, None).await?;
                let mut found = event::past(conn, &past, limits::HOOK_REPLAY_MAX + 1).await?;
                let more = found.len() > limits::HOOK_REPLAY_MAX as usize;
                found.truncate(limits::HOOK_REPLAY_MAX as usize);
                let known: Vec<DeliveryId> = found.iter().filter_map(|one| one.delivery).collect();
                if !known.is_empty() {
                    delivery::again(conn, &known, now).await?;
                }
                let fresh = found.iter().filter(|one| one.delivery.is_none());
                let fresh: Vec<To> = fresh.map(|one| to(id, one.id, now)).collect();
                event::send(conn, &fresh, now).await?;
                let queued = u32::try_from(found.len()).unwrap_or(u32::MAX);
                if queued > 0 {
                    let detail = json!({ "events": queued, "all": past.all });
                    let entry = entry(actor, "webhook.replayed", id, detail);
                    audit::record(conn, &entry, now).await?;
                }
                let next_cursor = found.last().filter(|_| more).map(cursor);
                Ok::<_, ServiceError>(Replayed {
                    queued,
                    next_cursor,
                })
            })
        });
        let sent = sent.await?;
        self.wake_hooks();
        Ok(sent)
    }

    /// Sends `webhook.test`, whatever the filter says.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::Conflict`] when it is turned off or tests wait.
    pub async fn test_webhook(
        &self,
        actor: Actor,
        id: WebhookId,
    ) -> Result<WebhookDelivery, ServiceError> {
        let webhook = self.own_webhook(actor, id).await?;
        let now = self.now_us();
        let to = to(id, mint!(EventId, now), now);
        let data = json!({ "webhook_id": id });
        let made = news::made(
            to.event,
            EventType::WebhookTest,
            (webhook.seller, now),
            &data,
        )?;
        let sent = self.store().transact(move |conn| {
            let (made, to) = (made.clone(), to.clone());
            Box::pin(async move {
                let found = endpoint::lock(conn, id, None).await?;
                let found = found.ok_or(ServiceError::NotFound("webhook"))?;
                if found.state != commerce_core::hook::EndpointState::Active {
                    return Err(ServiceError::Conflict("The webhook is turned off."));
                }
                if delivery::tests_waiting(conn, id).await? >= limits::HOOK_TESTS_WAITING_MAX {
                    return Err(ServiceError::Conflict("Tests are waiting already."));
                }
                let delivery = to.id;
                event::insert(conn, &[made], &[to], now).await?;
                let found = delivery::find(conn, id, delivery).await?;
                found.ok_or(ServiceError::NotFound("webhook"))
            })
        });
        let sent = sent.await?;
        self.wake_hooks();
        Ok(sent)
    }
}

fn to(endpoint: WebhookId, event: EventId, now: i64) -> To {
    To {
        id: mint!(DeliveryId, now),
        endpoint,
        event,
    }
}

/// Time and id of the last event that was looked at.
fn cursor(last: &Found) -> String {
    format!("{}.{}", last.at, last.id)
}

fn behind(cursor: &str) -> Result<(i64, EventId), ServiceError> {
    let parsed = cursor.split_once('.').and_then(|(at, id)| {
        let at = at.parse::<i64>().ok().filter(|at| *at >= 0)?;
        Some((at, id.parse().ok()?))
    });
    parsed.ok_or_else(page::no_cursor)
}
