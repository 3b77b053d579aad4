//! The shard's side of its TCP connections: what came in, and where datagrams go out.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{BufMut as _, Bytes, BytesMut};
use media_core::peer::{FRAME_HEADER, frame_header};
use media_core::transmit::{Run, Transmits};
use tokio::sync::mpsc;

use super::address::is_marked;
use crate::limits::{TCP_BUFFER, TCP_RESERVE};

/// What a connection tells its shard.
pub(crate) enum Arrival {
    /// It is there; its address is a marked one.
    Opened(SocketAddr, Writer),
    /// A datagram.
    Frame(SocketAddr, Vec<u8>),
    /// It is gone.
    Closed(SocketAddr),
}

/// The way out through one connection.
pub(crate) struct Writer {
    pub(super) frames: mpsc::Sender<Bytes>,
    /// Bytes in `frames` and in the hands of the connection: the bound of the queue.
    pub(super) queued: Arc<AtomicUsize>,
}

/// See the module header.
pub(crate) struct Streams {
    arrivals: mpsc::Receiver<Arrival>,
    writers: HashMap<SocketAddr, Writer>,
}

impl Streams {
    pub(super) fn new(arrivals: mpsc::Receiver<Arrival>) -> Self {
        Self {
            arrivals,
            writers: HashMap::new(),
        }
    }

    /// The next datagram that came in.
    pub(crate) fn next(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        loop {
            match self.arrivals.try_recv().ok()? {
                Arrival::Opened(address, writer) => {
                    self.writers.insert(address, writer);
                }
                Arrival::Frame(address, datagram) => return Some((address, datagram)),
                Arrival::Closed(address) => {
                    self.writers.remove(&address);
                }
            }
        }
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.arrivals.is_empty()
    }

    /// Whether anyone is there to be sent to.
    pub(crate) fn any(&self) -> bool {
        !self.writers.is_empty()
    }

    /// Sends what is queued for TCP peers. Returns how many datagrams had no room.
    pub(crate) fn send(&self, transmits: &Transmits) -> u64 {
        let runs = transmits.iter_runs().filter(|run| is_marked(run.to));
        runs.map(|run| self.send_run(&run)).sum()
    }

    fn send_run(&self, run: &Run<'_>) -> u64 {
        let count = run.datagrams().count();
        let Some(writer) = self.writers.get(&run.to) else {
            return count as u64;
        };
        // Checks and handshakes have a reserve: media alone cannot cut a session.
        let media = run.bytes.first().is_some_and(|first| *first >= 128);
        let room = if media {
            TCP_BUFFER - TCP_RESERVE
        } else {
            TCP_BUFFER
        };
        let size = run.bytes.len() + count * FRAME_HEADER;
        if writer.queued.load(Ordering::Relaxed) + size > room {
            return count as u64;
        }
        let mut frames = BytesMut::with_capacity(size);
        for datagram in run.datagrams() {
            if let Some(header) = frame_header(datagram.len()) {
                frames.put_slice(&header);
                frames.put_slice(datagram);
            }
        }
        let len = frames.len();
        writer.queued.fetch_add(len, Ordering::Relaxed);
        let sent = writer.frames.try_send(frames.freeze()).is_ok();
        if !sent {
            // Full, or the connection is closing.
            writer.queued.fetch_sub(len, Ordering::Relaxed);
        }
        if sent { 0 } else { count as u64 }
    }
}
