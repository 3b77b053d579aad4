//! Everything that travels on a lane, as closed enums.
//!
//! A server frame is either *room-wide* (it has a [`Position`](crate::Position) and is the same
//! bytes for everyone), a *stock tick* (room-wide, outside the history), or *personal* (answers to
//! one viewer: no position). Payloads are in `chat`, `control` and `shop`.

pub mod chat;
pub mod control;
pub mod shop;

use serde::{Deserialize, Serialize};

use crate::{Lane, problem::Problem};

/// What the server says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "d", rename_all = "snake_case")]
pub enum ServerFrame {
    /// First frame on `control` and on the socket: the whole room. Personal.
    Snapshot(Box<control::Snapshot>),
    /// The token was accepted, or the viewer is anonymous again. Personal.
    Session(control::Session),
    /// What the hosts decided about this viewer, now and at every change. Personal.
    Sanction(control::Sanction),
    /// Answer to `ping`. Personal.
    Pong(control::Pong),
    /// Whether something is published, and how many watch. Room-wide on `control`.
    Presence(control::Presence),
    /// What the host could do better; all of it, again on every change. Personal, to those who may
    /// host.
    Lint(control::Lint),
    /// The server closes this connection. Personal.
    Bye(control::Bye),
    /// A command was refused; travels on the lane that the command came in by. Personal.
    Error(Refused),
    /// A card was added or changed. Room-wide on `shop`.
    Card(shop::Card),
    /// A card is pinned; the one before it no longer is. Room-wide on `shop`.
    Pinned(shop::Pinned),
    /// Nothing is pinned. Room-wide on `shop`.
    Unpinned(shop::Unpinned),
    /// A sale's state or terms changed. Room-wide on `shop`.
    Sale(shop::Sale),
    /// A batch of stock levels, latest wins by `ledger_seq`. On `stock`, without position.
    Stock(shop::StockBatch),
    /// An order of this viewer was placed or changed state. Personal, on `shop`.
    Order(shop::OrderUpdate),
    /// The price that was asked for holds for a moment. Personal, on `shop`.
    Lease(shop::Lease),
    /// A batch of messages. Room-wide on `chat`.
    Chat(chat::Batch),
}

impl ServerFrame {
    /// The lane that the frame travels on; `None` for errors, which answer where they were caused.
    pub const fn lane(&self) -> Option<Lane> {
        Some(match self {
            Self::Snapshot(_)
            | Self::Session(_)
            | Self::Sanction(_)
            | Self::Pong(_)
            | Self::Presence(_)
            | Self::Lint(_)
            | Self::Bye(_) => Lane::Control,
            Self::Card(_)
            | Self::Pinned(_)
            | Self::Unpinned(_)
            | Self::Sale(_)
            | Self::Order(_)
            | Self::Lease(_) => Lane::Shop,
            Self::Stock(_) => Lane::Stock,
            Self::Chat(_) => Lane::Chat,
            Self::Error(_) => return None,
        })
    }
}

/// A refusal of a command, with the command's own key where it had one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// `key` of the refused command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Why.
    pub problem: Problem,
}

/// What a client says. Unknown fields are refused, so that a misspelt one is never ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", content = "d", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Who speaks; also renews. On `control`.
    Auth(control::Auth),
    /// Asks for the server's clock. On `control`.
    Ping(control::Ping),
    /// Asks for the whole room again, after a gap. On `control`.
    Resync(control::Resync),
    /// Says something. On `chat`.
    Say(chat::Say),
    /// Buys; the twin of `POST /api/orders`. On `shop`.
    Buy(shop::Buy),
    /// Says that a card was seen or opened. On `shop`.
    Glance(shop::Glance),
    /// Asks for the lease of a price; the twin of `POST /api/sales/{id}/leases`. On `shop`.
    Quote(shop::Quote),
}

impl ClientFrame {
    /// The lane that the frame must come in by when it comes over a data channel.
    pub const fn lane(&self) -> Lane {
        match self {
            Self::Auth(_) | Self::Ping(_) | Self::Resync(_) => Lane::Control,
            Self::Say(_) => Lane::Chat,
            Self::Buy(_) | Self::Quote(_) | Self::Glance(_) => Lane::Shop,
        }
    }
}
