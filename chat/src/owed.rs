//! What was said while the database was away: told already, still to be kept.
//!
//! Video and chat go on without the database. Its messages are written, oldest first and at most
//! one batch at a time, beside the chat and not in its way, until all are kept. Writing a message
//! twice keeps it once, so an attempt of which the outcome is unknown is simply repeated.

use std::collections::VecDeque;

use commerce_store::{Store, StoreError};
use signaling_wire::{StreamId, frame::chat::Message};
use tokio::{
    task::JoinSet,
    time::{self, Instant},
};

use crate::{db, limits};

/// Messages that the database does not have yet.
pub(crate) struct Owed {
    store: Store,
    messages: VecDeque<(StreamId, Message)>,
    /// The attempt that is under way, if one is: how many it would keep.
    paying: JoinSet<Result<usize, StoreError>>,
    next_at: Instant,
}

impl Owed {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            messages: VecDeque::new(),
            paying: JoinSet::new(),
            next_at: Instant::now(),
        }
    }

    /// Whether the database was away when it was last asked.
    pub(crate) fn is_behind(&self) -> bool {
        !self.messages.is_empty()
    }

    /// Takes messages on, all of them or none.
    pub(crate) fn take(&mut self, messages: &[(StreamId, Message)]) -> bool {
        if self.messages.len() + messages.len() > limits::OWED_MAX {
            return false;
        }
        if !self.is_behind() {
            self.next_at = Instant::now() + limits::OWED_INTERVAL;
        }
        self.messages.extend(messages.iter().cloned());
        true
    }

    /// Goes on with what is owed; ends when an attempt did, and never while nothing is owed.
    pub(crate) async fn pay(&mut self) {
        if self.paying.is_empty() {
            if !self.is_behind() {
                return std::future::pending().await;
            }
            time::sleep_until(self.next_at).await;
            self.begin();
        }
        if let Some(done) = self.paying.join_next().await {
            self.settle(done.unwrap_or(Err(StoreError::Panicked)));
        }
    }

    /// One last attempt for all of it, for as long as each batch is kept.
    pub(crate) async fn pay_all(&mut self) {
        while self.is_behind() {
            let before = self.messages.len();
            if self.paying.is_empty() {
                self.begin();
            }
            if let Some(done) = self.paying.join_next().await {
                self.settle(done.unwrap_or(Err(StoreError::Panicked)));
            }
            if self.messages.len() == before {
                tracing::error!(
                    messages = before,
                    "what was said without the database is not kept"
                );
                return;
            }
        }
    }

    fn begin(&mut self) {
        let store = self.store.clone();
        let count = self.messages.len().min(limits::BATCH_MESSAGES_MAX);
        let rows: Vec<_> = self.messages.iter().take(count).cloned().collect();
        let rows = std::sync::Arc::new(rows);
        self.paying.spawn(async move {
            let kept = store
                .write(move |conn| Box::pin(async move { db::insert(conn, &rows).await }))
                .await;
            kept.map(|_| count)
        });
    }

    fn settle(&mut self, done: Result<usize, StoreError>) {
        match done {
            Ok(count) => {
                self.messages.drain(..count);
                if !self.is_behind() {
                    tracing::info!("the chat has caught up with the database");
                }
            }
            Err(error) => {
                tracing::debug!(%error, "the chat waits for the database");
                self.next_at = Instant::now() + limits::OWED_INTERVAL;
            }
        }
    }
}

/// Whether the database may have the messages later, so that they are said meanwhile.
pub(crate) fn is_away(error: &StoreError) -> bool {
    error.is_outage() && !matches!(error, StoreError::Busy | StoreError::Closed)
}
