//! The latest packets of one track, kept once for all viewers of a shard.
//!
//! Addressed by [`Packet::index`]; all memory is taken with the first packet. Serves the fan-out,
//! the answers to NACKs, and the search for the packet at which a decoder can start. Holds one
//! source at a time: the next one begins with [`Ring::clear`].

use crate::border::{Packet, Svc};
use crate::keyframe::Key;
use crate::peer::Codec;

/// See the module header.
pub(crate) struct Ring {
    slots: Vec<Slot>,
    bytes: Vec<u8>,
    capacity: usize,
    stride: usize,
    first: u64,
    newest: u64,
    arrivals: u64,
}

#[derive(Clone, Copy)]
struct Slot {
    index: u64,
    arrival: u64,
    timestamp: u32,
    len: u16,
    marker: bool,
    key: Key,
    svc: Svc,
}

const EMPTY: Slot = Slot {
    index: u64::MAX,
    arrival: 0,
    timestamp: 0,
    len: 0,
    marker: false,
    key: Key::No,
    svc: Svc {
        has_info: false,
        spatial: 0,
        temporal: 0,
        begins: false,
        ends: false,
        switch_up: false,
        discardable: false,
    },
};

/// One remembered packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored<'a> {
    pub(crate) index: u64,
    /// Order in which the packets of this ring arrived.
    pub(crate) arrival: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) key: Key,
    pub(crate) svc: Svc,
    pub(crate) payload: &'a [u8],
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    Stored,
    Duplicate,
    /// Older than everything that the ring remembers.
    Late,
    /// Longer than a slot.
    TooLong,
}

impl Ring {
    /// An empty ring of `capacity` packets of at most `stride` bytes.
    pub(crate) fn new(capacity: usize, stride: usize) -> Self {
        let (slots, bytes) = (Vec::new(), Vec::new());
        Self {
            slots,
            bytes,
            capacity,
            stride,
            first: u64::MAX,
            newest: 0,
            arrivals: 0,
        }
    }

    /// Forgets all packets and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.slots.fill(EMPTY);
        self.first = u64::MAX;
        self.newest = 0;
    }

    /// Remembers a packet.
    pub(crate) fn push(&mut self, packet: &Packet<'_>) -> Push {
        if packet.payload.len() > self.stride {
            return Push::TooLong;
        }
        if self.slots.is_empty() {
            self.slots = vec![EMPTY; self.capacity];
            self.bytes = vec![0; self.capacity * self.stride];
        }
        if packet.index + self.capacity as u64 <= self.newest {
            return Push::Late;
        }
        let at = self.place(packet.index);
        if self.slots[at].index == packet.index {
            return Push::Duplicate;
        }
        self.arrivals += 1;
        self.slots[at] = Slot {
            index: packet.index,
            arrival: self.arrivals,
            timestamp: packet.timestamp,
            len: packet.payload.len() as u16,
            marker: packet.marker,
            key: packet.key,
            svc: packet.svc,
        };
        let start = at * self.stride;
        self.bytes[start..start + packet.payload.len()].copy_from_slice(packet.payload);
        self.first = self.first.min(packet.index);
        self.newest = self.newest.max(packet.index);
        Push::Stored
    }

    /// The packet `index`, if it came and is still there.
    pub(crate) fn get(&self, index: u64) -> Option<Stored<'_>> {
        let at = self.place(index);
        let slot = self.slots.get(at).filter(|slot| slot.index == index)?;
        let start = at * self.stride;
        Some(Stored {
            index,
            arrival: slot.arrival,
            timestamp: slot.timestamp,
            marker: slot.marker,
            key: slot.key,
            svc: slot.svc,
            payload: &self.bytes[start..start + usize::from(slot.len)],
        })
    }

    /// The greatest index so far.
    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    /// Where a decoder has to start in order to show the keyframe that begins at `index`: the
    /// first packet of its frame. `None` when `index` begins no keyframe, or when parameter sets
    /// of the frame may still be missing.
    pub(crate) fn key_start(&self, index: u64) -> Option<u64> {
        let key = self.get(index)?;
        if key.key == Key::No {
            return None;
        }
        let mut start = index;
        while start > self.first {
            match self.get(start - 1) {
                Some(before) if before.timestamp == key.timestamp => start -= 1,
                Some(_) => return Some(start),
                None if key.key == Key::Start => return Some(start),
                None => return None,
            }
        }
        Some(start)
    }

    fn place(&self, index: u64) -> usize {
        (index % self.capacity as u64) as usize
    }
}

/// A ring with its codec does not change while a source lasts; this is the size that fits it.
pub(crate) fn for_codec(codec: &Codec) -> Ring {
    use crate::limits::{AUDIO_RING, MAX_AUDIO_PAYLOAD, MAX_PAYLOAD, VIDEO_RING};
    if codec.is_video() {
        Ring::new(VIDEO_RING, MAX_PAYLOAD)
    } else {
        Ring::new(AUDIO_RING, MAX_AUDIO_PAYLOAD)
    }
}

#[cfg(test)]
mod tests;
