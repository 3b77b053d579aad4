//! The four lanes of a room, and how each travels as a data channel.
//!
//! The channels are pre-negotiated (`negotiated: true`, RFC 8831), so that they work the moment
//! SCTP is up. Over the WebSocket and server-sent events the same frames travel in one stream.

use serde::{Deserialize, Serialize};

/// Which lane a frame travels on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Snapshot, authentication, clock, presence.
    Control,
    /// Cards, sale states, receipts; buy commands come in here.
    Shop,
    /// Stock ticks: the latest value wins.
    Stock,
    /// Chat, in batches.
    Chat,
}

/// How a lane's data channel is opened on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneSpec {
    /// SCTP stream id.
    pub id: u16,
    /// Data channel label.
    pub label: &'static str,
    /// Whether messages arrive in order.
    pub ordered: bool,
    /// `None` is reliable; `Some(n)` gives up after `n` retransmissions.
    pub max_retransmits: Option<u16>,
}

impl Lane {
    /// All lanes, by channel id.
    pub const ALL: [Self; 4] = [Self::Control, Self::Shop, Self::Stock, Self::Chat];

    /// How the lane's channel is opened.
    pub const fn spec(self) -> LaneSpec {
        let (id, label, ordered, max_retransmits) = match self {
            Self::Control => (0, "control", true, None),
            Self::Shop => (1, "shop", true, None),
            Self::Stock => (2, "stock", false, Some(0)),
            Self::Chat => (3, "chat", true, None),
        };
        LaneSpec {
            id,
            label,
            ordered,
            max_retransmits,
        }
    }

    /// The SCTP stream id of the lane.
    pub const fn id(self) -> u16 {
        self.spec().id
    }

    /// The lane of an SCTP stream id, if it is one.
    pub fn from_id(id: u16) -> Option<Self> {
        Self::ALL.get(usize::from(id)).copied()
    }
}
