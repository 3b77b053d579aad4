//! What is on its way, in order of arrival, and where every peer can be found.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::time::Instant;

/// A datagram on its way.
pub struct Flying {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Vec<u8>,
}

/// Datagrams by time of arrival; equal times in the order of sending.
#[derive(Default)]
pub struct Wire {
    flying: BTreeMap<(Instant, u64), Flying>,
    counter: u64,
}

impl Wire {
    pub fn put(&mut self, at: Instant, flying: Flying) {
        self.counter += 1;
        self.flying.insert((at, self.counter), flying);
    }

    pub fn next(&self) -> Option<Instant> {
        self.flying.keys().next().map(|(at, _)| *at)
    }

    /// The next datagram that has arrived at `now`.
    pub fn take(&mut self, now: Instant) -> Option<Flying> {
        let entry = self.flying.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}

/// When the nodes want to be called: one time each.
#[derive(Default)]
pub struct Alarms {
    due: Vec<Option<Instant>>,
    queue: BTreeSet<(Instant, usize)>,
}

impl Alarms {
    pub fn set(&mut self, place: usize, at: Option<Instant>) {
        if self.due.len() <= place {
            self.due.resize(place + 1, None);
        }
        if self.due[place] == at {
            return;
        }
        if let Some(old) = self.due[place] {
            self.queue.remove(&(old, place));
        }
        self.due[place] = at;
        self.queue.extend(at.map(|at| (at, place)));
    }

    pub fn next(&self) -> Option<Instant> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// The nodes that are due at `now`, in the order of their places.
    pub fn due(&self, now: Instant) -> Vec<usize> {
        let due = self.queue.iter().take_while(|(at, _)| *at <= now);
        let mut places: Vec<usize> = due.map(|(_, place)| *place).collect();
        places.sort_unstable();
        places
    }
}

/// Which node had an address first or last; the caller checks that it still has it.
#[derive(Default)]
pub struct Directory(HashMap<SocketAddr, usize>);

impl Directory {
    pub fn note(&mut self, address: SocketAddr, place: usize) {
        self.0.insert(address, place);
    }

    pub fn place(&self, address: SocketAddr) -> Option<usize> {
        self.0.get(&address).copied()
    }
}
