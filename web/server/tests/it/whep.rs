//! WHEP (draft-ietf-wish-whep-03) against the real server: what a player gets, with lanes, without
//! them, and with nothing live. A test is named after the point that it shows, E1 to E10.

mod counter;
mod extensions;
mod offers;
mod sessions;

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::json;

use crate::{api::Api, socket::Socket, souk::Souk, viewer::Viewer, whip::OBS};

/// A player's offer: the publisher's, turned round.
pub(crate) fn player() -> String {
    OBS.replace("sendonly", "recvonly")
}

/// A POST of a player's offer.
fn watch(api: &Api, stream: &str, offer: String) -> RequestBuilder {
    let request = api.request(Method::POST, &format!("/whep/{stream}"));
    request
        .header("content-type", "application/sdp")
        .body(offer)
}

/// Watches as soon as the demo's broadcast is on air.
async fn watch_live(api: &Api, stream: &str, offer: &str) -> Response {
    for _ in 0..600 {
        let answer = watch(api, stream, offer.to_owned()).send().await.unwrap();
        if answer.status() != StatusCode::CONFLICT {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never live");
}

#[tokio::test]
async fn a_plain_player_sees_media_and_has_the_room_by_socket() {
    let souk = Souk::demo(&[]);
    let ready = &souk.ready;
    let anonymous = Api::anonymous(ready);
    let viewer = Viewer::plain(ready, &anonymous).await;
    assert!(viewer.answer.contains("a=sendonly"), "{}", viewer.answer);
    viewer.sees_media().await;

    let mut socket = Socket::open(ready).await;
    let snapshot = socket.frame("the snapshot", |_| true).await;
    assert_eq!(snapshot["t"], "snapshot");
    assert_eq!(snapshot["d"]["presence"]["live"], true);
    assert_eq!(snapshot["d"]["shop"]["cards"].as_array().unwrap().len(), 6);
    assert_eq!(snapshot["d"]["shop"]["sale"]["state"], "open");

    let host = Api::signed_in(ready, ready.account("host", 0)).await;
    let card = snapshot["d"]["shop"]["cards"][3]["id"].as_str().unwrap();
    let pin = format!("/api/streams/{}/cards/{card}/pin", ready.stream_id);
    host.poke(&pin).await;
    let pinned = socket
        .frame("the pin", |frame| frame["t"] == "pinned")
        .await;
    assert_eq!(pinned["d"]["card"]["id"], card);

    socket.send("auth", json!({ "token": host.token() })).await;
    let session = socket
        .frame("a session", |frame| frame["t"] == "session")
        .await;
    assert!(session["d"]["user"]["name"].is_string(), "{session}");
    socket
        .send("say", json!({ "key": "k1", "body": "안녕하세요" }))
        .await;
    let said = socket
        .frame("the message", |frame| frame["t"] == "chat")
        .await;
    assert_eq!(said["d"]["messages"][0]["body"], "안녕하세요");
    assert_eq!(said["d"]["messages"][0]["badge"], "host");

    let end = |path: String| anonymous.request(Method::DELETE, &path).send();
    assert_eq!(
        end(viewer.session.clone()).await.unwrap().status(),
        StatusCode::OK
    );
    assert_eq!(
        end(viewer.session.clone()).await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    viewer.leave().await;
    souk.terminate();
}

#[tokio::test]
async fn lanes_carry_the_room_to_a_viewer() {
    let souk = Souk::demo(&[]);
    let ready = &souk.ready;
    let buyer = Api::signed_in(ready, ready.account("buyer", 0)).await;
    let (viewer, snapshot) = Viewer::with_lanes(ready, &Api::anonymous(ready)).await;
    assert_eq!(snapshot["d"]["stream"]["id"], ready.stream_id.as_str());
    viewer.sees_media().await;
    let say = json!({ "key": "a", "body": "hello" });
    viewer
        .send(signaling_wire::Lane::Chat, "say", say.clone())
        .await;
    let refused = viewer
        .frame("a refusal", |frame| frame["t"] == "error")
        .await;
    assert_eq!(refused["d"]["problem"]["code"], "unauthenticated");
    assert_eq!(refused["d"]["key"], "a");
    viewer.authenticate(buyer.token()).await;
    viewer.send(signaling_wire::Lane::Chat, "say", say).await;
    let said = viewer
        .frame("the message", |frame| frame["t"] == "chat")
        .await;
    assert_eq!(said["lane"], "chat");
    assert_eq!(said["d"]["messages"][0]["body"], "hello");
    viewer.leave().await;
}
