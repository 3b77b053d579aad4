//! Payloads of the `chat` lane.

use serde::{Deserialize, Serialize};

use crate::{ChatMessageId, UserId};

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// Made by the client; a repeat with the same key is said once.
    pub key: String,
    /// Text, at most [`CHAT_BODY_CHARS_MAX`](crate::limits::CHAT_BODY_CHARS_MAX) characters.
    pub body: String,
}

/// Messages of the last moment, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The messages.
    pub messages: Vec<Message>,
}

/// The last messages of a room, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// The messages.
    pub messages: Vec<Message>,
}

/// One message; text, never markup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id; also what deletes it.
    pub id: ChatMessageId,
    /// Who.
    pub user_id: UserId,
    /// Their name at that time.
    pub name: String,
    /// What they are in this room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badge: Option<Badge>,
    /// What they said.
    pub body: String,
    /// When, milliseconds since 1970.
    pub at_ms: u64,
    /// The client's key, so that the author recognises the message.
    pub key: String,
}

/// Marks a message of the shop's own people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Badge {
    /// Acts for the seller.
    Host,
    /// Runs the site.
    Admin,
}
