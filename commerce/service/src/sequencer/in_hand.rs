//! Keys that are being worked on: what two commits cannot see of each other.
//!
//! The key of a promise is in memory until its order is written, so a command of another sale, or of
//! no sale, that comes with the same key in that moment finds nothing in the database. Whoever works
//! on a key takes it in hand first; who finds it taken is told to come back, and learns then what became
//! of it. One process has the database, so memory knows all of them.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

use commerce_core::Refusal;
use signaling_wire::{SaleId, UserId};

use super::Waiting;
use crate::{Commerce, ServiceError};

/// Who works on a key: a sale, or a request that concerns none.
type Worker = Option<SaleId>;

/// A buyer and a key, hashed: two that meet by chance are told to come back, and no more.
type Name = u64;

/// Commands of one sale may share a key, which their batch sorts out: how many do.
type Names = HashMap<Name, (Worker, usize)>;

/// The keys that are being worked on.
#[derive(Default)]
pub(crate) struct KeysInHand {
    hasher: RandomState,
    names: Mutex<Names>,
}

impl KeysInHand {
    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self, user: UserId, key: &str) -> Name {
        self.hasher.hash_one((user, key))
    }
}

/// Whether a worker may have a key, which it has then.
fn take(names: &mut Names, worker: Worker, name: Name) -> bool {
    let (holder, times) = names.entry(name).or_insert((worker, 0));
    let fits = *holder == worker;
    *times += usize::from(fits);
    fits
}

/// Keys that somebody works on, until this is dropped: behind the commit and what it notes.
pub(crate) struct InHand<'a> {
    of: &'a KeysInHand,
    taken: Vec<Name>,
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let mut names = self.of.names();
        for name in &self.taken {
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
        let mut taken = Vec::with_capacity(gathered.len());
        let mut names = of.names();
        let turned_away = gathered.extract_if(.., |waiting| {
            let name = of.name(waiting.purchase.demand.buyer, &waiting.purchase.key);
            let fits = take(&mut names, Some(sale), name);
            if fits {
                taken.push(name);
            }
            !fits
        });
        for waiting in turned_away {
            let _ = waiting.answer.send(Err(ServiceError::Busy));
        }
        drop(names);
        InHand { of, taken }
    }

    /// Takes the key of a request in hand that concerns no sale.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] while somebody else works on it, [`Refusal::KeyReused`] for one under
    /// which an order was promised.
    pub(crate) fn take_key(&self, user: UserId, key: &str) -> Result<InHand<'_>, ServiceError> {
        let of = self.keys_in_hand();
        let name = of.name(user, key);
        if !take(&mut of.names(), None, name) {
            return Err(ServiceError::Busy);
        }
        let taken = vec![name];
        let in_hand = InHand { of, taken };
        match self.backlog().knows(&(user, key.to_owned())) {
            true => Err(Refusal::KeyReused.into()),
            false => Ok(in_hand),
        }
    }
}
