//! What goes on in a broadcast: its peers, its codecs, and the layer of one viewer.

use media_core::border::{BroadcastId, Command, PeerId};
use media_core::report::{LiveCodecs, PeerReport};
use tokio::sync::oneshot;

use super::MediaHandle;
use crate::order::Order;

impl MediaHandle {
    /// Every peer of the broadcast, the publisher first within its shard. Costs the shards a walk
    /// over these peers; nothing when there are none.
    pub async fn peers(&self, broadcast: BroadcastId) -> Vec<PeerReport> {
        let mut peers = Vec::new();
        for shard in self.inner.directory.shards_of(broadcast) {
            let Some(link) = self.inner.links.get(shard) else {
                continue;
            };
            let (reply, answer) = oneshot::channel();
            // Errors mean that the shards have stopped, and their peers with them.
            if link
                .orders
                .send(Order::Peers { broadcast, reply })
                .await
                .is_ok()
            {
                link.waker.wake();
                peers.extend(answer.await.unwrap_or_default());
            }
        }
        peers
    }

    /// The codecs that the broadcast has on air; at most about 100 ms old, none before its first
    /// packets.
    pub fn codecs(&self, broadcast: BroadcastId) -> LiveCodecs {
        self.inner.directory.codecs(broadcast)
    }

    /// Shows a viewer one simulcast layer (as in [`TrackReport::layer`] of the publisher) from its
    /// next keyframe on, whatever the network carries; `None`: chosen for it again. Unknown peers
    /// and publishers are ignored.
    ///
    /// [`TrackReport::layer`]: media_core::report::TrackReport::layer
    pub async fn select_layer(&self, peer: PeerId, layer: Option<u8>) {
        self.command(peer, Command::SelectLayer { peer, layer })
            .await;
    }
}
