//! Clean-up on a clock, by two tasks: the sweeper (sales to open or to close, holds that are over,
//! deliveries that nobody objected to, outbox rows that were told long ago) needs only the database;
//! the reconciler (webhooks that wait, payments of unknown outcome, refunds, the provider's list) may
//! wait for a provider. Nothing depends on either being in time: every batch gives due holds back by
//! itself.

use commerce_store::outbox;

use crate::{Commerce, ServiceError, db, limits};

impl Commerce {
    /// Sweeps until the process stops: when woken, and at intervals.
    pub(crate) async fn run_sweeper(self) {
        while !self.is_stopping() {
            for (what, outcome) in [
                ("promised orders", self.sweep_backlog().await),
                ("vigil", self.sweep_vigil().await),
                ("holds", self.sweep_holds().await),
                ("shelves", self.sweep_shelves().await),
                ("deliveries", self.sweep_deliveries().await),
                ("metrics", self.flush_tally().await),
                ("carts", self.sweep_carts().await),
                ("outbox", self.sweep_outbox().await),
            ] {
                if let Err(error) = outcome {
                    tracing::warn!(%error, what, "sweeping failed; it is tried again");
                }
            }
            self.sweeper_rest(limits::SWEEP_EVERY).await;
        }
    }

    /// Asks the provider until the process stops: when woken, and at intervals.
    pub(crate) async fn run_reconciler(self) {
        let mut compared = std::time::Instant::now();
        while !self.is_stopping() {
            for (what, outcome) in [
                ("webhooks", self.work_off_inbox().await),
                ("payments", self.sweep_payments().await),
                ("refunds", self.work_off_refunds().await),
            ] {
                if let Err(error) = outcome {
                    tracing::warn!(%error, what, "reconciling failed; it is tried again");
                }
            }
            if compared.elapsed() >= limits::RECONCILE_EVERY {
                compared = std::time::Instant::now();
                if let Err(error) = self.reconcile().await {
                    tracing::warn!(%error, "the provider's books could not be compared");
                }
            }
            self.reconciler_rest(limits::SWEEP_EVERY).await;
        }
    }

    /// Checkouts whose units lie on shelves and that were not paid in time.
    async fn sweep_shelves(&self) -> Result<(), ServiceError> {
        for id in db::payment::shelves_due(self.store().reader(), self.now_us()).await? {
            self.expire(id).await?;
        }
        Ok(())
    }

    async fn sweep_holds(&self) -> Result<(), ServiceError> {
        let mut sales = db::hold::sales_due(self.store().reader(), self.now_us()).await?;
        sales.extend(db::sale::out_of_time(self.store().reader(), self.now_us()).await?);
        for sale in sales {
            self.expire_due(sale).await?;
        }
        Ok(())
    }

    async fn sweep_payments(&self) -> Result<(), ServiceError> {
        for id in db::payment::due(self.store().reader(), self.now_us()).await? {
            if let Err(error) = self.settle(id).await {
                tracing::warn!(payment = %id, %error, "a payment's outcome is still unknown");
            }
        }
        let open = db::payment::unknown_count(self.store().reader()).await?;
        metrics::gauge!("souk_payment_unknown").set(open as f64);
        Ok(())
    }

    /// Carts of people without an account that nobody has touched for long.
    async fn sweep_carts(&self) -> Result<(), ServiceError> {
        let kept = i64::try_from(limits::GUEST_CART_KEPT.as_micros()).unwrap_or(i64::MAX);
        let before = self.now_us().saturating_sub(kept);
        if db::cart::has_old_guests(self.store().reader(), before).await? {
            let forgotten = self
                .store()
                .write(move |conn| Box::pin(db::cart::forget_guests(conn, before)))
                .await?;
            metrics::counter!("souk_guest_carts_forgotten_total").increment(forgotten);
        }
        Ok(())
    }

    async fn sweep_outbox(&self) -> Result<(), ServiceError> {
        let kept = i64::try_from(limits::OUTBOX_KEPT.as_micros()).unwrap_or(i64::MAX);
        let before = self.now_us().saturating_sub(kept);
        if outbox::has_told(self.store().reader(), before).await? {
            self.store()
                .write(move |conn| Box::pin(outbox::prune(conn, before, limits::SWEEP_MAX)))
                .await?;
        }
        let depth = outbox::depth(self.store().reader()).await?;
        metrics::gauge!("souk_outbox_depth").set(depth as f64);
        metrics::gauge!("souk_sale_sequencers").set(self.directory().len() as f64);
        Ok(())
    }
}
