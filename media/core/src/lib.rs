//! The sans-IO core of the media plane: peers, tracks and fan-out without socket, clock or thread.
//!
//! Datagrams, commands and the time go in as arguments; datagrams, events and timers come out.
//! Everything here runs on one thread of one shard and is driven equally by the real shard and by
//! the simulator of the tests.

#![forbid(unsafe_code)]

mod arrivals;
pub mod border;
mod broadcast;
#[cfg(feature = "client")]
pub mod client;
mod clock;
mod forward;
mod ingest;
pub mod keyframe;
pub mod limits;
pub mod lint;
mod members;
mod nack;
pub mod peer;
pub mod report;
mod ring;
mod rtcp;
mod rtp;
pub mod shard;
pub mod stats;
pub mod transmit;
mod up_track;
