//! Taking away what endpoints leave behind, a portion at a time: no transaction grows with what
//! waited, and orders come in between.

use commerce_core::hook::DisabledReason;
use signaling_wire::WebhookId;

use crate::{
    Commerce, ServiceError,
    db::hook::endpoint::{self, retire},
    limits,
};

impl Commerce {
    /// Takes one portion away of what endpoints that are gone or that gave up left; returns whether
    /// there was any.
    pub(super) async fn retire_hooks(&self) -> Result<bool, ServiceError> {
        let reader = self.store().reader();
        if let Some(id) = retire::hidden(reader).await? {
            self.store()
                .write(move |conn| Box::pin(retire::forget(conn, id, limits::SWEEP_MAX)))
                .await?;
            return Ok(true);
        }
        match retire::backlogged(reader).await? {
            Some(id) => Ok(self.give_up_portion(id).await? > 0),
            None => Ok(false),
        }
    }

    /// Gives up what waits for an endpoint that was turned off for its backlog.
    pub(super) async fn give_up_backlog(&self, id: WebhookId) -> Result<(), ServiceError> {
        loop {
            let found = endpoint::find(self.store().reader(), id, None).await?;
            let backlog = found.is_some_and(|it| it.reason == Some(DisabledReason::Backlog));
            if !backlog || self.give_up_portion(id).await? == 0 {
                return Ok(());
            }
        }
    }

    async fn give_up_portion(&self, id: WebhookId) -> Result<u64, ServiceError> {
        let now = self.now_us();
        let given = self
            .store()
            .write(move |conn| Box::pin(retire::give_up(conn, id, limits::SWEEP_MAX, now)))
            .await?;
        Ok(given)
    }
}
