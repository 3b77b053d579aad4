//! Load tools and what they share: signalling, endpoints on real sockets, synthetic media, reports.
//!
//! Numbers that these tools print are measured, never asserted; a run reports what it saw, and two
//! runs compare as a ratio on one machine. Imported by no other package.
#![forbid(unsafe_code)]

pub mod endpoint;
pub mod process;
pub mod publisher;
pub mod report;
pub mod signal;
pub mod synthetic;
pub mod viewer;
