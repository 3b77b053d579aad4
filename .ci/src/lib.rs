//! What this repository holds itself to: the tidy rules, as functions over a folder.
//!
//! `tests/tidy.rs` runs every rule on the repository and on fixture trees that each break one of
//! them. The steps that CI runs (formatting, lints, tests, browsers) are in the binary.
#![forbid(unsafe_code)]

pub mod tidy;
