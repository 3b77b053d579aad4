//! What the hub needs of the media plane, so that rooms can be tried without sockets.
//!
//! [`Plane::Shards`] is the real one. The others are doubles: one that has none, one that writes
//! down what it was told.

use bytes::Bytes;
use media_shard::{
    AcceptError, Accepted, BroadcastId, CounterOffer, MediaHandle, PeerId, RestartError, Restarted,
    Role, SdpFrag,
};

/// The media plane, as rooms use it. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Plane {
    /// The shards of this process.
    Shards(MediaHandle),
    /// No media: offers are refused, messages go nowhere.
    #[cfg(any(test, feature = "test-support"))]
    Absent,
    /// Writes down what it was told.
    #[cfg(test)]
    Recorder(recorder::Recorder),
}

impl Plane {
    pub(crate) async fn accept(
        &self,
        role: Role,
        broadcast: BroadcastId,
        offer: &str,
    ) -> Result<Accepted, AcceptError> {
        match self {
            Self::Shards(media) => media.accept(role, broadcast, offer).await,
            #[cfg(any(test, feature = "test-support"))]
            Self::Absent => Err(AcceptError::Full),
            #[cfg(test)]
            Self::Recorder(recorder) => recorder.accept(role, broadcast, offer),
        }
    }

    pub(crate) fn counter(
        &self,
        broadcast: BroadcastId,
        lanes: bool,
    ) -> Result<Option<CounterOffer>, AcceptError> {
        match self {
            Self::Shards(media) => media.counter(broadcast, lanes),
            #[cfg(any(test, feature = "test-support"))]
            Self::Absent => Ok(None),
            #[cfg(test)]
            Self::Recorder(_) => Ok(None),
        }
    }

    pub(crate) async fn accept_counter(
        &self,
        counter: &CounterOffer,
        answer: &str,
    ) -> Result<Accepted, AcceptError> {
        match self {
            Self::Shards(media) => media.accept_counter(counter, answer).await,
            #[cfg(any(test, feature = "test-support"))]
            Self::Absent => Err(AcceptError::Stopped),
            #[cfg(test)]
            Self::Recorder(_) => Err(AcceptError::Stopped),
        }
    }

    pub(crate) async fn restart_ice(
        &self,
        peer: PeerId,
        fragment: &SdpFrag,
    ) -> Result<Restarted, RestartError> {
        match self {
            Self::Shards(media) => media.restart_ice(peer, fragment).await,
            #[cfg(any(test, feature = "test-support"))]
            Self::Absent => Err(RestartError::Gone),
            #[cfg(test)]
            Self::Recorder(recorder) => recorder.restart(peer),
        }
    }

    pub(crate) async fn close(&self, peer: PeerId) {
        match self {
            Self::Shards(media) => media.close(peer).await,
            #[cfg(any(test, feature = "test-support"))]
            Self::Absent => {}
            #[cfg(test)]
            Self::Recorder(recorder) => recorder.note(recorder::Told::Close(peer)),
        }
    }

    pub(crate) async fn broadcast(&self, broadcast: BroadcastId, lane: u16, bytes: Bytes) {
        match self {
            Self::Shards(media) => media.broadcast(broadcast, lane, bytes).await,
            #[cfg(any(test, feature = "test-support"))]
            Self::Absent => {}
            #[cfg(test)]
            Self::Recorder(recorder) => recorder.note(recorder::Told::Broadcast(lane, bytes)),
        }
    }

    pub(crate) async fn send(&self, peer: PeerId, lane: u16, bytes: Bytes) {
        match self {
            Self::Shards(media) => media.send(peer, lane, bytes).await,
            #[cfg(any(test, feature = "test-support"))]
            Self::Absent => {}
            #[cfg(test)]
            Self::Recorder(recorder) => recorder.note(recorder::Told::Send(peer, lane, bytes)),
        }
    }

    pub(crate) async fn open_lanes(&self, peer: PeerId, first: Bytes) {
        match self {
            Self::Shards(media) => media.open_lanes(peer, first).await,
            #[cfg(any(test, feature = "test-support"))]
            Self::Absent => {}
            #[cfg(test)]
            Self::Recorder(recorder) => recorder.note(recorder::Told::Open(peer, first)),
        }
    }
}

#[cfg(test)]
pub(crate) mod recorder;
