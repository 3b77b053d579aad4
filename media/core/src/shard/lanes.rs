//! Lane messages: to one peer, or the same bytes to everyone of a broadcast.
//!
//! A slow reader loses stock (the next message is newer) and chat (it sees the gap by `prev`), but
//! never shop or control: there it is closed, and comes back to a snapshot.

use std::time::Instant;

use bytes::Bytes;

use super::Shard;
use crate::border::{BroadcastId, PeerId};
use crate::broadcast::Slot;
use crate::peer::{CloseReason, LANES, LaneError};
use crate::transmit::Transmits;

const CONTROL: u16 = 0;
const SHOP: u16 = 1;

impl Shard {
    pub(super) fn open_lanes(
        &mut self,
        now: Instant,
        peer: PeerId,
        first: &Bytes,
        out: &mut Transmits,
    ) {
        let Some(slot) = self.members.by_id(peer) else {
            return;
        };
        if let Some(member) = self.members.get_mut(slot) {
            member.lanes_open = true;
        }
        self.message(now, slot, CONTROL, first, out);
    }

    pub(super) fn send(
        &mut self,
        now: Instant,
        peer: PeerId,
        lane: u16,
        bytes: &Bytes,
        out: &mut Transmits,
    ) {
        match self.members.by_id(peer) {
            Some(slot) => self.message(now, slot, lane, bytes, out),
            None => self.stats.lane_drops += 1,
        }
    }

    pub(super) fn broadcast(
        &mut self,
        now: Instant,
        broadcast: BroadcastId,
        lane: u16,
        bytes: &Bytes,
        out: &mut Transmits,
    ) {
        let Some(entry) = self.broadcasts.get(&broadcast) else {
            return;
        };
        // A reader may be closed on the way, so the list is walked as it is now.
        let slots: Vec<Slot> = entry
            .viewers
            .iter()
            .chain(&entry.publisher)
            .copied()
            .collect();
        for slot in slots {
            if self
                .members
                .get(slot)
                .is_some_and(|member| member.lanes_open)
            {
                self.message(now, slot, lane, bytes, out);
            }
        }
    }

    fn message(&mut self, now: Instant, slot: Slot, lane: u16, bytes: &Bytes, out: &mut Transmits) {
        let Some(member) = self.members.get_mut(slot) else {
            return;
        };
        match member.peer.send_lane(now, lane, bytes, out) {
            Ok(()) => self.stats.lane_messages_out += 1,
            Err(LaneError::Backlog) if lane == CONTROL || lane == SHOP => {
                self.stats.slow_readers += 1;
                self.close(now, slot, CloseReason::SlowReader, out);
                return;
            }
            Err(LaneError::Backlog | LaneError::NotOpen | LaneError::TooLong) => {
                self.stats.lane_drops += 1;
            }
        }
        self.settle(now, slot, out);
    }

    /// Unacknowledged lane bytes of all peers.
    pub(super) fn lane_backlog(&self) -> u64 {
        let members = self
            .members
            .slots()
            .filter_map(|slot| self.members.get(slot));
        let lanes = members.flat_map(|m| (0..LANES).map(|lane| m.peer.lane_backlog(lane)));
        lanes.map(|bytes| bytes as u64).sum()
    }
}
