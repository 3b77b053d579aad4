//! Extractors: what a handler asks of a request, each with its own refusal.
//!
//! Nothing here is lenient: unknown fields, other content types and compressed bodies are refused,
//! and a body is read within a size and a time.

mod address;
mod body;
mod caller;
mod client;
mod fields;
mod idempotency;
mod version;

pub(crate) use address::ClientAddress;
pub(crate) use body::{has_type, raw_body};
pub(crate) use caller::{Admin, Caller, MediaCaller, User, fresh, is_administration, media_token};
pub(crate) use client::Program;
pub(crate) use fields::{Fields, Id, Query};
pub(crate) use idempotency::IdempotencyKey;
pub(crate) use version::{IfMatch, etag};
