//! The hub over real shards: lanes that open, carry a room, and close, over real sockets.
#![allow(clippy::unwrap_used)]

#[path = "media_plane/client.rs"]
mod client;

use std::time::Duration;

use media_core::peer::Role;
use media_shard::Config;
use signaling_hub::{Hub, HubConfig, Identity, Inbounds, SessionKind, Watching};
use signaling_wire::{
    ClientFrame, Lane, SellerId, ServerFrame, StreamId, UserId, decode_server, encode_client,
    frame::{
        chat::{Backlog, Batch, Say},
        control::{ByeReason, Seller, Stream},
        shop::Unpinned,
    },
};

use client::{Endpoint, Offering};

fn room() -> StreamId {
    StreamId::from_parts(7, 1)
}

async fn hub() -> (Hub, Inbounds, media_shard::Threads) {
    let bind = "127.0.0.1".parse().unwrap();
    let config = Config {
        bind,
        udp_port: 0,
        tcp_port: None,
        shards: 2,
        advertise: Vec::new(),
    };
    let (media, events, threads) = media_shard::start(config).unwrap();
    let (hub, inbounds) = Hub::start(HubConfig::default(), media, events);
    let seller = Seller {
        id: SellerId::from_parts(7, 1),
        name: "Shop".to_owned(),
    };
    hub.open_room(Stream {
        id: room(),
        title: "Show".to_owned(),
        seller,
    })
    .await;
    (hub, inbounds, threads)
}

async fn publish(hub: &Hub, seed: u64) -> (Endpoint, String) {
    let mut changes = hub.subscribe_live();
    let offering = Offering::new(Role::Publisher, seed);
    let session = hub.publish_offer(room(), &offering.offer()).await.unwrap();
    let endpoint = offering.run(&session.answer);
    if !hub.presence(room()).unwrap().live {
        let change = tokio::time::timeout(Duration::from_secs(30), changes.recv()).await;
        assert!(change.unwrap().unwrap().live);
    }
    (endpoint, session.id)
}

async fn watch(hub: &Hub, seed: u64, identity: Option<Identity>) -> (Endpoint, String) {
    let offering = Offering::new(Role::Viewer, seed);
    let session = hub
        .watch_offer(room(), &offering.offer(), identity)
        .await
        .unwrap();
    let Watching::Answered(session) = session else {
        panic!("{session:?}")
    };
    (offering.run(&session.answer), session.id)
}

async fn frame(endpoint: &mut Endpoint) -> (Lane, ServerFrame) {
    let (lane, bytes) = endpoint.message().await.expect("the session is open");
    let received = decode_server(&bytes).unwrap();
    assert_eq!(
        received.lane.id(),
        lane,
        "what the frame says is where it came"
    );
    (received.lane, received.frame)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_travels_over_the_lanes() {
    let (hub, mut inbounds, threads) = hub().await;
    let (_publisher, _) = publish(&hub, 1).await;
    let (user, name) = (UserId::from_parts(7, 1), "Anna".to_owned());
    let anna = Identity {
        user,
        login: "".into(),
        name,
        admin: false,
        seller: false,
        expires_ms: u64::MAX,
    };
    let (mut viewer, _) = watch(&hub, 2, Some(anna.clone())).await;
    let (_, first) = frame(&mut viewer).await;
    let ServerFrame::Snapshot(snapshot) = first else {
        panic!("{first:?}")
    };
    assert!(snapshot.presence.live);

    let gone = Unpinned {
        card_id: signaling_wire::CardId::from_parts(7, 1),
    };
    let shop = ServerFrame::Unpinned(gone);
    let position = hub.publish(room(), shop.clone()).await.unwrap();
    assert!(position.seq > snapshot.seq);
    let batch = Batch {
        messages: Vec::new(),
    };
    hub.publish_chat(room(), Backlog::default(), batch.clone())
        .await
        .unwrap();
    let mut wanted = vec![shop, ServerFrame::Chat(batch)];
    while !wanted.is_empty() {
        let (_, frame) = frame(&mut viewer).await;
        wanted.retain(|other| *other != frame);
    }

    let say = ClientFrame::Say(Say {
        key: "k".to_owned(),
        body: "hi".to_owned(),
    });
    viewer.say(Lane::Chat.id(), encode_client(&say)).await;
    let said = tokio::time::timeout(Duration::from_secs(30), inbounds.chat.recv());
    let said = said.await.unwrap().unwrap();
    assert_eq!((said.frame, said.identity), (say, Some(anna)));

    hub.close_room(room()).await;
    let bye = loop {
        if let (_, ServerFrame::Bye(bye)) = frame(&mut viewer).await {
            break bye;
        }
    };
    assert_eq!(bye.reason, ByeReason::Ended);
    while viewer.message().await.is_some() {}
    threads.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn viewers_stay_through_a_takeover_and_are_counted() {
    let (hub, _inbounds, threads) = hub().await;
    let (mut first, _) = publish(&hub, 1).await;
    let (mut viewer, _) = watch(&hub, 2, None).await;
    let (other, name) = watch(&hub, 3, None).await;
    viewers(&mut viewer, 2).await;
    let mut changes = hub.subscribe_live();
    let (_second, session) = publish(&hub, 4).await;
    while first.message().await.is_some() {}
    assert!(hub.end_session(&name, SessionKind::Viewer).await);
    drop(other);
    viewers(&mut viewer, 1).await;
    assert!(changes.try_recv().is_err(), "live all the time");
    // The encoder stops: the viewers stay and hear of it.
    assert!(hub.end_session(&session, SessionKind::Publisher).await);
    loop {
        if let (_, ServerFrame::Presence(presence)) = frame(&mut viewer).await
            && !presence.live
        {
            break;
        }
    }
    viewer.leave();
    let emptied = async {
        while hub.presence(room()).unwrap().viewers > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(40), emptied)
        .await
        .unwrap();
    threads.stop();
}

async fn viewers(viewer: &mut Endpoint, wanted: u32) {
    loop {
        let seen = match frame(viewer).await.1 {
            ServerFrame::Presence(presence) => presence.viewers,
            ServerFrame::Snapshot(snapshot) => snapshot.presence.viewers,
            _ => continue,
        };
        if seen == wanted {
            return;
        }
    }
}
