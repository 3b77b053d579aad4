//! The state of one room: the order of its frames and what a newcomer is shown. Pure.
//!
//! The room numbers every frame of its history once, over all lanes, and knows for each lane which
//! number came last. What each publisher of frames (shop, chat) registered as its latest state is
//! kept beside the history, so that a snapshot and the frames after it make a whole: the caller
//! publishes a frame and changes the registered state in one step.

mod presence;
mod publishers;
mod stock;

pub(crate) use presence::Pacer;
pub(crate) use publishers::Publishers;
pub(crate) use stock::Board;

use std::collections::BTreeMap;

use signaling_wire::{
    Epoch, Lane, Position, ServerFrame, UserId,
    frame::{
        chat::Backlog,
        control::{LaneHeads, Sanction, SanctionKind, Snapshot, Stream},
        shop::Shelf,
    },
    limits::CHAT_BACKLOG_MAX,
};

use crate::limits::SANCTIONS;

/// What outlives the room's task if that fails.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) stream: Stream,
    pub(crate) shelf: Shelf,
    pub(crate) chat: Backlog,
    /// What the hosts decided about people.
    pub(crate) sanctions: BTreeMap<UserId, Sanction>,
}

/// One life of a room.
pub(crate) struct Room {
    epoch: Epoch,
    seq: u64,
    heads: LaneHeads,
    registered: Registered,
    /// Stock levels, newest by ledger.
    pub(crate) board: Board,
    /// Who is there.
    pub(crate) presence: Pacer,
}

impl Room {
    pub(crate) fn new(epoch: Epoch, mut registered: Registered) -> Self {
        let mut board = Board::default();
        board.register(&registered.shelf);
        registered.shelf.stock.clear();
        let (heads, presence) = (LaneHeads::default(), Pacer::default());
        Self {
            epoch,
            seq: 0,
            heads,
            registered,
            board,
            presence,
        }
    }

    pub(crate) const fn registered(&self) -> &Registered {
        &self.registered
    }

    pub(crate) fn set_stream(&mut self, stream: Stream) {
        self.registered.stream = stream;
    }

    /// The shop's state; its stock is merged into the board by the newest ledger sequence.
    pub(crate) fn set_shelf(&mut self, mut shelf: Shelf) {
        self.board.register(&shelf);
        shelf.stock.clear();
        self.registered.shelf = shelf;
    }

    /// The chat's state; the oldest messages beyond the limit are left out.
    pub(crate) fn set_chat(&mut self, mut chat: Backlog) {
        let surplus = chat.messages.len().saturating_sub(CHAT_BACKLOG_MAX);
        chat.messages.drain(..surplus);
        self.registered.chat = chat;
    }

    /// What the hosts decided about an account, while it holds.
    pub(crate) fn sanction(&self, user: UserId, now_ms: u64) -> Option<Sanction> {
        let found = self.registered.sanctions.get(&user).copied();
        found.filter(|sanction| sanction.holds_at(now_ms))
    }

    /// The hosts decided. Beyond the limit, decisions that are over make room.
    pub(crate) fn set_sanction(&mut self, user: UserId, sanction: Sanction, now_ms: u64) {
        let all = &mut self.registered.sanctions;
        if sanction.kind == SanctionKind::Lifted {
            all.remove(&user);
            return;
        }
        if all.len() >= SANCTIONS {
            all.retain(|_, sanction| sanction.holds_at(now_ms));
        }
        if all.len() >= SANCTIONS {
            tracing::warn!("too many sanctions in one room; one is not kept");
            return;
        }
        all.insert(user, sanction);
    }

    /// Gives a frame its place. `None` for frames that have none: stock ticks and personal ones.
    pub(crate) fn place(&mut self, frame: &ServerFrame) -> Option<(Lane, Position)> {
        let (lane, head) = match frame {
            ServerFrame::Presence(_) => (Lane::Control, &mut self.heads.control),
            ServerFrame::Card(_)
            | ServerFrame::Pinned(_)
            | ServerFrame::Unpinned(_)
            | ServerFrame::Sale(_) => (Lane::Shop, &mut self.heads.shop),
            ServerFrame::Chat(_) => (Lane::Chat, &mut self.heads.chat),
            ServerFrame::Snapshot(_)
            | ServerFrame::Session(_)
            | ServerFrame::Sanction(_)
            | ServerFrame::Pong(_)
            | ServerFrame::Lint(_)
            | ServerFrame::Bye(_)
            | ServerFrame::Error(_)
            | ServerFrame::Stock(_)
            | ServerFrame::Lease(_)
            | ServerFrame::Order(_) => return None,
        };
        self.seq += 1;
        let prev = std::mem::replace(head, self.seq);
        Some((
            lane,
            Position {
                epoch: self.epoch,
                seq: self.seq,
                prev,
            },
        ))
    }

    /// The whole room at its last position.
    pub(crate) fn snapshot(&self, now_ms: u64) -> Snapshot {
        let mut shop = self.registered.shelf.clone();
        shop.stock = self.board.levels();
        Snapshot {
            stream: self.registered.stream.clone(),
            epoch: self.epoch,
            seq: self.seq,
            lanes: self.heads,
            presence: self.presence.current(),
            shop,
            chat: self.registered.chat.clone(),
            server_ms: now_ms,
        }
    }
}

#[cfg(test)]
mod tests;
