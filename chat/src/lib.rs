//! Chat: what may be said in a room, what was said last, and the task around both.
//!
//! [`moderation`](crate) decides, purely; the task gathers what passed for 50 ms over all rooms,
//! commits it in one transaction, and only then publishes it, so that what was said is also what
//! a newcomer is shown after a restart. While the database is away it is published at once and kept
//! when the database is back; a process that ends in between has lost it. A message repeated with the same key is said once. Chat
//! knows no accounts: who speaks comes with every message from the hub.
#![forbid(unsafe_code)]

mod backlog;
mod chat;
mod db;
pub mod limits;
mod message_ids;
mod moderation;
mod owed;
mod rooms;

pub use chat::{Chat, ChatConfig};
