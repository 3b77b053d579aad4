//! The lives of the server: killed at random moments, or ended by a crash point, and started again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use commerce_store::{Store, outbox, sql};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::sync::watch;

use super::{
    Plan,
    buyer::Place,
    journal::Journal,
    power,
    souk::{Setup, Souk},
};

/// A run fails when so long has passed without an acknowledgement. No machine is that busy.
const STALL_MAX: Duration = Duration::from_secs(120);

/// Waits until something has happened, for as long as the buyers get on.
pub(super) async fn until(
    what: &str,
    journal: &Journal,
    mut happened: impl FnMut() -> Result<bool>,
) -> Result<()> {
    let (mut since, mut orders) = (Instant::now(), journal.orders());
    while !happened()? {
        if journal.orders() != orders {
            (since, orders) = (Instant::now(), journal.orders());
        }
        ensure!(since.elapsed() < STALL_MAX, "never: {what}");
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    Ok(())
}

/// Facts that wait to be told, those of orders that wait to be written among them.
pub(super) async fn untold(store: &Store) -> Result<u64> {
    let promised: u64 =
        sql::query("SELECT CAST(COALESCE(SUM(size - done), 0) AS INTEGER) FROM order_backlog")
            .fetch_value(store.reader())
            .await?;
    Ok(outbox::depth(store.reader()).await? + promised)
}

/// The lives of the server.
#[derive(Debug, Default)]
pub(super) struct Lives {
    /// From each start after the first to the first answer.
    pub(super) ready_ms: Vec<u64>,
    /// Time that nobody served.
    pub(super) down: Duration,
    /// Facts that waited in the outbox when a crash point was reached.
    pub(super) untold_at_crash: Option<u64>,
}

impl Lives {
    /// Kills and restarts as often as the plan says; with a crash point the server ends by itself
    /// first.
    pub(super) async fn kill(
        &mut self,
        plan: &Plan,
        setup: &Setup,
        mut souk: Souk,
        place: &watch::Sender<Place>,
        journal: &Journal,
    ) -> Result<Souk> {
        let mut random = StdRng::seed_from_u64(plan.seed);
        if setup.ends_by_itself() {
            until("the crash point", journal, || souk.has_ended()).await?;
            let _ = place.send(Place::Away);
            let store = setup.open_store().await?;
            self.untold_at_crash = Some(untold(&store).await?);
            store.close().await;
            souk = self.again(setup, souk, place).await?;
        }
        for _ in 0..plan.kills {
            let before = journal.orders();
            let (least, most) = plan.kill_after_ms;
            tokio::time::sleep(Duration::from_millis(random.random_range(least..=most))).await;
            // A life in which nobody bought would show nothing.
            until("a purchase in this life", journal, || {
                Ok(journal.orders() != before || journal.exhausted())
            })
            .await
            .with_context(|| souk.log_tail())?;
            souk = self.again(setup, souk, place).await?;
        }
        Ok(souk)
    }

    async fn again(
        &mut self,
        setup: &Setup,
        souk: Souk,
        place: &watch::Sender<Place>,
    ) -> Result<Souk> {
        let since = Instant::now();
        souk.kill()?;
        let _ = place.send(Place::Away);
        if setup.power_loss {
            power::lose(&setup.data_dir)?;
        }
        let souk = Souk::start(setup, false).await?;
        self.ready_ms.push(souk.took.as_millis() as u64);
        let _ = place.send(Place::Open(souk.ready.http.clone()));
        self.down += since.elapsed();
        Ok(souk)
    }
}
