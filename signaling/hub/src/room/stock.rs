//! The stock levels of a room: newest by ledger, said at most 20 times a second, and said again.
//!
//! Ticks may be lost on the way (the lane does not retransmit, slow sockets lose some), and the
//! last one of a burst matters most. So every level is repeated a few times after it last changed.

use std::{collections::BTreeMap, time::Instant};

use signaling_wire::{
    SaleId, VariantId,
    frame::shop::{Shelf, Stock},
};

use crate::limits::{STOCK_INTERVAL, STOCK_LEVELS, STOCK_REPEAT_AFTER, STOCK_REPEATS};

/// Stock levels. Pure.
#[derive(Default)]
pub(crate) struct Board {
    entries: BTreeMap<(SaleId, VariantId), Entry>,
    flushed_at: Option<Instant>,
}

struct Entry {
    stock: Stock,
    saying: Saying,
}

enum Saying {
    /// Not said so far.
    New,
    /// Said; still to be said that often.
    Said { at: Instant, repeats: u8 },
    /// Everybody had it with their snapshot, or often enough.
    Done,
}

impl Board {
    /// Takes a level unless it is older than the one known. True if it is new.
    pub(crate) fn offer(&mut self, stock: Stock) -> bool {
        let key = (stock.sale_id, stock.variant_id);
        let full = self.entries.len() >= STOCK_LEVELS;
        match self.entries.get_mut(&key) {
            Some(entry) if entry.stock.ledger_seq >= stock.ledger_seq => return false,
            Some(entry) => {
                *entry = Entry {
                    stock,
                    saying: Saying::New,
                }
            }
            None if full => return false,
            None => {
                self.entries.insert(
                    key,
                    Entry {
                        stock,
                        saying: Saying::New,
                    },
                );
            }
        }
        true
    }

    /// Takes the levels of the shop's state and forgets those of sales that it no longer shows.
    pub(crate) fn register(&mut self, shelf: &Shelf) {
        let sale = shelf.sale.as_ref().map(|sale| sale.id);
        let listed = |key: &(SaleId, VariantId)| {
            shelf
                .stock
                .iter()
                .any(|level| (level.sale_id, level.variant_id) == *key)
        };
        self.entries
            .retain(|key, _| sale == Some(key.0) || listed(key));
        for level in &shelf.stock {
            self.offer(*level);
        }
    }

    /// All levels, in a fixed order.
    pub(crate) fn levels(&self) -> Vec<Stock> {
        self.entries.values().map(|entry| entry.stock).collect()
    }

    /// When there is something to say.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        let earliest = self.flushed_at.map_or(now, |at| at + STOCK_INTERVAL);
        let wanted = self
            .entries
            .values()
            .filter_map(|entry| match entry.saying {
                Saying::New => Some(now),
                Saying::Said { at, .. } => Some(at + STOCK_REPEAT_AFTER),
                Saying::Done => None,
            });
        wanted.min().map(|at| at.max(earliest))
    }

    /// What is to be said now; empty if nothing is due.
    pub(crate) fn take(&mut self, now: Instant) -> Vec<Stock> {
        if self.due(now).is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.flushed_at = Some(now);
        let mut levels = Vec::new();
        for entry in self.entries.values_mut() {
            let repeats = match entry.saying {
                Saying::New => STOCK_REPEATS,
                Saying::Said { at, repeats } if at + STOCK_REPEAT_AFTER <= now => repeats - 1,
                Saying::Said { .. } | Saying::Done => continue,
            };
            let said = Saying::Said { at: now, repeats };
            entry.saying = if repeats == 0 { Saying::Done } else { said };
            levels.push(entry.stock);
        }
        levels
    }
}
