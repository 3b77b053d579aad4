//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::{MAX_TCP, MAX_TCP_PER_ADDRESS};

/// See the module header.
#[derive(Default)]
pub(super) struct Doorkeeper {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's place; given back when dropped.
pub(super) struct Place {
    doorkeeper: Arc<Doorkeeper>,
    address: IpAddr,
}

impl Doorkeeper {
    /// A place, if there is one left.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut inside = self.lock();
        let of_address = inside.by_address.get(&address).copied().unwrap_or(0);
        if inside.all >= MAX_TCP || of_address >= MAX_TCP_PER_ADDRESS {
            return None;
        }
        inside.all += 1;
        inside.by_address.insert(address, of_address + 1);
        Some(Place {
            doorkeeper: self.clone(),
            address,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Counts stay consistent between any two statements.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.doorkeeper.lock();
        inside.all -= 1;
        if let Some(count) = inside.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                inside.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_address_cannot_take_every_place_and_places_come_back() {
        let doorkeeper = Arc::new(Doorkeeper::default());
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let two: IpAddr = "192.0.2.2".parse().unwrap();
        let mut places: Vec<Place> = (0..MAX_TCP_PER_ADDRESS)
            .map(|_| doorkeeper.admit(one).unwrap())
            .collect();
        assert!(doorkeeper.admit(one).is_none());
        assert!(doorkeeper.admit(two).is_some());
        places.pop();
        assert!(doorkeeper.admit(one).is_some());
        drop(places);
        assert!(doorkeeper.lock().by_address.is_empty());
        assert_eq!(doorkeeper.lock().all, 0);
    }
}
