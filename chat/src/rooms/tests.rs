//! Batches: what goes out, in which frames, and what happens when nothing could be kept.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use signaling_hub::{Hub, HubConfig, Identity, Inbound};
use signaling_wire::{
    ChatMessageId, ClientFrame, Code, Lane, SellerId, ServerFrame, StreamId, UserId, encode_client,
    encode_server,
    frame::{
        chat::Say,
        control::{Seller, Stream},
    },
};

use super::Rooms;
use crate::limits::FRAME_MESSAGES_MAX;

fn room(n: u128) -> StreamId {
    StreamId::from_parts(7, n)
}

/// Messages as the hub hands them over, since nobody else can name a session.
async fn inbound(stream: StreamId, user: u128, key: &str, body: &str) -> Inbound {
    let (hub, mut inbounds) = Hub::without_media(HubConfig::default());
    let seller = Seller {
        id: SellerId::from_parts(7, 1),
        name: "Shop".to_owned(),
    };
    hub.open_room(Stream {
        id: stream,
        title: "Show".to_owned(),
        seller,
    })
    .await;
    let (user, name) = (UserId::from_parts(7, user), "😀".repeat(64));
    let identity = Identity {
        user,
        login: "".into(),
        name,
        admin: false,
        seller: true,
        expires_ms: u64::MAX,
    };
    let socket = hub.join_socket(stream, Some(identity)).await.unwrap();
    let say = Say {
        key: key.to_owned(),
        body: body.to_owned(),
    };
    hub.socket_frame(stream, socket.key, &encode_client(&ClientFrame::Say(say)))
        .await;
    inbounds.chat.recv().await.unwrap()
}

fn ids(rooms: &Rooms) -> Vec<ChatMessageId> {
    rooms
        .batch()
        .iter()
        .map(|(_, message)| message.id)
        .collect()
}

#[tokio::test]
async fn frames_fit_a_data_channel_and_keep_the_order() {
    let mut rooms = Rooms::default();
    rooms.open(room(1), Vec::new());
    let (key, body) = ("\"".repeat(250), "😀".repeat(300));
    for n in 0..40 {
        let message = inbound(room(1), n, &format!("{key}{n}"), &body).await;
        rooms.take(message, Instant::now(), 5, 0).unwrap();
    }
    let fresh = ids(&rooms);
    let told = rooms.kept(&fresh);
    let (stream, frames) = &told[0];
    assert_eq!(
        (*stream, frames.len()),
        (room(1), 40_usize.div_ceil(FRAME_MESSAGES_MAX))
    );
    let mut said = Vec::new();
    for (backlog, batch) in frames {
        let frame = ServerFrame::Chat(batch.clone());
        assert!(encode_server(Lane::Chat, None, &frame).len() < 64 * 1024);
        said.extend(batch.messages.iter().map(|message| message.id));
        let last = backlog.messages.last().map(|message| message.id);
        assert_eq!(
            last,
            said.last().copied(),
            "the snapshot goes as far as the frame"
        );
    }
    assert_eq!(said, fresh);
    assert_eq!(rooms.waiting(), 0);
}

#[tokio::test]
async fn rooms_hear_their_own_messages_and_only_fresh_ones() {
    let mut rooms = Rooms::default();
    for n in 1..=2 {
        rooms.open(room(n), Vec::new());
        for key in ["old", "new"] {
            let message = inbound(room(n), 1, key, &format!("room {n}")).await;
            rooms.take(message, Instant::now(), 5, 0).unwrap();
        }
    }
    let fresh: Vec<_> = ids(&rooms).into_iter().skip(1).step_by(2).collect();
    let told = rooms.kept(&fresh);
    assert_eq!(told.len(), 2);
    for (n, (stream, frames)) in (1..).zip(&told) {
        assert_eq!(*stream, room(n));
        let messages = &frames[0].1.messages;
        assert_eq!((messages.len(), &*messages[0].key), (1, "new"));
        assert_eq!(messages[0].body, format!("room {n}"));
    }
}

#[tokio::test]
async fn a_lost_batch_may_be_said_again() {
    let mut rooms = Rooms::default();
    rooms.open(room(1), Vec::new());
    let message = inbound(room(1), 1, "k", "hi").await;
    for _ in 0..10 {
        rooms.take(message.clone(), Instant::now(), 5, 0).unwrap();
        let lost = rooms.lost();
        assert_eq!((lost.len(), lost[0].problem.code), (1, Code::Busy));
        assert_eq!(lost[0].key.as_deref(), Some("k"));
    }
    rooms.take(message.clone(), Instant::now(), 5, 0).unwrap();
    rooms.take(message, Instant::now(), 5, 0).unwrap();
    assert_eq!(rooms.waiting(), 1, "a repeat does not wait");
}

#[tokio::test]
async fn rooms_that_closed_are_forgotten() {
    let mut rooms = Rooms::default();
    rooms.open(room(1), Vec::new());
    rooms.retain(|_| false);
    assert!(!rooms.knows(room(1)));
    let message = inbound(room(1), 1, "k", "hi").await;
    let refused = rooms.take(message, Instant::now(), 5, 0).unwrap_err();
    assert_eq!(refused.problem.code, Code::Busy);
}
