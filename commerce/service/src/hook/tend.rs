//! What is done now and then: old events are forgotten, endpoints that let too much wait are turned
//! off, and the gauges are set.

use commerce_core::hook::{DisabledReason, EndpointState};
use signaling_wire::WebhookId;

use super::record;
use crate::{
    Commerce, ServiceError,
    db::hook::{endpoint, event},
    limits,
};

impl Commerce {
    /// Looks after the tables of webhooks.
    pub(super) async fn tend_hooks(&self) -> Result<(), ServiceError> {
        self.forget_old_events().await?;
        let standings = endpoint::standings(self.store().reader()).await?;
        let (mut waiting, mut failing, mut disabled) = (0, 0, 0);
        for standing in standings {
            let active = standing.state == EndpointState::Active;
            waiting += if active { standing.waiting } else { 0 };
            failing += u64::from(active && standing.failing);
            disabled += u64::from(standing.state == EndpointState::Disabled);
            if active && standing.waiting > self.config().webhooks.waiting_max {
                self.give_up_on(standing.id).await?;
            }
        }
        metrics::gauge!("souk_webhook_deliveries_waiting").set(waiting as f64);
        metrics::gauge!("souk_webhooks_failing").set(failing as f64);
        metrics::gauge!("souk_webhooks_disabled").set(disabled as f64);
        Ok(())
    }

    async fn forget_old_events(&self) -> Result<(), ServiceError> {
        let kept = i64::try_from(limits::HOOK_EVENTS_KEPT.as_micros()).unwrap_or(i64::MAX);
        let before = self.now_us().saturating_sub(kept);
        for _ in 0..limits::HOOK_FORGET_PAGES {
            if !event::has_old(self.store().reader(), before).await? {
                break;
            }
            self.store()
                .write(move |conn| Box::pin(event::forget(conn, before, limits::SWEEP_MAX)))
                .await?;
        }
        Ok(())
    }

    async fn give_up_on(&self, id: WebhookId) -> Result<(), ServiceError> {
        let now = self.now_us();
        let write = self.store().transact(move |conn| {
            Box::pin(async move {
                match endpoint::lock(conn, id, None).await? {
                    Some(found) if found.state == EndpointState::Active => {
                        record::turn_off(conn, found, DisabledReason::Backlog, now).await
                    }
                    _ => Ok(()),
                }
            })
        });
        write.await
    }
}
