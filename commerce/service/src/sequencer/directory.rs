//! Which sales have a sequencer. The lock is held for a lookup, never across an await.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use signaling_wire::SaleId;
use tokio::sync::mpsc;

use super::Waiting;
use crate::limits;

/// The queues of the sales that run.
#[derive(Default)]
pub(crate) struct Directory {
    queues: Mutex<BTreeMap<SaleId, mpsc::Sender<Waiting>>>,
}

impl Directory {
    /// The sale's queue, if it runs.
    pub(crate) fn find(&self, sale: SaleId) -> Option<mpsc::Sender<Waiting>> {
        self.lock()
            .get(&sale)
            .filter(|queue| !queue.is_closed())
            .cloned()
    }

    /// The sale's queue, and the work end of it when it is new and somebody must serve it. `None`
    /// when too many sales run.
    #[allow(clippy::type_complexity)]
    pub(crate) fn open(
        &self,
        sale: SaleId,
    ) -> Option<(mpsc::Sender<Waiting>, Option<mpsc::Receiver<Waiting>>)> {
        let mut queues = self.lock();
        if let Some(queue) = queues.get(&sale).filter(|queue| !queue.is_closed()) {
            return Some((queue.clone(), None));
        }
        if queues.len() >= limits::SEQUENCERS_MAX {
            return None;
        }
        let (queue, work) = mpsc::channel(limits::SALE_QUEUE_MAX);
        queues.insert(sale, queue.clone());
        Some((queue, Some(work)))
    }

    /// Forgets the sale's queue.
    pub(crate) fn close(&self, sale: SaleId) {
        self.lock().remove(&sale);
    }

    /// Sales that run.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<SaleId, mpsc::Sender<Waiting>>> {
        // A map of senders is whole whatever panicked while holding it.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
