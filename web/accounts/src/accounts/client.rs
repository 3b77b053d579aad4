//! Who knocks: what is known about the program at the other end before anybody signs in.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::limits;

/// The program that a request came from.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// Its address; `None` for callers inside the process, which are not throttled.
    pub address: Option<IpAddr>,
    /// What it calls itself (`User-Agent`).
    pub agent: String,
    /// The device token of an earlier sign-in.
    pub device: Option<String>,
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        Some(address).into()
    }
}

impl From<Option<IpAddr>> for Client {
    fn from(address: Option<IpAddr>) -> Self {
        Self {
            address,
            ..Self::default()
        }
    }
}

/// What a session remembers of a client, sealed.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) address: String,
    pub(super) agent: String,
}

impl From<&Client> for Seen {
    fn from(client: &Client) -> Self {
        let agent = client.agent.chars().filter(|letter| !letter.is_control());
        Self {
            address: client
                .address
                .map_or_else(String::new, |address| address.to_string()),
            agent: agent.take(limits::USER_AGENT_CHARS_MAX).collect(),
        }
    }
}
