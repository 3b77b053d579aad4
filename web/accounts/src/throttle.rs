//! Counts tries per key, in virtual time: a bucket of `burst` that refills one try at a time.
//!
//! Kept as one instant per key (GCRA): the time at which its bucket is full again. A try is taken
//! before the work and may be given back after it, so that only failures count even when many run
//! at once. Keys are bounded; when all places are taken the one nearest to full is forgotten.

use std::{collections::HashMap, hash::Hash, net::IpAddr};

use crate::{config::Allowance, limits};

/// Tries per key.
#[derive(Debug)]
pub(crate) struct Throttle<K> {
    burst_ms: u64,
    refill_ms: u64,
    full_at_ms: HashMap<K, u64>,
    places: usize,
}

impl<K: Hash + Eq + Clone> Throttle<K> {
    pub(crate) fn new(allowance: Allowance) -> Self {
        Self::with_places(allowance, limits::THROTTLE_ENTRIES_MAX)
    }

    pub(crate) fn with_places(allowance: Allowance, places: usize) -> Self {
        let refill_ms = u64::from(allowance.refill_s) * 1000;
        Self {
            burst_ms: refill_ms * u64::from(allowance.burst),
            refill_ms,
            full_at_ms: HashMap::new(),
            places,
        }
    }

    /// Takes a try at `now_ms`.
    ///
    /// # Errors
    /// Seconds, rounded up, until there is one again.
    pub(crate) fn take(&mut self, key: &K, now_ms: u64) -> Result<(), u32> {
        let full_at = self.full_at_ms.get(key).copied().unwrap_or(0).max(now_ms);
        let next = full_at + self.refill_ms;
        if next > now_ms + self.burst_ms {
            let wait_ms = next - now_ms - self.burst_ms;
            return Err(u32::try_from(wait_ms.div_ceil(1000)).unwrap_or(u32::MAX));
        }
        if !self.full_at_ms.contains_key(key) {
            self.make_room(now_ms);
        }
        self.full_at_ms.insert(key.clone(), next);
        Ok(())
    }

    /// Gives a taken try back, as when the password was right.
    pub(crate) fn give_back(&mut self, key: &K) {
        if let Some(full_at) = self.full_at_ms.get_mut(key) {
            *full_at = full_at.saturating_sub(self.refill_ms);
        }
    }

    fn make_room(&mut self, now_ms: u64) {
        if self.full_at_ms.len() < self.places {
            return;
        }
        self.full_at_ms.retain(|_, full_at| *full_at > now_ms);
        while self.full_at_ms.len() >= self.places {
            let nearest = self.full_at_ms.iter().min_by_key(|(_, full_at)| **full_at);
            let Some(key) = nearest.map(|(key, _)| key.clone()) else {
                return;
            };
            self.full_at_ms.remove(&key);
        }
    }
}

/// Where a try at an account comes from: a browser that has signed in to it before has tries of its
/// own, so that nobody at the same address can use them up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// An address, as [`subscriber`] counts them.
    Address(IpAddr),
    /// The name of a device.
    Device(String),
}

/// What counts as one address: an IPv4 host, or an IPv6 /64, of which one subscriber has at least
/// one whole.
pub(crate) fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let prefix = u128::from(v6) & !u128::from(u64::MAX);
            IpAddr::V6(prefix.into())
        }
    }
}

#[cfg(test)]
mod tests;
