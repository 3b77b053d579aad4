//! The shards: one OS thread and one UDP port per core around `media-core`, and the async handle.
//!
//! [`start`] binds the sockets, makes the process identity and spawns the threads. The async side
//! talks to them through [`MediaHandle`] and hears from them through a stream of [`MediaEvent`]s.
//! A panic on a shard ends the process: its peers could not be served by anyone else. Only
//! `udp.rs` and its parts talk to the kernel by themselves and may use `unsafe`.

#![deny(unsafe_code)]

mod bridge;
mod config;
mod counters;
mod directory;
mod handle;
mod limits;
mod order;
mod tcp;
mod thread;
#[doc(hidden)]
pub mod udp;
mod wake;

use tokio::sync::mpsc;

pub use config::{Config, StartError};
pub use handle::{AcceptError, Accepted, CounterOffer, MediaHandle, RestartError, Restarted};
pub use limits::{MAX_PEERS_PER_SHARD, MAX_SHARDS};
pub use media_core::border::{BroadcastId, Event as MediaEvent, PeerId};
pub use media_core::lint::Finding;
pub use media_core::peer::{CloseReason, Codec, MAX_SDP, OfferError, Role, SdpFrag, parse_sdpfrag};
pub use media_core::report::{LiveCodecs, PeerReport, Phases, TrackReport};
pub use media_core::stats::Stats;
pub use thread::Threads;

/// Binds `config.shards` sockets, spawns their threads and returns the handle, the events of all
/// shards, and the threads to join at the end.
///
/// # Errors
/// See [`StartError`]; nothing is left running then.
pub fn start(
    config: Config,
) -> Result<(MediaHandle, mpsc::Receiver<MediaEvent>, Threads), StartError> {
    thread::start(&config)
}
