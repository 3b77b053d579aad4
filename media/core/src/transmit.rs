//! A reusable queue of outgoing datagrams: one contiguous slab and one list of lengths.
//!
//! Producers append (by copy, or by writing in place through `reserve` and `commit`); the shard
//! drains it run by run: consecutive datagrams of one size to one address are one run, which the
//! kernel can take as a single segmented send (UDP GSO: only the last segment may be shorter).
//! After it has grown to its working size it allocates nothing. It sends nothing itself.

use std::net::SocketAddr;

/// Largest number of segments in one run (the kernel's limit for UDP GSO is 64).
pub const MAX_RUN_SEGMENTS: usize = 64;
/// Largest number of bytes in one run (below the 64 KiB limit of one UDP message).
pub const MAX_RUN_BYTES: usize = 60_000;

/// One datagram in the slab.
#[derive(Clone, Copy, Debug)]
struct Entry {
    to: SocketAddr,
    len: usize,
}

/// Consecutive datagrams to one address. All but the last have exactly `segment` bytes; the last
/// has between 1 and `segment` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// Where the datagrams go.
    pub to: SocketAddr,
    /// Size of one datagram in bytes.
    pub segment: usize,
    /// The datagrams, one after the other.
    pub bytes: &'a [u8],
}

impl<'a> Run<'a> {
    /// The datagrams of this run, in order.
    pub fn datagrams(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.bytes.chunks(self.segment.max(1))
    }
}

/// Caller-owned queue of datagrams to send. See the module header.
#[derive(Debug, Default)]
pub struct Transmits {
    slab: Vec<u8>,
    used: usize,
    entries: Vec<Entry>,
}

impl Transmits {
    /// An empty queue; memory is taken on first use and kept.
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies one datagram to the end. Empty datagrams are ignored.
    pub fn push(&mut self, to: SocketAddr, datagram: &[u8]) {
        self.reserve(datagram.len()).copy_from_slice(datagram);
        self.commit(to, datagram.len());
    }

    /// A writable slice of exactly `cap` bytes at the end of the slab. Its content is unspecified.
    /// Nothing is queued until [`Transmits::commit`]; a second `reserve` returns the same place.
    pub fn reserve(&mut self, cap: usize) -> &mut [u8] {
        let end = self.used + cap;
        if self.slab.len() < end {
            self.slab.resize(end.next_power_of_two(), 0);
        }
        &mut self.slab[self.used..end]
    }

    /// Queues the first `len` bytes of the last [`Transmits::reserve`] as one datagram to `to`.
    /// `len` is clamped to what exists; zero queues nothing.
    pub fn commit(&mut self, to: SocketAddr, len: usize) {
        let len = len.min(self.slab.len() - self.used);
        if len > 0 {
            self.entries.push(Entry { to, len });
            self.used += len;
        }
    }

    /// Takes the last datagram back.
    pub(crate) fn pop(&mut self) {
        self.used -= self.entries.pop().map_or(0, |entry| entry.len);
    }

    /// The queued datagrams as runs, in order.
    pub fn iter_runs(&self) -> impl Iterator<Item = Run<'_>> {
        Runs {
            entries: &self.entries,
            bytes: &self.slab[..self.used],
        }
    }

    /// The queued datagrams one by one, in order.
    pub fn iter(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        self.iter_runs()
            .flat_map(|run| run.datagrams().map(move |datagram| (run.to, datagram)))
    }

    /// Number of queued datagrams.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Number of queued bytes.
    pub fn bytes(&self) -> usize {
        self.used
    }

    /// Whether nothing is queued.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets the queued datagrams and keeps the memory.
    pub fn clear(&mut self) {
        self.used = 0;
        self.entries.clear();
    }
}

struct Runs<'a> {
    entries: &'a [Entry],
    bytes: &'a [u8],
}

impl<'a> Iterator for Runs<'a> {
    type Item = Run<'a>;

    fn next(&mut self) -> Option<Run<'a>> {
        let first = *self.entries.first()?;
        let (mut count, mut total) = (1, first.len);
        for entry in &self.entries[1..] {
            let full = count == MAX_RUN_SEGMENTS || total + entry.len > MAX_RUN_BYTES;
            if full || entry.to != first.to || entry.len > first.len {
                break;
            }
            count += 1;
            total += entry.len;
            if entry.len < first.len {
                break;
            }
        }
        let (bytes, rest) = self.bytes.split_at(total);
        self.bytes = rest;
        self.entries = &self.entries[count..];
        Some(Run {
            to: first.to,
            segment: first.len,
            bytes,
        })
    }
}

#[cfg(test)]
mod tests;
