//! WHEP: what a player gets, with lanes, without them, and with nothing live.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{
    api::{Api, refusal},
    socket::Socket,
    souk::Souk,
    viewer::Viewer,
    whip::OBS,
};

/// A player's offer: the publisher's, turned round.
fn player() -> String {
    OBS.replace("sendonly", "recvonly")
}

#[tokio::test]
async fn with_nothing_live_a_player_is_told_when_to_come_back() {
    let souk = Souk::demo(&["--no-broadcast"]);
    let api = Api::anonymous(&souk.ready);
    let known = format!("/whep/{}", souk.ready.stream_id);
    let post = |path: &str| {
        let request = api
            .request(Method::POST, path)
            .header("content-type", "application/sdp");
        request.body(player())
    };
    let early = post(&known).send().await.unwrap();
    assert!(early.headers().contains_key("retry-after"));
    assert_eq!(
        refusal(early).await,
        (StatusCode::CONFLICT, "stream_not_live".to_owned())
    );
    for unknown in ["/whep/nonsense", "/whep/str_01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        let answer = post(unknown).send().await.unwrap();
        assert_eq!(
            refusal(answer).await,
            (StatusCode::NOT_FOUND, "not_found".to_owned())
        );
    }
    let forged = post(&known).bearer_auth("forged").send().await.unwrap();
    assert_eq!(
        refusal(forged).await,
        (StatusCode::UNAUTHORIZED, "invalid_token".to_owned())
    );
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
