//! Load tools and what they share: signalling, sessions on real sockets, media, reports.
//!
//! Numbers that these tools print are measured, never asserted; a run reports what it saw, and two
//! runs compare as a ratio on one machine. Imported by no other package.
#![forbid(unsafe_code)]

pub mod annexb;
pub mod audience;
pub mod contest;
pub mod endpoint;
pub mod engine;
pub mod frames;
pub mod http;
pub mod inbox;
pub mod loopback;
pub mod process;
pub mod publisher;
pub mod report;
pub mod rush;
pub mod server;
pub mod signal;
pub mod synthetic;
pub mod weather;
