//! The sandbox over HTTP, as a shop's server meets it.
#![allow(clippy::unwrap_used)]

mod faults;
mod payments;
mod shop;
mod v1;
mod webhooks;
