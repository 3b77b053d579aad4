//! A socket that does not read costs nobody but itself.

use signaling_wire::{
    ServerFrame,
    frame::{
        chat::{Backlog, Batch},
        control::ByeReason,
    },
};

use super::stage;
use crate::testing::{card, find, message, next};

#[tokio::test]
async fn too_slow_for_the_shop_is_closed_and_the_others_go_on() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let mut slow = hub.join_socket(id, None).await.unwrap();
    let mut quick = hub.join_socket(id, None).await.unwrap();
    next(&mut quick.rx).await.unwrap();
    let bytes = 400;
    for no in 1..=2 * 256 * 1024 / bytes {
        hub.publish(id, ServerFrame::Card(card(no))).await.unwrap();
        find(&mut quick.rx, |frame| {
            matches!(frame, ServerFrame::Card(_)).then_some(())
        })
        .await;
    }
    let bye = next(&mut slow.rx).await.unwrap().frame;
    let ServerFrame::Bye(bye) = bye else {
        panic!("{bye:?}")
    };
    assert!(bye.reason == ByeReason::SlowReader && bye.reconnect);
    assert!(
        next(&mut slow.rx).await.is_none(),
        "then the socket is closed"
    );
    stage
        .until(|stage| stage.hub.presence(id).filter(|now| now.viewers == 1))
        .await;
}

#[tokio::test]
async fn chat_that_a_slow_socket_missed_shows_as_a_gap() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let mut slow = hub.join_socket(id, None).await.unwrap();
    let mut messages: Vec<_> = (0..50).map(message).collect();
    for message in &mut messages {
        message.body = "x".repeat(300);
    }
    let batch = Batch { messages };
    let rounds = 40;
    for _ in 0..rounds {
        hub.publish_chat(id, Backlog::default(), batch.clone())
            .await
            .unwrap();
    }
    // Nothing is read so far; the shop still gets through.
    hub.publish(id, ServerFrame::Card(card(1))).await.unwrap();
    let (mut batches, mut last) = (0, 0);
    loop {
        let received = next(&mut slow.rx).await.unwrap();
        match received.frame {
            ServerFrame::Chat(_) => {
                batches += 1;
                let pos = received.pos.unwrap();
                assert_eq!(pos.prev, last, "no gap among those that were kept");
                last = pos.seq;
            }
            ServerFrame::Card(_) => break,
            _ => {}
        }
    }
    assert!(batches < rounds, "{batches} of {rounds} fit into the queue");
    let position = hub
        .publish_chat(id, Backlog::default(), batch)
        .await
        .unwrap();
    let prev = loop {
        let received = next(&mut slow.rx).await.unwrap();
        if matches!(received.frame, ServerFrame::Chat(_)) {
            break received.pos.unwrap().prev;
        }
    };
    assert_eq!(prev, position.prev);
    assert_ne!(prev, last, "the reader sees that something is missing");
}

#[tokio::test]
async fn a_socket_that_hung_up_is_forgotten() {
    let stage = stage().await;
    let (hub, id) = (&stage.hub, stage.room());
    let one = hub.join_socket(id, None).await.unwrap();
    let two = hub.join_socket(id, None).await.unwrap();
    assert_eq!(hub.presence(id).unwrap().viewers, 2);
    drop(one);
    stage
        .until(|stage| stage.hub.presence(id).filter(|now| now.viewers == 1))
        .await;
    hub.leave_socket(id, two.key).await;
    stage
        .until(|stage| stage.hub.presence(id).filter(|now| now.viewers == 0))
        .await;
}

#[tokio::test]
async fn a_full_room_takes_no_more_sockets() {
    let config = crate::HubConfig {
        sockets_per_room: 1,
        ..crate::HubConfig::default()
    };
    let (hub, _inbounds) = crate::Hub::without_media(config);
    hub.open_room(crate::testing::stream(1)).await;
    let id = crate::testing::stream_id(1);
    let one = hub.join_socket(id, None).await.unwrap();
    assert!(hub.join_socket(id, None).await.is_none());
    hub.leave_socket(id, one.key).await;
    assert!(hub.join_socket(id, None).await.is_some());
}
