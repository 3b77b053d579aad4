//! Media sessions: their names, takeovers, live, lanes.

use bytes::Bytes;
use media_shard::{CloseReason, MediaEvent, OfferError, PeerId, Role};
use signaling_wire::{
    ClientFrame, Code, Lane, Problem, ServerFrame, encode_client,
    frame::{chat::Say, control::ByeReason},
};

use super::{Stage, answered, stage};
use crate::{
    LiveChange, MediaRefusal, SessionKind, clock,
    limits::{BAD_FRAMES_MAX, TAKEOVERS_MAX},
    plane::recorder::Told,
    testing::{card, identity, read, stream_id},
};

fn closed(broadcast: media_shard::BroadcastId, peer: PeerId, role: Role) -> MediaEvent {
    MediaEvent::Closed {
        peer,
        broadcast,
        role,
        reason: CloseReason::Remote,
    }
}

#[tokio::test]
async fn sessions_are_found_by_their_name_and_kind_only() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let (broadcast, _) = stage.go_live().await;
    let one = answered(hub.watch_offer(id, "offer", None).await);
    let two = answered(hub.watch_offer(id, "offer", None).await);
    assert!(one.id.len() * 6 >= 128 && one.id != two.id);
    let info = hub.session(&one.id, SessionKind::Viewer).unwrap();
    assert_eq!((info.stream, &info.etag), (id, &one.etag));
    assert_eq!(info.etag, format!("\"{}\"", info.ice_ufrag));
    assert!(hub.session(&one.id, SessionKind::Publisher).is_none());
    assert!(!hub.end_session(&one.id, SessionKind::Publisher).await);
    assert!(!hub.end_session("guess", SessionKind::Viewer).await);
    assert!(hub.end_session(&one.id, SessionKind::Viewer).await);
    assert!(!hub.end_session(&one.id, SessionKind::Viewer).await, "once");
    assert!(stage.recorder.told().contains(&Told::Close(PeerId(2))));
    // A peer that ends by itself takes its name with it.
    stage
        .event(closed(broadcast, PeerId(3), Role::Viewer))
        .await;
    stage
        .until(|stage| {
            stage
                .hub
                .session(&two.id, SessionKind::Viewer)
                .is_none()
                .then_some(())
        })
        .await;
}

#[tokio::test]
async fn refusals_say_what_is_wrong() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let refused = hub.watch_offer(id, "offer", None).await.unwrap_err();
    assert_eq!(refused, MediaRefusal::NotLive);
    assert_eq!(Problem::from(refused).code, Code::StreamNotLive);
    assert!(Problem::from(refused).retry_after.is_some());
    let refused = hub.publish_offer(stream_id(2), "offer").await.unwrap_err();
    assert_eq!(refused, MediaRefusal::NoRoom);
    let refused = hub.publish_offer(id, "bad").await.unwrap_err();
    assert_eq!(refused, MediaRefusal::Offer(OfferError::Malformed("bad")));
    assert_eq!(Problem::from(refused).code, Code::MalformedOffer);
}

#[tokio::test(start_paused = true)]
async fn after_three_takeovers_the_newcomer_waits() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    for _ in 0..=TAKEOVERS_MAX {
        hub.publish_offer(id, "offer").await.unwrap();
        // Offers that fail take nothing over.
        hub.publish_offer(id, "bad").await.unwrap_err();
    }
    let refused = hub.publish_offer(id, "offer").await.unwrap_err();
    assert_eq!(refused, MediaRefusal::PublisherConflict);
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    hub.publish_offer(id, "offer").await.unwrap();
}

#[tokio::test]
async fn live_lasts_through_a_takeover_and_ends_with_the_last_publisher() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let mut changes = hub.subscribe_live();
    let (broadcast, first) = stage.go_live().await;
    let change = changes.recv().await.unwrap();
    assert!(change.live && change.stream == id && change.started_ms > 0);
    let (stream, presence, started_ms) = hub.live_streams()[0];
    assert!(stream == id && presence.live && started_ms == change.started_ms);
    let (_, second) = stage.go_live().await;
    stage.event(closed(broadcast, first, Role::Publisher)).await;
    stage
        .event(closed(broadcast, second, Role::Publisher))
        .await;
    let over = changes.recv().await.unwrap();
    assert_eq!(
        over,
        LiveChange {
            live: false,
            ..change
        },
        "nothing in between"
    );
    assert!(hub.live_streams().is_empty());
    assert_eq!(
        hub.watch_offer(id, "offer", None).await.unwrap_err(),
        MediaRefusal::NotLive
    );
}

#[tokio::test]
async fn a_viewer_gets_the_snapshot_and_then_what_happens() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    stage.go_live().await;
    hub.publish(id, ServerFrame::Card(card(1))).await.unwrap();
    let anna = identity(1, clock::now_ms() + 60_000);
    let (_, peer) = stage.watch(Some(anna.clone())).await;
    let position = hub.publish(id, ServerFrame::Card(card(2))).await.unwrap();
    hub.send_to_user(id, anna.user, ServerFrame::Card(card(3)))
        .await;
    stage
        .told(|told| matches!(told, Told::Send(to, 1, _) if *to == peer))
        .await;
    let told = stage.recorder.told();
    let at = |wanted: &dyn Fn(&Told) -> bool| told.iter().position(wanted).unwrap();
    let open = at(&|told| matches!(told, Told::Open(opened, _) if *opened == peer));
    let session = at(&|told| matches!(told, Told::Send(to, 0, _) if *to == peer));
    let shop = at(&|told| matches!(told, Told::Broadcast(1, _)));
    assert!(
        open < session && session < shop,
        "nobody had lanes before: {told:?}"
    );
    let Told::Open(_, first) = &told[open] else {
        panic!("not open")
    };
    let ServerFrame::Snapshot(snapshot) = read(first).frame else {
        panic!("not a snapshot")
    };
    let Told::Broadcast(_, bytes) = &told[shop] else {
        panic!("not a broadcast")
    };
    assert_eq!(read(bytes).pos, Some(position));
    assert_eq!(position.prev, snapshot.lanes.shop);
    assert_eq!(hub.presence(id).unwrap().viewers, 1);
}

fn say(stage: &Stage, lane: u16, bytes: Bytes) -> MediaEvent {
    let (broadcast, peer) = stage.last_accepted();
    MediaEvent::Lane {
        peer,
        broadcast,
        lane,
        bytes,
    }
}

#[tokio::test]
async fn commands_on_lanes_reach_their_consumer() {
    let mut stage = stage().await;
    stage.go_live().await;
    let anna = identity(1, clock::now_ms() + 60_000);
    let (_, peer) = stage.watch(Some(anna.clone())).await;
    let frame = ClientFrame::Say(Say {
        key: "k".to_owned(),
        body: "hi".to_owned(),
    });
    stage
        .event(say(&stage, Lane::Chat.id(), encode_client(&frame)))
        .await;
    let said = stage.inbounds.chat.recv().await.unwrap();
    assert_eq!(
        (said.identity, said.via, &said.frame),
        (Some(anna), Lane::Chat, &frame)
    );
    // On another lane the same frame is refused there.
    stage
        .event(say(&stage, Lane::Shop.id(), encode_client(&frame)))
        .await;
    let refused = stage
        .told(|told| matches!(told, Told::Send(to, 1, _) if *to == peer))
        .await;
    let Told::Send(_, _, bytes) = refused else {
        panic!("not sent")
    };
    let ServerFrame::Error(refused) = read(&bytes).frame else {
        panic!("not refused")
    };
    assert_eq!(
        (refused.key.as_deref(), refused.problem.code),
        (Some("k"), Code::UnknownFrame)
    );
}

#[tokio::test]
async fn a_peer_that_talks_nonsense_is_closed() {
    let stage = stage().await;
    stage.go_live().await;
    let (_, peer) = stage.watch(None).await;
    for n in 0..BAD_FRAMES_MAX {
        assert!(
            !stage.recorder.told().contains(&Told::Close(peer)),
            "closed after {n}"
        );
        stage.event(say(&stage, 3, Bytes::from_static(b"?"))).await;
    }
    stage.told(|told| *told == Told::Close(peer)).await;
    let told = stage.recorder.told();
    let goodbye = told.iter().rev().find_map(|told| match told {
        Told::Send(to, 0, bytes) if *to == peer => Some(read(bytes).frame),
        _ => None,
    });
    let Some(ServerFrame::Bye(bye)) = goodbye else {
        panic!("{goodbye:?}")
    };
    assert!(bye.reason == ByeReason::Protocol && !bye.reconnect);
}

#[tokio::test]
async fn a_closed_room_closes_its_peers_after_a_goodbye() {
    let stage = stage().await;
    let (_, publisher) = stage.go_live().await;
    let (_, viewer) = stage.watch(None).await;
    let mut changes = stage.hub.subscribe_live();
    stage.hub.close_room(stage.room()).await;
    stage.told(|told| *told == Told::Close(publisher)).await;
    stage.told(|told| *told == Told::Close(viewer)).await;
    let told = stage.recorder.told();
    let bye = told.iter().find_map(|told| match told {
        Told::Broadcast(0, bytes) => match read(bytes).frame {
            ServerFrame::Bye(bye) => Some(bye.reason),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(bye, Some(ByeReason::Ended));
    let personal = told
        .iter()
        .any(|told| matches!(told, Told::Send(to, ..) if *to == viewer));
    assert!(!personal, "one goodbye is enough");
    assert!(!changes.recv().await.unwrap().live);
}
