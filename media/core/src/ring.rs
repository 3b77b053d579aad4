//! The latest packets of one track, kept once for all viewers of a shard.
//!
//! Addressed by [`Packet::index`]. Holds a fixed number of packets for the answers to NACKs, and
//! everything from the latest keyframe on, so that a decoder can start at once, as long as that
//! stays within bounds of time and memory. Memory is taken as it is needed and given back. Holds
//! one source at a time: the next one begins with [`Ring::clear`].

mod chunks;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::border::{Packet, Svc};
use crate::keyframe::Key;
use crate::limits::{
    AUDIO_CHUNK, AUDIO_RING, CACHE_BYTES, CACHE_PACKETS, CACHE_TIME, MAX_AUDIO_PAYLOAD,
    MAX_PAYLOAD, VIDEO_CHUNK, VIDEO_RING,
};
use crate::peer::Codec;
use crate::rtp::extensions_len;
use chunks::{Chunks, Place};

/// Packets before a keyframe's first recognised one that may belong to its frame.
const BEFORE_KEY: u64 = 16;

/// How much a ring remembers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Packets that are always kept.
    pub(crate) window: usize,
    /// Longest payload.
    pub(crate) payload: usize,
    /// Bytes that are taken at once.
    pub(crate) chunk: usize,
    /// From the latest keyframe on: age, memory and packets.
    pub(crate) time: Duration,
    pub(crate) bytes: usize,
    pub(crate) packets: usize,
}

/// See the module header.
pub(crate) struct Ring {
    slots: VecDeque<Slot>,
    /// Index of the first slot.
    base: u64,
    chunks: Chunks,
    extent: Extent,
    /// The smallest index that ever came.
    first: u64,
    arrivals: u32,
    /// All payload bytes that came, wrapping around.
    total: u32,
    key: Option<KeyPlace>,
}

#[derive(Clone, Copy)]
struct Slot {
    place: Place,
    arrival: u32,
    total: u32,
    timestamp: u32,
    marker: bool,
    key: Key,
    waiting: bool,
    pad: u8,
    /// Bytes of the descriptor, which stands before the payload.
    descriptor: u8,
    svc: Svc,
}

impl Slot {
    /// Bytes that it takes towards a viewer who is given all of it.
    fn size(&self) -> u16 {
        let descriptor = self.descriptor;
        let payload = self.place.len() - u16::from(descriptor);
        payload + extensions_len(true, usize::from(descriptor)) as u16
    }
}

#[derive(Clone, Copy)]
struct KeyPlace {
    index: u64,
    timestamp: u32,
    since: Instant,
}

const EMPTY: Slot = Slot {
    place: Place::NONE,
    arrival: 0,
    total: 0,
    timestamp: 0,
    marker: false,
    key: Key::No,
    waiting: false,
    pad: 0,
    descriptor: 0,
    svc: Svc {
        has_info: false,
        spatial: 0,
        temporal: 0,
        begins: false,
        ends: false,
        switch_up: false,
        opens: 0,
        discardable: false,
    },
};

/// One remembered packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored<'a> {
    pub(crate) index: u64,
    /// Order in which the packets of this ring arrived.
    pub(crate) arrival: u32,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) key: Key,
    /// The fan-out has not come to it yet.
    pub(crate) waiting: bool,
    /// Bytes of padding with which it is sent, the same to everyone and every time.
    pub(crate) pad: u8,
    pub(crate) svc: Svc,
    /// AV1 dependency descriptor, as the publisher wrote it; mostly empty.
    pub(crate) descriptor: &'a [u8],
    pub(crate) payload: &'a [u8],
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    Stored,
    Duplicate,
    /// Older than everything that the ring remembers.
    Late,
    /// Longer than a packet may be.
    TooLong,
}

/// How a packet comes to a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The fan-out takes it from here, and says so by [`Ring::release`].
    Waiting,
    /// Nobody here waits for it.
    Idle,
    /// From another shard's memory: it may be older than what is here.
    Cached,
}

/// Where a decoder can start, and what came since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gop {
    /// First packet of the latest keyframe.
    pub(crate) start: u64,
    /// Its timestamp.
    pub(crate) timestamp: u32,
}

impl Ring {
    /// An empty ring.
    pub(crate) fn new(extent: Extent) -> Self {
        Self {
            slots: VecDeque::new(),
            base: 0,
            chunks: Chunks::new(extent.chunk),
            extent,
            first: u64::MAX,
            arrivals: 0,
            total: 0,
            key: None,
        }
    }

    /// Forgets all packets.
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.slots.shrink_to(self.extent.window);
        self.chunks.clear();
        (self.base, self.first, self.key) = (0, u64::MAX, None);
    }

    /// Remembers a packet.
    pub(crate) fn push(&mut self, now: Instant, packet: &Packet<'_>, arrival: Arrival) -> Push {
        let index = packet.index;
        let descriptor = packet.descriptor.len();
        let len = descriptor + packet.payload.len();
        if len > self.extent.payload || descriptor > usize::from(u8::MAX) {
            return Push::TooLong;
        }
        if !self.make_room(index, arrival) {
            return Push::Late;
        }
        let at = (index - self.base) as usize;
        if self.slots[at].place != Place::NONE {
            return Push::Duplicate;
        }
        self.arrivals = self.arrivals.wrapping_add(1);
        self.total = self.total.wrapping_add(packet.payload.len() as u32);
        self.slots[at] = Slot {
            place: self.chunks.put(packet.descriptor, packet.payload),
            arrival: self.arrivals,
            total: self.total,
            timestamp: packet.timestamp,
            marker: packet.marker,
            key: packet.key,
            waiting: arrival == Arrival::Waiting,
            pad: 0,
            descriptor: descriptor as u8,
            svc: packet.svc,
        };
        self.first = self.first.min(index);
        if packet.key != Key::No {
            self.note_key(now, index, packet.timestamp);
        }
        if arrival != Arrival::Cached {
            self.trim(now);
        }
        Push::Stored
    }

    /// Makes a slot for `index`. Returns whether it is not too old.
    fn make_room(&mut self, index: u64, arrival: Arrival) -> bool {
        let reach = match arrival {
            Arrival::Cached => self.extent.packets,
            _ => self.extent.window,
        } as u64;
        if self.slots.is_empty() {
            self.base = index;
        } else if index < self.base {
            if index + reach <= self.newest() {
                return false;
            }
            while self.base > index {
                self.slots.push_front(EMPTY);
                self.base -= 1;
            }
        } else if index - self.base >= (self.extent.packets + self.extent.window) as u64 {
            self.forget_before(index.saturating_sub(self.extent.window as u64));
            self.key = None;
        }
        if self.slots.is_empty() {
            self.base = index;
        }
        while self.base + self.slots.len() as u64 <= index {
            self.slots.push_back(EMPTY);
        }
        true
    }

    fn note_key(&mut self, now: Instant, index: u64, timestamp: u32) {
        let newer = self.key.is_none_or(|key| match key.timestamp == timestamp {
            // Several packets of one keyframe may look like its beginning.
            true => index < key.index,
            false => index > key.index,
        });
        if newer {
            let same = self.key.filter(|key| key.timestamp == timestamp);
            let since = same.map_or(now, |key| key.since);
            self.key = Some(KeyPlace {
                index,
                timestamp,
                since,
            });
        }
    }

    /// Forgets what is neither in the window nor of the latest keyframe's group.
    fn trim(&mut self, now: Instant) {
        let extent = &self.extent;
        let window = (self.newest() + 1).saturating_sub(extent.window as u64);
        if let Some(key) = self.key {
            let old = now.saturating_duration_since(key.since) > extent.time;
            let large = self.slots.len() > extent.packets || self.bytes() > extent.bytes;
            let beyond = key.index < window;
            if beyond && (old || large) {
                self.key = None;
            }
        }
        let group = self.key.map(|key| key.index.saturating_sub(BEFORE_KEY));
        self.forget_before(group.map_or(window, |group| group.min(window)));
    }

    fn forget_before(&mut self, floor: u64) {
        while self.base < floor {
            let Some(slot) = self.slots.pop_front() else {
                return;
            };
            self.base += 1;
            if slot.place != Place::NONE {
                self.chunks.remove(slot.place);
            }
        }
        if self.slots.capacity() > 4 * self.slots.len().max(self.extent.window) {
            self.slots.shrink_to(2 * self.slots.len());
        }
    }

    /// Gives up what is kept for new viewers, until the next keyframe.
    pub(crate) fn give_up(&mut self, now: Instant) {
        self.key = None;
        if !self.slots.is_empty() {
            self.trim(now);
        }
    }

    fn slot(&self, index: u64) -> Option<&Slot> {
        let at = usize::try_from(index.checked_sub(self.base)?).ok()?;
        self.slots.get(at).filter(|slot| slot.place != Place::NONE)
    }

    /// The packet `index`, if it came and is still there.
    pub(crate) fn get(&self, index: u64) -> Option<Stored<'_>> {
        let slot = self.slot(index)?;
        let bytes = self.chunks.get(slot.place);
        let (descriptor, payload) = bytes.split_at(usize::from(slot.descriptor));
        Some(Stored {
            index,
            arrival: slot.arrival,
            timestamp: slot.timestamp,
            marker: slot.marker,
            key: slot.key,
            waiting: slot.waiting,
            pad: slot.pad,
            svc: slot.svc,
            descriptor,
            payload,
        })
    }

    /// The fan-out has come to packet `index`.
    pub(crate) fn release(&mut self, index: u64) {
        if let Some(slot) = self.slot_mut(index) {
            slot.waiting = false;
        }
    }

    /// The fan-out has come to all packets of `batch`. What is a little shorter than its
    /// neighbours is padded to their size (at most by `pad` bytes), so that they are one run of
    /// equal datagrams. What has been sent already is never changed.
    pub(crate) fn release_padded(&mut self, batch: &[u64], pad: u16) {
        let len = |ring: &Self, at: usize| {
            let slot = batch.get(at).and_then(|index| ring.slot(*index));
            slot.map_or(0, Slot::size)
        };
        let mut first = 0;
        while first < batch.len() {
            let (mut low, mut high) = (len(self, first), len(self, first));
            let mut end = first + 1;
            while end < batch.len() {
                let next = len(self, end);
                if high.max(next) - low.min(next) > pad {
                    break;
                }
                (low, high) = (low.min(next), high.max(next));
                end += 1;
            }
            // The last one of a run may be shorter.
            let ends_run = len(self, end) >= high || end == batch.len();
            for (at, index) in (first..end).zip(&batch[first..end]) {
                let short = high - len(self, at);
                let free = ends_run && at + 1 == end;
                if let Some(slot) = self.slot_mut(*index) {
                    if slot.waiting && !free {
                        slot.pad = short as u8;
                    }
                    slot.waiting = false;
                }
            }
            first = end;
        }
    }

    fn slot_mut(&mut self, index: u64) -> Option<&mut Slot> {
        let at = usize::try_from(index.checked_sub(self.base)?).ok()?;
        self.slots.get_mut(at)
    }

    /// The greatest index so far.
    pub(crate) fn newest(&self) -> u64 {
        (self.base + self.slots.len() as u64).saturating_sub(1)
    }

    /// Memory that is held for packets.
    pub(crate) fn bytes(&self) -> usize {
        self.chunks.bytes()
    }

    /// Packets that are held for new viewers only.
    pub(crate) fn spared(&self) -> usize {
        match self.key {
            Some(_) => self.slots.len().saturating_sub(self.extent.window),
            None => 0,
        }
    }

    /// Payload bytes that came after packet `index`.
    pub(crate) fn bytes_after(&self, index: u64) -> u32 {
        self.slot(index)
            .map_or(0, |slot| self.total.wrapping_sub(slot.total))
    }

    /// The latest keyframe, if its frame is complete or still coming in.
    pub(crate) fn gop(&self) -> Option<Gop> {
        let key = self.key?;
        let start = self.key_start(key.index)?;
        for index in start..=self.newest() {
            let stored = self.slot(index)?;
            if stored.marker || stored.timestamp != key.timestamp {
                break;
            }
        }
        Some(Gop {
            start,
            timestamp: key.timestamp,
        })
    }

    /// Where a decoder has to start in order to show the keyframe that begins at `index`: the
    /// first packet of its frame. `None` when `index` begins no keyframe, or when parameter sets
    /// of the frame may still be missing.
    pub(crate) fn key_start(&self, index: u64) -> Option<u64> {
        let key = self.slot(index)?;
        if key.key == Key::No {
            return None;
        }
        let mut start = index;
        while start > self.first {
            match self.slot(start - 1) {
                Some(before) if before.timestamp == key.timestamp => start -= 1,
                Some(_) => return Some(start),
                None if key.key == Key::Start => return Some(start),
                None => return None,
            }
        }
        Some(start)
    }
}

/// A ring with its codec does not change while a source lasts; this is the size that fits it.
pub(crate) fn for_codec(codec: &Codec) -> Ring {
    let video = Extent {
        window: VIDEO_RING,
        payload: MAX_PAYLOAD,
        chunk: VIDEO_CHUNK,
        time: CACHE_TIME,
        bytes: CACHE_BYTES,
        packets: CACHE_PACKETS,
    };
    Ring::new(match codec.is_video() {
        true => video,
        false => Extent {
            window: AUDIO_RING,
            payload: MAX_AUDIO_PAYLOAD,
            chunk: AUDIO_CHUNK,
            ..video
        },
    })
}

#[cfg(test)]
mod tests;
