//! What came of the cards of a show: seen, opened, ordered, paid.
//!
//! Looks are gathered in memory and written by the sweeper, half a second at a time; a crash loses
//! that much of them. Orders are counted in the transaction that settles them. Nothing is scanned.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use commerce_core::Deed;
use serde::Serialize;
use signaling_hub::SessionKey;
use signaling_wire::{
    CardId, Money, ProductId, StreamId,
    frame::shop::{Glance, GlanceKind},
};

use crate::{Actor, Commerce, ServiceError, db, limits};

/// What came of a show so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct StreamMetrics {
    /// Who watches now.
    pub viewers: u32,
    /// Its cards, by number.
    pub cards: Vec<CardMetrics>,
}

/// What came of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CardMetrics {
    /// Which card.
    pub card_id: CardId,
    /// What it shows.
    pub product_id: ProductId,
    /// Its number.
    pub no: u32,
    /// Connections on whose screen it was for a second.
    pub shown: u64,
    /// Connections that opened it.
    pub clicked: u64,
    /// Orders of the product in this show that were paid.
    pub orders: u64,
    /// Units in them.
    pub units: u64,
    /// What was paid for these, before refunds.
    pub revenue: Money,
}

/// Looks that are not written yet.
#[derive(Default)]
pub(crate) struct Tally {
    inner: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    seen: HashSet<(SessionKey, CardId, GlanceKind)>,
    waiting: HashMap<(CardId, StreamId), (u64, u64)>,
}

impl Tally {
    /// Counts a look, once a connection and card.
    pub(crate) fn note(&self, stream: StreamId, session: SessionKey, glance: Glance) {
        let Glance { card_id, what } = glance;
        let mut counts = self.lock();
        if counts.seen.len() >= limits::TALLY_SEEN_MAX {
            // From here on a connection may count twice: better than a figure that stands still.
            counts.seen.clear();
        }
        let place = (card_id, stream);
        let known = counts.waiting.contains_key(&place);
        if !known && counts.waiting.len() >= limits::TALLY_CARDS_MAX {
            return;
        }
        if !counts.seen.insert((session, card_id, what)) {
            return;
        }
        let (shown, clicked) = counts.waiting.entry(place).or_default();
        match what {
            GlanceKind::Shown => *shown += 1,
            GlanceKind::Clicked => *clicked += 1,
        }
    }

    fn take(&self) -> Vec<(CardId, StreamId, u64, u64)> {
        let waiting = std::mem::take(&mut self.lock().waiting);
        let row = |((card, stream), (shown, clicked))| (card, stream, shown, clicked);
        waiting.into_iter().map(row).collect()
    }

    fn put_back(&self, looks: &[(CardId, StreamId, u64, u64)]) {
        let mut counts = self.lock();
        for (card, stream, shown, clicked) in looks {
            let sum = counts.waiting.entry((*card, *stream)).or_default();
            sum.0 += shown;
            sum.1 += clicked;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        // Counts are whole after every single step.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Commerce {
    /// What came of a show so far. For those who may run it.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] or [`ServiceError::NotFound`].
    pub async fn stream_metrics(
        &self,
        actor: Actor,
        stream: StreamId,
    ) -> Result<StreamMetrics, ServiceError> {
        self.authorize_stream(actor, stream, Deed::RunShows).await?;
        let presence = self.hub().presence(stream);
        Ok(StreamMetrics {
            viewers: presence.map_or(0, |presence| presence.viewers),
            cards: db::metric::list(self.store().reader(), stream).await?,
        })
    }

    /// Writes the looks that were gathered.
    pub(crate) async fn flush_tally(&self) -> Result<(), ServiceError> {
        let looks = self.tally().take();
        if looks.is_empty() {
            return Ok(());
        }
        let kept = looks.clone();
        let written = self
            .store()
            .write(move |conn| Box::pin(async move { db::metric::looked(conn, &looks).await }))
            .await;
        if written.is_err() {
            self.tally().put_back(&kept);
        }
        Ok(written?)
    }
}
