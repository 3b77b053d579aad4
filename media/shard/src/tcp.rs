//! ICE over TCP (RFC 6544, passive): one listener for all shards, on a thread of its own.
//!
//! A connection is known by its first frame, a check whose user name begins with the letter of the
//! shard that made it up. From then on frames go to that shard through a bounded queue (a full one
//! stops the reading), and what the shard sends goes out through a bounded buffer (a full one
//! drops media). Strangers are hung up on: see `limits.rs` for times and numbers. Whether a check
//! is genuine only the core can tell; a connection that it never answers is closed.

mod address;
mod connection;
mod doorkeeper;
mod streams;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::limits::TCP_FRAMES;
use crate::wake::Waker;
use doorkeeper::Doorkeeper;

pub(crate) use address::is_marked;
pub(crate) use streams::{Arrival, Streams};

/// After a failed accept (no descriptors left), before the next one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where one shard's frames go.
#[derive(Clone)]
pub(crate) struct Gate {
    arrivals: mpsc::Sender<Arrival>,
    waker: Waker,
}

/// The queue into one shard.
pub(crate) fn gate(waker: Waker) -> (Gate, Streams) {
    let (arrivals, receiver) = mpsc::channel(TCP_FRAMES);
    (Gate { arrivals, waker }, Streams::new(receiver))
}

/// Binds the listener; `::` takes IPv4 as well.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1_024)?;
    Ok(socket.into())
}

/// Accepts until `stop` says so or is dropped.
pub(crate) async fn serve(
    listener: TcpListener,
    gates: Vec<Gate>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let gates: Arc<[Gate]> = gates.into();
    let doorkeeper = Arc::new(Doorkeeper::default());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return Ok(()),
        };
        let Ok((stream, from)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // One too many is closed by dropping it.
        if let Some(place) = doorkeeper.admit(from.ip().to_canonical()) {
            let gates = gates.clone();
            tokio::spawn(async move {
                connection::run(stream, from, &gates).await;
                drop(place);
            });
        }
    }
}
