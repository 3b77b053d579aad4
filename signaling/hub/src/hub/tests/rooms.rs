//! Rooms open, close, fail, and leave the others alone.

use signaling_wire::{ServerFrame, frame::control::ByeReason};

use super::stage;
use crate::{
    SocketReceiver,
    room_task::Command,
    testing::{card, find, next, read, shelf, stream, stream_id},
};

async fn bye(rx: &mut SocketReceiver) -> (ByeReason, bool) {
    find(rx, |frame| match frame {
        ServerFrame::Bye(bye) => Some((bye.reason, bye.reconnect)),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_room_opens_once_and_follows_its_stream() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    hub.set_shelf(id, shelf(2)).await;
    let mut renamed = stream(1);
    renamed.title = "Other".to_owned();
    hub.open_room(renamed.clone()).await;
    let ServerFrame::Snapshot(snapshot) = read(&hub.snapshot(id).await.unwrap()).frame else {
        panic!("not a snapshot");
    };
    assert_eq!((snapshot.stream, snapshot.shop.cards.len()), (renamed, 2));
    assert_eq!(hub.rooms(), vec![id]);
    assert!(
        hub.presence(stream_id(2)).is_none() && hub.join_socket(stream_id(2), None).await.is_none()
    );
    assert!(
        hub.publish(stream_id(2), ServerFrame::Card(card(1)))
            .await
            .is_none()
    );
}

#[tokio::test]
async fn newly_opened_rooms_are_announced() {
    let stage = stage().await;
    let mut opened = stage.hub.subscribe_rooms();
    stage.hub.open_room(stream(1)).await;
    stage.hub.open_room(stream(2)).await;
    assert_eq!(opened.recv().await.unwrap(), stream_id(2));
}

#[tokio::test]
async fn a_closed_room_says_goodbye_for_good() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let mut socket = hub.join_socket(id, None).await.unwrap();
    hub.close_room(id).await;
    assert!(hub.snapshot(id).await.is_none() && hub.presence(id).is_none());
    assert!(hub.join_socket(id, None).await.is_none());
    assert_eq!(bye(&mut socket.rx).await, (ByeReason::Ended, false));
    assert!(next(&mut socket.rx).await.is_none());
    hub.close_room(id).await;
    hub.open_room(stream(1)).await;
    assert!(hub.join_socket(id, None).await.is_some());
}

#[tokio::test]
async fn a_shutdown_asks_everyone_to_come_back() {
    let stage = stage().await;
    stage.hub.open_room(stream(2)).await;
    let mut sockets = Vec::new();
    for n in 1..=2 {
        sockets.push(stage.hub.join_socket(stream_id(n), None).await.unwrap());
    }
    stage.hub.shutdown().await;
    for mut socket in sockets {
        assert_eq!(bye(&mut socket.rx).await, (ByeReason::Restart, true));
    }
    assert!(stage.hub.rooms().is_empty());
}

#[tokio::test]
async fn a_failed_room_comes_back_with_its_state_and_no_other_notices() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    hub.open_room(stream(2)).await;
    hub.set_shelf(id, shelf(3)).await;
    let mut here = hub.join_socket(id, None).await.unwrap();
    let mut there = hub.join_socket(stream_id(2), None).await.unwrap();
    let before = epoch(&hub.snapshot(id).await.unwrap());
    hub.tell(id, Command::Panic).await;
    assert_eq!(bye(&mut here.rx).await, (ByeReason::Restart, true));
    assert!(next(&mut here.rx).await.is_none());
    hub.publish(stream_id(2), ServerFrame::Card(card(1)))
        .await
        .unwrap();
    find(&mut there.rx, |frame| {
        matches!(frame, ServerFrame::Card(_)).then_some(())
    })
    .await;
    stage.until(|stage| stage.hub.presence(id)).await;
    let mut again = hub.join_socket(id, None).await.unwrap();
    let ServerFrame::Snapshot(snapshot) = next(&mut again.rx).await.unwrap().frame else {
        panic!("not a snapshot");
    };
    assert_eq!(snapshot.shop.cards.len(), 3);
    assert!(
        snapshot.epoch.0 > before,
        "positions of two lives do not compare"
    );
    assert_eq!(
        hub.publish(id, ServerFrame::Card(card(4)))
            .await
            .unwrap()
            .epoch,
        snapshot.epoch
    );
}

fn epoch(snapshot: &bytes::Bytes) -> u64 {
    match read(snapshot).frame {
        ServerFrame::Snapshot(snapshot) => snapshot.epoch.0,
        other => panic!("{other:?}"),
    }
}
