//! Who a connection speaks as. Filled by whoever checked the credentials; trusted here.

use std::sync::Arc;

use signaling_wire::{
    UserId,
    frame::control::{Sanction, Session, SessionUser},
};

/// A viewer's or socket's connection in a room; unique in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub(crate) u64);

/// An account behind a connection, for this room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub user: UserId,
    /// Shown in chat.
    pub name: String,
    /// The sign-in that the credentials descend from; empty where there is none.
    pub login: Arc<str>,
    /// Runs the site.
    pub admin: bool,
    /// Acts for this room's seller.
    pub seller: bool,
    /// When the credentials end, milliseconds since 1970; from then on the connection is anonymous.
    pub expires_ms: u64,
}

/// An account that is in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The account.
    pub user: UserId,
    /// As shown in chat.
    pub name: String,
    /// Acts for the room's seller.
    pub seller: bool,
    /// Connections that speak as it.
    pub connections: usize,
    /// What the hosts decided about it.
    pub sanction: Option<Sanction>,
}

impl Identity {
    /// Whether the credentials still hold.
    pub fn holds_at(&self, now_ms: u64) -> bool {
        now_ms < self.expires_ms
    }

    /// Whether it may host the room's stream.
    pub(crate) const fn may_host(&self) -> bool {
        self.seller || self.admin
    }

    /// What the connection is told about itself.
    pub(crate) fn session(identity: Option<&Self>) -> Session {
        Session {
            user: identity.map(|identity| SessionUser {
                id: identity.user,
                name: identity.name.clone(),
            }),
            expires_ms: identity.map(|identity| identity.expires_ms),
        }
    }
}
