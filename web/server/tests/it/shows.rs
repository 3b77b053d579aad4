//! What a host arranges in a show: announcement, queue, chips, and the record of it all.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    api::{Api, refusal},
    souk::Souk,
    viewer::PATIENCE,
};

async fn send(api: &Api, method: Method, path: &str, body: Value) -> Response {
    api.request(method, path).json(&body).send().await.unwrap()
}

async fn queue(api: &Api, cards: &str) -> Vec<String> {
    let list = api.get(cards).await;
    let rows = list["data"].as_array().unwrap().iter();
    rows.map(|card| card["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_assistant_arranges_the_queue_but_not_the_show() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let stream = format!("/api/streams/{}", ready.stream_id);
    let cards = format!("{stream}/cards");
    let helper = Api::signed_in(ready, ready.account("assistant", 0)).await;
    let mut ids = queue(&helper, &cards).await;
    ids.reverse();
    let path = format!("{cards}/order");
    let order = send(&helper, Method::PUT, &path, json!({ "cards": ids })).await;
    assert_eq!(order.status(), 200);
    assert_eq!(queue(&helper, &cards).await, ids);
    // The room hears of it from the outbox.
    let told = async {
        loop {
            let room = helper.get(&format!("{stream}/room")).await;
            if room["d"]["shop"]["cards"][0]["id"] == ids[0].as_str() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, told).await.unwrap();
    for (wrong, why) in [
        (json!(ids[1..]), "one is missing"),
        (json!([&ids[..], &ids[..1]].concat()), "one is there twice"),
    ] {
        let path = format!("{cards}/order");
        let answer = send(&helper, Method::PUT, &path, json!({ "cards": wrong })).await;
        assert_eq!(refusal(answer).await.1, "validation_error", "{why}");
    }
    for (n, id) in ids.iter().take(3).enumerate() {
        let path = format!("{cards}/{id}/highlight");
        let answer = send(&helper, Method::POST, &path, json!({})).await;
        assert_eq!(answer.status(), if n < 2 { 200 } else { 409 });
    }
    let first = format!("{cards}/{}", ids[0]);
    let off = json!({ "highlighted": false });
    assert_eq!(
        send(&helper, Method::PATCH, &first, off).await.status(),
        200
    );
    let announce = send(&helper, Method::PUT, &stream, json!({ "title": "Mine" })).await;
    assert_eq!(refusal(announce).await.1, "forbidden");
}

#[tokio::test]
async fn a_removed_card_leaves_the_room_and_may_come_back() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let ready = &souk.ready;
    let stream = format!("/api/streams/{}", ready.stream_id);
    let cards = format!("{stream}/cards");
    let host = Api::signed_in(ready, ready.account("host", 0)).await;
    let all = host.get(&cards).await;
    let (id, product) = (&all["data"][1]["id"], &all["data"][1]["product"]["id"]);
    let card = format!("{cards}/{}", id.as_str().unwrap());
    host.poke(&format!("{card}/pin")).await;
    let gone = send(&host, Method::DELETE, &card, json!({})).await;
    assert_eq!(gone.status(), 204);
    let left = queue(&host, &cards).await;
    assert!(!left.contains(&id.as_str().unwrap().to_owned()));
    let pin = send(&host, Method::POST, &format!("{card}/pin"), json!({})).await;
    assert_eq!(refusal(pin).await.1, "not_found");
    let again = host.post(&cards, json!({ "product_id": product })).await;
    assert_eq!((&again["id"], &again["state"]), (id, &json!("queued")));
    let events = host.all(&format!("{stream}/timeline")).await;
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds[kinds.len() - 4..],
        ["pinned", "unpinned", "card", "card"]
    );
}

#[tokio::test]
async fn a_show_is_announced_and_changed() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let host = Api::signed_in(&souk.ready, souk.ready.account("host", 0)).await;
    let new = json!({ "title": "Soon", "scheduled_ms": 1_800_000_000_000_u64 });
    let made = host.post("/api/streams", new).await;
    assert_eq!(made["scheduled_ms"], 1_800_000_000_000_u64);
    let path = format!("/api/streams/{}", made["id"].as_str().unwrap());
    let later = send(&host, Method::PUT, &path, json!({ "title": "Later" })).await;
    let later: Value = later.json().await.unwrap();
    assert_eq!(later["title"], "Later");
    assert!(later["scheduled_ms"].is_null());
    let blank = send(&host, Method::PUT, &path, json!({ "title": " " })).await;
    assert_eq!(refusal(blank).await.1, "validation_error");
    let ended = send(&host, Method::DELETE, &path, json!({})).await;
    assert_eq!(ended.status(), 204);
    let after = send(&host, Method::PUT, &path, json!({ "title": "Too late" })).await;
    assert_eq!(refusal(after).await.1, "stream_ended");
    let events = host.all(&format!("{path}/timeline")).await;
    assert_eq!(events.last().unwrap()["type"], "ended");
}
