//! The hub as its users see it, over a media plane that writes down what it is told.
#![allow(clippy::unwrap_used)]

mod grace;
mod identity;
mod lint;
mod media;
mod order;
mod rooms;
mod sanctions;
mod slow;

use media_shard::{BroadcastId, MediaEvent, PeerId, Role};
use signaling_wire::StreamId;
use tokio::sync::mpsc;

use super::{Hub, HubConfig, MediaSession, Watching};
use crate::{
    Inbounds,
    plane::{
        Plane,
        recorder::{Recorder, Told},
    },
    testing::{stream, stream_id},
};

/// A hub with one room, and the strings of its media plane.
struct Stage {
    hub: Hub,
    inbounds: Inbounds,
    recorder: Recorder,
    events: mpsc::Sender<MediaEvent>,
}

async fn stage() -> Stage {
    stage_with(HubConfig::default()).await
}

async fn stage_with(config: HubConfig) -> Stage {
    let recorder = Recorder::default();
    let (events, heard) = mpsc::channel(64);
    let plane = Plane::Recorder(recorder.clone());
    let (hub, inbounds) = Hub::over(config, plane, heard);
    hub.open_room(stream(1)).await;
    Stage {
        hub,
        inbounds,
        recorder,
        events,
    }
}

/// The session of an offer that was answered.
fn answered(watching: Result<Watching, crate::MediaRefusal>) -> MediaSession {
    match watching.unwrap() {
        Watching::Answered(session) => session,
        Watching::Countered(counter) => panic!("{counter:?}"),
    }
}

impl Stage {
    fn room(&self) -> StreamId {
        stream_id(1)
    }

    async fn event(&self, event: MediaEvent) {
        self.events.send(event).await.unwrap();
    }

    fn last_accepted(&self) -> (BroadcastId, PeerId) {
        let told = self.recorder.told();
        let accepted = told.iter().rev().find_map(|told| match told {
            Told::Accept(_, broadcast, peer) => Some((*broadcast, *peer)),
            _ => None,
        });
        accepted.unwrap()
    }

    /// Waits until the media plane was told something.
    async fn told(&self, wanted: impl Fn(&Told) -> bool) -> Told {
        self.until(|stage| stage.recorder.told().into_iter().find(&wanted))
            .await
    }

    /// Waits until something is there.
    async fn until<T>(&self, look: impl Fn(&Self) -> Option<T>) -> T {
        for _ in 0..2_000 {
            if let Some(found) = look(self) {
                return found;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("waited in vain");
    }

    /// A publisher whose media flows.
    async fn go_live(&self) -> (BroadcastId, PeerId) {
        self.hub.publish_offer(self.room(), "offer").await.unwrap();
        let (broadcast, peer) = self.last_accepted();
        self.event(MediaEvent::Connected {
            peer,
            broadcast,
            role: Role::Publisher,
        })
        .await;
        self.event(MediaEvent::MediaStarted {
            peer,
            broadcast,
            video: None,
            audio: None,
        })
        .await;
        self.until(|stage| stage.hub.presence(stage.room()).filter(|now| now.live))
            .await;
        (broadcast, peer)
    }

    /// A viewer whose lanes work.
    async fn watch(&self, identity: Option<crate::Identity>) -> (BroadcastId, PeerId) {
        self.hub
            .watch_offer(self.room(), "offer", identity)
            .await
            .unwrap();
        let (broadcast, peer) = self.last_accepted();
        self.event(MediaEvent::Connected {
            peer,
            broadcast,
            role: Role::Viewer,
        })
        .await;
        self.event(MediaEvent::LanesOpen { peer, broadcast }).await;
        self.told(|told| matches!(told, Told::Open(opened, _) if *opened == peer))
            .await;
        (broadcast, peer)
    }
}
