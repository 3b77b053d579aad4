//! Counter-offers: a viewer that cannot take what is on air is offered what it would have to take,
//! and comes in by its answer (draft-ietf-wish-whep-03 section 4.2).
//!
//! The media plane knows nothing of a counter-offer until it is answered; it waits here, under the
//! name that its session will have, for a bounded time.

use std::{sync::Arc, time::Duration};

use media_shard::{AcceptError, CounterOffer, OfferError};
use signaling_wire::StreamId;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    Hub, MediaSession,
    media::{etag, new_id},
};
use crate::{
    clock,
    directory::RoomHandle,
    identity::Identity,
    limits::{COUNTER_LIFE, COUNTERS},
    refusal::MediaRefusal,
    session::SessionKind,
};

/// What a viewer's offer led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watching {
    /// It was answered.
    Answered(MediaSession),
    /// It cannot be; this is what could.
    Countered(CounterSession),
}

/// A counter-offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterSession {
    /// As in [`MediaSession::id`]; the session's, once it is answered.
    pub id: String,
    /// The SDP offer.
    pub offer: String,
    /// As in [`MediaSession::etag`].
    pub etag: String,
    /// Until when an answer is taken, milliseconds since 1970.
    pub valid_until_ms: u64,
}

/// A counter-offer that waits for its answer, with what its viewer brought.
pub(crate) struct Pending {
    room: RoomHandle,
    counter: CounterOffer,
    identity: Option<Identity>,
    seat: OwnedSemaphorePermit,
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Hub {
    /// Makes a counter-offer in place of the refusal, if that can help.
    pub(super) fn counter(
        &self,
        room: RoomHandle,
        offer: &str,
        identity: Option<Identity>,
        seat: OwnedSemaphorePermit,
    ) -> Result<CounterSession, MediaRefusal> {
        let lanes = offer.contains("\nm=application ");
        let refusal = MediaRefusal::Offer(OfferError::NoCommonCodec);
        let counter = self.inner.plane.counter(room.broadcast, lanes)?;
        let counter = counter.ok_or(refusal)?;
        if self.inner.counters.len() >= COUNTERS {
            return Err(refusal);
        }
        let session = CounterSession {
            id: new_id(),
            offer: counter.offer().to_owned(),
            etag: etag(counter.ice_ufrag()),
            valid_until_ms: clock::now_ms() + millis(COUNTER_LIFE),
        };
        let pending = Pending {
            room,
            counter,
            identity,
            seat,
        };
        self.inner.counters.insert(session.id.clone(), pending);
        let (inner, id) = (Arc::downgrade(&self.inner), session.id.clone());
        tokio::spawn(async move {
            tokio::time::sleep(COUNTER_LIFE).await;
            if let Some(inner) = inner.upgrade() {
                inner.counters.remove(&id);
            }
        });
        Ok(session)
    }

    /// The stream of a counter-offer that waits under this name.
    pub fn countered(&self, id: &str) -> Option<StreamId> {
        let pending = self.inner.counters.get(id)?;
        Some(pending.room.stream)
    }

    /// Takes a viewer in by its answer to a counter-offer; `None` when none waits under this name.
    /// After an answer that cannot be used it waits on.
    ///
    /// # Errors
    /// [`MediaRefusal`].
    pub async fn answer_counter(
        &self,
        id: &str,
        answer: &str,
    ) -> Option<Result<MediaSession, MediaRefusal>> {
        // Taken out first: one counter-offer is good for one player.
        let (id, pending) = self.inner.counters.remove(id)?;
        let plane = &self.inner.plane;
        let accepted = match plane.accept_counter(&pending.counter, answer).await {
            Ok(accepted) => accepted,
            Err(error) => {
                if matches!(error, AcceptError::Offer(_)) {
                    self.inner.counters.insert(id, pending);
                }
                return Some(Err(error.into()));
            }
        };
        let Pending {
            room,
            identity,
            seat,
            ..
        } = pending;
        let hub = self.clone();
        // As for offers: a client that hangs up must not leave a peer that no room knows.
        let enter = async move {
            let seat = Some(seat);
            hub.enter_media(&room, SessionKind::Viewer, id, accepted, identity, seat)
                .await
        };
        Some(
            tokio::spawn(enter)
                .await
                .unwrap_or(Err(MediaRefusal::Stopped)),
        )
    }

    /// Withdraws a counter-offer. False if none waits under this name.
    pub fn end_counter(&self, id: &str) -> bool {
        self.inner.counters.remove(id).is_some()
    }
}
