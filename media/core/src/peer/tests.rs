//! A peer and a client over a simulated network under virtual time, one file per behaviour.

mod abuse;
mod bad_dtls;
mod bad_stun;
mod connect;
mod forged;
mod lanes;
mod pair;
mod restart;
mod sctp;
mod timers;
