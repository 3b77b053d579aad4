//! Knowing that the server is away.
//!
//! The pools of readers and writers share what they find out, so that one request waits for a
//! server that does not answer, and the next ones are told at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{MySql, MySqlPool, pool::PoolConnection};

use crate::{StoreError, limits};

/// Connections that read.
#[derive(Clone)]
pub(crate) struct ServerReader {
    pool: MySqlPool,
    away: Arc<Away>,
    /// Longest wait for an answer.
    pub(crate) answer_wait: Duration,
}

impl ServerReader {
    pub(super) fn new(pool: MySqlPool, away: Arc<Away>, answer_wait: Duration) -> Self {
        Self {
            pool,
            away,
            answer_wait,
        }
    }

    /// A connection for one statement.
    pub(crate) async fn connection(&self) -> Result<PoolConnection<MySql>, StoreError> {
        self.away.connection(&self.pool).await
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

impl std::fmt::Debug for ServerReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerReader").finish_non_exhaustive()
    }
}

/// Remembers for a moment that the server cannot be reached, so that a crowd is told at once and
/// does not wait for the same answer one after another.
pub(super) struct Away {
    begun: Instant,
    until_ms: AtomicU64,
}

impl Default for Away {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            until_ms: AtomicU64::new(0),
        }
    }
}

impl Away {
    /// A connection of a pool; at once none while the server is known to be away.
    pub(super) async fn connection(
        &self,
        pool: &MySqlPool,
    ) -> Result<PoolConnection<MySql>, StoreError> {
        if self.is_known() {
            return Err(StoreError::Slow);
        }
        pool.acquire().await.map_err(|error| {
            // With every connection at work the server is busy, not away.
            if pool.size() < pool.options().get_max_connections() {
                self.note();
            }
            error.into()
        })
    }

    fn note(&self) {
        let until = self.now_ms() + limits::AWAY_MAX.as_millis() as u64;
        self.until_ms.store(until, Ordering::Relaxed);
    }

    pub(super) fn is_known(&self) -> bool {
        self.now_ms() < self.until_ms.load(Ordering::Relaxed)
    }

    fn now_ms(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }
}
