//! What viewers keep when their host is cut off, and how many there may be.

use std::time::Duration;

use media_shard::{BroadcastId, CloseReason, MediaEvent, PeerId, Role};

use super::{Stage, answered, stage, stage_with};
use crate::{HubConfig, MediaRefusal, SessionKind, limits::LIVE_GRACE, plane::recorder::Told};

async fn lose(stage: &Stage, broadcast: BroadcastId, peer: PeerId, role: Role) {
    let reason = CloseReason::Timeout;
    stage
        .event(MediaEvent::Closed {
            peer,
            broadcast,
            role,
            reason,
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn f11_a_host_that_returns_in_time_finds_its_viewers() {
    let stage = stage().await;
    let (broadcast, host) = stage.go_live().await;
    let (_, viewer) = stage.watch(None).await;
    let mut changes = stage.hub.subscribe_live();
    lose(&stage, broadcast, host, Role::Publisher).await;
    tokio::time::sleep(LIVE_GRACE - Duration::from_secs(1)).await;
    // Newcomers are let in meanwhile: the picture is about to return.
    let late = stage.hub.watch_offer(stage.room(), "offer", None).await;
    let late = answered(late);
    stage.go_live().await;
    tokio::time::sleep(10 * LIVE_GRACE).await;
    assert!(changes.try_recv().is_err(), "live all the time");
    assert!(stage.hub.session(&late.id, SessionKind::Viewer).is_some());
    assert!(!stage.recorder.told().contains(&Told::Close(viewer)));
}

#[tokio::test(start_paused = true)]
async fn f11_a_host_that_stays_away_ends_live_but_not_the_viewers() {
    let stage = stage().await;
    let (broadcast, host) = stage.go_live().await;
    let (_, viewer) = stage.watch(None).await;
    let mut changes = stage.hub.subscribe_live();
    assert!(stage.hub.is_published(stage.room()));
    lose(&stage, broadcast, host, Role::Publisher).await;
    tokio::time::sleep(LIVE_GRACE - Duration::from_millis(500)).await;
    assert!(changes.try_recv().is_err(), "within the grace");
    assert!(!stage.hub.is_published(stage.room()), "known at once");
    assert!(!changes.recv().await.unwrap().live);
    let refused = stage.hub.watch_offer(stage.room(), "offer", None).await;
    assert_eq!(refused.unwrap_err(), MediaRefusal::NotLive);
    assert!(!stage.recorder.told().contains(&Told::Close(viewer)));
    assert_eq!(stage.hub.presence(stage.room()).unwrap().viewers, 1);
}

#[tokio::test]
async fn a_full_server_refuses_viewers_until_one_leaves() {
    let config = HubConfig {
        viewers_max: 1,
        ..HubConfig::default()
    };
    let stage = stage_with(config).await;
    let (broadcast, _) = stage.go_live().await;
    let (_, viewer) = stage.watch(None).await;
    let room = stage.room();
    let refused = stage.hub.watch_offer(room, "offer", None).await;
    assert_eq!(refused.unwrap_err(), MediaRefusal::Full);
    // A host is no viewer.
    stage.hub.publish_offer(room, "offer").await.unwrap();
    lose(&stage, broadcast, viewer, Role::Viewer).await;
    stage
        .until(|stage| (stage.hub.presence(room)?.viewers == 0).then_some(()))
        .await;
    stage.hub.watch_offer(room, "offer", None).await.unwrap();
}
