//! Payloads of the `control` lane.

use serde::{Deserialize, Serialize};

use super::{chat, shop};
use crate::{Epoch, SellerId, StreamId, UserId};

/// The whole room at one position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Which stream.
    pub stream: Stream,
    /// The room's life.
    pub epoch: Epoch,
    /// The room's last `seq`; frames at or below it are contained in this snapshot.
    pub seq: u64,
    /// The last `seq` per lane, to check the next frame's `prev` against.
    pub lanes: LaneHeads,
    /// Whether something is published, and how many watch.
    pub presence: Presence,
    /// What is sold.
    pub shop: shop::Shelf,
    /// The last messages, oldest first.
    pub chat: chat::Backlog,
    /// The server's clock, milliseconds since 1970.
    pub server_ms: u64,
}

/// The last `seq` on each lane that has a history; 0 if there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneHeads {
    /// Lane `control`.
    pub control: u64,
    /// Lane `shop`.
    pub shop: u64,
    /// Lane `chat`.
    pub chat: u64,
}

/// What a viewer sees of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// Its id.
    pub id: StreamId,
    /// As the host wrote it.
    pub title: String,
    /// Who sells in it.
    pub seller: Seller,
}

/// What a viewer sees of a seller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = StreamSeller))]
pub struct Seller {
    /// Its id.
    pub id: SellerId,
    /// Shop name.
    pub name: String,
}

/// Who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Presence {
    /// Whether media flows.
    pub live: bool,
    /// Viewers, by media and by socket.
    pub viewers: u32,
}

/// What comes in from the encoder, judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lint {
    /// Everything that is worth a change now; empty when all is well.
    pub findings: Vec<Finding>,
}

/// One thing that the host could do better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What: a word from the table in `docs/WIRE.md`. Readers pass over words that they do not
    /// know.
    pub code: String,
    /// Simulcast layer, 0 when it is about none.
    pub layer: u8,
    /// What was measured, in the unit of its code.
    pub seen: i64,
    /// What would be good.
    pub wanted: i64,
}

/// Carries or renews the access token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Access token; `None` signs this connection out, and must be written as `null`.
    #[serde(deserialize_with = "required")]
    pub token: Option<String>,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let token = self.token.as_ref().map(|_| "redacted");
        f.debug_struct("Auth").field("token", &token).finish()
    }
}

/// Reads an option whose field may be null, but not missing.
fn required<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// Who this connection speaks as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The account, or `None` for an anonymous viewer.
    pub user: Option<SessionUser>,
    /// When the token ends, milliseconds since 1970; renew before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
}

/// The account behind a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionUser {
    /// Its id.
    pub id: UserId,
    /// Shown in chat.
    pub name: String,
}

/// What the hosts decided about an account in this room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sanction {
    /// What.
    pub kind: SanctionKind,
    /// When it ends by itself, milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
}

impl Sanction {
    /// Whether it is in force.
    pub fn holds_at(&self, now_ms: u64) -> bool {
        self.kind != SanctionKind::Lifted && self.until_ms.is_none_or(|until| now_ms < until)
    }
}

/// Kinds of sanctions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SanctionKind {
    /// May watch and buy, not write.
    Mute,
    /// Is nobody here: may watch as everybody may, not write or buy in the room.
    Ban,
    /// None any more.
    Lifted,
}

/// Asks for the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ping {
    /// The client's clock, milliseconds; comes back unchanged.
    pub client_ms: u64,
}

/// The server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    /// As sent in the ping.
    pub client_ms: u64,
    /// Milliseconds since 1970.
    pub server_ms: u64,
}

/// Asks for a new snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resync {}

/// Why the server closes a connection, and whether to come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bye {
    /// Why.
    pub reason: ByeReason,
    /// Whether a new connection makes sense.
    pub reconnect: bool,
}

/// Reasons to close a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByeReason {
    /// The stream has ended for good.
    Ended,
    /// The reader was too slow for the shop lane.
    SlowReader,
    /// The server restarts.
    Restart,
    /// The client broke the protocol.
    Protocol,
}
