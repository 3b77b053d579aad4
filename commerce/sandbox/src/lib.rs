//! A payment provider to try with: PortOne V2 in miniature, on loopback, with faults on demand.
//!
//! It serves what a shop that confirms payments by hand needs: pre-register, confirm, look up,
//! cancel, and webhooks signed as Standard Webhooks. `POST /sandbox/payments/{id}/authorize` plays
//! the window in which a buyer pays, `POST /sandbox/faults` makes it misbehave. Under `/v1` the same
//! payments are served as PortOne's older API has them. Everything lives in bounded memory and is
//! gone with the process. No money moves.
#![forbid(unsafe_code)]

mod api;
mod config;
mod error;
mod fault;
mod idempotency;
mod ledger;
pub mod limits;
mod payment;
mod server;
mod webhook;

pub use config::{SandboxConfig, WebhookTarget};
pub use fault::{CancelFault, ConfirmFault, Faults};
pub use server::{Sandbox, SandboxError};
