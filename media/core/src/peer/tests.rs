//! A peer and a client over a simulated network under virtual time, one file per behaviour.

mod abuse;
mod connect;
mod forged;
mod lanes;
mod pair;
mod restart;
mod timers;
