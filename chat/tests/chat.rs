//! The chat over a real hub and a real database: said once, kept, shown to newcomers.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use chat::{Chat, ChatConfig};
use commerce_store::{
    Store,
    sql::Dialect,
    testing::{self, Database, Server},
};
use signaling_hub::{Hub, HubConfig, Identity, SocketSession};
use signaling_wire::{
    ClientFrame, Code, SellerId, ServerFrame, StreamId, UserId, decode_server, encode_client,
    frame::{
        Refused,
        chat::{Badge, Message, Say},
        control::{Seller, Stream},
    },
};

struct Stage {
    hub: Hub,
    store: Store,
    chat: Chat,
}

fn room() -> StreamId {
    StreamId::from_parts(7, 1)
}

fn stream() -> Stream {
    let seller = Seller {
        id: SellerId::from_parts(7, 1),
        name: "Shop".to_owned(),
    };
    Stream {
        id: room(),
        title: "Show".to_owned(),
        seller,
    }
}

fn user(n: u128) -> Identity {
    let (user, name) = (UserId::from_parts(7, n), format!("user {n}"));
    Identity {
        user,
        login: "".into(),
        name,
        admin: n == 9,
        seller: n == 8,
        expires_ms: u64::MAX,
    }
}

async fn stage(database: &Database) -> Stage {
    let store = database.open().await;
    let (hub, inbounds) = Hub::without_media(HubConfig::default());
    let chat = Chat::start(
        ChatConfig::default(),
        hub.clone(),
        store.clone(),
        inbounds.chat,
    );
    hub.open_room(stream()).await;
    Stage { hub, store, chat }
}

impl Stage {
    async fn join(&self, n: u128) -> SocketSession {
        self.hub.join_socket(room(), Some(user(n))).await.unwrap()
    }

    async fn say(&self, socket: &SocketSession, key: &str, body: &str) {
        let say = Say {
            key: key.to_owned(),
            body: body.to_owned(),
        };
        let bytes = encode_client(&ClientFrame::Say(say));
        self.hub.socket_frame(room(), socket.key, &bytes).await;
    }

    async fn stop(self) {
        self.chat.stop().await;
        self.hub.shutdown().await;
        self.store.close().await;
    }

    /// What a newcomer is shown, once it is what is wanted.
    async fn shown(&self, wanted: usize) -> Vec<Message> {
        for _ in 0..2_000 {
            let bytes = self.hub.snapshot(room()).await.unwrap();
            let ServerFrame::Snapshot(snapshot) = decode_server(&bytes).unwrap().frame else {
                panic!("not a snapshot");
            };
            if snapshot.chat.messages.len() == wanted {
                return snapshot.chat.messages;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never {wanted} messages");
    }
}

async fn next(socket: &mut SocketSession) -> ServerFrame {
    let next = tokio::time::timeout(Duration::from_secs(60), socket.rx.recv()).await;
    decode_server(&next.unwrap().unwrap()).unwrap().frame
}

/// Messages until there are `count` of them.
async fn heard(socket: &mut SocketSession, count: usize) -> Vec<Message> {
    let mut messages = Vec::new();
    while messages.len() < count {
        if let ServerFrame::Chat(batch) = next(socket).await {
            messages.extend(batch.messages);
        }
    }
    messages
}

async fn refused(socket: &mut SocketSession) -> Refused {
    loop {
        if let ServerFrame::Error(refused) = next(socket).await {
            return refused;
        }
    }
}

#[tokio::test]
async fn what_one_says_all_hear() {
    let database = Database::fresh().await;
    let stage = stage(&database).await;
    let (mut anna, mut host) = (stage.join(1).await, stage.join(8).await);
    stage.say(&anna, "k1", "  <b>안녕</b>\u{202e} ").await;
    for socket in [&mut anna, &mut host] {
        let message = heard(socket, 1).await.remove(0);
        assert_eq!((&*message.body, &*message.key), ("<b>안녕</b>", "k1"));
        assert_eq!(
            (message.user_id, &*message.name, message.badge),
            (user(1).user, "user 1", None)
        );
    }
    stage.say(&host, "k1", "welcome").await;
    assert_eq!(heard(&mut anna, 1).await[0].badge, Some(Badge::Host));
    let admin = stage.join(9).await;
    stage.say(&admin, "k1", "rules").await;
    assert_eq!(heard(&mut anna, 1).await[0].badge, Some(Badge::Admin));
    assert_eq!(stage.shown(3).await.len(), 3);
    stage.stop().await;
}

#[tokio::test]
async fn a_key_is_said_once_even_after_a_restart() {
    let database = Database::fresh().await;
    let first = stage(&database).await;
    let mut anna = first.join(1).await;
    for key in ["k1", "k1", "k2", "k1"] {
        first.say(&anna, key, "hi").await;
    }
    let said = heard(&mut anna, 2).await;
    assert_eq!((&*said[0].key, &*said[1].key), ("k1", "k2"));
    first.stop().await;

    let second = stage(&database).await;
    let mut anna = second.join(1).await;
    second.say(&anna, "k1", "hi").await;
    second.say(&anna, "k3", "hi").await;
    // The repeat would have come first.
    assert_eq!(&*heard(&mut anna, 1).await[0].key, "k3");
    assert_eq!(second.shown(3).await.len(), 3);
    second.stop().await;
}

#[tokio::test]
async fn newcomers_see_what_was_said_before_a_restart() {
    let database = Database::fresh().await;
    let first = stage(&database).await;
    let mut listener = first.join(0).await;
    let mut said = Vec::new();
    for n in 0..60 {
        // Five each, so that nobody is too fast.
        let speaker = first.join(10 + n / 5).await;
        first
            .say(&speaker, &format!("k{n}"), &format!("message {n}"))
            .await;
        said.extend(heard(&mut listener, 1).await);
    }
    let shown = first.shown(50).await;
    assert_eq!(shown, said[10..]);
    first.stop().await;

    let second = stage(&database).await;
    assert_eq!(second.shown(50).await, shown);
    second.stop().await;
}

#[tokio::test]
async fn refusals_come_back_by_their_key_and_nobody_hears_them() {
    let database = Database::fresh().await;
    let stage = stage(&database).await;
    let (mut anna, mut other) = (stage.join(1).await, stage.join(2).await);
    stage.say(&anna, "empty", " ").await;
    let no = refused(&mut anna).await;
    assert_eq!(
        (no.key.as_deref(), no.problem.code),
        (Some("empty"), Code::ValidationError)
    );
    stage.say(&anna, "long", &"x".repeat(301)).await;
    assert_eq!(refused(&mut anna).await.key.as_deref(), Some("long"));
    for n in 0..6 {
        stage.say(&anna, &format!("k{n}"), "hi").await;
    }
    let no = refused(&mut anna).await;
    assert_eq!(
        (no.key.as_deref(), no.problem.code),
        (Some("k5"), Code::RateLimited)
    );
    let keys: Vec<String> = heard(&mut other, 5)
        .await
        .into_iter()
        .map(|said| said.key)
        .collect();
    assert_eq!(keys, ["k0", "k1", "k2", "k3", "k4"]);
    stage.stop().await;
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_said() {
    let database = Database::fresh().await;
    let stage = stage(&database).await;
    let mut anna = stage.join(1).await;
    // The chat has the room's backlog already when this answers.
    stage.say(&anna, "k1", "hi").await;
    heard(&mut anna, 1).await;
    stage.store.clone().close().await;
    stage.say(&anna, "k2", "hi").await;
    let no = refused(&mut anna).await;
    assert_eq!(
        (no.key.as_deref(), no.problem.code),
        (Some("k2"), Code::Busy)
    );
    assert_eq!(stage.shown(1).await[0].key, "k1");
    stage.chat.stop().await;
}

/// F3: chat goes on while the database is away; what was said is kept when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn chat_goes_on_without_the_database() {
    if testing::chosen() != Dialect::MariaDb {
        return;
    }
    let server = Server::start().await;
    let database = Database::on(&server).await;
    let first = stage(&database).await;
    let (anna, mut other) = (first.join(1).await, first.join(2).await);
    first.say(&anna, "k0", "before").await;
    heard(&mut other, 1).await;
    server.kill();
    for n in 1..4 {
        first.say(&anna, &format!("k{n}"), "meanwhile").await;
        assert_eq!(heard(&mut other, 1).await[0].key, format!("k{n}"));
    }
    server.resume().await;
    first.say(&anna, "k4", "after").await;
    heard(&mut other, 1).await;
    // Ending keeps what is owed; a second process finds all of it, in order.
    while first.store.ping().await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    first.stop().await;
    let second = stage(&database).await;
    let keys: Vec<String> = second.shown(5).await.into_iter().map(|m| m.key).collect();
    assert_eq!(keys, ["k0", "k1", "k2", "k3", "k4"]);
    second.stop().await;
}
