//! Comparing our books with the provider's own list, in case a webhook never came.
//!
//! Whatever differs is asked about one by one; the comparison itself changes nothing but its log.

use commerce_core::{PaymentState, payment::Report};
use signaling_wire::PaymentId;

use crate::{Commerce, ServiceError, db, limits, provider::Window};

impl Commerce {
    /// Compares the payments of the last while; called by the reconciler now and then. Returns how
    /// many differed.
    ///
    /// # Errors
    /// A provider that does not answer, or the database.
    pub async fn reconcile(&self) -> Result<usize, ServiceError> {
        let until = self.now_us();
        let back = i64::try_from(limits::RECONCILE_WINDOW.as_micros()).unwrap_or(i64::MAX);
        let mut window = Window {
            from: until - back,
            // Clocks differ a little.
            until: until + 60_000_000,
            cursor: None,
        };
        let (mut checked, mut differing) = (0_i64, Vec::new());
        loop {
            let listing = self.provider().list(window.clone()).await;
            let Some(listing) = listing.map_err(ServiceError::Provider)? else {
                return Ok(0);
            };
            for (id, report) in listing.reports {
                let Ok(id) = id.parse::<PaymentId>() else {
                    continue;
                };
                checked += 1;
                if self.differs(id, &report).await? {
                    differing.push(id);
                }
            }
            match listing.cursor {
                Some(cursor) => window.cursor = Some(cursor),
                None => break,
            }
        }
        for id in &differing {
            if let Err(error) = self.settle(*id).await {
                tracing::warn!(payment = %id, %error, "a payment that differs could not be settled");
            }
        }
        let (from, found) = (window.from, differing.clone());
        self.store()
            .write(move |conn| {
                Box::pin(
                    async move { db::reconcile::note(conn, (from, until), checked, &found).await },
                )
            })
            .await?;
        Ok(differing.len())
    }

    /// Whether the provider moved money in a way that our books do not show.
    async fn differs(&self, id: PaymentId, report: &Report) -> Result<bool, ServiceError> {
        let Some(head) = db::payment::head(self.store().reader(), id).await? else {
            // Somebody else's, or from another life of the database.
            return Ok(report.charge().is_some());
        };
        let returned = report.charge().map_or(0, |charge| charge.cancelled);
        Ok(match head.state {
            PaymentState::Paid | PaymentState::PartiallyCancelled => {
                let odd = returned > head.promised || report.charge().is_none();
                if odd {
                    metrics::counter!("souk_payment_integrity_failures_total").increment(1);
                    tracing::error!(payment = %id, "the provider's books differ from ours");
                }
                odd
            }
            PaymentState::Cancelled => matches!(report, Report::Paid(_)),
            _ => report.charge().is_some(),
        })
    }
}
