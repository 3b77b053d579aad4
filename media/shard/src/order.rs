//! What the async side asks of a shard thread: commands of the core, and questions with an answer.

use media_core::border::{BroadcastId, Command, PeerId};
use media_core::report::PeerReport;
use tokio::sync::oneshot;

/// See the module header.
pub(crate) enum Order {
    /// For the core.
    Command(Command),
    /// For the core, if the peer is there.
    IfKnown {
        /// Which one.
        peer: PeerId,
        /// What to do.
        command: Command,
        /// Told whether it was there.
        known: oneshot::Sender<bool>,
    },
    /// What the peers of a broadcast on this shard are doing.
    Peers {
        /// Which broadcast.
        broadcast: BroadcastId,
        /// Dropped unanswered when the asker has gone.
        reply: oneshot::Sender<Vec<PeerReport>>,
    },
}
