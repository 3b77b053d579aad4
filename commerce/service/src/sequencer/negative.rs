//! Acknowledging before the commit: wrong on purpose, built only with `negative-controls`.
//!
//! The kill test must fail against this. The pause stands for a disk that takes its time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use signaling_wire::SaleId;

use super::{Fenced, Waiting, batch};
use crate::{Commerce, ServiceError};

const SLOW_DISK: Duration = Duration::from_millis(20);

impl Commerce {
    /// What a sequencer must never do.
    pub(super) async fn acknowledge_then_commit(
        &self,
        sale: SaleId,
        epoch: i64,
        gathered: &mut Vec<Waiting>,
    ) -> Result<(), Fenced> {
        let purchases: Vec<_> = gathered.iter().map(|w| w.purchase.clone()).collect();
        // A job may be run again; the second time there is nobody left to tell.
        let waiting = Arc::new(Mutex::new(std::mem::take(gathered)));
        let (now, provider) = (self.now_us(), self.config().payment.kind.name());
        let done = self
            .store()
            .transact(move |conn| {
                Box::pin(async move {
                    let mut done =
                        batch::run(conn, sale, Some(epoch), &purchases, provider, now).await?;
                    let told = waiting.lock().map(|mut list| std::mem::take(&mut *list));
                    for (waiting, answer) in told
                        .unwrap_or_default()
                        .into_iter()
                        .zip(done.answers.drain(..))
                    {
                        let _ = waiting.answer.send(answer.map_err(ServiceError::from));
                    }
                    tokio::time::sleep(SLOW_DISK).await;
                    Ok(done)
                })
            })
            .await;
        match done {
            Ok(done) => self.tick(done.changed.stream, &done.changed.levels).await,
            Err(batch::Failure::Fenced) => return Err(Fenced),
            Err(batch::Failure::Other(error)) => tracing::error!(%error, "told, but not written"),
        }
        self.wake_courier();
        Ok(())
    }
}
