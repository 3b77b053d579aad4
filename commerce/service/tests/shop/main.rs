//! The shop as a whole: a real database, a real hub without media, the sandbox as provider.
//!
//! One file per behaviour. Time is the test's own clock; nothing sleeps to synchronise, conditions
//! are waited for generously.
#![allow(clippy::unwrap_used)]

mod administration;
mod audit;
mod buying;
mod carts;
mod checkout;
mod contention;
mod expiry;
mod faults;
mod fixture;
mod grants;
mod hooks;
mod lease;
mod model;
mod moderation;
mod older;
mod parcel;
mod paying;
mod race;
mod restart;
mod room;
mod second_person;
mod statistics;
mod storm;
mod trouble;
mod vigil;
mod webhook;
mod window;
