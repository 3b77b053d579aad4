//! Shards, publishers and viewers over a simulated network under virtual time. One file per
//! behaviour; `net.rs` is the network, `node.rs` a client on it.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    unreachable_pub
)]

mod base;
mod bridge;
mod burst;
mod catch_up;
mod codecs;
mod dependency;
mod encoders;
mod estimate;
mod faults;
mod flood;
mod forged;
mod joins;
mod keyframe_bursts;
mod ladder;
mod lanes;
mod layers;
mod layers_by_network;
mod lint;
mod loss;
mod net;
mod node;
mod policing;
mod repair_in;
mod reports;
mod resend;
mod restart;
mod scalable;
mod simulator;
mod simulcast;
mod studio;
mod takeover;
