//! What waits for one socket: at most 256 KiB, and what gives way when a reader is slow.
//!
//! Stock gives way to newer stock, chat is dropped (its reader sees the gap by `prev`), and a
//! reader that has no room for anything else is told to reconnect and closed. The queue holds the
//! same bytes as every other queue.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use signaling_wire::{
    Lane, ServerFrame, encode_server,
    frame::control::{Bye, ByeReason},
};
use tokio::sync::Notify;

use crate::limits::SOCKET_BACKLOG_BYTES;

/// The writing end; clones write to the same socket.
#[derive(Clone)]
pub(crate) struct SocketQueue {
    inner: Arc<Inner>,
}

/// The reading end of a socket's queue. Dropping it tells the room that the socket is gone.
pub struct SocketReceiver {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    ready: Notify,
}

#[derive(Default)]
struct State {
    items: VecDeque<(Lane, Bytes)>,
    bytes: usize,
    /// A stock frame was lost: the next one must be the whole board.
    stock_lost: bool,
    /// Nothing is taken any more; the reader gets what is left.
    closed: bool,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It waits.
    Queued,
    /// It gave way.
    Dropped,
    /// The reader is closed, now or before.
    Closed,
}

/// Makes both ends.
pub(crate) fn socket_queue() -> (SocketQueue, SocketReceiver) {
    let inner = Arc::new(Inner {
        state: Mutex::new(State::default()),
        ready: Notify::new(),
    });
    (
        SocketQueue {
            inner: inner.clone(),
        },
        SocketReceiver { inner },
    )
}

/// The last words to a connection.
pub(crate) fn bye(reason: ByeReason) -> Bytes {
    let reconnect = matches!(reason, ByeReason::SlowReader | ByeReason::Restart);
    encode_server(
        Lane::Control,
        None,
        &ServerFrame::Bye(Bye { reason, reconnect }),
    )
}

impl SocketQueue {
    /// Adds a frame of any lane but stock.
    pub(crate) fn push(&self, lane: Lane, bytes: &Bytes) -> Pushed {
        let mut state = self.inner.lock();
        if state.closed {
            return Pushed::Closed;
        }
        if !state.has_room(bytes.len()) {
            if lane == Lane::Chat {
                return Pushed::Dropped;
            }
            state.make_way(bytes.len());
        }
        if !state.has_room(bytes.len()) {
            state.items.clear();
            state.push(Lane::Control, bye(ByeReason::SlowReader));
            state.closed = true;
            self.inner.ready.notify_one();
            return Pushed::Closed;
        }
        state.push(lane, bytes.clone());
        self.inner.ready.notify_one();
        Pushed::Queued
    }

    /// Adds stock levels. If older ones still wait, they give way to the `whole` board, so that
    /// no product's level is lost with them.
    pub(crate) fn push_stock(
        &self,
        levels: &[Bytes],
        whole: impl FnOnce() -> Vec<Bytes>,
    ) -> Pushed {
        let mut state = self.inner.lock();
        if state.closed {
            return Pushed::Closed;
        }
        let replaced = state.evict(|lane| lane == Lane::Stock);
        let frames = if replaced || state.stock_lost {
            whole()
        } else {
            levels.to_vec()
        };
        let bytes = frames.iter().map(Bytes::len).sum();
        state.stock_lost = !state.has_room(bytes);
        if state.stock_lost {
            return Pushed::Dropped;
        }
        for frame in frames {
            state.push(Lane::Stock, frame);
        }
        self.inner.ready.notify_one();
        Pushed::Queued
    }

    /// Says goodbye after what waits, and takes nothing more.
    pub(crate) fn close(&self, reason: ByeReason) {
        let mut state = self.inner.lock();
        if !state.closed {
            state.push(Lane::Control, bye(reason));
            state.closed = true;
        }
        self.inner.ready.notify_one();
    }

    /// Whether it takes nothing more.
    pub(crate) fn is_closed(&self) -> bool {
        self.inner.lock().closed
    }

    /// Bytes that wait.
    pub(crate) fn backlog(&self) -> usize {
        self.inner.lock().bytes
    }
}

impl SocketReceiver {
    /// The next frame, JSON text; `None` when the socket is to be closed. Dropping the future
    /// loses nothing.
    pub async fn recv(&mut self) -> Option<Bytes> {
        loop {
            // The permit of a push between the look and the wait is kept by `Notify`.
            if let Some(next) = self.inner.lock().next() {
                return next;
            }
            self.inner.ready.notified().await;
        }
    }

    /// The next frame if one waits.
    pub fn try_recv(&mut self) -> Option<Bytes> {
        self.inner.lock().next().flatten()
    }
}

impl Drop for SocketReceiver {
    fn drop(&mut self) {
        let mut state = self.inner.lock();
        state.closed = true;
        state.items.clear();
        state.bytes = 0;
    }
}

impl Inner {
    // Every step leaves the state whole, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A single frame always fits: the snapshot may be long.
    fn has_room(&self, bytes: usize) -> bool {
        self.items.is_empty() || self.bytes + bytes <= SOCKET_BACKLOG_BYTES
    }

    fn push(&mut self, lane: Lane, bytes: Bytes) {
        self.bytes += bytes.len();
        self.items.push_back((lane, bytes));
    }

    fn make_way(&mut self, bytes: usize) {
        self.stock_lost |= self.evict(|lane| lane == Lane::Stock);
        if !self.has_room(bytes) {
            self.evict(|lane| lane == Lane::Chat);
        }
    }

    fn evict(&mut self, goes: impl Fn(Lane) -> bool) -> bool {
        let before = self.items.len();
        self.items.retain(|(lane, _)| !goes(*lane));
        self.bytes = self.items.iter().map(|(_, bytes)| bytes.len()).sum();
        before != self.items.len()
    }

    /// `None`: wait. `Some(None)`: the end.
    fn next(&mut self) -> Option<Option<Bytes>> {
        match self.items.pop_front() {
            Some((_, bytes)) => {
                self.bytes -= bytes.len();
                Some(Some(bytes))
            }
            None => self.closed.then_some(None),
        }
    }
}

#[cfg(test)]
mod tests;
