//! Server-sent events and the choice of a layer.

use std::pin::Pin;

use futures_util::{Stream, StreamExt};
use serde_json::Value;
use tokio::time::timeout;

use super::*;
use crate::{api::refusal, viewer::PATIENCE};

const CORE: &str = "urn:ietf:params:whep:ext:core";

/// Where a session says that an extension is.
fn link(answer: &Response, extension: &str) -> String {
    let rel = format!("rel=\"{CORE}:{extension}\"");
    let links = answer.headers().get_all("link").iter();
    let mut links = links.map(|link| link.to_str().unwrap());
    let link = links
        .find(|link| link.contains(&rel))
        .unwrap_or_else(|| panic!("no link with {rel}"));
    let (address, _) = link.split_once('>').unwrap();
    address[1..].to_owned()
}

/// A player's event stream.
struct Events {
    body: Pin<Box<dyn Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    held: String,
}

impl Events {
    async fn open(api: &Api, events: &str, wanted: Value) -> Self {
        let asked = api.request(Method::POST, events).json(&wanted);
        let made = asked.send().await.unwrap();
        assert_eq!(made.status(), StatusCode::CREATED);
        let location = made.headers()["location"].to_str().unwrap();
        let stream = api.request(Method::GET, location).send().await.unwrap();
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        Self {
            body: Box::pin(stream.bytes_stream()),
            held: String::new(),
        }
    }

    /// The next event of a name, with its data; others are passed over. `None` at the end.
    async fn next(&mut self, name: &str) -> Option<Value> {
        loop {
            while let Some((event, rest)) = self.held.split_once("\n\n") {
                let field = |wanted: &str| {
                    let mut lines = event.lines();
                    lines.find_map(|line| line.strip_prefix(wanted).map(str::to_owned))
                };
                let (said, data) = (field("event: "), field("data: "));
                self.held = rest.to_owned();
                if said.as_deref() == Some(name) {
                    return Some(serde_json::from_str(&data.unwrap()).unwrap());
                }
            }
            let chunk = timeout(PATIENCE, self.body.next()).await;
            let chunk = chunk.unwrap_or_else(|_| panic!("no {name}"))?;
            self.held
                .push_str(std::str::from_utf8(&chunk.ok()?).unwrap());
        }
    }
}

#[tokio::test]
async fn e06_events_say_how_it_stands_and_what_changes() {
    let souk = Souk::demo(&[]);
    let api = Api::anonymous(&souk.ready);
    let created = watch_live(&api, &souk.ready.stream_id, &player()).await;
    let events = link(&created, "server-sent-events");
    let all = json!(["active", "inactive", "layers", "viewercount"]);
    let mut reader = Events::open(&api, &events, all).await;
    reader.next("active").await.unwrap();
    let count = reader.next("viewercount").await.unwrap();
    assert!(count["viewercount"].is_u64(), "{count}");
    // By the section of the offer's video; it is silent until a rate is known.
    let active = loop {
        let layers = reader.next("layers").await.unwrap();
        let active = layers["1"]["active"].as_array().unwrap().clone();
        if !active.is_empty() {
            break active;
        }
    };
    assert_eq!(active.len(), 1, "{active:?}");
    assert!(active[0]["bitrate"].as_u64().unwrap() > 0);
    let mut more = Socket::open(&souk.ready).await;
    more.frame("the snapshot", |frame| frame["t"] == "snapshot")
        .await;
    let after = reader.next("viewercount").await.unwrap();
    assert_ne!(after, count);
}

#[tokio::test]
async fn e05_the_end_of_a_stream_is_said_and_ends_the_session() {
    let souk = Souk::demo(&[]);
    let ready = &souk.ready;
    let api = Api::anonymous(ready);
    let created = watch_live(&api, &ready.stream_id, &player()).await;
    let session = created.headers()["location"].to_str().unwrap().to_owned();
    let events = link(&created, "server-sent-events");
    let mut reader = Events::open(&api, &events, json!(["active", "inactive"])).await;
    reader.next("active").await.unwrap();
    let host = Api::signed_in(ready, ready.account("host", 0)).await;
    let show = format!("/api/streams/{}", ready.stream_id);
    let ended = host.request(Method::DELETE, &show).send().await.unwrap();
    assert!(ended.status().is_success(), "{}", ended.status());
    reader.next("inactive").await.unwrap();
    assert!(reader.next("nothing").await.is_none(), "the stream goes on");
    let probe = api.request(Method::GET, &session).send().await.unwrap();
    assert_eq!(probe.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn e06_odd_wishes_are_refused() {
    let souk = Souk::demo(&[]);
    let api = Api::anonymous(&souk.ready);
    let created = watch_live(&api, &souk.ready.stream_id, &player()).await;
    let events = link(&created, "server-sent-events");
    let post = |path: &str, body: Value| api.request(Method::POST, path).json(&body).send();
    for odd in [
        json!(["scte35"]),
        json!([]),
        json!({}),
        json!("active"),
        json!([1]),
    ] {
        let (status, _) = refusal(post(&events, odd.clone()).await.unwrap()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{odd}");
    }
    let untyped = api.request(Method::POST, &events).body("[\"active\"]");
    let (status, _) = refusal(untyped.send().await.unwrap()).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for path in ["/whep/sessions/guess/events", "/whep/sessions/guess/layer"] {
        let (status, _) = refusal(post(path, json!(["active"])).await.unwrap()).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    let wrong = api.request(Method::GET, &format!("{events}/active.dance"));
    let (status, _) = refusal(wrong.send().await.unwrap()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn e06_a_layer_is_chosen_by_its_encoding_and_given_back() {
    let souk = Souk::demo(&[]);
    let api = Api::anonymous(&souk.ready);
    let viewer = Viewer::plain(&souk.ready, &api).await;
    viewer.sees_media().await;
    let layer = format!("{}/layer", viewer.session);
    let choose = |body: Value| api.request(Method::POST, &layer).json(&body).send();
    let known = json!({ "mediaId": "1", "encodingId": "0" });
    assert_eq!(choose(known).await.unwrap().status(), StatusCode::OK);
    let automatic = json!({ "mediaId": "1" });
    assert_eq!(choose(automatic).await.unwrap().status(), StatusCode::OK);
    let unknown = json!({ "mediaId": "1", "encodingId": "q" });
    let refused = refusal(choose(unknown).await.unwrap()).await;
    assert_eq!(
        refused,
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_error".to_owned()
        )
    );
    let odd = json!({ "encodingId": 1 });
    let refused = refusal(choose(odd).await.unwrap()).await;
    assert_eq!(refused.0, StatusCode::BAD_REQUEST);
    let given_back = api.request(Method::DELETE, &layer).send().await.unwrap();
    assert_eq!(given_back.status(), StatusCode::OK);
    // The picture goes on through all of it.
    viewer.sees_media().await;
    viewer.leave().await;
}
