//! `stock.low`: shelves that had enough of a variant and now have little.
//!
//! Every way in which units leave a shelf ends in `stock_level`, so the shelves are looked at, some
//! variants at a time, round and round, and nothing on the way of an order knows of it. Who had
//! enough is in `stock_watch`; the transaction that takes a variant out of it tells, so it is told
//! once for each time that it fell. Nothing is looked at while there is no webhook.

use std::time::Instant;

use commerce_store::{StoreError, outbox};
use serde::{Deserialize, Serialize};
use signaling_wire::VariantId;

use crate::{
    Commerce, ServiceError,
    db::hook::{
        endpoint,
        low::{self, Seen},
    },
    limits,
};

/// The topic of it.
pub(crate) const TOPIC: &str = "stock.low";

/// How far the round has come.
#[derive(Default)]
pub(super) struct Round {
    behind: Option<VariantId>,
    last: Option<Instant>,
}

/// What the outbox keeps.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct LowFact {
    pub(crate) variant: VariantId,
    pub(crate) available: i64,
    pub(crate) threshold: u32,
}

impl Commerce {
    /// Looks at the next variants, if it is time.
    pub(super) async fn look_at_shelves(&self, round: &mut Round) -> Result<(), ServiceError> {
        let early = |at: Instant| at.elapsed() < limits::STOCK_LOOK_EVERY;
        if round.last.is_some_and(early) {
            return Ok(());
        }
        round.last = Some(Instant::now());
        let reader = self.store().reader();
        if !endpoint::any(reader).await? {
            return Ok(());
        }
        let seen = low::look(reader, round.behind, limits::STOCK_LOOK).await?;
        let whole = seen.len() as u32 == limits::STOCK_LOOK;
        let next = seen.last().map(|one| one.variant).filter(|_| whole);
        self.note_shelves(&seen).await?;
        round.behind = next;
        Ok(())
    }

    /// Writes what changed, and tells of those that fell.
    async fn note_shelves(&self, seen: &[Seen]) -> Result<(), ServiceError> {
        let threshold = self.config().webhooks.stock_low;
        let enough = |one: &&Seen| one.available > i64::from(threshold);
        let risen = seen.iter().filter(|one| enough(one) && !one.watched);
        let fallen = seen.iter().filter(|one| !enough(one) && one.watched);
        let risen: Vec<VariantId> = risen.map(|one| one.variant).collect();
        let fallen: Vec<Seen> = fallen.copied().collect();
        if risen.is_empty() && fallen.is_empty() {
            return Ok(());
        }
        let (now, any) = (self.now_us(), !fallen.is_empty());
        let write = self.store().write(move |conn| {
            Box::pin(async move {
                low::watch(conn, &risen).await?;
                for Seen {
                    variant, available, ..
                } in fallen
                {
                    if low::unwatch(conn, variant).await? {
                        let fact = LowFact {
                            variant,
                            available,
                            threshold,
                        };
                        let fact = serde_json::to_string(&fact).map_err(StoreError::invalid)?;
                        outbox::append(conn, TOPIC, &variant.to_string(), &fact, now).await?;
                    }
                }
                Ok(())
            })
        });
        write.await?;
        if any {
            self.wake_courier();
        }
        Ok(())
    }
}
