//! The real binary, from outside: every test starts `souk demo` on free ports and speaks to it by
//! HTTP, WebSocket and WebRTC, as clients do.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod accounts;
mod admin;
mod administration;
mod answers;
mod api;
mod audience;
mod audit;
mod bad_input;
mod catalog;
mod checklist;
mod crash;
mod database;
mod demo;
mod matrix;
mod operator;
mod orders;
mod outage;
mod purchase;
mod room;
mod shows;
mod socket;
mod souk;
mod table;
mod tickets;
mod viewer;
mod webhooks;
mod whep;
mod whip;
