//! What a player is offered that cannot take what is on air (draft-ietf-wish-whep-03 section 4.2).

use media_core::border::BroadcastId;
use media_core::peer::{Counter, Role, counter_offer};

use super::secrets::Secrets;
use super::{AcceptError, Accepted, MediaHandle};

/// A counter-offer that waits for the player's answer. The caller keeps it for as long as it is
/// valid; the shards know nothing of it.
pub struct CounterOffer {
    counter: Counter,
    broadcast: BroadcastId,
    shard: usize,
    secrets: Secrets,
}

impl CounterOffer {
    /// The SDP offer.
    pub fn offer(&self) -> &str {
        self.counter.offer()
    }

    /// Our ICE user name fragment, as it stands in the offer (an ETag, for one).
    pub fn ice_ufrag(&self) -> &str {
        &self.secrets.ufrag
    }

    /// The broadcast that it is for.
    pub fn broadcast(&self) -> BroadcastId {
        self.broadcast
    }
}

impl MediaHandle {
    /// Offers what the broadcast has on air, and what is awaited of it; `lanes`: with a data section. `None` when nothing is
    /// on air.
    ///
    /// # Errors
    /// [`AcceptError::Full`].
    pub fn counter(
        &self,
        broadcast: BroadcastId,
        lanes: bool,
    ) -> Result<Option<CounterOffer>, AcceptError> {
        let live = self.codecs(broadcast);
        let codecs = [live.audio, live.video, live.awaited];
        let codecs: Vec<_> = codecs.into_iter().flatten().collect();
        if codecs.is_empty() {
            return Ok(None);
        }
        let shard = self.inner.directory.place().ok_or(AcceptError::Full)?;
        let secrets = Secrets::new(shard);
        let counter = counter_offer(&self.facts(shard, &secrets), &codecs, lanes);
        Ok(Some(CounterOffer {
            counter,
            broadcast,
            shard,
            secrets,
        }))
    }

    /// Takes the player in by its answer to a counter-offer. `answer` of the result is empty:
    /// nothing more is to be said. One counter-offer is good for one player.
    ///
    /// # Errors
    /// See [`AcceptError`]; nothing has happened then.
    pub async fn accept_counter(
        &self,
        offer: &CounterOffer,
        answer: &str,
    ) -> Result<Accepted, AcceptError> {
        let config = offer.counter.accept(answer)?;
        let (broadcast, shard) = (offer.broadcast, offer.shard);
        self.enter(Role::Viewer, broadcast, shard, config, String::new())
            .await
    }
}
