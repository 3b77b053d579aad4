//! Memory of a ring: payloads one after the other in chunks that are taken as they are needed and
//! given back when nothing in them is remembered any more.

use std::collections::VecDeque;

/// Chunks that are kept for the next packets when they become empty.
const SPARE: usize = 2;

/// Where a payload lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    chunk: u32,
    offset: u16,
    len: u16,
}

impl Place {
    /// Nowhere.
    pub(super) const NONE: Place = Place {
        chunk: u32::MAX,
        offset: 0,
        len: 0,
    };
}

impl Place {
    /// Bytes of the payload.
    pub(super) fn len(self) -> u16 {
        self.len
    }
}

struct Chunk {
    bytes: Box<[u8]>,
    used: usize,
    packets: u32,
}

/// See the module header.
pub(super) struct Chunks {
    chunks: VecDeque<Chunk>,
    /// Number of the first chunk.
    first: u32,
    spare: Vec<Box<[u8]>>,
    size: usize,
}

impl Chunks {
    /// Chunks of `size` bytes, at most 65,536; the longest payload has to fit into one.
    pub(super) fn new(size: usize) -> Self {
        Self {
            chunks: VecDeque::new(),
            first: 0,
            spare: Vec::new(),
            size,
        }
    }

    /// Copies a payload and what stands before it in. Not longer than a chunk.
    pub(super) fn put(&mut self, before: &[u8], payload: &[u8]) -> Place {
        let len = before.len() + payload.len();
        let room = self.chunks.back().map_or(0, |c| self.size - c.used);
        if self.chunks.is_empty() || room < len {
            let size = self.size;
            let bytes = self.spare.pop();
            self.chunks.push_back(Chunk {
                bytes: bytes.unwrap_or_else(|| vec![0; size].into_boxed_slice()),
                used: 0,
                packets: 0,
            });
        }
        let at = self.chunks.len() - 1;
        let chunk = &mut self.chunks[at];
        let start = chunk.used;
        let end = start + len;
        if !before.is_empty() {
            chunk.bytes[start..end - payload.len()].copy_from_slice(before);
        }
        chunk.bytes[end - payload.len()..end].copy_from_slice(payload);
        chunk.used = end;
        chunk.packets += 1;
        Place {
            chunk: self.first.wrapping_add(at as u32),
            offset: start as u16,
            len: len as u16,
        }
    }

    /// What was put at `place`.
    pub(super) fn get(&self, place: Place) -> &[u8] {
        let at = place.chunk.wrapping_sub(self.first) as usize;
        let start = usize::from(place.offset);
        &self.chunks[at].bytes[start..start + usize::from(place.len)]
    }

    /// Forgets what was put at `place`.
    pub(super) fn remove(&mut self, place: Place) {
        let at = place.chunk.wrapping_sub(self.first) as usize;
        self.chunks[at].packets -= 1;
        while self.chunks.len() > 1 && self.chunks[0].packets == 0 {
            let Some(chunk) = self.chunks.pop_front() else {
                return;
            };
            self.first = self.first.wrapping_add(1);
            if self.spare.len() < SPARE {
                self.spare.push(chunk.bytes);
            }
        }
    }

    /// Forgets everything and keeps a little memory.
    pub(super) fn clear(&mut self) {
        self.first = self.first.wrapping_add(self.chunks.len() as u32);
        for chunk in self.chunks.drain(..) {
            if self.spare.len() < SPARE {
                self.spare.push(chunk.bytes);
            }
        }
    }

    /// Memory that is held.
    pub(super) fn bytes(&self) -> usize {
        (self.chunks.len() + self.spare.len()) * self.size
    }
}
