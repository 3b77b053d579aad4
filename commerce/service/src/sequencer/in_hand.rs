//! Keys that are being worked on: what two commits cannot see of each other.
//!
//! The key of a promise is in memory until its order is written, so a command of another sale, or of
//! no sale, that comes with the same key in that moment finds nothing in the database. Whoever works
//! on a key takes it in hand first; who finds it taken is told to come back, and learns then what became
//! of it. One process has the database, so memory knows all of them.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use commerce_core::Refusal;
use signaling_wire::{SaleId, UserId};

use super::Waiting;
use crate::{Commerce, ServiceError};

/// Who works on a key: a sale, or a request that concerns none.
type Worker = Option<SaleId>;

type Name = (UserId, String);

/// The keys that are being worked on. Commands of one sale may share one: their batch sorts it out.
#[derive(Default)]
pub(crate) struct KeysInHand(Mutex<HashMap<Name, (Worker, usize)>>);

impl KeysInHand {
    fn names(&self) -> MutexGuard<'_, HashMap<Name, (Worker, usize)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, worker: Worker, name: &Name) -> bool {
        let mut names = self.names();
        match names.get_mut(name) {
            Some((other, _)) if *other != worker => false,
            Some((_, times)) => {
                *times += 1;
                true
            }
            None => {
                names.insert(name.clone(), (worker, 1));
                true
            }
        }
    }
}

/// Keys that somebody works on, until this is dropped: behind the commit and what it notes.
pub(crate) struct InHand<'a> {
    of: &'a KeysInHand,
    names: Vec<Name>,
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let mut names = self.of.names();
        for name in &self.names {
            match names.get_mut(name) {
                Some((_, times)) if *times > 1 => *times -= 1,
                _ => {
                    names.remove(name);
                }
            }
        }
    }
}

impl Commerce {
    /// Takes the keys of a batch in hand; purchases whose key somebody else works on are answered and taken
    /// out.
    pub(super) fn take_in_hand(&self, sale: SaleId, gathered: &mut Vec<Waiting>) -> InHand<'_> {
        let of = self.keys_in_hand();
        let mut names = Vec::with_capacity(gathered.len());
        let turned_away = gathered.extract_if(.., |waiting| {
            let name = (waiting.purchase.demand.buyer, waiting.purchase.key.clone());
            let taken = of.take(Some(sale), &name);
            if taken {
                names.push(name);
            }
            !taken
        });
        for waiting in turned_away {
            let _ = waiting.answer.send(Err(ServiceError::Busy));
        }
        InHand { of, names }
    }

    /// Takes the key of a request in hand that concerns no sale.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] while somebody else works on it, [`Refusal::KeyReused`] for one under
    /// which an order was promised.
    pub(crate) fn take_key(&self, user: UserId, key: &str) -> Result<InHand<'_>, ServiceError> {
        let (of, name) = (self.keys_in_hand(), (user, key.to_owned()));
        if !of.take(None, &name) {
            return Err(ServiceError::Busy);
        }
        let promised = self.backlog().knows(&name);
        let names = vec![name];
        let in_hand = InHand { of, names };
        match promised {
            true => Err(Refusal::KeyReused.into()),
            false => Ok(in_hand),
        }
    }
}
