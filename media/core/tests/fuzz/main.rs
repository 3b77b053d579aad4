//! Fuzzing of everything that bytes from outside reach, by seeded mutations.
//!
//! Each test plays the corpus of its target and then mutations of it: as many as `cargo test` can
//! bear, or for `SOUK_FUZZ_SECONDS` seconds, from `SOUK_FUZZ_SEED` on. What makes a target panic
//! is written to a file together with the inputs before it; `SOUK_FUZZ_REPLAY=FILE` plays it
//! again. Runs that are guided by coverage use the same targets (`media/core/fuzz`).
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    unreachable_pub
)]

mod mutate;
mod runner;
mod stage;
mod targets;

#[test]
fn stun() {
    runner::run("stun");
}

#[test]
fn dtls() {
    runner::run("dtls");
}

#[test]
fn rtp() {
    runner::run("rtp");
}

#[test]
fn rtcp() {
    runner::run("rtcp");
}

#[test]
fn lanes() {
    runner::run("lanes");
}

#[test]
fn sdp() {
    runner::run("sdp");
}

#[test]
fn framing() {
    runner::run("framing");
}

/// The runner would find something: a target that cannot stand a certain byte.
#[test]
fn a_target_with_a_fault_is_found_out() {
    runner::finds_the_fault();
}
