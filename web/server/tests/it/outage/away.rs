//! F3: the database server is killed and started again while people watch, chat and buy.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use commerce_store::testing::{Database, Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{BACK_MAX, Trial, misled, percentile, told};
use crate::{
    api::Api,
    database,
    socket::Socket,
    souk::Souk,
    viewer::{PATIENCE, Viewer},
};

const BUYERS: usize = 4;
const ROUNDS: usize = 25;

/// Somebody signed in who chats by WebSocket.
struct Chatter(Socket);

impl Chatter {
    async fn join(souk: &Souk, api: &Api) -> Self {
        let mut socket = Socket::open(&souk.ready).await;
        socket.send("auth", json!({ "token": api.token() })).await;
        let known = |frame: &Value| frame["t"] == "session" && !frame["d"]["user"].is_null();
        socket.frame("a known session", known).await;
        Self(socket)
    }

    /// Says something and hears it, as everybody in the room does.
    async fn chats(&mut self, key: &str) {
        let say = json!({ "key": key, "body": "still there?" });
        self.0.send("say", say).await;
        let said = |frame: &Value| {
            let messages = frame["d"]["messages"].as_array();
            let heard = |messages: &Vec<Value>| messages.iter().any(|one| one["key"] == key);
            frame["t"] == "chat" && messages.is_some_and(heard)
        };
        self.0.frame("what was said", said).await;
    }
}

/// Waits for more picture than there was.
async fn sees_more(viewer: &Viewer) {
    let seen = || viewer.received.video_packets.load(Ordering::Relaxed);
    let before = seen();
    let more = async {
        while seen() < before + 60 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, more).await.unwrap();
}

async fn readiness(api: &Api) -> StatusCode {
    api.request(Method::GET, "/readyz")
        .send()
        .await
        .unwrap()
        .status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f3_buyers_are_told_to_come_back_and_everything_else_goes_on() {
    if !database::is_mariadb() {
        println!("skipped: SOUK_TEST_DATABASE=mariadb runs it");
        return;
    }
    let server = Server::start().await;
    let schema = Database::on(&server).await;
    let data = TempDir::new().unwrap();
    let keys = database::keys_of(schema.config());
    let keys: Vec<(&str, &str)> = keys.iter().map(|(key, value)| (*key, &**value)).collect();
    let souk = Souk::configured(&["--data-dir", data.path().to_str().unwrap()], &keys);
    let trial = Trial::new(souk, BUYERS, Some(data)).await;
    let ready = &trial.souk.ready;
    let viewer = Viewer::plain(ready, &Api::anonymous(ready)).await;
    viewer.sees_media().await;
    let mut chatter = Chatter::join(&trial.souk, &trial.buyers[0]).await;
    chatter.chats("before").await;

    let before = trial.rush("before", 3).await;
    // The control: the judge of the outage does not take orders for refusals.
    assert!(!misled(&before).is_empty(), "{before:?}");

    server.kill();
    let (meanwhile, (), ()) = tokio::join!(
        trial.rush("away", ROUNDS),
        chatter.chats("meanwhile"),
        sees_more(&viewer),
    );
    assert!(misled(&meanwhile).is_empty(), "{:?}", misled(&meanwhile));
    assert_eq!(readiness(&trial.seller).await, 503);
    chatter.chats("again").await;

    server.resume().await;
    let returned = Instant::now();
    let first = trial.buy_in_the_end(0, "first").await;
    let back = returned.elapsed();
    while readiness(&trial.seller).await != 200 {
        assert!(returned.elapsed() < BACK_MAX, "never ready again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!(
        "F3: away, {} buyers were told within p50 {:?}, p99 {:?}, max {:?}; back after {back:?}",
        meanwhile.len(),
        percentile(&meanwhile, 50),
        percentile(&meanwhile, 99),
        percentile(&meanwhile, 100),
    );

    // Everybody repeats what was refused, with the key that was refused.
    let mut told = told(&before);
    told.insert((0, "first".to_owned()), first);
    for answer in before.iter().chain(&meanwhile) {
        let order = trial.buy_in_the_end(answer.buyer, &answer.key).await;
        told.insert((answer.buyer, answer.key.clone()), order);
    }
    assert_eq!(trial.audit(&told).await, Vec::<String>::new());
    // The control of the audit: an order that nobody has is missed.
    told.insert((1, "none".to_owned()), "ord_none".to_owned());
    assert_eq!(trial.audit(&told).await.len(), 1);

    chatter.chats("after").await;
    sees_more(&viewer).await;
    viewer.leave().await;
    all_is_kept(&schema).await;
}

/// What was said without the database is in it by and by.
async fn all_is_kept(schema: &Database) {
    let store = commerce_store::Store::open_beside(schema.config()).await;
    let store = store.unwrap();
    let wanted = ["before", "meanwhile", "again", "after"];
    let until = Instant::now() + BACK_MAX;
    loop {
        let keys = commerce_store::sql::query("SELECT \"key\" FROM chat_message ORDER BY id")
            .fetch_values::<String>(store.reader())
            .await
            .unwrap();
        if keys == wanted {
            return;
        }
        assert!(Instant::now() < until, "kept only {keys:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
