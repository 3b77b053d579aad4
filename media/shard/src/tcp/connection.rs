//! The life of one TCP connection: its first check, then frames in both directions.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use media_core::peer::{Deframer, stun_local_ufrag};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Gate;
use super::address::mark;
use super::streams::{Arrival, Writer};
use crate::handle::shard_of_ufrag;
use crate::limits::{TCP_FIRST_CHECK, TCP_IDLE, TCP_READ_BYTES, TCP_RUNS, TCP_STALLED};

/// Serves a connection until it ends, by whatever means.
pub(super) async fn run(stream: TcpStream, from: SocketAddr, gates: &[Gate]) {
    // Without it small frames wait for the acknowledgement of earlier ones.
    let _ = stream.set_nodelay(true);
    let (read, write) = stream.into_split();
    let mut reader = Reader {
        read,
        deframer: Deframer::default(),
        frames: Vec::new(),
    };
    let Ok(Some(())) = timeout(TCP_FIRST_CHECK, reader.fill()).await else {
        return;
    };
    let first = reader.frames.first();
    let ufrag = first.and_then(|frame| stun_local_ufrag(frame));
    let shard = ufrag.and_then(shard_of_ufrag);
    let Some(gate) = shard.and_then(|shard| gates.get(shard)) else {
        return;
    };
    let address = mark(from);
    let (frames, waiting) = mpsc::channel(TCP_RUNS);
    let queued = Arc::new(AtomicUsize::new(0));
    let writer = Writer {
        frames,
        queued: queued.clone(),
    };
    if !gate.pass(Arrival::Opened(address, writer)).await {
        return;
    }
    let answered = AtomicBool::new(false);
    tokio::select! {
        () = reader.run(address, gate, &answered) => {}
        () = write_all(write, waiting, &queued, &answered) => {}
    }
    gate.pass(Arrival::Closed(address)).await;
}

impl Gate {
    /// Waits for room; false when the shard has stopped.
    async fn pass(&self, arrival: Arrival) -> bool {
        let passed = self.arrivals.send(arrival).await.is_ok();
        self.waker.wake();
        passed
    }
}

struct Reader {
    read: OwnedReadHalf,
    deframer: Deframer,
    /// Whole datagrams that nobody has taken yet.
    frames: Vec<Vec<u8>>,
}

impl Reader {
    /// Reads until there is a frame. `None` when the connection is over or speaks something else.
    async fn fill(&mut self) -> Option<()> {
        let mut bytes = [0; TCP_READ_BYTES];
        while self.frames.is_empty() {
            let len = self
                .read
                .read(&mut bytes)
                .await
                .ok()
                .filter(|len| *len > 0)?;
            let frames = &mut self.frames;
            let taken = self
                .deframer
                .read(&mut bytes[..len], |frame| frames.push(frame.to_vec()));
            taken.ok()?;
        }
        Some(())
    }

    /// Hands on frames until the connection ends, is idle, or proves to be a stranger's.
    async fn run(&mut self, address: SocketAddr, gate: &Gate, answered: &AtomicBool) {
        let opened = tokio::time::Instant::now();
        loop {
            for frame in self.frames.drain(..) {
                if !gate.pass(Arrival::Frame(address, frame)).await {
                    return;
                }
            }
            let known = answered.load(Ordering::Relaxed);
            let patience = if known {
                TCP_IDLE
            } else {
                TCP_FIRST_CHECK.saturating_sub(opened.elapsed())
            };
            match timeout(patience, self.fill()).await {
                Ok(Some(())) => {}
                // The first answer may have gone out while this waited.
                Err(_) if !known && answered.load(Ordering::Relaxed) => {}
                Ok(None) | Err(_) => return,
            }
        }
    }
}

/// Writes until the connection ends or takes nothing for too long.
async fn write_all(
    mut write: OwnedWriteHalf,
    mut waiting: mpsc::Receiver<bytes::Bytes>,
    queued: &AtomicUsize,
    answered: &AtomicBool,
) {
    while let Some(frames) = waiting.recv().await {
        answered.store(true, Ordering::Relaxed);
        let patience: Duration = TCP_STALLED;
        let written = timeout(patience, write.write_all(&frames)).await;
        queued.fetch_sub(frames.len(), Ordering::Relaxed);
        if !matches!(written, Ok(Ok(()))) {
            return;
        }
    }
}
